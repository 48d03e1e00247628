//! `leadsman:dns`, answered by the mock.

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
            let taken = || Failure::new("bad_request", "this operation's answer was taken before");
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
