//! A step's request.

use std::collections::BTreeMap;

use leadsman_sdk::{
    __private::schemars::JsonSchema,
    prelude::*,
    settings::{IdentityName, SecretName, TrustName},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use leadsman_probe_actions::http::FieldValues;

use crate::template::Template;

leadsman_probe_actions::with_transport! {
/// An HTTP exchange: all that the `http` probe can, from templates.
#[derive(Debug, Settings)]
pub struct Request {
    /// The method.
    #[setting(default = "GET")]
    pub method: String,
    /// The path and query, of the target.
    pub path: Option<Template>,
    /// An absolute URL, instead of `path`. Another host than the target's needs a grant.
    pub url: Option<Template>,
    /// Parameters to add to the query.
    #[setting(default)]
    pub query: BTreeMap<String, Template>,
    /// Header fields: a name, and its template, `{secret: NAME}`, or a list of these.
    #[setting(default)]
    pub headers: BTreeMap<String, FieldValues<Template>>,
    /// The body, as it is.
    pub body: Option<Template>,
    /// The body, as JSON.
    pub json: Option<Value>,
    /// The body, as a form.
    pub form: Option<BTreeMap<String, Template>>,
    /// Sign in by HTTP basic authentication.
    pub basic: Option<Basic>,
    /// Send a bearer token.
    pub bearer: Option<Bearer>,
    /// Get a token by OAuth 2.0 client credentials, and send it.
    pub oauth2: Option<OAuth2>,
    /// Sign the request by a keyed hash (HMAC).
    pub sign: Option<Sign>,
    /// A connection and a cookie jar of its own.
    #[setting(default = false)]
    pub fresh: bool,
    /// How long the whole exchange may take.
    pub timeout: Option<Timespan>,
}
}

/// Who signs in.
#[derive(Debug, Settings)]
pub struct Basic {
    /// The user.
    pub user: Template,
    /// The secret that holds the password.
    pub secret: SecretName,
}

/// A bearer token: a template, or a secret's name.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(crate = "leadsman_sdk::__private::schemars")]
pub enum Bearer {
    /// A template, usually of a captured value.
    Template(Template),
    /// A secret.
    Secret {
        /// The secret's name.
        secret: SecretName,
    },
}

/// A token by OAuth 2.0 client credentials (RFC 6749 §4.4); asked for once in an attempt.
#[derive(Debug, Settings)]
pub struct OAuth2 {
    /// Where the token is asked for. Another host than the target's needs a grant.
    pub token_url: Template,
    /// The client's id.
    pub client_id: Template,
    /// The secret that holds the client's secret.
    pub secret: SecretName,
    /// The scope.
    pub scope: Option<Template>,
    /// The audience.
    pub audience: Option<Template>,
    /// How the client signs in: `basic` (the header) or `body` (fields of the form).
    #[setting(default = "basic")]
    pub auth: String,
    /// Where the token is in the answer.
    #[setting(default = JsonPath::new("$.access_token"))]
    pub token: JsonPath,
    /// A trust store named under `tls.trust`, for `token_url` instead of the location's own.
    pub trust: Option<TrustName>,
    /// A client identity named under `tls.identities`, for `token_url`.
    pub identity: Option<IdentityName>,
}

/// A keyed hash (HMAC, RFC 2104) over parts of the request, in a header field.
#[derive(Debug, Settings)]
pub struct Sign {
    /// The secret that is the key.
    pub secret: SecretName,
    /// What is signed; `${request.method}`, `${request.url}`, `${request.path}` (with the query) and
    /// `${request.body}` are the request's own.
    #[setting(default = Template::new("${request.body}"))]
    pub over: Template,
    /// `sha256`, `sha512` or `sha1`.
    #[setting(default = "sha256")]
    pub algorithm: String,
    /// `hex`, `base64` or `base64url`.
    #[setting(default = "hex")]
    pub encoding: String,
    /// The header field.
    pub header: String,
    /// What stands before the hash, such as `sha256=`.
    #[setting(default = "")]
    pub prefix: String,
}

impl Request {
    /// Whether sending it twice does no harm by definition (RFC 9110 §9.2.1).
    pub(crate) fn is_safe(&self) -> bool {
        let safe = ["GET", "HEAD", "OPTIONS", "TRACE"];
        safe.iter()
            .any(|method| self.method.eq_ignore_ascii_case(method))
    }
}
