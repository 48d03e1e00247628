//! Names with addresses of both families, of which one does not answer.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hickory_proto::{
    op::Message,
    rr::{
        RData, Record, RecordType,
        rdata::{A, AAAA},
    },
};
use leadsman_core::{
    egress::{Cidr, Egress, EgressRules},
    failure::{Failure, FailureKind},
    phase::Phase,
    plan,
    seam::{Family, HttpCall, HttpReply},
};
use leadsman_net::{Network, Session};
use tokio::{io::AsyncWriteExt, net::TcpListener, time::Instant};

use crate::{
    dns::{self, Script},
    peers::{answering, get, http, pattern, peer, read_head, session},
};

pub(crate) const NAME: &str = "both.example.org";
pub(crate) const OTHER: &str = "other.example.org";

/// A name of this machine, in both families.
pub(crate) fn here(query: &Message, reply: &mut Message) {
    let asked = &query.queries[0];
    let data = match asked.query_type() {
        RecordType::A => RData::A(A::new(127, 0, 0, 1)),
        _ => RData::AAAA(AAAA(Ipv6Addr::LOCALHOST)),
    };
    reply.add_answer(Record::from_rdata(asked.name().clone(), 60, data));
}

pub(crate) fn resolving_by(server: SocketAddr) -> plan::Network {
    plan::Network {
        resolver: plan::Resolver::Servers(vec![server]),
        ..plan::Network::default()
    }
}

/// A session that resolves by this server and may talk to this machine.
pub(crate) fn session_by(server: SocketAddr) -> Session {
    let tls = plan::Tls {
        ca: Vec::new(),
        ..plan::Tls::default()
    };
    session_over(Network::new(&resolving_by(server), &tls).unwrap())
}

/// A session that may talk to this machine, by either of the two names and by its address.
pub(crate) fn session_over(network: Network) -> Session {
    let this = |base: IpAddr| Cidr {
        base,
        bits: if base.is_ipv4() { 32 } else { 128 },
    };
    let rules = EgressRules {
        allow: vec![
            this(Ipv4Addr::LOCALHOST.into()),
            this(Ipv6Addr::LOCALHOST.into()),
        ],
        ..EgressRules::default()
    };
    let egress = Egress {
        rules: Arc::new(rules),
        target: Some(pattern(NAME)),
        grants: vec![pattern(OTHER), pattern("127.0.0.1")],
        ..Egress::default()
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    Session::new(network, egress, deadline, Vec::new())
}

async fn asked(script: Script, port: u16, family: Family) -> Result<HttpReply, Failure> {
    let session = session_by(dns::server(script, script).await);
    let call = HttpCall {
        family,
        ..HttpCall::get(format!("http://{NAME}:{port}/"))
    };
    http(&session, call).await
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[tokio::test]
async fn where_the_first_family_refuses_the_other_one_is_tried() {
    // It listens in one family alone: the other one refuses, or is not there at all.
    let address = answering(OK).await;
    let reply = asked(here, address.port(), Family::PreferV6).await.unwrap();
    assert!(reply.facts.family_fallback);
    assert_eq!(reply.facts.remote, Some(address));
    for phase in [Phase::Resolve, Phase::Connect, Phase::Wait] {
        assert!(reply.facts.phases.get(phase).is_some(), "{phase:?}");
    }
}

#[tokio::test]
async fn where_the_first_family_answers_nothing_falls_back() {
    let address = answering(OK).await;
    for family in [Family::PreferV4, Family::V4] {
        let reply = asked(here, address.port(), family).await.unwrap();
        assert!(!reply.facts.family_fallback, "{family:?}");
        assert_eq!(reply.facts.remote, Some(address));
    }
}

#[tokio::test]
async fn where_both_families_refuse_the_last_one_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = asked(here, address.port(), Family::PreferV6)
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::ConnectRefused, "{failure}");
    assert!(failure.facts.family_fallback);
    assert_eq!(failure.facts.remote, Some(address));
    let alone = asked(here, address.port(), Family::V4).await.unwrap_err();
    assert!(!alone.facts.family_fallback);
}

#[tokio::test]
async fn an_address_that_is_written_out_has_to_be_of_the_family_asked_for() {
    let address = answering(OK).await;
    let session = session();
    let call = |family| HttpCall {
        family,
        ..get(address, "/")
    };
    for family in [Family::Auto, Family::V4, Family::PreferV6] {
        let reply = http(&session, call(family)).await.unwrap();
        assert_eq!(reply.facts.remote, Some(address), "{family:?}");
    }
    let failure = http(&session, call(Family::V6)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadRequest, "{failure}");
    assert!(failure.message.contains("`family: v6`"), "{failure}");
    assert_eq!(failure.facts.remote, None);
}

#[tokio::test]
async fn a_redirect_to_an_address_of_another_family_is_the_targets_word() {
    let elsewhere = "HTTP/1.1 302 Found\r\nLocation: http://[::1]:1/\r\nContent-Length: 0\r\n\r\n";
    let address = answering(elsewhere).await;
    let failure = asked(here, address.port(), Family::V4).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::DnsNodata, "{failure}");
    assert!(failure.message.contains("::1"), "{failure}");
}

#[tokio::test]
async fn a_connection_of_one_family_does_not_serve_a_request_for_another() {
    let address = peer(|mut stream| async move {
        while !read_head(&mut stream).await.is_empty() {
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            drop(stream.write_all(answer.as_bytes()).await);
        }
    })
    .await;
    let session = session_by(dns::server(here, here).await);
    let call = |family| HttpCall {
        family,
        session: Some(1),
        ..HttpCall::get(format!("http://{NAME}:{}/", address.port()))
    };
    for reused in [false, true] {
        let reply = http(&session, call(Family::V4)).await.unwrap();
        assert_eq!(
            (reply.facts.remote, reply.facts.reused),
            (Some(address), reused)
        );
    }
    // It listens in one family alone.
    let failure = http(&session, call(Family::V6)).await.unwrap_err();
    assert!(!failure.facts.reused, "{failure}");
    assert_ne!(failure.facts.remote, Some(address), "{failure}");
}

/// A peer that keeps its connections, and leads from each of these paths to a URL.
async fn leading(ways: Vec<(&'static str, String)>) -> SocketAddr {
    peer(move |mut stream| {
        let ways = ways.clone();
        async move {
            loop {
                let head = read_head(&mut stream).await;
                if head.is_empty() {
                    return;
                }
                let asked = head.split(' ').nth(1).unwrap();
                let way = ways.iter().find(|(path, _)| *path == asked);
                let answer = way.map_or_else(
                    || OK.to_owned(),
                    |(_, url)| {
                        OK.replace("200 OK\r\n", &format!("302 Found\r\nLocation: {url}\r\n"))
                    },
                );
                drop(stream.write_all(answer.as_bytes()).await);
            }
        }
    })
    .await
}

/// A call for whose sake another place is dialled.
fn dialling(elsewhere: SocketAddr, url: String, session: Option<u32>) -> HttpCall {
    HttpCall {
        family: Family::V4,
        resolve_to: Some(elsewhere.to_string()),
        session,
        ..HttpCall::get(url)
    }
}

#[tokio::test]
async fn a_kept_connection_serves_those_who_would_dial_the_same_place() {
    let real = leading(Vec::new()).await;
    let port = real.port();
    let stand_in = leading(vec![("/away", format!("http://{OTHER}:{port}/"))]).await;
    let session = session_by(dns::server(here, here).await);
    let away = dialling(stand_in, format!("http://{NAME}:{port}/away"), Some(1));
    let direct = dialling(stand_in, format!("http://{OTHER}:{port}/"), Some(1));
    for (call, remote, reused) in [
        (&away, real, false),
        (&direct, stand_in, false),
        (&away, real, true),
        (&direct, stand_in, true),
    ] {
        let facts = http(&session, call.clone()).await.unwrap().facts;
        let url = &call.url;
        assert_eq!(
            (facts.remote, facts.reused),
            (Some(remote), reused),
            "{url}"
        );
    }
    // The other order: what was dialled elsewhere is not what a redirect leads to.
    let session = session_by(dns::server(here, here).await);
    for (call, remote) in [(&direct, stand_in), (&away, real)] {
        let facts = http(&session, call.clone()).await.unwrap().facts;
        assert_eq!((facts.remote, facts.reused), (Some(remote), false));
    }
}

#[tokio::test]
async fn a_redirect_that_comes_home_dials_again_what_stands_for_home() {
    // Nobody listens at home: only what stands for it can be reached.
    let home = format!("http://{NAME}:1");
    let real = leading(vec![("/back", format!("{home}/end"))]).await;
    let there = format!("http://{OTHER}:{}/back", real.port());
    let stand_in = leading(vec![("/round", there)]).await;
    for session_number in [None, Some(1)] {
        let session = session_by(dns::server(here, here).await);
        let call = dialling(stand_in, format!("{home}/round"), session_number);
        let reply = http(&session, call).await.unwrap();
        let hops = reply.facts.http.unwrap().hops;
        let remotes: Vec<_> = hops.iter().filter_map(|hop| hop.remote).collect();
        assert_eq!(remotes, [stand_in, real, stand_in]);
        assert_eq!(reply.facts.reused, session_number.is_some());
    }
}
