//! Name servers that answer, refuse, truncate and lie.

use std::net::SocketAddr;

use hickory_proto::{
    op::{Message, MessageType, OpCode, ResponseCode},
    rr::{
        Name, RData, Record,
        rdata::{A, MX, NULL},
    },
};
use leadsman_core::{
    egress::Egress,
    failure::FailureKind,
    phase::Phase,
    plan,
    seam::{Answer, Call, DnsCall, DnsReply, Family, HttpCall},
};
use leadsman_net::{Network, Session};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
    time::{Duration, Instant},
};

use crate::{
    families::{NAME, here, session_by, session_over},
    peers::{SHORT, http, pattern, session},
};

pub(crate) type Script = fn(&Message, &mut Message);

pub(crate) fn reply_to(query: &[u8], script: Script) -> Message {
    let query = Message::from_vec(query).unwrap();
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.add_queries(query.queries.clone());
    script(&query, &mut reply);
    reply
}

/// One port that is free for both transports.
async fn both() -> (UdpSocket, TcpListener) {
    loop {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(listener) = TcpListener::bind(socket.local_addr().unwrap()).await {
            return (socket, listener);
        }
    }
}

/// A server that answers over UDP by one script, and over TCP by another.
pub(crate) async fn server(udp: Script, tcp: Script) -> SocketAddr {
    let (socket, listener) = both().await;
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
            let mut reply = reply_to(&buffer[..read], udp);
            if reply.metadata.response_code == ResponseCode::BADKEY {
                // Stands for a forger: the right question, the wrong id, then the true answer.
                reply.metadata.response_code = ResponseCode::NXDomain;
                let id = reply.metadata.id;
                reply.metadata.id = id.wrapping_add(1);
                socket
                    .send_to(&reply.to_vec().unwrap(), from)
                    .await
                    .unwrap();
                reply.metadata.id = id;
                reply.metadata.response_code = ResponseCode::NoError;
            }
            socket
                .send_to(&reply.to_vec().unwrap(), from)
                .await
                .unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let length = stream.read_u16().await.unwrap();
            let mut query = vec![0; usize::from(length)];
            stream.read_exact(&mut query).await.unwrap();
            let reply = reply_to(&query, tcp).to_vec().unwrap();
            stream
                .write_u16(u16::try_from(reply.len()).unwrap())
                .await
                .unwrap();
            stream.write_all(&reply).await.unwrap();
        }
    });
    address
}

pub(crate) fn one_address(query: &Message, reply: &mut Message) {
    reply.metadata.authoritative = true;
    let name = query.queries[0].name().clone();
    reply.add_answer(Record::from_rdata(name, 60, RData::A(A::new(10, 0, 0, 1))));
}

fn code(reply: &mut Message, code: ResponseCode) {
    reply.metadata.response_code = code;
}

pub(crate) fn question(server: SocketAddr) -> DnsCall {
    DnsCall {
        name: "www.example.org".to_owned(),
        record_type: 1,
        class: 1,
        server: server.to_string(),
        transport: "udp".to_owned(),
        recursion: true,
        dnssec: false,
        family: Family::Auto,
        timeout: Some(2_000_000_000),
    }
}

async fn ask(call: DnsCall) -> Result<Box<DnsReply>, leadsman_core::failure::Failure> {
    ask_in(&session(), call).await
}

async fn ask_in(
    session: &Session,
    call: DnsCall,
) -> Result<Box<DnsReply>, leadsman_core::failure::Failure> {
    match session.perform(&Call::Dns(Box::new(call))).await {
        Answer::Dns(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_comes_in_words() {
    let address = server(one_address, one_address).await;
    let reply = ask(question(address)).await.unwrap();
    assert_eq!(
        (reply.rcode, reply.authoritative, reply.transport.as_str()),
        (0, true, "udp")
    );
    let record = &reply.answers[0];
    assert_eq!(
        (record.name.as_str(), record.text.as_str(), record.ttl),
        ("www.example.org", "10.0.0.1", 60)
    );
    assert_eq!(
        (reply.facts.remote, reply.facts.phases.get(Phase::Resolve)),
        (Some(address), None)
    );
    assert!(reply.facts.phases.get(Phase::Wait).is_some());
}

#[tokio::test]
async fn names_in_data_have_no_final_dot() {
    let mail: Script = |query, reply| {
        let data = RData::MX(MX::new(10, Name::from_ascii("mx.example.org.").unwrap()));
        reply.add_answer(Record::from_rdata(
            query.queries[0].name().clone(),
            60,
            data,
        ));
    };
    let reply = ask(DnsCall {
        record_type: 15,
        ..question(server(mail, mail).await)
    })
    .await
    .unwrap();
    assert_eq!(reply.answers[0].text, "10 mx.example.org");
}

#[tokio::test]
async fn data_of_a_type_that_nobody_knows_is_told_in_octets() {
    let unknown: Script = |query, reply| {
        let asked = &query.queries[0];
        let mut rdata = NULL::new();
        rdata.anything.extend_from_slice(&[0, 10, 255]);
        let code = asked.query_type();
        let data = RData::Unknown { code, rdata };
        reply.add_answer(Record::from_rdata(asked.name().clone(), 60, data));
    };
    let reply = ask(DnsCall {
        record_type: 65534,
        ..question(server(unknown, unknown).await)
    })
    .await
    .unwrap();
    let told: Vec<_> = reply
        .answers
        .iter()
        .map(|record| (record.record_type, record.text.as_str()))
        .collect();
    assert_eq!(told, [(65534, "\\# 3 000AFF")]);
}

#[tokio::test]
async fn every_code_is_an_answer() {
    let scripts: [(Script, u16); 4] = [
        (|_, reply| code(reply, ResponseCode::NXDomain), 3),
        (|_, _| (), 0),
        (|_, reply| code(reply, ResponseCode::ServFail), 2),
        (|_, reply| code(reply, ResponseCode::Refused), 5),
    ];
    for (script, rcode) in scripts {
        let reply = ask(question(server(script, script).await)).await.unwrap();
        assert_eq!((reply.rcode, reply.answers.len()), (rcode, 0));
    }
}

#[tokio::test]
async fn recursion_and_dnssec_are_asked_for_as_the_question_says() {
    let told: Script = |query, reply| {
        let dnssec = query
            .edns
            .as_ref()
            .is_some_and(|edns| edns.flags().dnssec_ok);
        match (query.metadata.recursion_desired, dnssec) {
            (true, false) => one_address(query, reply),
            (false, false) => code(reply, ResponseCode::Refused),
            (_, true) => code(reply, ResponseCode::ServFail),
        }
    };
    let address = server(told, told).await;
    for (recursion, dnssec, rcode) in [(true, false, 0), (false, false, 5), (true, true, 2)] {
        let call = DnsCall {
            recursion,
            dnssec,
            ..question(address)
        };
        assert_eq!(ask(call).await.unwrap().rcode, rcode);
    }
}

#[tokio::test]
async fn a_truncated_answer_is_fetched_over_tcp_unless_udp_alone_is_asked_for() {
    let truncated: Script = |_, reply| reply.metadata.truncation = true;
    let address = server(truncated, one_address).await;
    let reply = ask(question(address)).await.unwrap();
    assert_eq!(
        (
            reply.transport.as_str(),
            reply.truncated,
            reply.answers.len()
        ),
        ("tcp", false, 1)
    );
    assert!(reply.facts.phases.get(Phase::Connect).is_some());
    let alone = ask(DnsCall {
        transport: "udp-only".to_owned(),
        ..question(address)
    })
    .await
    .unwrap();
    assert_eq!((alone.transport.as_str(), alone.truncated), ("udp", true));
    let tcp = ask(DnsCall {
        transport: "tcp".to_owned(),
        ..question(address)
    })
    .await
    .unwrap();
    assert_eq!((tcp.transport.as_str(), tcp.answers.len()), ("tcp", 1));
}

#[tokio::test]
async fn a_forged_answer_is_not_heard() {
    let forged: Script = |query, reply| {
        one_address(query, reply);
        code(reply, ResponseCode::BADKEY);
    };
    let reply = ask(question(server(forged, one_address).await))
        .await
        .unwrap();
    assert_eq!((reply.rcode, reply.answers.len()), (0, 1));
}

#[tokio::test]
async fn a_question_that_was_lost_is_asked_once_more() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut lost, mut heard) = ([0; 1500], [0; 1500]);
        let first = socket.recv(&mut lost).await.unwrap();
        let (second, from) = socket.recv_from(&mut heard).await.unwrap();
        assert_eq!(lost[..first], heard[..second], "the same question");
        let reply = reply_to(&heard[..second], one_address);
        socket
            .send_to(&reply.to_vec().unwrap(), from)
            .await
            .unwrap();
    });
    let call = DnsCall {
        timeout: Some(5_000_000_000),
        ..question(address)
    };
    let reply = ask(call).await.unwrap();
    server.await.unwrap();
    assert_eq!((reply.answers.len(), reply.transport.as_str()), (1, "udp"));
    let waited = reply.facts.phases.get(Phase::Wait).unwrap();
    assert!(waited >= 1_000_000_000, "{waited}");
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_closed_port_refuses() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let call = DnsCall {
        timeout: Some(SHORT),
        ..question(silent.local_addr().unwrap())
    };
    let failure = ask(call.clone()).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.phase),
        (FailureKind::DnsTimeout, Some(Phase::Wait))
    );
    drop(silent);
    assert_eq!(
        ask(call).await.unwrap_err().kind,
        FailureKind::ConnectRefused
    );
}

async fn resolve_by(server: SocketAddr, target: &str) -> leadsman_core::failure::Failure {
    let network = plan::Network {
        resolver: plan::Resolver::Servers(vec![server]),
        family: Family::V4,
        ..plan::Network::default()
    };
    let network = Network::new(
        &network,
        &plan::Tls {
            ca: Vec::new(),
            ..plan::Tls::default()
        },
    )
    .unwrap();
    let egress = Egress {
        target: Some(pattern(target)),
        ..Egress::default()
    };
    let session = Session::new(
        network,
        egress,
        Instant::now() + Duration::from_secs(4),
        Vec::new(),
    );
    http(&session, HttpCall::get(format!("http://{target}/")))
        .await
        .unwrap_err()
}

#[tokio::test]
async fn failures_of_resolution_are_told_apart() {
    let loopback: Script = |query, reply| {
        let name = query.queries[0].name().clone();
        reply.add_answer(Record::from_rdata(name, 60, RData::A(A::new(127, 0, 0, 1))));
    };
    let scripts: [(Script, FailureKind); 5] = [
        (
            |_, reply| code(reply, ResponseCode::NXDomain),
            FailureKind::DnsNxdomain,
        ),
        (|_, _| (), FailureKind::DnsNodata),
        (
            |_, reply| code(reply, ResponseCode::ServFail),
            FailureKind::DnsServfail,
        ),
        (
            |_, reply| code(reply, ResponseCode::Refused),
            FailureKind::DnsRefused,
        ),
        (loopback, FailureKind::EgressPrivate),
    ];
    for (script, kind) in scripts {
        let failure = resolve_by(server(script, script).await, "www.example.org").await;
        assert_eq!(
            (failure.kind, failure.phase),
            (kind, Some(Phase::Resolve)),
            "{failure}"
        );
    }
    let closed = UdpSocket::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let failure = resolve_by(closed, "www.example.org").await;
    assert_eq!(failure.kind, FailureKind::ResolverDown, "{failure}");
}

#[tokio::test]
async fn a_server_of_the_system_is_one_of_the_family_asked_for() {
    let address = server(one_address, one_address).await;
    let system = |servers: Vec<SocketAddr>| {
        let network = plan::Network {
            resolver: plan::Resolver::Servers(servers),
            ..plan::Network::default()
        };
        let tls = plan::Tls {
            ca: Vec::new(),
            ..plan::Tls::default()
        };
        session_over(Network::new(&network, &tls).unwrap())
    };
    let by = |family| DnsCall {
        server: "system".to_owned(),
        family,
        ..question(address)
    };
    let both = system(vec!["[::1]:1".parse().unwrap(), address]);
    for family in [Family::V4, Family::PreferV4] {
        let reply = ask_in(&both, by(family)).await.unwrap();
        assert_eq!(reply.facts.remote, Some(address), "{family:?}");
    }
    let alone = system(vec![address]);
    for family in [Family::Auto, Family::PreferV6] {
        let reply = ask_in(&alone, by(family)).await.unwrap();
        assert_eq!(reply.facts.remote, Some(address), "{family:?}");
    }
    let failure = ask_in(&alone, by(Family::V6)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::LocalNetwork, "{failure}");
    assert!(failure.message.contains("`family: v6`"), "{failure}");
}

#[tokio::test]
async fn a_server_is_one_host_that_is_asked_in_plain_dns() {
    let address = server(one_address, one_address).await;
    let at = |server: String| DnsCall {
        server,
        ..question(address)
    };
    for refused in [
        format!("tls://{address}"),
        format!("https://{address}"),
        "*.ns.example".to_owned(),
    ] {
        let failure = ask(at(refused.clone())).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadRequest, "{failure}");
        assert!(failure.message.contains("`host:port`"), "{failure}");
        assert!(failure.message.contains(&refused), "{failure}");
    }
    let reply = ask(at(format!("dns://{address}"))).await.unwrap();
    assert_eq!(reply.facts.remote, Some(address));
}

#[tokio::test]
async fn a_server_that_does_not_listen_in_one_family_is_asked_over_tcp_in_the_other() {
    // It listens in IPv4 alone.
    let address = server(one_address, one_address).await;
    let session = session_by(server(here, here).await);
    let call = DnsCall {
        server: format!("{NAME}:{}", address.port()),
        transport: "tcp".to_owned(),
        family: Family::PreferV6,
        ..question(address)
    };
    let reply = ask_in(&session, call).await.unwrap();
    assert!(reply.facts.family_fallback);
    assert_eq!(reply.facts.remote, Some(address));
    assert_eq!(reply.server, address.to_string());
}
