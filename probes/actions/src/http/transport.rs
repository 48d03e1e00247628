//! How an exchange is made: what every probe that speaks HTTP can be told.

use leadsman_sdk::{
    prelude::*,
    settings::{family, identity, tls_range, tls_version},
};

use super::Count;

/// What the host does of itself: told only where it differs, for each option has to be carried over.
const DEFAULT_REDIRECTS: (&str, u8) = ("any", 10);
const DEFAULT_BODY: u64 = 1 << 20;
const DEFAULT_FAMILY: &str = "auto";

/// The host refuses to follow more redirects, and to read more of a body, than these.
const MOST_REDIRECTS: u8 = 20;
const MOST_BODY: u64 = 16 << 20;

/// The settings of an exchange beside what is asked.
#[derive(Debug, Clone, Copy)]
pub struct Transport<'a> {
    /// `any`, `same-site`, `same-origin` or `none`.
    pub redirects: &'a str,
    /// How many redirects are followed.
    pub max_redirects: u8,
    /// How many bytes of body are read.
    pub max_body: u64,
    /// Offer gzip, deflate and br, and undo them.
    pub decompress: bool,
    /// The address family.
    pub family: &'a str,
    /// Speak only this version.
    pub version: Option<&'a str>,
    /// The name to send and to judge the certificate for.
    pub server_name: Option<&'a str>,
    /// A trust store.
    pub trust: Option<&'a str>,
    /// A client identity.
    pub identity: Option<&'a str>,
    /// Accept a certificate that does not verify.
    pub insecure: bool,
    /// The oldest TLS version.
    pub tls_min: Option<&'a str>,
    /// The newest TLS version.
    pub tls_max: Option<&'a str>,
    /// Dial this host or host:port instead.
    pub resolve_to: Option<&'a str>,
}

impl Transport<'_> {
    /// The request, made like this.
    pub fn apply(&self, request: http::Request) -> http::Request {
        let mut request = self.named(request);
        if self.max_redirects != DEFAULT_REDIRECTS.1 {
            request = request.number("max-redirects", self.max_redirects.into());
        }
        if self.max_body != DEFAULT_BODY {
            request = request.number("max-body", self.max_body);
        }
        if self.insecure {
            request = request.flag("insecure", true);
        }
        if !self.decompress {
            request = request.flag("decompress", false);
        }
        request
    }

    fn named(&self, request: http::Request) -> http::Request {
        let other = |value, default| Some(value).filter(|value| *value != default);
        let options = [
            ("redirects", other(self.redirects, DEFAULT_REDIRECTS.0)),
            ("family", other(self.family, DEFAULT_FAMILY)),
            ("version", self.version),
            ("server-name", self.server_name),
            ("trust", self.trust),
            ("identity", self.identity),
            ("tls-min", self.tls_min),
            ("tls-max", self.tls_max),
            ("resolve-to", self.resolve_to),
        ];
        let set = options
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        set.fold(request, |request, (name, value)| request.text(name, value))
    }

    /// What the schema cannot say.
    pub fn complaints(&self) -> Vec<Complaint> {
        let scopes = ["any", "same-site", "same-origin", "none"];
        let mut found: Vec<Complaint> = choice("redirects", self.redirects, &scopes)
            .into_iter()
            .collect();
        let version = self
            .version
            .map(|version| choice("version", version, &["HTTP/1.1", "HTTP/2"]));
        found.extend(version.flatten());
        found.extend(tls_version("tls_min", self.tls_min));
        found.extend(tls_version("tls_max", self.tls_max));
        found.extend(tls_range(self.tls_min, self.tls_max));
        found.extend(self.above_the_ceilings());
        found.extend(identity(self.identity, self.insecure));
        found.extend(family("family", self.family));
        found
    }

    fn above_the_ceilings(&self) -> Vec<Complaint> {
        let (redirects, most) = (u64::from(self.max_redirects), u64::from(MOST_REDIRECTS));
        let numbers = [
            ("max_redirects", redirects, most),
            ("max_body", self.max_body, MOST_BODY),
        ];
        let above = numbers.iter().filter(|(_, wanted, most)| wanted > most);
        let complaints = above.map(|(name, wanted, most)| {
            Complaint::new(
                format!("/{name}"),
                format!("{wanted} is more than there is: at most {most}"),
                format!("write {most} or less"),
            )
        });
        complaints.collect()
    }

    /// Complains about a version that is not spoken over the scheme of the address.
    pub fn never_spoken(&self, scheme: &str) -> Option<Complaint> {
        let is_plain = scheme.eq_ignore_ascii_case("http");
        (is_plain && self.version == Some("HTTP/2")).then(|| {
            Complaint::new(
                "/version",
                "HTTP/2 is spoken over https only",
                "write `HTTP/1.1`, or ask over https",
            )
        })
    }

    /// Complains about an expectation of more redirects than are followed, which stands in this setting.
    pub fn never_reached(&self, wanted: Option<Count>, setting: &str) -> Option<Complaint> {
        let wanted = wanted?;
        let followed = match self.redirects {
            "none" => 0,
            _ => self.max_redirects.min(MOST_REDIRECTS),
        };
        (wanted.least() > followed).then(|| {
            Complaint::new(
                format!("/{setting}"),
                format!("{wanted} redirects can never be met: at most {followed} are followed"),
                "expect fewer, or follow more by `redirects` and `max_redirects`",
            )
        })
    }
}

/// Settings with all that an exchange can be told beside what is asked: those fields stand behind the struct's own, and
/// `transport` is what they say. A macro, for what is read in a guest has to be read in one go.
#[macro_export]
macro_rules! with_transport {
    ($(#[$about:meta])* pub struct $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        pub struct $name {
            $($own)*
            /// Which redirects are followed: `any`, `same-site`, `same-origin` or `none`.
            #[setting(default = "any")]
            pub redirects: String,
            /// How many redirects are followed; 20 at most.
            #[setting(default = 10)]
            pub max_redirects: u8,
            /// Speak only this version: `HTTP/1.1` or `HTTP/2`; without it ALPN decides.
            pub version: Option<String>,
            /// How many bytes of body are read, after decompression, 16 MiB (16777216) at most; one more is a failure.
            #[setting(default = 1_048_576)]
            pub max_body: u64,
            /// Offer gzip, deflate and br, and undo them.
            #[setting(default = true)]
            pub decompress: bool,
            /// The name to send and to judge the certificate for, instead of the URL's host; other hosts, to which
            /// redirects lead, have their own.
            pub server_name: Option<String>,
            /// A trust store named under `tls.trust`, instead of the location's own.
            pub trust: Option<$crate::http::TrustName>,
            /// A client identity named under `tls.identities`, for the URL's host alone.
            pub identity: Option<$crate::http::IdentityName>,
            /// Accept a certificate that does not verify.
            #[setting(default = false)]
            pub insecure: bool,
            /// The oldest TLS version: `TLS 1.2` or `TLS 1.3`.
            pub tls_min: Option<String>,
            /// The newest TLS version: `TLS 1.2` or `TLS 1.3`.
            pub tls_max: Option<String>,
            /// The address family: `auto`, `v4`, `v6`, `prefer-v4`, `prefer-v6`.
            #[setting(default = "auto")]
            pub family: String,
            /// Dial this host or host:port instead of the URL's; a redirect to another scheme, host or port goes where
            /// that leads.
            pub resolve_to: Option<String>,
        }

        impl $name {
            /// How the exchange is made.
            pub(crate) fn transport(&self) -> $crate::http::Transport<'_> {
                $crate::http::Transport {
                    redirects: &self.redirects,
                    max_redirects: self.max_redirects,
                    max_body: self.max_body,
                    decompress: self.decompress,
                    family: &self.family,
                    version: self.version.as_deref(),
                    server_name: self.server_name.as_deref(),
                    trust: self.trust.as_deref(),
                    identity: self.identity.as_deref(),
                    insecure: self.insecure,
                    tls_min: self.tls_min.as_deref(),
                    tls_max: self.tls_max.as_deref(),
                    resolve_to: self.resolve_to.as_deref(),
                }
            }
        }
    };
}

/// A complaint about a setting that is none of its choices.
pub fn choice(name: &str, value: &str, choices: &[&str]) -> Option<Complaint> {
    (!choices.contains(&value)).then(|| {
        let hint = format!("write one of `{}`", choices.join("`, `"));
        Complaint::new(
            format!("/{name}"),
            format!("`{value}` is not one of the choices"),
            hint,
        )
    })
}

/// Whether this is one word of letters, as methods and authentication schemes are.
pub fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
    !text.is_empty() && text.bytes().all(fits)
}

/// A complaint about a method that is none (RFC 9110 §9.1, without the rarer characters), or none of a probe's.
pub fn method(method: &str) -> Option<Complaint> {
    if method == "CONNECT" {
        let message = "`CONNECT` opens a tunnel, which no probe does";
        return Some(Complaint::new("/method", message, "write one like `GET`"));
    }
    (!is_word(method)).then(|| {
        Complaint::new(
            "/method",
            format!("`{method}` is no method"),
            "write one like `GET`",
        )
    })
}
