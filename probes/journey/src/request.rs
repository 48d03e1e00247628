//! A step's request, made from its templates.

use std::time::Duration;

use leadsman_probe_actions::http::FieldValue;
use leadsman_sdk::{escape, prelude::*};

use crate::{
    settings::{Bearer, Request, Sign},
    template::Template,
    token::Tokens,
    variables::{Place, Variable, Variables},
};

/// Where connections and cookies are kept, and what was got on the way.
#[derive(Debug)]
pub(crate) struct Client {
    shared: http::Session,
    is_shared: bool,
    base: Target,
    /// The base without a path, where it is a URL.
    origin: Option<String>,
    tokens: Tokens,
}

impl Client {
    /// A client for a target; `is_shared` keeps cookies and connections across requests.
    pub(crate) fn new(target: &Target, scheme: &str, is_shared: bool) -> Self {
        let base = Target::new(target.url(scheme));
        Self {
            shared: http::Session::of(&base),
            is_shared,
            origin: base
                .join("/")
                .ok()
                .map(|root| root.trim_end_matches('/').to_owned()),
            base,
            tokens: Tokens::default(),
        }
    }

    /// Sends the request of the step at this setting; it may take so long.
    pub(crate) fn send(
        &mut self,
        request: &Request,
        variables: &mut Variables<'_>,
        (pointer, mut left): (&str, Option<Duration>),
    ) -> Result<http::Response> {
        let url = self.url(request, variables)?;
        let body = Body::of(request, variables)?;
        // The walk says itself, once, from where on it is not repeated.
        let mut made = http::Request::new(&request.method, &url).repeatable(true);
        if self.shares(request) {
            made = self.shared.join(made);
        }
        made = request.transport().apply(made);
        for (name, value) in fields(request) {
            made = match value {
                FieldValue::Text(text) => {
                    made.header(name, variables.fill(text.as_str(), Place::Plain)?)
                }
                FieldValue::Secret { secret } => made.header(name, secrets::placeholder(secret)?),
            };
        }
        let own_type = request
            .headers
            .keys()
            .any(|name| name.eq_ignore_ascii_case("content-type"));
        if let Some(kind) = body.kind.filter(|_| !own_type) {
            made = made.header("content-type", kind);
        }
        if let Some(authorization) = authorization(request, variables)? {
            made = made.header("authorization", authorization);
        }
        if let Some(sign) = &request.sign {
            let signature = signature(sign, request, (&url, &body.bytes), variables)?;
            made = made.header(&sign.header, signature);
        }
        let own = request.timeout.map(Timespan::get);
        if let Some(oauth2) = &request.oauth2 {
            let began = left.map(|_| context::now());
            let pointer = format!("{pointer}/request/oauth2");
            let token = self
                .tokens
                .get(oauth2, variables, &pointer, limit(own, left))?;
            made = made.header("authorization", format!("Bearer {token}"));
            let asked = began.map(|began| context::now().saturating_sub(began));
            left = left.map(|left| left.saturating_sub(asked.unwrap_or_default()));
        }
        if let Some(limit) = limit(own, left) {
            made = made.timeout(limit);
        }
        Ok(made.body(body.bytes).send()?)
    }

    /// Whether the request uses the connections and the cookies that are kept.
    pub(crate) const fn shares(&self, request: &Request) -> bool {
        self.is_shared && !request.fresh
    }

    /// A cookie of the shared jar.
    pub(crate) fn cookie(&self, url: &str, name: &str) -> Option<String> {
        self.shared.cookie(url, name)
    }

    fn url(&self, request: &Request, variables: &Variables<'_>) -> Result<String> {
        let mut url = match (&request.url, &request.path) {
            (Some(url), _) => variables.fill(url.as_str(), Place::Plain)?,
            (None, Some(path)) => {
                let path = variables.fill(path.as_str(), Place::Plain)?;
                match &self.origin {
                    Some(origin) if path.starts_with('/') => [origin, path.as_str()].concat(),
                    _ => self.base.join(&path)?,
                }
            }
            (None, None) => self.base.address().to_owned(),
        };
        for (name, template) in &request.query {
            let value = variables.fill(template.as_str(), Place::Plain)?;
            url.push(if url.contains('?') { '&' } else { '?' });
            url += &[
                escape::percent(name),
                "=".to_owned(),
                escape::percent(&value),
            ]
            .concat();
        }
        Ok(url)
    }
}

/// Each header field that is sent, by its name.
fn fields(request: &Request) -> impl Iterator<Item = (&String, &FieldValue<Template>)> {
    let named = request.headers.iter();
    named.flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
}

fn authorization(request: &Request, variables: &Variables<'_>) -> Result<Option<String>> {
    if let Some(basic) = &request.basic {
        let user = variables.fill(basic.user.as_str(), Place::Plain)?;
        return secrets::basic(&user, &basic.secret).map(Some);
    }
    match &request.bearer {
        Some(Bearer::Secret { secret }) => secrets::bearer(secret).map(Some),
        Some(Bearer::Template(template)) => {
            let token = variables.fill(template.as_str(), Place::Plain)?;
            Ok(Some(format!("Bearer {token}")))
        }
        None => Ok(None),
    }
}

fn limit(own: Option<Duration>, left: Option<Duration>) -> Option<Duration> {
    match (own, left) {
        (Some(own), Some(left)) => Some(own.min(left)),
        (own, left) => own.or(left),
    }
}

/// A body, and the type that it has unless the header fields say otherwise.
struct Body {
    bytes: Vec<u8>,
    kind: Option<&'static str>,
}

impl Body {
    fn of(request: &Request, variables: &Variables<'_>) -> Result<Self> {
        if let Some(value) = &request.json {
            let filled = variables.fill_json(value)?;
            return Ok(Self {
                bytes: filled.to_string().into_bytes(),
                kind: Some("application/json"),
            });
        }
        if let Some(form) = &request.form {
            let mut pairs = Vec::with_capacity(form.len());
            for (name, template) in form {
                let value = variables.fill(template.as_str(), Place::Form)?;
                pairs.push((name.as_str(), value));
            }
            let fields: Vec<_> = pairs
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            return Ok(Self {
                bytes: escape::form(&fields).into_bytes(),
                kind: Some("application/x-www-form-urlencoded"),
            });
        }
        let text = request
            .body
            .as_ref()
            .map(|body| variables.fill(body.as_str(), Place::Plain));
        Ok(Self {
            bytes: text.transpose()?.unwrap_or_default().into_bytes(),
            kind: None,
        })
    }
}

fn signature(
    sign: &Sign,
    request: &Request,
    (url, body): (&str, &[u8]),
    variables: &mut Variables<'_>,
) -> Result<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    let body = String::from_utf8_lossy(body);
    let own = [
        ("request.method", request.method.as_str()),
        ("request.url", url),
        ("request.path", path),
        ("request.body", &body),
    ];
    for (name, text) in own {
        variables.set(name, Variable::text(text))?;
    }
    let message = variables.fill(sign.over.as_str(), Place::Plain);
    for (name, _) in own {
        variables.restore(name, None);
    }
    let code = secrets::hmac(
        &sign.secret,
        &sign.algorithm,
        message?.as_bytes(),
        &sign.encoding,
    )?;
    Ok(format!("{}{code}", sign.prefix))
}
