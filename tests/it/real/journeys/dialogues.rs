//! Dialogues that tell a secret, to a peer that throws it back.

use std::{
    io::{BufRead, BufReader, Write},
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_tests::peer::{Peer, nowhere};

use super::walk::{Walk, steps};

const SECRET: &str = "rope-by-the-fathom-7";

const TOKEN: &str = "tok-planted-0818";

/// What must be in nothing that is left: the secret, and its encoding in what is thrown back.
const PLANTED: [&str; 2] = [SECRET, "cm9wZS1ieS10aGUtZmF0aG9tLTc"];

/// Says something, hears one line, throws it back with the secret in base64, and hangs up.
struct Echo {
    peer: Peer,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    fn start() -> Self {
        Self::saying("")
    }

    fn saying(greeting: &'static str) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let peer = Peer::start(move |stream| {
            stream.write_all(greeting.as_bytes())?;
            for line in BufReader::new(stream.try_clone()?).lines().take(1) {
                let line = line?;
                let answer = format!("501 what is {line} or {}=\r\n", PLANTED[1]);
                hears
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
                stream.write_all(answer.as_bytes())?;
            }
            Ok(())
        })
        .unwrap();
        Self { peer, heard }
    }

    fn heard(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.clone()
    }

    /// A journey that tells it the secret, which is bound to `host`, and expects that answer.
    fn told(&self, host: &str, answer: &str) -> Walk {
        let dialogue = format!(
            "[{{send: \"AUTH ${{secret:pw}}\"}}, {{expect: \"{answer}\", captures: {{said: \"${{1}}\"}}}}]"
        );
        Walk::to(self.peer.address().to_string())
            .file("password", SECRET)
            .above(&format!(
                "secrets: {{pw: {{file: password, hosts: [\"{host}\"]}}}}"
            ))
            .grants("secrets: [pw]")
            .steps(&[&format!("{{name: sign in, tcp: {{dialogue: {dialogue}}}}}")])
    }
}

/// Asserts that nothing that it leaves has one of these.
fn hides(walk: &Walk, planted: &[&str]) {
    for (what, left) in walk.leaves() {
        assert!(!left.is_empty(), "{what}");
        for planted in planted.iter().copied() {
            assert!(!left.contains(planted), "{what} shows {planted}:\n{left}");
        }
    }
}

#[test]
fn a_secret_of_a_dialogue_is_heard_by_its_own_peer_and_is_in_nothing_that_is_left() {
    let echo = Echo::start();
    for scheme in ["", "tcp://"] {
        let bound = format!("{scheme}{}", echo.peer.address());
        let well = echo.told(&bound, "^501 what is AUTH (.+)");
        let run = well.once();
        run.comes_to("pass", "ok");
        assert_eq!(steps(&run), [("sign in", Some(true))]);
        hides(&well, &PLANTED);
    }
    let unmet = echo.told(&echo.peer.address().to_string(), "^235 ");
    unmet.once().fails(
        "assertion",
        "step `sign in`: dialogue[1]: expected a line that matches `^235 `, got `501 what is AUTH leadsman-secret",
    );
    hides(&unmet, &PLANTED);
    let heard = echo.heard();
    assert!(heard.len() > 8, "{heard:?}");
    let told = format!("AUTH {SECRET}");
    assert!(heard.iter().all(|line| *line == told), "{heard:?}");
}

#[test]
fn a_secret_that_is_not_bound_to_the_peer_of_a_dialogue_is_not_sent() {
    let echo = Echo::start();
    let own = echo.peer.address();
    for elsewhere in [
        nowhere().unwrap().to_string(),
        format!("127.0.0.2:{}", own.port()),
        format!("tls://{own}"),
    ] {
        let walk = echo.told(&elsewhere, "^501 ");
        let run = walk.once();
        run.comes_to("unknown", "secret_unavailable");
        assert_eq!(run.said("blame"), "policy", "{elsewhere}");
        assert_eq!(steps(&run), [("sign in", Some(false))], "{elsewhere}");
        assert!(!run.printed.contains(SECRET), "{}", run.printed);
    }
    assert_eq!(echo.heard(), Vec::<String>::new());
}

const LISTEN: &str = r#"{name: listen, tcp: {dialogue: [{expect: '^220 (\S+)$', captures: {token: {group: "${1}", secret: true}}}]}}"#;
const TELL: &str = r#"{name: tell, tcp: {dialogue: [{expect: "^220 ", send: "USE ${token}"}, {expect: "^250 "}]}}"#;

#[test]
fn a_secret_that_a_dialogue_captures_is_told_to_its_peer_and_is_in_nothing_that_is_left() {
    let echo = Echo::saying("220 tok-planted-0818\r\n");
    let walk = Walk::to(echo.peer.address().to_string()).steps(&[LISTEN, TELL]);
    let run = walk.once();
    run.fails(
        "assertion",
        "step `tell`: dialogue[1]: expected a line that matches `^250 `, got `501 what is USE leadsman-secret",
    );
    assert_eq!(steps(&run), [("listen", Some(true)), ("tell", Some(false))]);
    hides(&walk, &[TOKEN]);
    let heard = echo.heard();
    let told = format!("USE {TOKEN}");
    assert!(heard.len() > 3, "{heard:?}");
    assert!(heard.iter().all(|line| *line == told), "{heard:?}");
}

#[test]
fn a_value_of_a_dialogue_that_is_too_short_to_be_hidden_is_no_secret() {
    let echo = Echo::saying("220 abc\r\n");
    let walk = Walk::to(echo.peer.address().to_string()).steps(&[LISTEN, TELL]);
    let run = walk.once();
    run.comes_to("unknown", "probe_undecided");
    assert_eq!(steps(&run), [("listen", Some(false))]);
    assert_eq!(echo.heard(), Vec::<String>::new());
}
