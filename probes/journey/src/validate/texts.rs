//! Every text of a step that is a template, with its place in the step.

use std::collections::BTreeMap;

use leadsman_probe_actions::{
    dns::DnsSettings,
    http::{FieldValue, FieldValues},
    tcp::Octets,
};
use serde_json::Value;

use crate::{
    settings::{Bearer, Expect, Request, Step},
    template::Template,
};

/// A template, and its JSON pointer within the step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) pointer: String,
    pub(crate) text: String,
}

/// All of them, but for `with`, whose values are set before the step.
pub(crate) fn of(step: &Step) -> Vec<Text> {
    let mut found = Texts::default();
    if let Some(request) = &step.request {
        found.request(request);
    }
    if let Some(dns) = &step.dns {
        found.question(dns);
    }
    if let Some(tcp) = &step.tcp {
        found.optional("/tcp/address", tcp.address.as_ref());
        for (index, exchange) in tcp.dialogue.iter().enumerate() {
            let sent = exchange.send.as_ref().map(|text| without_groups(text));
            let place = format!("/tcp/dialogue/{index}");
            found.optional(&format!("{place}/send"), sent.as_ref());
            for (name, bytes) in [
                ("expect_bytes", &exchange.expect_bytes),
                ("send_bytes", &exchange.send_bytes),
            ] {
                let text = bytes.as_ref().and_then(Octets::text);
                found.optional(&format!("{place}/{name}"), text);
            }
        }
    }
    if let Some(expect) = &step.expect {
        found.expect(expect, "/expect");
    }
    if let Some(until) = &step.until {
        found.expect(&until.expect, "/until/expect");
    }
    found.0
}

/// `${1}` is the dialogue's own.
fn without_groups(text: &str) -> String {
    let digits = |inner: &str| !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit());
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        rest = match after.split_once('}') {
            Some((inner, after)) if digits(inner) => after,
            _ => {
                out.push_str("${");
                after
            }
        };
    }
    out.push_str(rest);
    out
}

#[derive(Debug, Default)]
struct Texts(Vec<Text>);

impl Texts {
    fn text(&mut self, pointer: &str, text: &str) {
        if text.contains("${") {
            self.0.push(Text {
                pointer: pointer.to_owned(),
                text: text.to_owned(),
            });
        }
    }

    fn optional(&mut self, pointer: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.text(pointer, text);
        }
    }

    fn template(&mut self, pointer: &str, template: Option<&Template>) {
        if let Some(template) = template {
            self.text(pointer, template.as_str());
        }
    }

    fn named(&mut self, pointer: &str, templates: &BTreeMap<String, Template>) {
        for (name, template) in templates {
            self.text(&format!("{pointer}/{}", escaped(name)), template.as_str());
        }
    }

    fn field(&mut self, pointer: &str, values: &FieldValues<Template>) {
        let text = |value: &FieldValue<Template>| match value {
            FieldValue::Text(text) => Some(text.as_str().to_owned()),
            FieldValue::Secret { .. } => None,
        };
        match values {
            FieldValues::One(value) => self.optional(pointer, text(value).as_ref()),
            FieldValues::Several(values) => {
                for (index, value) in values.iter().enumerate() {
                    self.optional(&format!("{pointer}/{index}"), text(value).as_ref());
                }
            }
        }
    }

    fn request(&mut self, request: &Request) {
        self.template("/request/path", request.path.as_ref());
        self.template("/request/url", request.url.as_ref());
        self.template("/request/body", request.body.as_ref());
        self.named("/request/query", &request.query);
        for (name, values) in &request.headers {
            self.field(&format!("/request/headers/{}", escaped(name)), values);
        }
        if let Some(form) = &request.form {
            self.named("/request/form", form);
        }
        if let Some(json) = &request.json {
            self.json(json, "/request/json");
        }
        if let Some(basic) = &request.basic {
            self.template("/request/basic/user", Some(&basic.user));
        }
        if let Some(Bearer::Template(template)) = &request.bearer {
            self.template("/request/bearer", Some(template));
        }
        self.sign_in(request);
    }

    fn question(&mut self, dns: &DnsSettings) {
        self.text("/dns/query", &dns.query);
        self.text("/dns/type", &dns.r#type);
        self.optional("/dns/server", dns.server.as_ref());
        let sections = [
            ("answers", &dns.answers),
            ("authority", &dns.authority),
            ("additional", &dns.additional),
        ];
        for (name, section) in sections {
            let Some(section) = section else { continue };
            let lists = [
                ("any", &section.any),
                ("all", &section.all),
                ("none", &section.none),
                ("only", &section.only),
            ];
            for (list, values) in lists {
                for (index, value) in values.iter().enumerate() {
                    self.text(&format!("/dns/{name}/{list}/{index}"), value);
                }
            }
        }
    }

    fn sign_in(&mut self, request: &Request) {
        if let Some(oauth2) = &request.oauth2 {
            self.template("/request/oauth2/token_url", Some(&oauth2.token_url));
            self.template("/request/oauth2/client_id", Some(&oauth2.client_id));
            self.template("/request/oauth2/scope", oauth2.scope.as_ref());
            self.template("/request/oauth2/audience", oauth2.audience.as_ref());
        }
        if let Some(sign) = &request.sign {
            let own = ["method", "url", "path", "body"];
            let over = own.iter().fold(sign.over.to_string(), |text, part| {
                text.replace(&format!("${{request.{part}}}"), "")
            });
            self.text("/request/sign/over", &over);
        }
    }

    fn expect(&mut self, expect: &Expect, pointer: &str) {
        for (index, field) in expect.headers.iter().enumerate() {
            for (name, text) in field.texts() {
                self.text(&format!("{pointer}/headers/{index}/{name}"), text);
            }
        }
        let Some(body) = &expect.body else {
            return;
        };
        for (name, texts) in [
            ("contains", &body.contains),
            ("not_contains", &body.not_contains),
        ] {
            for (index, text) in texts.iter().enumerate() {
                self.text(&format!("{pointer}/body/{name}/{index}"), text);
            }
        }
        for (path, value) in &body.json.0 {
            self.json(value, &format!("{pointer}/body/json/{}", escaped(path)));
        }
        for (selector, text) in &body.html.0 {
            self.text(&format!("{pointer}/body/html/{}", escaped(selector)), text);
        }
    }

    fn json(&mut self, value: &Value, pointer: &str) {
        match value {
            Value::String(text) => self.text(pointer, text),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.json(item, &format!("{pointer}/{index}"));
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.json(member, &format!("{pointer}/{}", escaped(name)));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// A name within a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_of_a_dialogue_are_no_variables() {
        assert_eq!(without_groups("PASS ${1} ${token}${12}"), "PASS  ${token}");
    }
}
