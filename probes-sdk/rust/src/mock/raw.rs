//! The same shape as the generated side of the contract, answered by the mock.
#![expect(
    missing_docs,
    missing_debug_implementations,
    reason = "the shape of the contract, which is documented in the WIT"
)]
#![expect(
    clippy::pedantic,
    reason = "the shape of the contract, which is generated elsewhere"
)]

pub mod aio {
    pub mod poll {
        pub struct Pollable;

        impl Pollable {
            pub fn ready(&self) -> bool {
                true
            }
        }

        pub fn select(handles: &[&Pollable], _: Option<u64>) -> Vec<u32> {
            (0..).take(handles.len()).collect()
        }
    }
}

pub mod matching {
    pub mod expressions {
        pub use super::super::super::expressions::{find, holds};

        #[derive(Debug)]
        pub enum Mismatch {
            UnknownExpression(String),
            Unreadable(String),
            Evaluation(String),
        }

        pub struct Blob(pub(crate) Vec<u8>);

        impl Blob {
            pub fn new(bytes: &[u8]) -> Self {
                Self(bytes.to_vec())
            }

            pub fn size(&self) -> u64 {
                u64::try_from(self.0.len()).unwrap_or(u64::MAX)
            }

            pub fn read(&self, offset: u64, length: u32) -> Vec<u8> {
                let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                self.0.iter().skip(skipped).take(length).copied().collect()
            }
        }

        impl std::ops::Deref for Blob {
            type Target = [u8];

            fn deref(&self) -> &[u8] {
                &self.0
            }
        }

        pub fn holds_text(format: &str, expression: &str, text: &str) -> Result<bool, Mismatch> {
            holds(format, expression, text.as_bytes())
        }

        pub fn find_text(
            format: &str,
            expression: &str,
            text: &str,
        ) -> Result<Vec<Option<String>>, Mismatch> {
            find(format, expression, text.as_bytes())
        }
    }
}

pub mod net {
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

        pub fn connect(
            host: &str,
            port: u16,
            _: &[(String, Value)],
        ) -> Result<Connection, Failure> {
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
}

pub mod http {
    pub mod client {
        use std::collections::BTreeMap;

        use super::super::{
            aio::poll::Pollable,
            net::types::{Facts, Failure, Value},
        };
        use crate::mock::{Reply, note, world};

        pub struct Request {
            pub method: String,
            pub url: String,
            pub headers: Vec<(String, Vec<u8>)>,
            pub body: Vec<u8>,
            pub options: Vec<(String, Value)>,
        }

        pub struct Response {
            pub status: u16,
            pub headers: Vec<(String, Vec<u8>)>,
            pub body: Option<Vec<u8>>,
            pub facts: Facts,
        }

        pub struct Pending(std::cell::Cell<Option<Result<Response, Failure>>>);

        impl Pending {
            pub fn subscribe(&self) -> Pollable {
                Pollable
            }

            pub fn finish(&self) -> Result<Response, Failure> {
                let taken =
                    || Failure::new("bad_request", "this operation's answer was taken before");
                self.0.take().unwrap_or_else(|| Err(taken()))
            }
        }

        pub fn start(request: &Request) -> Pending {
            Pending(std::cell::Cell::new(Some(send(request))))
        }

        pub fn send(request: &Request) -> Result<Response, Failure> {
            note(|run| {
                run.requests
                    .push((request.method.clone(), request.url.clone()))
            });
            let refused = || {
                Reply::failure(
                    "connect_refused",
                    &format!("nothing is scripted for {}", request.url),
                )
            };
            let reply =
                world(|world| world.reply(&request.method, &request.url)).unwrap_or_else(refused);
            if let Some((kind, message)) = &reply.failure {
                return Err(Failure::new(kind, message));
            }
            let deliver = request
                .options
                .iter()
                .any(|(name, value)| name == "deliver-body" && matches!(value, Value::Flag(true)));
            Ok(Response {
                status: reply.status,
                headers: reply.headers.clone(),
                body: deliver.then(|| reply.body.clone()),
                facts: facts(&request.url, &reply),
            })
        }

        fn facts(url: &str, reply: &Reply) -> Facts {
            let size = i64::try_from(reply.body.len()).unwrap_or(i64::MAX);
            let texts = [
                ("http-version", "HTTP/1.1"),
                ("final-url", url),
                ("remote-address", "192.0.2.1:443"),
            ];
            let numbers = [
                ("status", i64::from(reply.status)),
                ("redirects", 0),
                ("body-bytes", size),
                ("wire-bytes", size),
            ];
            Facts {
                took: reply.took,
                texts: texts
                    .into_iter()
                    .map(|(name, text)| (name.to_owned(), text.to_owned()))
                    .collect(),
                numbers: numbers
                    .into_iter()
                    .map(|(name, number)| (name.to_owned(), number))
                    .collect::<BTreeMap<_, _>>(),
                content: reply.body.clone(),
                names: Vec::new(),
            }
        }
    }
}

pub mod dns {
    pub mod resolver {
        use super::super::{
            aio::poll::Pollable,
            net::types::{Facts, Failure, Value},
        };
        use crate::mock::world;

        #[derive(Debug, Clone)]
        pub struct ResourceRecord {
            pub name: String,
            pub record_type: u16,
            pub class: u16,
            pub ttl: u32,
            pub text: String,
        }

        pub struct Question {
            pub name: String,
            pub record_type: u16,
            pub options: Vec<(String, Value)>,
        }

        pub struct Answer {
            pub rcode: u16,
            pub header_flags: Vec<String>,
            pub answers: Vec<ResourceRecord>,
            pub authority: Vec<ResourceRecord>,
            pub additional: Vec<ResourceRecord>,
            pub facts: Facts,
        }

        pub struct Pending(std::cell::Cell<Option<Result<Answer, Failure>>>);

        impl Pending {
            pub fn subscribe(&self) -> Pollable {
                Pollable
            }

            pub fn finish(&self) -> Result<Answer, Failure> {
                let taken =
                    || Failure::new("bad_request", "this operation's answer was taken before");
                self.0.take().unwrap_or_else(|| Err(taken()))
            }
        }

        pub fn start(question: &Question) -> Pending {
            Pending(std::cell::Cell::new(Some(send(question))))
        }

        pub fn send(question: &Question) -> Result<Answer, Failure> {
            let key = (question.name.clone(), question.record_type);
            let Some(reply) = world(|world| world.mock.dns.get(&key).cloned()) else {
                return Err(Failure::new(
                    "dns_timeout",
                    &format!("nothing is scripted for {}", question.name),
                ));
            };
            let record = |(record_type, text): (u16, String)| ResourceRecord {
                name: question.name.clone(),
                record_type,
                class: 1,
                ttl: 60,
                text,
            };
            Ok(Answer {
                rcode: reply.rcode,
                header_flags: reply.flags,
                answers: reply.answers.into_iter().map(record).collect(),
                authority: Vec::new(),
                additional: Vec::new(),
                facts: Facts::default(),
            })
        }
    }
}

pub mod tls {
    pub mod handshake {
        use super::super::net::types::{Facts, Failure, Value};
        use crate::mock::world;

        pub fn inspect(host: &str, port: u16, _: &[(String, Value)]) -> Result<Facts, Failure> {
            match world(|world| world.mock.tls.clone()) {
                Some(reply) => Ok(Facts {
                    texts: reply.texts,
                    names: reply.names,
                    ..Facts::default()
                }),
                None => Err(Failure::new(
                    "connect_refused",
                    &format!("nothing listens on {host}:{port}"),
                )),
            }
        }
    }
}

pub mod probe {
    pub mod context {
        use std::time::Duration;

        use crate::mock::world;

        pub fn settings() -> String {
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
    }

    pub mod report {
        use super::super::net::types::Failure;
        use crate::mock::{Assertion, note};

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
}
