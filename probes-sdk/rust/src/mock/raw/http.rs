//! `leadsman:http`, answered by the mock.

pub mod client {
    use std::collections::BTreeMap;

    use super::super::{
        aio::poll::Pollable,
        net::types::{Facts, Failure, Value},
    };
    use crate::mock::{Reply, Sent, note, world};

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
            let taken = || Failure::new("bad_request", "this operation's answer was taken before");
            self.0.take().unwrap_or_else(|| Err(taken()))
        }
    }

    pub fn start(request: &Request) -> Pending {
        Pending(std::cell::Cell::new(Some(send(request))))
    }

    pub fn send(request: &Request) -> Result<Response, Failure> {
        let step = request.options.iter().find(|(name, _)| name == "step");
        if let Some((_, Value::Text(step))) = step {
            world(|world| world.carry(step));
        }
        note(|run| {
            run.requests
                .push((request.method.clone(), request.url.clone()));
            run.sent.push(Sent {
                headers: request.headers.clone(),
                body: request.body.clone(),
            });
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
        world(|world| world.keep_cookies(&reply.headers));
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

    pub fn cookie(_: u32, _: &str, name: &str) -> Option<String> {
        world(|world| world.cookies.get(name).cloned())
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
