//! Dialogues that tell a secret, to a peer that throws it back.

use std::{
    io::{BufRead, BufReader, Write},
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_tests::peer::{Peer, nowhere};

use super::walk::{Walk, steps};

const SECRET: &str = "rope-by-the-fathom-7";

/// What must be in nothing that is left: the secret, and its encoding in what is thrown back.
const PLANTED: [&str; 2] = [SECRET, "cm9wZS1ieS10aGUtZmF0aG9tLTc"];

/// Hears one line, throws it back with the secret in base64, and hangs up.
struct Echo {
    peer: Peer,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    fn start() -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let peer = Peer::start(move |stream| {
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

/// Asserts that nothing that it leaves has the secret.
fn hides(walk: &Walk) {
    for (what, left) in walk.leaves() {
        assert!(!left.is_empty(), "{what}");
        for planted in PLANTED {
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
        hides(&well);
    }
    let unmet = echo.told(&echo.peer.address().to_string(), "^235 ");
    unmet.once().fails(
        "assertion",
        "step `sign in`: dialogue[1]: expected a line that matches `^235 `, got `501 what is AUTH leadsman-secret",
    );
    hides(&unmet);
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
