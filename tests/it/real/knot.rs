//! The `dns` probe and the resolver against a real authoritative server.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{Receiver, channel},
    thread,
};

use super::{
    certificates::{Authority, Validity},
    daemon::{leadsman, leadsman_with},
    nginx::Nginx,
    once::{Run, once},
    process::{free_port, tool},
    zone::Knot,
};

/// A configuration of one check that asks the server at a port.
fn asked(folder: &Path, port: u16, settings: &str) -> Run {
    let file = folder.join("dns.yaml");
    let text = format!(
        "defaults: {{interval: 10s, timeout: 3s}}\nchecks:\n  zone: {{probe: dns, targets: ['127.0.0.1:{port}'], settings: {{{settings}}}}}\n"
    );
    fs::write(&file, text).expect("the folder of the test can be written");
    once(&file, "zone")
}

/// A configuration of one `http` check whose names are asked of the server at a port.
fn resolved(folder: &Path, resolver: u16, target: &str) -> PathBuf {
    let file = folder.join("http.yaml");
    let text = format!(
        "network: {{resolver: ['127.0.0.1:{resolver}'], allow: [127.0.0.0/8]}}\ndefaults: {{interval: 10s, timeout: 3s}}\n\
         checks:\n  web: {{probe: http, targets: ['{target}']}}\n"
    );
    fs::write(&file, text).expect("the folder of the test can be written");
    file
}

#[test]
fn every_common_type_is_asked_for_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    for settings in [
        "query: shop.demo.test, authoritative: true, answers: {only: [192.0.2.10, 192.0.2.11], at_least: 2, at_most: 2}",
        "query: shop.demo.test, type: AAAA, answers: {all: ['2001:db8::10']}",
        "query: demo.test, type: MX, answers: {all: ['10 mx.demo.test', '20 mx2.demo.test']}",
        "query: demo.test, type: TXT, answers: {some_matches: ['v=spf1 -all']}",
        "query: demo.test, type: SOA, answers: {some_matches: ['2026010203']}",
        "query: shop.demo.test, transport: tcp, answers: {any: [192.0.2.10]}",
        "query: nothing.demo.test, rcodes: [NXDOMAIN]",
        "query: elsewhere.example, rcodes: [REFUSED]",
    ] {
        asked(folder.path(), knot.port, settings).comes_to("pass", "ok");
    }
}

#[test]
fn the_serial_and_the_counts_are_measures_and_the_transport_is_a_fact() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    let run = asked(
        folder.path(),
        knot.port,
        "query: demo.test, type: SOA, transport: tcp",
    );
    run.comes_to("pass", "ok");
    let measures = run.record["attempts"][0]["report"]["measures"]
        .as_array()
        .unwrap();
    let serial = measures
        .iter()
        .find(|measure| measure["name"] == "dns_soa_serial")
        .unwrap();
    assert_eq!(
        serial["value"].as_f64().map(f64::to_bits),
        Some(2_026_010_203_f64.to_bits())
    );
    assert_eq!(run.answer()["transport"], "tcp");
    assert_eq!(run.answer()["authoritative"], true);
}

#[test]
fn what_is_not_expected_of_an_answer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    for (settings, reason) in [
        ("query: nothing.demo.test", "dns_nxdomain"),
        ("query: elsewhere.example", "dns_refused"),
        (
            "query: shop.demo.test, answers: {only: [192.0.2.10]}",
            "dns_answer_mismatch",
        ),
        (
            "query: shop.demo.test, type: MX, answers: {at_least: 1}",
            "dns_answer_mismatch",
        ),
    ] {
        asked(folder.path(), knot.port, settings).comes_to("fail", reason);
    }
}

/// Each setting once met, and once not.
#[test]
fn every_setting_of_a_question_is_met_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    for (met, unmet, reason) in [
        (
            "query: signed.test, type: SOA, dnssec: true, answers: {type: RRSIG, at_least: 1}",
            "query: signed.test, type: SOA, answers: {type: RRSIG, at_least: 1}",
            "dns_answer_mismatch",
        ),
        (
            "query: id.server, type: TXT, class: CH, answers: {some_matches: [lead]}",
            "query: id.server, type: TXT",
            "dns_refused",
        ),
        (
            "query: big.demo.test, type: TXT, answers: {at_least: 40}",
            "query: big.demo.test, type: TXT, transport: udp-only, answers: {at_least: 40}",
            "dns_answer_mismatch",
        ),
        (
            "query: shop.demo.test, type: MX, authority: {type: SOA, at_least: 1}",
            "query: shop.demo.test, type: MX, authority: {type: SOA, at_most: 0}",
            "dns_answer_mismatch",
        ),
        (
            "query: demo.test, type: MX, additional: {type: A, all: [192.0.2.25]}",
            "query: demo.test, type: MX, additional: {type: A, none: [192.0.2.25]}",
            "dns_answer_mismatch",
        ),
        (
            "query: shop.demo.test, answers: {every_matches: ['\\tA\\t192.0.2.1']}",
            "query: shop.demo.test, answers: {every_matches: ['192.0.2.10$']}",
            "dns_answer_mismatch",
        ),
        (
            "query: shop.demo.test, answers: {not_all_match: ['192.0.2.10$'], none_matches: [AAAA]}",
            "query: shop.demo.test, answers: {not_all_match: ['192.0.2.1']}",
            "dns_answer_mismatch",
        ),
        (
            "query: nothing.demo.test, rcodes: [NXDOMAIN], authoritative: true",
            "query: elsewhere.example, rcodes: [REFUSED], authoritative: true",
            "dns_answer_mismatch",
        ),
    ] {
        asked(folder.path(), knot.port, met).comes_to("pass", "ok");
        asked(folder.path(), knot.port, unmet).comes_to("fail", reason);
    }
}

/// A place in front of a server, and for each question that passes whether recursion is desired (RFC 1035 §4.1.1).
fn overheard(server: u16) -> (u16, Receiver<bool>) {
    let here = UdpSocket::bind("127.0.0.1:0").unwrap();
    let onward = UdpSocket::bind("127.0.0.1:0").unwrap();
    onward.connect(("127.0.0.1", server)).unwrap();
    let port = here.local_addr().unwrap().port();
    let (notes, heard) = channel();
    thread::spawn(move || {
        let mut packet = [0; 4096];
        while let Ok((length, asker)) = here.recv_from(&mut packet) {
            let question = packet.get(..length).unwrap();
            onward.send(question).unwrap();
            let flags = question.get(2).copied().unwrap_or_default();
            if notes.send(flags & 1 == 1).is_err() {
                return;
            }
            let length = onward.recv(&mut packet).unwrap();
            here.send_to(packet.get(..length).unwrap(), asker).unwrap();
        }
    });
    (port, heard)
}

/// A server that has the zone answers the same either way: what it was asked is seen on the way to it.
#[test]
fn recursion_is_desired_where_nothing_else_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    for (setting, desired) in [
        ("", true),
        (", recursion: true", true),
        (", recursion: false", false),
    ] {
        let (port, heard) = overheard(knot.port);
        let settings = format!("query: shop.demo.test, authoritative: true{setting}");
        let run = asked(folder.path(), port, &settings);
        run.comes_to("pass", "ok");
        let heard: Vec<bool> = heard.try_iter().collect();
        assert!(heard.contains(&desired), "{settings}: {heard:?}");
        assert!(!heard.contains(&!desired), "{settings}: {heard:?}");
        let call = &run.record["attempts"][0]["report"]["operations"][0]["call"];
        assert_eq!(call["dns"]["recursion"], desired, "{settings}");
    }
}

/// Nobody grants the platform's own resolver, wherever it stands; the same server by its address would have to be.
#[test]
fn the_platforms_resolver_is_asked_by_a_check_and_by_a_step_without_a_grant() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    let port = knot.port;
    let asked = |check: &str| {
        let file = folder.path().join("system.yaml");
        let text = format!(
            "network: {{resolver: ['127.0.0.1:{port}']}}\ndefaults: {{interval: 10s, timeout: 3s}}\nchecks:\n  one: {check}\n"
        );
        fs::write(&file, text).expect("the folder of the test can be written");
        once(&file, "one")
    };
    let question =
        "query: shop.demo.test, authoritative: true, answers: {only: [192.0.2.10, 192.0.2.11]}";
    let step = |question: &str| {
        format!(
            "{{probe: journey, targets: ['http://www.demo.test:1'], settings: {{steps: [{{name: name, dns: {{{question}}}}}]}}}}"
        )
    };
    let check = format!("{{probe: dns, targets: [system], settings: {{{question}}}}}");
    for check in [check, step(question)] {
        let run = asked(&check);
        run.comes_to("pass", "ok");
        assert_eq!(run.facts()["remote"], format!("127.0.0.1:{port}"));
    }
    let by_address = format!("server: '127.0.0.1:{port}', {question}");
    asked(&step(&by_address)).comes_to("unknown", "egress_denied");
}

/// A name with an address in one family alone, by each probe that connects.
#[test]
fn a_family_in_which_the_target_has_no_address_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    let port = free_port();
    let authority = Authority::new(folder.path());
    let certificate = authority.signs("www.demo.test", Validity::Days(30));
    let server = format!(
        "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; location / {{ return 200; }} }}",
        certificate.certificate.display(),
        certificate.key.display(),
    );
    let _nginx = Nginx::start(folder.path(), port, &server);
    let check = |probe: &str, settings: &str| {
        let file = folder.path().join("family.yaml");
        let scheme = if probe == "http" { "https://" } else { "" };
        let text = format!(
            "tls: {{ca: [ca.pem]}}\nnetwork: {{resolver: ['127.0.0.1:{}'], allow: [127.0.0.0/8]}}\ndefaults: {{interval: 10s, timeout: 5s}}\n\
             checks:\n  one: {{probe: {probe}, targets: ['{scheme}www.demo.test:{port}'], settings: {{{settings}}}}}\n",
            knot.port
        );
        fs::write(&file, text).expect("the folder of the test can be written");
        once(&file, "one")
    };
    for probe in ["http", "tls", "tcp"] {
        check(probe, "family: v4").comes_to("pass", "ok");
        check(probe, "family: prefer-v6").comes_to("pass", "ok");
        let run = check(probe, "family: v6");
        run.comes_to("fail", "dns_nodata");
        assert_eq!(run.reached(), ["resolve"], "{probe}");
    }
}

/// The machine's own files, put in place for one command: names are looked up as everybody else here looks them up.
#[test]
fn names_are_looked_up_by_hosts_and_resolv_conf_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    // The file names no port.
    let address = Ipv4Addr::new(127, 53, 7, 1);
    let _knot = Knot::at(folder.path(), SocketAddrV4::new(address, 53));
    let port = free_port();
    let server = format!("server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }}");
    let _nginx = Nginx::start(folder.path(), port, &server);
    let hosts = "127.0.0.1 lead lead.harbour.test\n";
    fs::write(folder.path().join("hosts"), hosts).expect("the folder of the test can be written");
    for (conf, host, reason) in [
        ("search demo.test\n", "www", "ok"),
        // Nobody else's: the server has no such zone.
        ("", "www", "dns_refused"),
        ("", "lead", "ok"),
        ("", "lead.harbour.test", "ok"),
        ("search test\n", "www.demo", "ok"),
        ("search test\noptions ndots:2\n", "www.demo", "ok"),
        ("search elsewhere.test demo.test\n", "www", "ok"),
    ] {
        let conf = format!("nameserver {address}\n{conf}");
        fs::write(folder.path().join("resolv.conf"), &conf)
            .expect("the folder of the test can be written");
        let run = within(folder.path(), &format!("http://{host}:{port}"));
        assert_eq!(run, reason, "{host} by {conf}");
    }
}

/// The reason of a run in a mount namespace of its own, in which the folder's files are the machine's.
fn within(folder: &Path, target: &str) -> String {
    let file = folder.join("http.yaml");
    let text = format!(
        "network: {{allow: [127.0.0.0/8]}}\ndefaults: {{interval: 10s, timeout: 5s}}\nchecks:\n  web: {{probe: http, targets: ['{target}'], settings: {{family: v4}}}}\n"
    );
    fs::write(&file, text).expect("the folder of the test can be written");
    let command = leadsman();
    let script =
        "mount --bind hosts /etc/hosts && mount --bind resolv.conf /etc/resolv.conf && exec \"$@\"";
    let mut inside = Command::new(tool("unshare"));
    inside
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(command.get_program())
        .args(["once", "web", "--json", "--config"])
        .arg(&file)
        .current_dir(folder)
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let output = inside.output().expect("the namespace can be made by root");
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let reason = record.get("reason").and_then(serde_json::Value::as_str);
    reason.map_or(told, str::to_owned)
}

#[test]
fn a_server_that_is_down_is_the_targets_fault_where_it_is_the_target() {
    let folder = tempfile::tempdir().unwrap();
    for transport in ["udp", "tcp"] {
        let settings = format!("query: shop.demo.test, transport: {transport}");
        let run = asked(folder.path(), free_port(), &settings);
        run.comes_to("fail", "connect_refused");
        assert_eq!(run.record["blame"], "target");
    }
}

#[test]
fn a_resolver_that_is_down_is_our_own_fault() {
    let folder = tempfile::tempdir().unwrap();
    let file = resolved(folder.path(), free_port(), "http://www.demo.test:1");
    let run = once(&file, "web");
    run.comes_to("unknown", "resolver_down");
    assert_eq!(run.record["blame"], "prober");
}

#[test]
fn validate_resolves_by_the_resolver_that_the_runs_would_ask() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    for (host, status, told) in [
        ("www", 0, "127.0.0.1"),
        ("nothing", 69, "the name does not exist"),
    ] {
        let target = format!("http://{host}.demo.test:1");
        let file = resolved(folder.path(), knot.port, &target);
        let output = leadsman_with(&["validate", "--resolve", "--config", file.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn names_are_asked_of_the_configured_resolver() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    let port = free_port();
    let server = format!("server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }}");
    let _nginx = Nginx::start(folder.path(), port, &server);
    let run = once(
        &resolved(
            folder.path(),
            knot.port,
            &format!("http://www.demo.test:{port}"),
        ),
        "web",
    );
    run.comes_to("pass", "ok");
    assert_eq!(
        run.reached(),
        ["resolve", "connect", "send", "wait", "receive"]
    );
    let nowhere = format!("http://nothing.demo.test:{port}");
    let run = once(&resolved(folder.path(), knot.port, &nowhere), "web");
    run.comes_to("fail", "dns_nxdomain");
    assert_eq!(run.reached(), ["resolve"]);
}
