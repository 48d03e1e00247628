//! One DNS question to one server, strictly: what does not answer it is not heard.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query},
    rr::{DNSClass, Name, RData, Record, RecordType},
};
use leadsman_core::{
    digest::hex,
    egress::{Destination, HostPattern, Via},
    failure::{Failure, FailureKind},
    phase::Phase,
    seam::{DnsCall, DnsRecord, DnsReply, Family},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UdpSocket,
    time::{Instant, sleep_until},
};

use crate::{
    Moment, Session,
    connector::{Found, Route, open},
    fault::Fault,
    kind_of,
    trace::Trace,
};

/// Small enough to pass any path unfragmented (DNS flag day 2020).
const PAYLOAD: u16 = 1232;

/// What is read of one datagram: more than any server may send that was told the above.
const DATAGRAM: usize = 4096;
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What was asked, as it went out.
struct Question {
    id: u16,
    query: Query,
    bytes: Vec<u8>,
    ours: bool,
}

impl Session {
    pub(crate) async fn dns(&self, call: &DnsCall) -> Result<DnsReply, Failure> {
        let limit = self.limit(call.timeout);
        let outcome = Trace::start()
            .run(limit, async |trace| self.ask(trace, call, limit).await)
            .await;
        let ((reply, server, transport), facts) = outcome.map_err(silence)?;
        Ok(in_words(&reply, server, transport, facts))
    }

    async fn ask(
        &self,
        trace: &mut Trace,
        call: &DnsCall,
        limit: Instant,
    ) -> Result<(Message, SocketAddr, &'static str), Fault> {
        let question = Question::new(call)?;
        let found = self.server(trace, call, limit).await?;
        trace.facts.remote = Some(found.first);
        let found = match call.transport.as_str() {
            "udp" | "udp-only" => {
                let reply = question.over_udp(trace, found.first).await?;
                if call.transport == "udp-only" || !reply.metadata.truncation {
                    return Ok((reply, found.first, "udp"));
                }
                // The whole answer is that of the server which cut it.
                alone(found.first)
            }
            "tcp" => found,
            other => {
                return Err(Fault::bad_request(format!(
                    "`{other}` is no transport: udp, udp-only or tcp"
                )));
            }
        };
        let (reply, server) = question.over_tcp(trace, found, limit).await?;
        Ok((reply, server, "tcp"))
    }

    /// The system's resolver is granted; any other server passes the same gates as any destination.
    async fn server(
        &self,
        trace: &mut Trace,
        call: &DnsCall,
        limit: Instant,
    ) -> Result<Found, Fault> {
        if call.server == "system" {
            let server = self.network.names().first_server(call.family);
            return server.map(alone).ok_or_else(|| no_server_of(call.family));
        }
        let (host, port) = split(&call.server)?;
        let route = Route {
            destination: Destination {
                scheme: "dns",
                host: &host,
                port,
            },
            via: Via::Call,
            family: call.family,
            instead: None,
            limit,
        };
        self.network.find(trace, &self.egress, &route).await
    }
}

/// An answer that did not come is DNS's own kind of silence.
fn silence(mut failure: Failure) -> Failure {
    if failure.kind == FailureKind::ResponseTimeout {
        failure.kind = FailureKind::DnsTimeout;
    }
    failure
}

const fn alone(server: SocketAddr) -> Found {
    Found {
        first: server,
        other: None,
    }
}

fn no_server_of(family: Family) -> Fault {
    let wanted = if family == Family::V4 { "v4" } else { "v6" };
    Fault::new(
        FailureKind::LocalNetwork,
        format!(
            "this machine's resolver has no {wanted} address, and `family: {wanted}` allows no other: drop `family` or name a `server`"
        ),
    )
}

fn split(server: &str) -> Result<(String, u16), Fault> {
    let pattern = HostPattern::try_from(server.to_owned()).map_err(Fault::bad_request)?;
    if pattern.subdomains
        || pattern
            .scheme
            .as_deref()
            .is_some_and(|scheme| scheme != "dns")
    {
        return Err(Fault::bad_request(format!(
            "`{server}` is no DNS server: write `host` or `host:port`; it is asked in plain DNS, over UDP or TCP"
        )));
    }
    Ok((pattern.host, pattern.port.unwrap_or(53)))
}

impl Question {
    fn new(call: &DnsCall) -> Result<Self, Fault> {
        let mut name = Name::from_utf8(&call.name)
            .map_err(|error| Fault::bad_request(format!("`{}`: {error}", call.name)))?;
        name.set_fqdn(true);
        let mut query = Query::query(name, RecordType::from(call.record_type));
        query.set_query_class(DNSClass::from(call.class));
        let mut message = Message::new(
            Message::query().metadata.id,
            MessageType::Query,
            OpCode::Query,
        );
        message.metadata.recursion_desired = call.recursion;
        message.add_query(query.clone());
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD).set_dnssec_ok(call.dnssec);
        message.set_edns(edns);
        let bytes = message
            .to_vec()
            .map_err(|error| Fault::bad_request(error.to_string()))?;
        Ok(Self {
            id: message.metadata.id,
            query,
            bytes,
            ours: call.server == "system",
        })
    }

    async fn over_udp(&self, trace: &mut Trace, server: SocketAddr) -> Result<Message, Fault> {
        trace.enter(Phase::Send);
        let any = if server.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any)
            .await
            .map_err(|error| self.broken(&error, Moment::Connecting))?;
        socket
            .connect(server)
            .await
            .map_err(|error| self.broken(&error, Moment::Connecting))?;
        socket
            .send(&self.bytes)
            .await
            .map_err(|error| self.broken(&error, Moment::Talking))?;
        trace.enter(Phase::Wait);
        let again = sleep_until(Instant::now() + AGAIN_AFTER);
        tokio::pin!(again);
        let mut buffer = vec![0; DATAGRAM];
        let mut repeated = false;
        loop {
            tokio::select! {
                read = socket.recv(&mut buffer) => {
                    let read = read.map_err(|error| self.broken(&error, Moment::Talking))?;
                    let answer = buffer.get(..read).unwrap_or_default();
                    if let Some(message) = self.accept(answer)? {
                        trace.enter(Phase::Receive);
                        return Ok(message);
                    }
                }
                () = &mut again, if !repeated => {
                    repeated = true;
                    socket.send(&self.bytes).await.map_err(|error| self.broken(&error, Moment::Talking))?;
                }
            }
        }
    }

    /// The answer, and the address that gave it.
    async fn over_tcp(
        &self,
        trace: &mut Trace,
        found: Found,
        limit: Instant,
    ) -> Result<(Message, SocketAddr), Fault> {
        let opened = open(trace, found, limit).await;
        let mut stream = opened.map_err(|fault| Fault {
            kind: self.blamed(fault.kind),
            message: format!("the DNS server cannot be asked: {}", fault.message),
        })?;
        let server = trace.facts.remote.unwrap_or(found.first);
        trace.enter(Phase::Send);
        let length = u16::try_from(self.bytes.len())
            .map_err(|_| Fault::bad_request("the question is too long"))?;
        let framed = [&length.to_be_bytes()[..], &self.bytes].concat();
        stream
            .write_all(&framed)
            .await
            .map_err(|error| self.broken(&error, Moment::Talking))?;
        trace.enter(Phase::Wait);
        let length = stream
            .read_u16()
            .await
            .map_err(|error| self.broken(&error, Moment::Talking))?;
        trace.enter(Phase::Receive);
        let mut answer = vec![0; usize::from(length)];
        stream
            .read_exact(&mut answer)
            .await
            .map_err(|error| self.broken(&error, Moment::Talking))?;
        let reply = self.accept(&answer)?.ok_or_else(|| {
            Fault::new(
                FailureKind::DnsMalformed,
                format!("{server} answers another question than was asked"),
            )
        })?;
        Ok((reply, server))
    }

    /// The message, where it answers this question; what bears another id is not even read.
    fn accept(&self, bytes: &[u8]) -> Result<Option<Message>, Fault> {
        if bytes.get(..2) != Some(&self.id.to_be_bytes()[..]) {
            return Ok(None);
        }
        let message = Message::from_vec(bytes).map_err(|error| {
            Fault::new(
                FailureKind::DnsMalformed,
                format!("the answer cannot be read: {error}"),
            )
        })?;
        let same = match message.queries.as_slice() {
            [query] => {
                query.name() == self.query.name()
                    && query.query_type() == self.query.query_type()
                    && query.query_class() == self.query.query_class()
            }
            // A server that cannot read a question may leave it out of its error.
            [] => message.metadata.response_code != hickory_proto::op::ResponseCode::NoError,
            _ => false,
        };
        Ok((same && message.metadata.message_type == MessageType::Response).then_some(message))
    }

    fn broken(&self, error: &std::io::Error, moment: Moment) -> Fault {
        Fault::new(
            self.blamed(kind_of(error, moment)),
            format!("the DNS server cannot be asked: {error}"),
        )
    }

    /// A resolver of this machine that refuses is no fault of the target.
    const fn blamed(&self, kind: FailureKind) -> FailureKind {
        match kind {
            FailureKind::ConnectRefused if self.ours => FailureKind::ResolverDown,
            kind => kind,
        }
    }
}

fn in_words(
    message: &Message,
    server: SocketAddr,
    transport: &str,
    facts: Box<leadsman_core::facts::Facts>,
) -> DnsReply {
    let records = |records: &[Record]| {
        records
            .iter()
            .filter(|r| r.record_type() != RecordType::OPT)
            .map(record)
            .collect()
    };
    let header = &message.metadata;
    DnsReply {
        rcode: header.response_code.into(),
        authoritative: header.authoritative,
        truncated: header.truncation,
        recursion_available: header.recursion_available,
        authentic_data: header.authentic_data,
        answers: records(&message.answers),
        authority: records(&message.authorities),
        additional: records(&message.additionals),
        server: shown(server),
        transport: transport.to_owned(),
        facts,
    }
}

fn shown(server: SocketAddr) -> String {
    match (server.port(), server.ip()) {
        (53, IpAddr::V4(address)) => address.to_string(),
        (53, IpAddr::V6(address)) => address.to_string(),
        _ => server.to_string(),
    }
}

fn record(record: &Record) -> DnsRecord {
    DnsRecord {
        name: undotted(&record.name.to_ascii()),
        record_type: record.record_type().into(),
        class: record.dns_class.into(),
        ttl: record.ttl,
        text: text(&record.data),
    }
}

/// Presentation form; where the data ends in or consists of names, without their final dots.
fn text(data: &RData) -> String {
    match data {
        RData::CNAME(_)
        | RData::NS(_)
        | RData::PTR(_)
        | RData::MX(_)
        | RData::SRV(_)
        | RData::ANAME(_) => undotted(&data.to_string()),
        RData::SOA(_) => {
            let text = data.to_string();
            text.split(' ').map(undotted).collect::<Vec<_>>().join(" ")
        }
        RData::Unknown { rdata, .. } | RData::NULL(rdata) => octets(&rdata.anything),
        _ => data.to_string(),
    }
}

/// The presentation form of data whose type has none that is known here (RFC 3597 §5).
fn octets(data: &[u8]) -> String {
    format!("\\# {} {}", data.len(), hex(data).to_ascii_uppercase())
}

fn undotted(name: &str) -> String {
    match name.strip_suffix('.') {
        Some("") | None => name.to_owned(),
        Some(plain) if plain.ends_with(' ') => name.to_owned(),
        Some(plain) => plain.to_owned(),
    }
}
