//! What is expected of an answer, and who signs in: the same in every probe that speaks HTTP.

use leadsman_sdk::{prelude::*, settings::SecretName};

use super::{Equals, Texts};

/// What is expected of one header field. Of several fields of one name, one has to be as it is expected, and none as it is
/// not.
#[derive(Debug, Clone, Settings)]
pub struct HeaderExpectation {
    /// The field's name.
    pub name: String,
    /// A value must be this text.
    pub equals: Option<String>,
    /// This text must stand in a value.
    pub contains: Option<String>,
    /// This text may stand in no value.
    pub not_contains: Option<String>,
    /// A value must match this.
    pub matches: Option<Regex>,
    /// No value may match this.
    pub not_matches: Option<Regex>,
    /// The field may be missing.
    #[setting(default = false)]
    pub may_be_missing: bool,
}

impl HeaderExpectation {
    /// Whether it can be met by anything.
    pub const fn is_nothing(&self) -> bool {
        let texts = self.equals.is_some() || self.contains.is_some() || self.not_contains.is_some();
        let says = texts || self.matches.is_some() || self.not_matches.is_some();
        !says && self.may_be_missing
    }

    /// The texts that values are compared with, and their names.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let texts = [
            ("equals", &self.equals),
            ("contains", &self.contains),
            ("not_contains", &self.not_contains),
        ];
        texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.as_ref()?)))
    }

    /// The same, to be changed.
    pub fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let texts = [&mut self.equals, &mut self.contains, &mut self.not_contains];
        texts.into_iter().flatten()
    }
}

/// What is expected of the body.
#[derive(Debug, Clone, Settings)]
pub struct Body {
    /// Each of these texts must stand in the body.
    #[setting(default)]
    pub contains: Vec<String>,
    /// None of these texts may stand in the body.
    #[setting(default)]
    pub not_contains: Vec<String>,
    /// The body must match each of these.
    #[setting(default)]
    pub matches: Vec<Regex>,
    /// The body may match none of these.
    #[setting(default)]
    pub not_matches: Vec<Regex>,
    /// JSONPath: the value that its first node must have. A text takes a number or a truth value that is
    /// written the same, a number takes no text.
    #[setting(default)]
    pub json: Equals,
    /// Each of these must select something in the JSON body.
    #[setting(default)]
    pub json_path: Vec<JsonPath>,
    /// None of these may select anything in the JSON body.
    #[setting(default)]
    pub not_json_path: Vec<JsonPath>,
    /// Each of these must be true of the JSON body, which is `body`.
    #[setting(default)]
    pub cel: Vec<Cel>,
    /// None of these may be true of the JSON body, which is `body`.
    #[setting(default)]
    pub not_cel: Vec<Cel>,
    /// CSS selector: the text that the first element must have, or its attribute (`input[name=q]@value`); white space
    /// around it does not count.
    #[setting(default)]
    pub html: Texts,
    /// Each of these must select something in the HTML body.
    #[setting(default)]
    pub css: Vec<Css>,
    /// None of these may select anything in the HTML body.
    #[setting(default)]
    pub not_css: Vec<Css>,
}

/// What is expected of the certificate.
#[derive(Debug, Clone, Settings)]
pub struct CertificateExpectation {
    /// How long every presented certificate must still be valid.
    pub valid_for: Option<Timespan>,
    /// The leaf's subject (RFC 4514) must match this.
    pub subject: Option<Regex>,
    /// The leaf's issuer (RFC 4514) must match this.
    pub issuer: Option<Regex>,
}

/// Who signs in.
#[derive(Debug, Clone, Settings)]
pub struct BasicAuth {
    /// The user.
    pub user: String,
    /// The secret that holds the password.
    pub secret: SecretName,
}

/// Which token is sent.
#[derive(Debug, Clone, Settings)]
pub struct BearerAuth {
    /// The secret that holds the token.
    pub secret: SecretName,
    /// The scheme that stands before the token.
    #[setting(default = "Bearer")]
    pub r#type: String,
}
