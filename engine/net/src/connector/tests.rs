//! Which families are dialled, by the routes that a machine has.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::{
    op::{Message, MessageType, OpCode},
    rr::{
        RData, Record, RecordType,
        rdata::{A, AAAA},
    },
};
use leadsman_core::{
    egress::{Cidr, EgressRules, HostPattern},
    facts::Facts,
    failure::Failure,
    plan,
};
use tokio::net::{TcpListener, UdpSocket};

use super::*;
use crate::routes::Routes;

const NAME: &str = "both.example.org";

/// A server by which every name is this machine's, in both families.
async fn resolver() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
            let query = Message::from_vec(&buffer[..read]).unwrap();
            let reply = here(&query).to_vec().unwrap();
            socket.send_to(&reply, from).await.unwrap();
        }
    });
    address
}

fn here(query: &Message) -> Message {
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.add_queries(query.queries.clone());
    let asked = &query.queries[0];
    let data = match asked.query_type() {
        RecordType::A => RData::A(A(Ipv4Addr::LOCALHOST)),
        _ => RData::AAAA(AAAA(Ipv6Addr::LOCALHOST)),
    };
    reply.add_answer(Record::from_rdata(asked.name().clone(), 60, data));
    reply
}

/// Dials the name from a machine that has these routes.
async fn dialled(
    resolver: SocketAddr,
    routes: [bool; 2],
    port: u16,
) -> Result<(TcpStream, Box<Facts>), Failure> {
    let plan = plan::Network {
        resolver: plan::Resolver::Servers(vec![resolver]),
        ..plan::Network::default()
    };
    let tls = plan::Tls {
        ca: Vec::new(),
        ..plan::Tls::default()
    };
    let network = Network::over(Routes::known(routes), &plan, &tls).unwrap();
    let this = |text: &str| Cidr::try_from(text.to_owned()).unwrap();
    let rules = EgressRules {
        allow: vec![this("127.0.0.1"), this("::1")],
        ..EgressRules::default()
    };
    let egress = Egress {
        rules: rules.into(),
        target: Some(HostPattern::try_from(NAME.to_owned()).unwrap()),
        ..Egress::default()
    };
    let limit = Instant::now() + Duration::from_secs(10);
    let route = Route::to("tcp", NAME, port, Family::Auto, limit);
    Trace::start()
        .run(limit, async |trace| {
            network.dial(trace, &egress, &route).await
        })
        .await
}

#[tokio::test]
async fn families_are_tried_in_turn_where_there_are_routes_to_both_and_nothing_else_is_asked_for() {
    // It listens in one family alone: the other one refuses, or is not there at all.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let resolver = resolver().await;
    for (routes, is_fallback) in [([true, true], true), ([true, false], false)] {
        let (_, facts) = dialled(resolver, routes, address.port()).await.unwrap();
        assert_eq!(
            (facts.remote, facts.family_fallback),
            (Some(address), is_fallback),
            "{routes:?}"
        );
    }
    let failure = dialled(resolver, [false, true], address.port())
        .await
        .unwrap_err();
    assert!(!failure.facts.family_fallback, "{failure}");
    assert!(failure.facts.remote.unwrap().is_ipv6(), "{failure}");
}
