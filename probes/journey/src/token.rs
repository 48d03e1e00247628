//! Tokens by OAuth 2.0 client credentials (RFC 6749 §4.4).

use std::time::Duration;

use leadsman_sdk::{Mismatch, prelude::*};
use serde_json::Value;

use crate::{
    settings::OAuth2,
    variables::{Place, Variables},
};

/// What an answer may hold that nobody is to see, wherever the token itself is said to be.
const CREDENTIALS: [&str; 3] = ["access_token", "refresh_token", "id_token"];

/// Shortest value that can be made a secret, in bytes.
const SHORTEST: usize = 4;

/// The tokens of an attempt: who asks for the same again gets the same.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Vec<(Wanted, String)>);

/// What is asked for, its templates filled.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    url: String,
    client: String,
    secret: String,
    in_body: bool,
    /// `scope` and `audience`, where they are set.
    fields: Vec<(&'static str, String)>,
    token: JsonPath,
    /// `trust` and `identity`, where they are set.
    shake: Vec<(&'static str, String)>,
}

impl Tokens {
    /// The placeholder of the token; `pointer` is the setting, and `limit` how long asking may take.
    pub(crate) fn get(
        &mut self,
        oauth2: &OAuth2,
        variables: &Variables<'_>,
        pointer: &str,
        limit: Option<Duration>,
    ) -> Result<String> {
        let wanted = Wanted::of(oauth2, variables)?;
        if let Some((_, token)) = self.0.iter().find(|(known, _)| *known == wanted) {
            return Ok(token.clone());
        }
        let answer = wanted.ask(limit)?;
        let token = secrets::seal(&wanted.token_in(&answer, pointer)?)?;
        self.0.push((wanted, token.clone()));
        Ok(token)
    }
}

/// How the token's server is met, where that is not as everywhere.
fn shake(oauth2: &OAuth2) -> Vec<(&'static str, String)> {
    let options = [
        ("trust", oauth2.trust.as_deref()),
        ("identity", oauth2.identity.as_deref()),
    ];
    let set = options
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?.to_owned())));
    set.collect()
}

impl Wanted {
    fn of(oauth2: &OAuth2, variables: &Variables<'_>) -> Result<Self> {
        let mut fields = Vec::new();
        for (name, template) in [("scope", &oauth2.scope), ("audience", &oauth2.audience)] {
            if let Some(template) = template {
                fields.push((name, variables.fill(template.as_str(), Place::Form)?));
            }
        }
        Ok(Self {
            url: variables.fill(oauth2.token_url.as_str(), Place::Plain)?,
            client: variables.fill(oauth2.client_id.as_str(), Place::Plain)?,
            secret: oauth2.secret.to_string(),
            in_body: oauth2.auth == "body",
            fields,
            token: oauth2.token.clone(),
            shake: shake(oauth2),
        })
    }

    fn ask(&self, limit: Option<Duration>) -> Result<http::Response> {
        let secret;
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(
            self.fields
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        // A token that is given twice harms nobody.
        let mut request = http::Request::new("POST", &self.url)
            .repeatable(true)
            .header("accept", "application/json");
        if self.in_body {
            secret = secrets::encoded(&self.secret, "percent")?;
            fields.extend([
                ("client_id", self.client.as_str()),
                ("client_secret", &secret),
            ]);
            request = request.form(&fields);
        } else {
            request = request.form(&fields).basic(&self.client, &self.secret)?;
        }
        for (name, value) in &self.shake {
            request = request.text(name, value);
        }
        if let Some(limit) = limit {
            request = request.timeout(limit);
        }
        Ok(request.send()?)
    }

    /// The token's value; why there is none is told.
    fn token_in(&self, answer: &http::Response, pointer: &str) -> Result<String> {
        let content = answer.content();
        hide(&content)?;
        let status = answer.status();
        if status != 200 {
            // An error's body says which (RFC 6749 §5.2); any other may hold a token.
            let got = match status {
                400.. => format!("{status}: `{}`", content.excerpt()),
                _ => status.to_string(),
            };
            return unmet(pointer, Kind::Status, "a token with status 200", got);
        }
        let expected = format!("a token at `{}`", self.token);
        let found = match self.token.find(&content) {
            Ok(found) => found.into_iter().next().flatten(),
            Err(Mismatch::UnknownExpression(text)) => return Err(Error::undecided(text)),
            Err(why) => return unmet(pointer, Kind::Body, &expected, why.to_string()),
        };
        match found.map(|text| serde_json::from_str(&text)) {
            Some(Ok(Value::String(token))) => Ok(token),
            Some(_) => unmet(pointer, Kind::Body, &expected, "something that is no text"),
            None => unmet(pointer, Kind::Body, &expected, "nothing there"),
        }
    }
}

/// Hides what the answer holds, whether or not it is what was asked for.
fn hide(content: &Content) -> Result<()> {
    let size = u32::try_from(content.size()).unwrap_or(u32::MAX);
    let Ok(Value::Object(members)) = serde_json::from_slice(&content.read(0, size)) else {
        return Ok(());
    };
    let found = CREDENTIALS
        .iter()
        .filter_map(|name| members.get(*name)?.as_str());
    for value in found.filter(|value| value.len() >= SHORTEST) {
        secrets::seal(value)?;
    }
    Ok(())
}

fn unmet(pointer: &str, kind: Kind, expected: &str, got: impl std::fmt::Display) -> Result<String> {
    Expectations::below(pointer).that(false, kind, "oauth2", expected, got);
    Err(Error::Unmet)
}
