//! The least client that can walk through the shop: one blocking request per connection.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{Fault, Options, Shop};

/// An answer, taken apart.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    fn read(mut stream: TcpStream) -> io::Result<Self> {
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Ok(Self {
            status: status.ok_or_else(|| io::Error::other("no status line"))?,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    /// A value of its JSON; null where there is none.
    pub(super) fn at(&self, pointer: &str) -> Value {
        let json: Value = serde_json::from_str(&self.body).unwrap_or_default();
        json.pointer(pointer).cloned().unwrap_or_default()
    }

    pub(super) fn text(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = fields.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

/// Somebody who visits the shop, with what they were given there.
#[derive(Debug)]
pub(super) struct Client {
    address: SocketAddr,
    pub(super) token: String,
    pub(super) cookie: String,
    pub(super) patience: Duration,
}

impl Client {
    pub(super) fn of(shop: &Shop) -> Self {
        Self {
            address: shop.address(),
            token: String::new(),
            cookie: String::new(),
            patience: Duration::from_secs(10),
        }
    }

    pub(super) const fn move_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// Sends a request with these further header lines.
    pub(super) fn send(&self, what: &str, lines: &str, body: &str) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(self.patience))?;
        let length = body.len();
        let text = format!(
            "{what} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n{body}"
        );
        stream.write_all(text.as_bytes())?;
        Answer::read(stream)
    }

    /// Sends a request as whoever has signed in.
    pub(super) fn ask(&self, what: &str) -> Answer {
        self.tell(what, &Value::Null).expect("the shop answers")
    }

    pub(super) fn tell(&self, what: &str, json: &Value) -> io::Result<Answer> {
        self.send(what, &self.credentials(), &json.to_string())
    }

    pub(super) fn credentials(&self) -> String {
        let Self { token, cookie, .. } = self;
        format!("Authorization: Bearer {token}\r\nCookie: a=b; session={cookie}\r\n")
    }

    pub(super) fn basic(&self, password: &str) -> Answer {
        let encoded = BASE64_STANDARD.encode(format!("synthetic:{password}"));
        let lines = format!("Authorization: Basic {encoded}\r\n");
        let answer = self.send("POST /api/session", &lines, "");
        answer.expect("the shop answers")
    }

    /// Signs in, and remembers the token and the cookie.
    pub(super) fn sign_in(&mut self) {
        let answer = self.basic(Options::PASSWORD);
        assert_eq!(answer.status, 201, "{answer:?}");
        self.token = answer.text("/token");
        let set = answer.header("set-cookie").unwrap_or_default();
        let pair = set.split(';').next().unwrap_or_default();
        self.cookie = pair.trim_start_matches("session=").to_owned();
    }

    pub(super) fn create(&self) -> io::Result<Answer> {
        self.tell("POST /api/orders", &json!({"reference": "a <b>"}))
    }
}

/// A shop with this fault, and somebody who is signed in there, since the fault came after that.
pub(super) fn signed_in(fault: Fault) -> (Shop, Client) {
    let shop = Shop::start(&Options::default()).expect("there is a free port");
    let mut client = Client::of(&shop);
    client.sign_in();
    shop.set(fault);
    (shop, client)
}

/// The same, with an order whose id is returned.
pub(super) fn ordered(fault: Fault) -> (Shop, Client, String) {
    let (shop, client) = signed_in(Fault::Healthy);
    let id = client.create().expect("the shop answers").text("/id");
    shop.set(fault);
    (shop, client, id)
}
