//! A name that Knot DNS knows, a dialogue over a stream, and a request, one from the other.

use std::io::{BufRead, BufReader, Write};

use leadsman_tests::{
    peer::{Peer, nowhere},
    site::{Site, answer},
};

use super::walk::{Walk, steps};
use crate::real::zone::Knot;

/// Greets by name, and says a path to whoever says that name again.
fn concierge() -> Peer {
    Peer::start(|stream| {
        stream.write_all(b"220 mail.demo.test ready\r\n")?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        while let Some(line) = lines.next().transpose()? {
            if line != "HELO mail.demo.test of 127.0.0.1" {
                return stream.write_all(b"550 who is that\r\n");
            }
            stream.write_all(b"250-well\r\n250 room/17\r\n")?;
        }
        Ok(())
    })
    .unwrap()
}

fn rooms() -> Site {
    Site::start(|asked| answer(if asked.path == "/room/17" { 200 } else { 404 }, "", "")).unwrap()
}

const NAME: &str = "{name: name, dns: {server: \"127.0.0.1:DNS\", query: www.demo.test, authoritative: true, answers: {only: [127.0.0.1]}}, capture: {address: {from: answer}, code: {from: rcode}}}";
const TALK: &str = "{name: talk, tcp: {address: \"${address}:PORT\", dialogue: [{expect: \"^220 (\\\\S+) ready\", send: \"HELO ${1} of ${address}\"}, {expect: \"^250 (room/\\\\d+)\", captures: {room: \"${1}\"}}]}}";
const GO: &str = "{name: go, if: \"code == 'NOERROR'\", request: {path: \"/${room}\"}}";

/// Everything that a journey in three protocols needs.
struct Place {
    knot: Knot,
    concierge: Peer,
    rooms: Site,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            knot: Knot::start(folder.path()),
            concierge: concierge(),
            rooms: rooms(),
            folder,
        }
    }

    fn walk(&self, steps: &[&str]) -> Walk {
        self.walk_to(self.concierge.address().port(), steps)
    }

    fn walk_to(&self, port: u16, steps: &[&str]) -> Walk {
        assert!(self.folder.path().exists());
        let dns = self.knot.port.to_string();
        let here = |step: &&str| step.replace("DNS", &dns).replace("PORT", &port.to_string());
        let steps: Vec<String> = steps.iter().map(here).collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        Walk::to(self.rooms.url())
            .grants(&format!(
                "hosts: [\"127.0.0.1:{dns}\", \"127.0.0.1:{port}\"]"
            ))
            .steps(&steps)
    }
}

#[test]
fn what_a_name_and_a_dialogue_say_is_used_in_the_steps_after() {
    let place = Place::new();
    let run = place.walk(&[NAME, TALK, GO]).once();
    run.comes_to("pass", "ok");
    assert_eq!(
        steps(&run),
        [
            ("name", Some(true)),
            ("talk", Some(true)),
            ("go", Some(true))
        ]
    );
    assert_eq!(place.rooms.asked()[0].path, "/room/17");
    assert_eq!(place.concierge.served(), 1);
}

#[test]
fn an_answer_that_is_not_expected_fails_its_step_and_ends_the_journey() {
    let place = Place::new();
    for (change, reason, sentence) in [
        (
            ("www.demo.test", "nothing.demo.test"),
            "dns_nxdomain",
            "step `name`: rcodes: expected NOERROR, got NXDOMAIN",
        ),
        (
            ("only: [127.0.0.1]", "only: [127.0.0.2]"),
            "dns_answer_mismatch",
            "step `name`: answers",
        ),
        (
            ("{from: answer}", "{from: answer, regex: '^192'}"),
            "dns_answer_mismatch",
            "step `name`: capture.address: expected `answer` to find something, got nothing like it in `127.0.0.1`",
        ),
    ] {
        let asked = NAME.replace(change.0, change.1);
        let walk = place.walk(&[&asked, TALK, GO]);
        let run = walk.once();
        run.fails(reason, sentence);
        let told = run.said("sentence").as_str().unwrap();
        assert!(told.contains(&walk.line("name: name")), "{told}");
        assert_eq!(steps(&run), [("name", Some(false))], "{reason}");
    }
    assert_eq!(place.concierge.served(), 0);
}

#[test]
fn a_dialogue_that_goes_otherwise_fails_its_step_with_what_was_said() {
    let place = Place::new();
    let other = TALK.replace("HELO ${1} of", "HELO ${1} from");
    let walk = place.walk(&[NAME, &other, GO]);
    let run = walk.once();
    run.fails("assertion", "step `talk`: dialogue[1]: ");
    let told = run.said("sentence").as_str().unwrap();
    assert!(
        told.contains("550 who is that") && told.contains(&walk.line("name: talk")),
        "{told}"
    );
    assert_eq!(steps(&run), [("name", Some(true)), ("talk", Some(false))]);
    assert!(place.rooms.asked().is_empty());
}

#[test]
fn a_dialogue_with_nobody_fails_its_step() {
    let place = Place::new();
    let port = nowhere().unwrap().port();
    let run = place.walk_to(port, &[NAME, TALK, GO]).once();
    run.fails("connect_refused", "step `talk`: ");
    assert_eq!(run.said("blame"), "target");
    assert_eq!(steps(&run), [("name", Some(true)), ("talk", Some(false))]);
}

#[test]
fn a_server_and_a_port_that_are_not_granted_are_refused_before_anything_is_sent() {
    let place = Place::new();
    for steps_of in [
        &[NAME][..],
        &["{name: talk, tcp: {address: \"127.0.0.1:PORT\"}}"],
    ] {
        let run = place.walk(steps_of).grants("").once();
        run.comes_to("unknown", "egress_denied");
        assert_eq!(run.said("blame"), "policy");
    }
    assert_eq!(place.concierge.served(), 0);
}
