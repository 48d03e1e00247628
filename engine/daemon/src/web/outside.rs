//! How the daemon is reached: what stands before the paths of its endpoints, and its address from outside.

use std::{fmt, str::FromStr};

use url::Url;

/// What stands before every endpoint's path: nothing, or `/prober`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// The whole path of an endpoint.
    pub fn path(&self, of: &str) -> String {
        format!("{}{of}", self.0)
    }

    /// Whether nothing stands there.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The way from a path back to the first page, as a browser takes it whatever a proxy has taken off.
    pub(super) fn way_back(&self, path: &str) -> String {
        let below = path.strip_prefix(&self.0).unwrap_or(path);
        match below.matches('/').count() {
            0 | 1 => "./".to_owned(),
            folders => "../".repeat(folders - 1),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
        let is_name = |part: &str| {
            let dots = part.chars().all(|c| c == '.');
            !dots && part.chars().all(plain)
        };
        if trimmed.is_empty() {
            return Ok(Self::default());
        }
        if !trimmed.split('/').all(is_name) {
            return Err(format!(
                "`{text}` is no path of letters, digits, `-`, `.`, `_` and `~`, such as `/prober`"
            ));
        }
        Ok(Self(format!("/{trimmed}")))
    }
}

/// The daemon's address from outside, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalUrl {
    address: String,
    prefix: Prefix,
}

impl ExternalUrl {
    /// Its path.
    pub const fn prefix(&self) -> &Prefix {
        &self.prefix
    }
}

impl fmt::Display for ExternalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl FromStr for ExternalUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).ok().filter(|url| {
            let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
            let is_bare = url.query().is_none() && url.fragment().is_none();
            is_web && is_bare && url.username().is_empty() && url.password().is_none()
        });
        let url = url.ok_or_else(|| {
            format!(
                "`{text}` is no address of a page; write it as `https://ops.example/prober/`, without a user, a `?` or a `#`"
            )
        })?;
        Ok(Self {
            prefix: url.path().parse()?,
            address: url.as_str().trim_end_matches('/').to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_begins_with_a_slash_and_ends_without_one() {
        let of = |text: &str| text.parse().map(|prefix: Prefix| prefix.path("/metrics"));
        for empty in ["", "/", "//"] {
            assert_eq!(of(empty).as_deref(), Ok("/metrics"));
        }
        for written in ["prober", "/prober", "/prober/"] {
            assert_eq!(of(written).as_deref(), Ok("/prober/metrics"));
        }
        assert_eq!(of("/a/b-1").as_deref(), Ok("/a/b-1/metrics"));
        for wrong in ["/a b", "/{a}", "/a//b", "/a/../b", "/*a", "/%61"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_external_address_is_one_of_a_page_and_its_path_the_prefix() {
        let of = |text: &str| text.parse::<ExternalUrl>();
        let url = of("https://ops.example/prober/").unwrap();
        assert_eq!(url.to_string(), "https://ops.example/prober");
        assert_eq!(url.prefix().to_string(), "/prober");
        assert!(of("http://[::1]:9617").unwrap().prefix().is_empty());
        for wrong in [
            "/prober",
            "ops.example",
            "ftp://ops.example",
            "https://ops.example/?a=b",
            "https://ops.example/#a",
            "https://user@ops.example/",
            "https://ops.example/a b",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_way_back_has_a_step_for_each_folder_below_the_prefix() {
        for prefix in ["", "/prober", "/a/b"] {
            let prefix: Prefix = prefix.parse().unwrap();
            let back = |path: &str| prefix.way_back(&prefix.path(path));
            assert_eq!(back("/"), "./");
            assert_eq!(back("/runs/1-2"), "../");
            assert_eq!(back("/checks/shop/web%2Fone"), "../../");
        }
    }
}
