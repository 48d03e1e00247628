//! `leadsman:net`, answered by the mock.

pub mod types {
    use std::{collections::BTreeMap, time::Duration};

    use super::super::matching::expressions::Blob;

    #[derive(Debug, Clone)]
    pub enum Value {
        Flag(bool),
        Number(u64),
        Text(String),
    }

    #[derive(Clone, Default)]
    pub struct Facts {
        pub(crate) took: Duration,
        pub(crate) texts: BTreeMap<String, String>,
        pub(crate) numbers: BTreeMap<String, i64>,
        pub(crate) content: Vec<u8>,
        pub(crate) names: Vec<String>,
    }

    impl Facts {
        pub fn phase(&self, name: &str) -> Option<u64> {
            (name == "wait").then(|| self.total())
        }

        pub fn total(&self) -> u64 {
            u64::try_from(self.took.as_nanos()).unwrap_or(u64::MAX)
        }

        pub fn text(&self, name: &str) -> Option<String> {
            self.texts.get(name).cloned()
        }

        pub fn number(&self, name: &str) -> Option<i64> {
            self.numbers.get(name).copied()
        }

        pub fn certificates(&self) -> Vec<Certificate> {
            if self.names.is_empty() {
                Vec::new()
            } else {
                vec![Certificate(self.names.clone())]
            }
        }

        pub fn content(&self) -> Blob {
            Blob(self.content.clone())
        }
    }

    pub struct Certificate(Vec<String>);

    impl Certificate {
        pub fn subject(&self) -> String {
            format!("CN={}", self.0.first().map_or("", String::as_str))
        }

        pub fn issuer(&self) -> String {
            "CN=Mock CA".to_owned()
        }

        pub fn serial(&self) -> String {
            "01".to_owned()
        }

        pub fn not_before(&self) -> i64 {
            0
        }

        pub fn not_after(&self) -> i64 {
            4_102_444_800
        }

        pub fn names(&self) -> Vec<String> {
            self.0.clone()
        }

        pub fn sha256(&self) -> String {
            "0".repeat(64)
        }

        pub fn der(&self) -> Vec<u8> {
            Vec::new()
        }
    }

    pub struct Failure {
        pub(crate) kind: String,
        pub(crate) message: String,
    }

    impl Failure {
        pub(crate) fn new(kind: &str, message: &str) -> Self {
            Self {
                kind: kind.to_owned(),
                message: message.to_owned(),
            }
        }

        pub fn kind(&self) -> String {
            self.kind.clone()
        }

        pub fn message(&self) -> String {
            self.message.clone()
        }

        pub fn at(&self) -> Option<String> {
            None
        }

        pub fn facts(&self) -> Facts {
            Facts::default()
        }
    }
}

pub mod tcp {
    use super::types::{Facts, Failure, Value};
    use crate::mock::{note, world};

    pub struct Connection;

    pub fn connect(host: &str, port: u16, _: &[(String, Value)]) -> Result<Connection, Failure> {
        let listening = world(|world| world.mock.stream.is_some());
        if listening {
            Ok(Connection)
        } else {
            Err(Failure::new(
                "connect_refused",
                &format!("nothing listens on {host}:{port}"),
            ))
        }
    }

    impl Connection {
        pub fn facts(&self) -> Facts {
            Facts::default()
        }

        pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
            note(|run| run.written.extend_from_slice(bytes));
            Ok(())
        }

        pub fn read(&self, max: u32, _: &[(String, Value)]) -> Result<Vec<u8>, Failure> {
            Ok(take(|rest| rest.len(), max))
        }

        pub fn read_until(
            &self,
            delimiter: &[u8],
            max: u32,
            _: &[(String, Value)],
        ) -> Result<Vec<u8>, Failure> {
            let until = |rest: &[u8]| {
                let found = rest
                    .windows(delimiter.len().max(1))
                    .position(|window| window == delimiter);
                found.map_or(rest.len(), |at| at + delimiter.len())
            };
            Ok(take(until, max))
        }
    }

    fn take(until: impl FnOnce(&[u8]) -> usize, max: u32) -> Vec<u8> {
        world(|world| {
            let rest = world
                .mock
                .stream
                .as_deref()
                .and_then(|sent| sent.get(world.read..))
                .unwrap_or_default();
            let length = until(rest).min(usize::try_from(max).unwrap_or(usize::MAX));
            let taken: Vec<u8> = rest.iter().take(length).copied().collect();
            world.read += taken.len();
            taken
        })
    }
}
