//! A scripted HTTP/1.1 service: it keeps its connections, answers as a test says, and remembers what it was asked.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex, PoisonError},
};

use crate::peer::{Peer, head};

/// One request, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The path and the query.
    pub path: String,
    /// The header fields, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// A header field's first value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter();
        values
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// The next request of a connection.
    fn read(stream: &mut TcpStream) -> io::Result<Option<Self>> {
        let head = String::from_utf8_lossy(&head(stream)?).into_owned();
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(path)) = (first.next(), first.next()) else {
            return Ok(None);
        };
        let fields = lines.filter_map(|line| line.split_once(':'));
        let headers = fields.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        let mut asked = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers.collect(),
            body: String::new(),
        };
        let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
        stream.read_exact(&mut body)?;
        asked.body = String::from_utf8_lossy(&body).into_owned();
        Ok(Some(asked))
    }
}

/// A running service.
#[derive(Debug, Clone)]
pub struct Site {
    peer: Peer,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Site {
    /// Starts it; [`answer`] writes what the script has to return.
    pub fn start(script: impl Fn(&Asked) -> String + Send + Sync + 'static) -> io::Result<Self> {
        let all = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&all);
        let peer = Peer::start(move |stream| {
            while let Some(asked) = Asked::read(stream)? {
                let answer = script(&asked);
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(asked);
                stream.write_all(answer.as_bytes())?;
            }
            Ok(())
        })?;
        Ok(Self { peer, asked: all })
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.peer.address())
    }

    /// How many connections it has had.
    pub fn connections(&self) -> usize {
        self.peer.served()
    }

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// An answer's bytes: its status, header fields each with its end of line, and a body.
pub fn answer(status: u16, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} So\r\n{fields}content-length: {length}\r\n\r\n{body}")
}
