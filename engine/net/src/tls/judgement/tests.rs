//! Whether what was judged is kept for as long as it holds, and for what it was asked.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};

use super::*;

/// A leaf for `good.example` that is good in the year 2030, and the authority behind it.
struct Shown {
    issuer: CertifiedIssuer<'static, KeyPair>,
    chain: [CertificateDer<'static>; 1],
    begins: i64,
    ends: i64,
}

impl Shown {
    fn new() -> Self {
        Self::used_for(Vec::new())
    }

    /// One that is for these uses alone; without any it is for all.
    fn used_for(uses: Vec<ExtendedKeyUsagePurpose>) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority
            .distinguished_name
            .push(DnType::CommonName, "an authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let mut leaf = CertificateParams::new(vec!["good.example".to_owned()]).unwrap();
        (leaf.not_before, leaf.not_after) = (date_time_ymd(2030, 1, 1), date_time_ymd(2031, 1, 1));
        leaf.extended_key_usages = uses;
        let (begins, ends) = (
            leaf.not_before.unix_timestamp(),
            leaf.not_after.unix_timestamp(),
        );
        let key = KeyPair::generate().unwrap();
        let chain = [leaf.signed_by(&key, &issuer).unwrap().der().clone()];
        Self {
            issuer,
            chain,
            begins,
            ends,
        }
    }

    /// A store of that number which trusts the authority.
    fn store(&self, id: u64) -> Roots {
        let anchor = webpki::anchor_from_trusted_cert(self.issuer.der()).unwrap();
        Roots {
            id,
            anchors: vec![anchor.to_owned()],
        }
    }

    fn asked(&self, of: &Judgements, name: &str, roots: &Roots, at: i64) -> Arc<Judgement> {
        let name = ServerName::try_from(name).unwrap();
        let algorithms = rustls::crypto::aws_lc_rs::default_provider();
        let question = Question {
            chain: &self.chain,
            name: &name,
            roots,
            algorithms: algorithms.signature_verification_algorithms.all,
        };
        let at = Duration::from_secs(u64::try_from(at).unwrap());
        of.ask(&question, UnixTime::since_unix_epoch(at))
    }
}

fn kind(judgement: &Judgement) -> Option<FailureKind> {
    let (distrust, _) = judgement.verdict.as_ref().err()?;
    Some(distrust.kind)
}

#[test]
fn a_judgement_is_kept_to_the_last_second_of_its_certificate() {
    let (shown, all) = (Shown::new(), Judgements::default());
    let store = shown.store(1);
    let first = shown.asked(&all, "good.example", &store, shown.begins);
    assert_eq!(
        (kind(&first), first.valid_until),
        (None, Some(shown.ends + 1))
    );
    for at in [shown.begins + 1, shown.ends] {
        let next = shown.asked(&all, "good.example", &store, at);
        assert!(Arc::ptr_eq(&first, &next), "at {at}");
    }
}

#[test]
fn a_judgement_ends_with_its_certificate_and_what_follows_has_no_end() {
    let (shown, all) = (Shown::new(), Judgements::default());
    let store = shown.store(1);
    let good = shown.asked(&all, "good.example", &store, shown.ends);
    let ended = shown.asked(&all, "good.example", &store, shown.ends + 1);
    assert_eq!(
        (kind(&good), kind(&ended)),
        (None, Some(FailureKind::TlsExpired))
    );
    assert_eq!(ended.valid_until, None);
    let later = shown.asked(&all, "good.example", &store, shown.ends + 1_000_000_000);
    assert!(Arc::ptr_eq(&ended, &later), "nothing begins or ends again");
    // A clock that is set back.
    let back = shown.asked(&all, "good.example", &store, shown.ends);
    assert_eq!(kind(&back), None);
}

#[test]
fn a_judgement_begins_with_its_certificate() {
    let (shown, all) = (Shown::new(), Judgements::default());
    let store = shown.store(1);
    let early = shown.asked(&all, "good.example", &store, shown.begins - 1);
    assert_eq!(
        (kind(&early), early.valid_until),
        (Some(FailureKind::TlsNotYetValid), None)
    );
    let begun = shown.asked(&all, "good.example", &store, shown.begins);
    assert_eq!(kind(&begun), None);
}

fn message(judgement: &Judgement) -> &str {
    let distrust = judgement.verdict.as_ref().err();
    distrust.map_or("", |(distrust, _)| distrust.message.as_str())
}

#[test]
fn begin_and_end_are_told_as_dates() {
    let (shown, all) = (Shown::new(), Judgements::default());
    let store = shown.store(1);
    let early = shown.asked(&all, "good.example", &store, shown.begins - 1);
    assert_eq!(
        message(&early),
        "a certificate of the chain begins at 2030-01-01T00:00:00Z"
    );
    let ended = shown.asked(&all, "good.example", &store, shown.ends + 1);
    assert_eq!(
        message(&ended),
        "a certificate of the chain ended at 2031-01-01T00:00:00Z"
    );
    assert_eq!(date(1_709_210_096), "2024-02-29T12:34:56Z");
}

#[test]
fn a_certificate_for_other_uses_is_told_by_what_it_is_for() {
    let shown = Shown::used_for(vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 311]),
    ]);
    let (all, store) = (Judgements::default(), shown.store(1));
    let judged = shown.asked(&all, "good.example", &store, shown.begins);
    assert_eq!(kind(&judged), Some(FailureKind::TlsBadCertificate));
    let uses = "its extended key usage is [clientAuth, another], without serverAuth";
    assert!(message(&judged).ends_with(uses), "{}", message(&judged));
}

#[test]
fn another_name_or_another_store_is_another_judgement() {
    let (shown, all) = (Shown::new(), Judgements::default());
    let (store, same) = (shown.store(1), shown.store(2));
    let nobody = Roots {
        id: 3,
        anchors: Vec::new(),
    };
    let at = shown.begins;
    let first = shown.asked(&all, "good.example", &store, at);
    for (name, roots, found) in [
        ("other.example", &store, Some(FailureKind::TlsNameMismatch)),
        ("good.example", &same, None),
        ("good.example", &nobody, Some(FailureKind::TlsUnknownIssuer)),
    ] {
        let other = shown.asked(&all, name, roots, at);
        assert!(!Arc::ptr_eq(&first, &other), "{name} by {}", roots.id);
        assert_eq!(kind(&other), found, "{name} by {}", roots.id);
    }
    let again = shown.asked(&all, "good.example", &store, at);
    assert!(Arc::ptr_eq(&first, &again), "none has taken its place");
}

fn lasting(not_before: i64, not_after: i64) -> Certificate {
    Certificate {
        not_before,
        not_after,
        ..describe(&[])
    }
}

#[test]
fn each_begin_and_end_of_a_presented_certificate_is_a_boundary() {
    let chain = [lasting(100, 200), lasting(150, 300)];
    for (now, holds) in [
        (99, i64::MIN..100),
        (100, 100..150),
        (170, 150..201),
        (200, 150..201),
        (201, 201..301),
        (301, 301..i64::MAX),
    ] {
        assert_eq!(boundaries(&chain, now), holds, "at {now}");
    }
    assert_eq!(boundaries(&[], 0), i64::MIN..i64::MAX);
}
