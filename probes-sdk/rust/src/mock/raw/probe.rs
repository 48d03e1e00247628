//! `leadsman:probe`, answered by the mock.

pub mod context {
    use std::time::Duration;

    use crate::mock::world;

    pub fn written_settings() -> String {
        world(|world| world.mock.settings.to_string())
    }

    pub fn target() -> String {
        world(|world| world.mock.target.clone())
    }

    pub fn target_name() -> String {
        target()
    }

    pub fn check() -> String {
        "mock/check".to_owned()
    }

    pub fn labels() -> Vec<(String, String)> {
        Vec::new()
    }

    pub fn run_id() -> String {
        "mock-1".to_owned()
    }

    pub fn attempt() -> u32 {
        1
    }

    pub fn location() -> String {
        "mock".to_owned()
    }

    pub fn scheduled_at() -> u64 {
        1_790_000_000_000_000_000
    }

    pub fn now() -> u64 {
        world(|world| u64::try_from(world.clock.as_nanos()).unwrap_or(u64::MAX))
    }

    pub fn wall_clock() -> u64 {
        scheduled_at() + now()
    }

    pub fn remaining() -> u64 {
        10_000_000_000_u64.saturating_sub(now())
    }

    pub fn sleep(nanoseconds: u64) {
        world(|world| world.clock += Duration::from_nanos(nanoseconds));
    }

    pub fn random(length: u32) -> Vec<u8> {
        (0..=u8::MAX)
            .cycle()
            .take(usize::try_from(length).unwrap_or(0).min(4096))
            .collect()
    }
}

pub mod secrets {
    use crate::mock::world;

    pub fn placeholder(name: &str, _: &str) -> Result<String, String> {
        let granted = world(|world| world.mock.secrets.iter().any(|known| known == name));
        if granted {
            Ok(format!("placeholder-{name}"))
        } else {
            Err(format!("the secret `{name}` is not granted"))
        }
    }

    pub fn basic(_: &str, name: &str) -> Result<String, String> {
        placeholder(name, "base64")
    }

    pub fn hmac(name: &str, algorithm: &str, _: &[u8], _: &str) -> Result<String, String> {
        placeholder(name, "plain").map(|_| format!("{algorithm}-by-{name}"))
    }

    pub fn seal(value: &[u8], encoding: &str) -> Result<String, String> {
        world(|world| {
            world.sealed.push(value.to_vec());
            Ok(format!(
                "placeholder-captured-{}-{encoding}",
                world.sealed.len()
            ))
        })
    }
}

pub mod report {
    use super::super::net::types::Failure;
    use crate::mock::{Assertion, note, world};

    pub fn because(failure: &Failure) {
        note(|run| run.failures.push(failure.kind.clone()));
    }

    pub fn assertion(kind: &str, path: &str, expected: &str, got: &str) {
        let [kind, path, expected, got] = [kind, path, expected, got].map(str::to_owned);
        note(|run| {
            run.assertions.push(Assertion {
                kind,
                path,
                expected,
                got,
            })
        });
    }

    pub fn statement(message: &str) {
        note(|run| run.statements.push(message.to_owned()));
    }

    pub fn about(pointer: &str) {
        if !pointer.is_empty() {
            note(|run| run.about.push(pointer.to_owned()));
        }
    }

    pub fn unrepeatable() {
        note(|run| run.unrepeatable = true);
    }

    pub fn end_step(ok: bool, _: &str) {
        world(|world| world.end_carried(ok));
    }

    pub fn log(_: &str, message: &str) {
        note(|run| run.log.push(message.to_owned()));
    }

    pub fn measure(name: &str, value: f64, labels: &[(String, String)]) {
        note(|run| run.measures.push((name.to_owned(), value, labels.to_vec())));
    }

    pub struct Step(String);

    impl Step {
        pub fn new(name: &str) -> Self {
            Self(name.to_owned())
        }

        pub fn finish(&self, ok: bool, _: &str) {
            note(|run| run.steps.push((self.0.clone(), Some(ok))));
        }
    }
}
