//! The demo's DNS server: the authority for `demo.test`, over UDP and TCP.

use hickory_proto::{
    op::{Message, MessageType, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, TXT},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};

const TTL: u32 = 60;

/// Answers over UDP until it is dropped.
pub(super) async fn over_udp(socket: UdpSocket) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        if let Some(reply) = buffer.get(..length).and_then(reply) {
            // Who no longer waits gets nothing.
            drop(socket.send_to(&reply, from).await);
        }
    }
}

/// Answers over TCP until it is dropped.
pub(super) async fn over_tcp(listener: TcpListener) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(converse(stream));
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(mut stream: TcpStream) {
    while let Ok(length) = stream.read_u16().await {
        let mut query = vec![0; usize::from(length)];
        if stream.read_exact(&mut query).await.is_err() {
            return;
        }
        let Some(reply) = reply(&query) else { return };
        let Ok(length) = u16::try_from(reply.len()) else {
            return;
        };
        let framed = [&length.to_be_bytes(), reply.as_slice()].concat();
        if stream.write_all(&framed).await.is_err() {
            return;
        }
    }
}

/// What is no query gets no reply.
fn reply(query: &[u8]) -> Option<Vec<u8>> {
    let query = Message::from_vec(query).ok()?;
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.metadata.recursion_desired = query.metadata.recursion_desired;
    reply.metadata.authoritative = true;
    let question = query.queries.first()?.clone();
    let (name, kind) = (question.name().clone(), question.query_type());
    reply.add_query(question);
    match records(&name.to_ascii().to_ascii_lowercase(), kind) {
        Ok(data) => {
            reply.add_answers(
                data.into_iter()
                    .map(|data| Record::from_rdata(Name::clone(&name), TTL, data)),
            );
        }
        Err(code) => reply.metadata.response_code = code,
    }
    reply.to_vec().ok()
}

/// The zone.
fn records(name: &str, kind: RecordType) -> Result<Vec<RData>, ResponseCode> {
    if !name.ends_with("demo.test.") {
        return Err(ResponseCode::Refused);
    }
    match (name, kind) {
        ("shop.demo.test.", RecordType::A) => Ok([10, 11]
            .map(|last| RData::A(A::new(192, 0, 2, last)))
            .into()),
        ("shop.demo.test.", RecordType::TXT) => {
            Ok(vec![RData::TXT(TXT::new(vec!["a demo".to_owned()]))])
        }
        ("shop.demo.test." | "demo.test.", _) => Ok(Vec::new()),
        _ => Err(ResponseCode::NXDomain),
    }
}
