//! `leadsman:tls`, answered by the mock.

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
