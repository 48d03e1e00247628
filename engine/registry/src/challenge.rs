//! What a registry asks before it answers: `WWW-Authenticate` (RFC 9110, section 11.6.1).

use std::collections::BTreeMap;

/// How a registry wants to know who asks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password, with each request.
    Basic,
    /// A token, from elsewhere (the distribution project's token authentication).
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

impl Challenge {
    /// The first challenge of a header field that can be met.
    pub(crate) fn parse(field: &str) -> Option<Self> {
        let (scheme, rest) = field.trim().split_once(' ').unwrap_or((field.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut parameters = parameters(rest);
        Some(Self::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
            scope: parameters.remove("scope"),
        })
    }
}

/// `name=value` and `name="value"` pairs between commas; a comma within quotes separates nothing.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        let name = name.trim_matches([',', ' ']).to_ascii_lowercase();
        found.insert(name, value.trim().to_owned());
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_with_its_parameters_in_any_order() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        };
        let realm = "https://auth.example/token";
        for (field, expected) in [
            (
                r#"Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push""#,
                Some(bearer(
                    realm,
                    Some("registry"),
                    Some("repository:a/b:pull,push"),
                )),
            ),
            (
                "bearer scope=x, REALM=\"https://auth.example/token\"",
                Some(bearer(realm, None, Some("x"))),
            ),
            ("Basic realm=\"registry\"", Some(Challenge::Basic)),
            ("BASIC", Some(Challenge::Basic)),
            ("Bearer service=\"registry\"", None),
            ("Negotiate", None),
            ("", None),
        ] {
            assert_eq!(Challenge::parse(field), expected, "{field}");
        }
    }
}
