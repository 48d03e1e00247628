//! The bundled `tls` probe: looks at a handshake and at the certificates that are presented.

use leadsman_sdk::{
    prelude::*,
    settings::{IdentityName, TrustName},
};

/// Makes a TLS handshake and looks at what is presented. Remaining validity is exported as a
/// metric; only a chain that does not verify now is a failure.
#[derive(Debug, Settings)]
pub struct TlsSettings {
    /// The name to send and to judge the certificate for, instead of the target's host.
    pub server_name: Option<String>,
    /// A trust store named under `tls.trust`, instead of the location's own.
    pub trust: Option<TrustName>,
    /// A client identity named under `tls.identities`.
    pub identity: Option<IdentityName>,
    /// Do not fail on a chain that does not verify; its facts are exported all the same.
    #[setting(default = false)]
    pub insecure: bool,
    /// Names that the certificate must be for, besides the one that is judged.
    #[setting(default)]
    pub names: Vec<String>,
    /// The protocol versions that may be agreed; empty is any: `TLS 1.2`, `TLS 1.3`.
    #[setting(default)]
    pub versions: Vec<String>,
    /// The oldest version to offer: `TLS 1.2` or `TLS 1.3`.
    pub tls_min: Option<String>,
    /// The newest version to offer: `TLS 1.2` or `TLS 1.3`.
    pub tls_max: Option<String>,
    /// Protocols to offer by ALPN, in order; one of them must be agreed.
    #[setting(default)]
    pub alpn: Vec<String>,
    /// SHA-256 fingerprints of which the leaf must have one; empty is any.
    #[setting(default)]
    pub fingerprints: Vec<String>,
    /// What the leaf's issuer must match.
    pub issuer: Option<Regex>,
    /// The address family: `auto`, `v4`, `v6`, `prefer-v4`, `prefer-v6`.
    #[setting(default = "auto")]
    pub family: String,
}

/// Looks at the target's handshake.
#[probe(validate = validate)]
pub fn tls(target: &Target, settings: &TlsSettings) -> Result<Verdict> {
    let (host, port) = target.host_and_port(443)?;
    let facts = handshake(settings, host, port).inspect()?;
    let mut expect = Expectations::new();
    trusted(settings, &facts, &mut expect);
    agreed(settings, &facts, &mut expect);
    leaf(settings, &facts, &mut expect)?;
    expect.done()?;
    Ok(Verdict::Pass)
}

fn handshake(settings: &TlsSettings, host: String, port: u16) -> tls::Handshake {
    let named = [
        ("server-name", settings.server_name.clone()),
        ("trust", settings.trust.as_deref().map(str::to_owned)),
        ("identity", settings.identity.as_deref().map(str::to_owned)),
        ("tls-min", settings.tls_min.clone()),
        ("tls-max", settings.tls_max.clone()),
        ("family", Some(settings.family.clone())),
        (
            "alpn",
            Some(settings.alpn.join(",")).filter(|protocols| !protocols.is_empty()),
        ),
    ];
    let set = named
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    set.fold(
        tls::Handshake::with(host, port),
        |handshake, (name, value)| handshake.text(name, &value),
    )
}

/// The host has judged the chain; its own word for what is wrong becomes the reason.
fn trusted(settings: &TlsSettings, facts: &Facts, expect: &mut Expectations) {
    let Some(distrust) = facts.text("distrust").filter(|_| !settings.insecure) else {
        return;
    };
    let message = facts.text("distrust-message").unwrap_or_default();
    expect.that(
        false,
        Kind::Certificate,
        &distrust,
        "a chain that verifies",
        message,
    );
}

fn agreed(settings: &TlsSettings, facts: &Facts, expect: &mut Expectations) {
    let version = facts.text("tls-version").unwrap_or_default();
    let allowed = settings.versions.is_empty() || settings.versions.contains(&version);
    expect.that(
        allowed,
        Kind::TlsVersion,
        "versions",
        settings.versions.join(" or "),
        &version,
    );
    if !settings.alpn.is_empty() {
        let alpn = facts.text("alpn");
        let got = alpn.clone().unwrap_or_else(|| "none".to_owned());
        let offered = alpn.is_some_and(|protocol| settings.alpn.contains(&protocol));
        expect.that(
            offered,
            Kind::TlsVersion,
            "alpn",
            settings.alpn.join(" or "),
            got,
        );
    }
}

fn leaf(settings: &TlsSettings, facts: &Facts, expect: &mut Expectations) -> Result<()> {
    if settings.names.is_empty() && settings.fingerprints.is_empty() && settings.issuer.is_none() {
        return Ok(());
    }
    let chain = facts.certificates();
    let Some(leaf) = chain.first() else {
        return Err(Error::undecided("the handshake showed no certificate"));
    };
    let names = leaf.names();
    for name in &settings.names {
        expect.that(
            names.iter().any(|known| covers(known, name)),
            Kind::Certificate,
            "names",
            name,
            names.join(", "),
        );
    }
    if !settings.fingerprints.is_empty() {
        let sha256 = leaf.sha256();
        let known = settings
            .fingerprints
            .iter()
            .any(|known| known.replace(':', "").eq_ignore_ascii_case(&sha256));
        expect.that(
            known,
            Kind::Certificate,
            "fingerprints",
            settings.fingerprints.join(" or "),
            &sha256,
        );
    }
    if let Some(issuer) = &settings.issuer {
        let got = leaf.issuer();
        expect.that(
            issuer.is_match_text(&got)?,
            Kind::Certificate,
            "issuer",
            issuer,
            &got,
        );
    }
    Ok(())
}

/// Whether a certificate's name covers another one: a wildcard stands for one label (RFC 6125).
fn covers(known: &str, name: &str) -> bool {
    match known.strip_prefix("*.") {
        Some(suffix) => name
            .split_once('.')
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(suffix)),
        None => known.eq_ignore_ascii_case(name),
    }
}

/// What the schema cannot say.
fn validate(settings: &TlsSettings) -> Vec<Complaint> {
    use leadsman_sdk::settings::{family, identity, tls_range, tls_version};
    let mut complaints: Vec<Complaint> = settings
        .versions
        .iter()
        .enumerate()
        .filter_map(|(index, version)| tls_version(&format!("versions/{index}"), Some(version)))
        .collect();
    complaints.extend(tls_version("tls_min", settings.tls_min.as_deref()));
    complaints.extend(tls_version("tls_max", settings.tls_max.as_deref()));
    complaints.extend(tls_range(
        settings.tls_min.as_deref(),
        settings.tls_max.as_deref(),
    ));
    complaints.extend(identity(settings.identity.as_deref(), settings.insecure));
    complaints.extend(family("family", &settings.family));
    complaints
}

#[cfg(test)]
mod tests {
    use leadsman_sdk::mock::{Mock, TlsReply};
    use serde_json::json;

    use super::*;

    fn shown(facts: &[(&str, &str)]) -> TlsReply {
        let texts = facts
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        TlsReply {
            texts: texts.collect(),
            names: vec!["*.shop.example".to_owned()],
        }
    }

    #[test]
    fn a_chain_that_does_not_verify_fails_by_the_hosts_own_word_unless_it_is_accepted() {
        let bad = || shown(&[("tls-version", "TLS 1.3"), ("distrust", "tls_expired")]);
        let run = Mock::new("shop.example").on_handshake(bad()).run(tls);
        assert_eq!(
            (run.verdict, run.assertions[0].path.as_str()),
            (Verdict::Fail, "tls_expired")
        );
        let accepted = Mock::new("shop.example")
            .settings(json!({"insecure": true}))
            .on_handshake(bad())
            .run(tls);
        assert_eq!(accepted.verdict, Verdict::Pass);
    }

    #[test]
    fn an_identity_that_would_never_be_sent_is_complained_about() {
        let complaints = |insecure: bool| {
            let settings = json!({"identity": "probe", "insecure": insecure});
            validate(&serde_json::from_value(settings).unwrap())
        };
        assert_eq!(complaints(false), []);
        assert_eq!(complaints(true)[0].pointer, "/identity");
    }

    #[test]
    fn versions_of_which_none_is_left_are_complained_about() {
        let complaints = |min: &str, max: &str| {
            let settings = json!({"tls_min": min, "tls_max": max});
            validate(&serde_json::from_value(settings).unwrap())
        };
        assert_eq!(complaints("TLS 1.2", "TLS 1.3"), []);
        assert_eq!(complaints("TLS 1.3", "TLS 1.2")[0].pointer, "/tls_min");
    }

    #[test]
    fn versions_protocols_and_names_are_expected() {
        let settings = json!({"versions": ["TLS 1.3"], "alpn": ["h2"], "names": ["www.shop.example", "pay.example"]});
        let run = Mock::new("shop.example")
            .settings(settings)
            .on_handshake(shown(&[("tls-version", "TLS 1.2")]))
            .run(tls);
        let paths: Vec<&str> = run
            .assertions
            .iter()
            .map(|unmet| unmet.path.as_str())
            .collect();
        assert_eq!(paths, ["versions", "alpn", "names"]);
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        assert!(covers("*.shop.example", "www.shop.example"));
        assert!(!covers("*.shop.example", "a.www.shop.example"));
        assert!(!covers("*.shop.example", "shop.example"));
        assert!(covers("Shop.example", "shop.EXAMPLE"));
    }
}
