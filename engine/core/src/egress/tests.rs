//! The policy, by tables of spellings and by a property.

use std::{net::IpAddr, sync::Arc};

use proptest::prelude::*;

use super::{AddressClass as Class, *};
use crate::failure::FailureKind;

fn pattern(text: &str) -> HostPattern {
    HostPattern::try_from(text.to_owned()).unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn egress(target: &str, grants: &[&str]) -> Egress {
    Egress {
        rules: Arc::default(),
        grants: grants.iter().map(|text| pattern(text)).collect(),
        target: Some(pattern(target)),
        within: None,
    }
}

fn ruled(target: &str, private: PrivateRule, allow: &[&str], deny: &[&str]) -> Egress {
    let ranges = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| Cidr::try_from((*text).to_owned()).unwrap())
            .collect()
    };
    let rules = EgressRules {
        private,
        allow: ranges(allow),
        deny: ranges(deny),
    };
    Egress {
        rules: Arc::new(rules),
        ..egress(target, &[])
    }
}

fn at<'a>(scheme: &'a str, host: &'a str, port: u16) -> Destination<'a> {
    Destination { scheme, host, port }
}

const CLASSES: [(&str, Class); 67] = [
    ("8.8.8.8", Class::Public),
    ("1.1.1.1", Class::Public),
    ("93.184.216.34", Class::Public),
    ("2606:4700::1111", Class::Public),
    ("2a00:1450::1", Class::Public),
    ("::ffff:8.8.8.8", Class::Public),
    ("64:ff9b::808:808", Class::Public),
    ("2002:808:808::1", Class::Public),
    ("10.0.0.1", Class::Private),
    ("10.255.255.255", Class::Private),
    ("172.15.255.255", Class::Public),
    ("172.16.0.1", Class::Private),
    ("172.31.255.255", Class::Private),
    ("172.32.0.1", Class::Public),
    ("192.168.0.1", Class::Private),
    ("192.169.0.1", Class::Public),
    ("100.63.255.255", Class::Public),
    ("100.64.0.1", Class::Private),
    ("100.127.255.255", Class::Private),
    ("100.128.0.1", Class::Public),
    ("fc00::1", Class::Private),
    ("fdff::1", Class::Private),
    ("::ffff:10.0.0.1", Class::Private),
    ("::10.0.0.1", Class::Private),
    ("64:ff9b::a00:1", Class::Private),
    ("2002:a00:1::", Class::Private),
    ("2002:c0a8:1::", Class::Private),
    ("127.0.0.1", Class::Loopback),
    ("127.255.255.254", Class::Loopback),
    ("::1", Class::Loopback),
    ("::ffff:127.0.0.1", Class::Loopback),
    ("::127.0.0.1", Class::Loopback),
    ("64:ff9b::7f00:1", Class::Loopback),
    ("2002:7f00:1::", Class::Loopback),
    ("169.254.0.1", Class::LinkLocal),
    ("fe80::1", Class::LinkLocal),
    ("febf::1", Class::LinkLocal),
    ("::ffff:169.254.1.1", Class::LinkLocal),
    ("169.254.169.254", Class::Metadata),
    ("100.100.100.200", Class::Metadata),
    ("192.0.0.192", Class::Metadata),
    ("fd00:ec2::254", Class::Metadata),
    ("::ffff:169.254.169.254", Class::Metadata),
    ("64:ff9b::a9fe:a9fe", Class::Metadata),
    ("2002:a9fe:a9fe::", Class::Metadata),
    ("::169.254.169.254", Class::Metadata),
    ("0.0.0.0", Class::Special),
    ("0.1.2.3", Class::Special),
    ("::", Class::Special),
    ("224.0.0.1", Class::Special),
    ("239.255.255.250", Class::Special),
    ("240.0.0.1", Class::Special),
    ("255.255.255.255", Class::Special),
    ("192.0.0.1", Class::Special),
    ("192.0.2.1", Class::Special),
    ("198.51.100.1", Class::Special),
    ("203.0.113.1", Class::Special),
    ("198.18.0.1", Class::Special),
    ("198.19.255.255", Class::Special),
    ("ff02::1", Class::Special),
    ("fec0::1", Class::Special),
    ("2001:db8::1", Class::Special),
    ("2001::1", Class::Special),
    ("3fff::1", Class::Special),
    ("64:ff9b:1::1", Class::Special),
    ("100::1", Class::Special),
    ("::ffff:0.0.0.0", Class::Special),
];

#[test]
fn every_encoding_of_an_address_has_the_class_of_what_it_reaches() {
    for (text, class) in CLASSES {
        assert_eq!(Class::of(address(text)), class, "{text}");
    }
}

#[test]
fn a_pattern_is_read_and_written_back() {
    for text in [
        "https://example.org",
        "https://example.org:8443",
        "example.org",
        "example.org:53",
        "*.example.org",
        "https://*.example.org:8443",
        "10.0.0.1:80",
        "[2001:db8::1]:443",
        "tcp://[::1]:5432",
        "my_host.local",
    ] {
        assert_eq!(pattern(text).to_string(), text);
    }
    assert_eq!(
        pattern("HTTPS://Example.ORG.").to_string(),
        "https://example.org"
    );
    assert_eq!(pattern("::1").to_string(), "[::1]");
    assert_eq!(
        pattern("bücher.example").to_string(),
        "xn--bcher-kva.example"
    );
}

#[test]
fn what_is_no_host_is_refused_with_its_mend() {
    let table = [
        ("https://example.org/path", "write `https://example.org`"),
        ("example.org?x", "not a path"),
        ("https://user:pw@example.org", "no user or password"),
        ("0177.0.0.1", "write `127.0.0.1`"),
        ("0x7f.1", "write `127.0.0.1`"),
        ("2130706433", "write `127.0.0.1`"),
        ("127.1", "write `127.0.0.1`"),
        ("0x7f000001", "write `127.0.0.1`"),
        ("１２７.0.0.1", "write `127.0.0.1`"),
        ("*.10.0.0.1", "no subdomains"),
        ("ftp://example.org", "not known here"),
        ("example.org:0", "no port"),
        ("example.org:65536", "no port"),
        ("example.org:+80", "no port"),
        ("*", "no host"),
        ("a..b", "no host"),
        ("", "no host"),
        ("fe80::1%eth0", "no host"),
        ("exa%6dple.org", "no host"),
    ];
    for (text, mend) in table {
        let error = HostPattern::try_from(text.to_owned()).unwrap_err();
        assert!(error.contains(mend), "{text}: {error}");
    }
}

#[test]
fn a_target_address_may_have_a_path() {
    assert_eq!(
        HostPattern::of_address("https://example.org/a?b#c").unwrap(),
        pattern("https://example.org")
    );
    assert_eq!(
        HostPattern::of_address("example.org:80").unwrap(),
        pattern("example.org:80")
    );
}

#[test]
fn a_range_is_read_strictly() {
    assert_eq!(
        Cidr::try_from("10.0.0.1".to_owned()).unwrap().to_string(),
        "10.0.0.1/32"
    );
    for text in ["10.0.0.0/33", "10.0.0/8", "::/129", "x", "10.0.0.0/-1"] {
        assert!(Cidr::try_from(text.to_owned()).is_err(), "{text}");
    }
    assert!(
        Cidr::try_from("0.0.0.0/0".to_owned())
            .unwrap()
            .contains(address("8.8.8.8"))
    );
    assert!(
        !Cidr::try_from("10.0.0.0/8".to_owned())
            .unwrap()
            .contains(address("11.0.0.1"))
    );
    assert!(
        Cidr::try_from("10.0.0.0/8".to_owned())
            .unwrap()
            .contains(address("::ffff:10.1.2.3"))
    );
}

#[test]
fn the_target_is_granted_with_its_scheme_and_port() {
    let egress = egress(
        "https://example.org",
        &["api.example.net:8080", "*.example.com"],
    );
    for (destination, admitted) in [
        (at("https", "example.org", 443), true),
        (at("tls", "example.org", 443), true),
        (at("http", "example.org", 80), false),
        (at("https", "example.org", 8443), false),
        (at("https", "www.example.org", 443), false),
        (at("http", "api.example.net", 8080), true),
        (at("tcp", "api.example.net", 22), false),
        (at("https", "a.b.example.com", 1), true),
        (at("https", "example.com", 443), false),
        (at("https", "badexample.com", 443), false),
    ] {
        assert_eq!(
            egress.admits(&destination, Via::Call).is_ok(),
            admitted,
            "{destination}"
        );
    }
}

#[test]
fn a_refusal_names_the_line_that_would_allow_it() {
    let egress = egress("https://example.org", &[]);
    let refusal = egress
        .admits(&at("https", "other.example", 443), Via::Call)
        .unwrap_err();
    assert_eq!(refusal.kind, FailureKind::EgressDenied);
    assert!(
        refusal
            .message
            .contains(r#"grants: {hosts: ["https://other.example:443"]}"#),
        "{refusal}"
    );
    let to = at("https", "other.example", 443);
    let refusal = egress
        .judge(&to, Via::Call, &[address("10.1.2.3")])
        .unwrap_err();
    assert_eq!(refusal.kind, FailureKind::EgressPrivate);
    assert!(
        refusal.message.contains("network.allow: [10.0.0.0/8]"),
        "{refusal}"
    );
    let refusal = egress
        .judge(&to, Via::Call, &[address("::ffff:127.0.0.1")])
        .unwrap_err();
    assert!(
        refusal.message.contains("network.allow: [127.0.0.1/32]"),
        "{refusal}"
    );
}

#[test]
fn a_redirect_may_go_to_any_public_place_but_nowhere_private() {
    let egress = egress(
        "https://example.org",
        &["https://inner.example", "*.wild.example"],
    );
    let elsewhere = at("https", "other.example", 443);
    assert!(egress.admits(&elsewhere, Via::Redirect).is_ok());
    assert!(
        egress
            .judge(&elsewhere, Via::Redirect, &[address("8.8.8.8")])
            .is_ok()
    );
    let refusal = egress
        .judge(&elsewhere, Via::Redirect, &[address("10.0.0.1")])
        .unwrap_err();
    assert_eq!(refusal.kind, FailureKind::RedirectDenied);
    assert!(
        egress
            .judge(
                &at("https", "inner.example", 443),
                Via::Redirect,
                &[address("10.0.0.1")]
            )
            .is_ok()
    );
    assert!(
        egress
            .judge(
                &at("http", "example.org", 80),
                Via::Redirect,
                &[address("10.0.0.1")]
            )
            .is_ok()
    );
    assert!(
        egress
            .judge(
                &at("https", "a.wild.example", 443),
                Via::Redirect,
                &[address("10.0.0.1")]
            )
            .is_err()
    );
    assert_eq!(
        egress
            .admits(&at("tcp", "other.example", 1), Via::Redirect)
            .unwrap_err()
            .kind,
        FailureKind::RedirectDenied
    );
}

#[test]
fn private_addresses_are_for_targets_and_exact_grants() {
    let private = [address("192.168.1.1")];
    let egress = egress("db.example:5432", &["exact.example", "*.wild.example"]);
    assert!(
        egress
            .judge(&at("tcp", "db.example", 5432), Via::Call, &private)
            .is_ok()
    );
    assert!(
        egress
            .judge(&at("https", "exact.example", 443), Via::Call, &private)
            .is_ok()
    );
    assert!(
        egress
            .judge(&at("https", "a.wild.example", 443), Via::Call, &private)
            .is_err()
    );
    let shared = ruled("db.example:5432", PrivateRule::Deny, &[], &[]);
    let refusal = shared
        .judge(&at("tcp", "db.example", 5432), Via::Call, &private)
        .unwrap_err();
    assert!(
        refusal.message.contains("network.private: deny"),
        "{refusal}"
    );
    let allowed = ruled(
        "db.example:5432",
        PrivateRule::Deny,
        &["192.168.0.0/16"],
        &[],
    );
    assert!(
        allowed
            .judge(&at("tcp", "db.example", 5432), Via::Call, &private)
            .is_ok()
    );
}

#[test]
fn a_special_address_must_be_written_as_such() {
    for literal in ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0"] {
        let written = egress(literal, &[]);
        assert!(
            written
                .judge(&at("http", literal, 80), Via::Call, &[address(literal)])
                .is_ok(),
            "{literal}"
        );
        let named = egress("name.example", &[]);
        assert!(
            named
                .judge(
                    &at("http", "name.example", 80),
                    Via::Call,
                    &[address(literal)]
                )
                .is_err(),
            "{literal}"
        );
    }
}

#[test]
fn one_denied_address_denies_the_set_and_deny_wins() {
    let plain = egress("name.example", &[]);
    let to = at("http", "name.example", 80);
    assert!(
        plain
            .judge(&to, Via::Call, &[address("8.8.8.8"), address("127.0.0.1")])
            .is_err()
    );
    let denied = ruled(
        "name.example",
        PrivateRule::Targets,
        &["8.0.0.0/8"],
        &["8.8.0.0/16"],
    );
    let refusal = denied
        .judge(&to, Via::Call, &[address("8.8.8.8")])
        .unwrap_err();
    assert_eq!(refusal.kind, FailureKind::EgressDenied);
    assert!(
        denied
            .judge(&to, Via::Call, &[address("::ffff:8.8.8.8")])
            .is_err()
    );
    assert!(denied.judge(&to, Via::Call, &[address("8.9.8.8")]).is_ok());
}

proptest! {
    #[test]
    fn no_special_address_gets_through_by_name(bits: u32, form in 0..6u8, redirect: bool) {
        let v4 = std::net::Ipv4Addr::from_bits(bits);
        let wide = u128::from(bits);
        let disguised = match form {
            0 => IpAddr::V4(v4),
            1 => IpAddr::V6(v4.to_ipv6_mapped()),
            2 => IpAddr::V6(wide.into()),
            3 => IpAddr::V6(((0x64_ff9b_u128 << 96) | wide).into()),
            4 => IpAddr::V6(((0x2002_u128 << 112) | (wide << 80)).into()),
            _ => IpAddr::V6((0xfe80_u128 << 112 | wide).into()),
        };
        let egress = egress("name.example", &["other.example"]);
        let via = if redirect { Via::Redirect } else { Via::Call };
        let passes = egress.judge(&at("http", "name.example", 80), via, &[disguised]).is_ok();
        prop_assert_eq!(passes, matches!(Class::of(disguised), Class::Public | Class::Private));
    }
}

#[test]
fn a_probe_that_is_bounded_goes_nowhere_else_whatever_is_granted_and_whoever_sends_it() {
    let bounded = Egress {
        within: Some(Arc::from([
            pattern("https://s3.example"),
            pattern("*.s3.example"),
        ])),
        ..egress(
            "https://s3.example",
            &["https://pay.example", "*.s3.example"],
        )
    };
    for (destination, via, may) in [
        (at("https", "s3.example", 443), Via::Call, true),
        (at("https", "eu.s3.example", 443), Via::Call, true),
        (at("https", "eu.s3.example", 443), Via::Redirect, true),
        (at("http", "s3.example", 80), Via::Call, false),
        (at("https", "pay.example", 443), Via::Call, false),
        (at("https", "pay.example", 443), Via::Redirect, false),
    ] {
        let admitted = bounded.admits(&destination, via);
        assert_eq!(admitted.is_ok(), may, "{destination}: {admitted:?}");
        if let Err(refusal) = admitted {
            assert!(refusal.message.contains("`may.hosts`"), "{refusal}");
        }
    }
}
