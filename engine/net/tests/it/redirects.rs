//! Redirects: where they may lead, and what does not go with them.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use leadsman_core::{
    egress::{Cidr, Egress, EgressRules, PrivateRule},
    failure::FailureKind,
    phase::Phase,
    plan,
    seam::{Family, HttpCall, RedirectScope},
};
use leadsman_net::{Network, Session};
use tokio::{
    io::AsyncWriteExt,
    time::{Duration, Instant},
};

use crate::{
    dns,
    families::resolving_by,
    peers::{answering, get, hop_count, http, pattern, peer, read_head, session},
};

fn to(location: &str) -> String {
    format!(
        "HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    )
}

async fn echo() -> std::net::SocketAddr {
    peer(|mut stream| async move {
        let head = read_head(&mut stream).await;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}",
            head.len()
        );
        drop(stream.write_all(answer.as_bytes()).await);
    })
    .await
}

#[tokio::test]
async fn a_loop_ends_at_the_limit() {
    let address = answering(to("/again")).await;
    let call = HttpCall {
        max_redirects: 3,
        ..get(address, "/")
    };
    let failure = http(&session(), call).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::RedirectLimit);
    assert_eq!(hop_count(&failure.facts), 4);
    let http = failure.facts.http.as_ref().unwrap();
    let sum: u64 = http.hops.iter().map(|hop| hop.phases.total()).sum();
    assert_eq!(sum, failure.facts.phases.total());
}

#[tokio::test]
async fn a_private_place_is_no_place_to_be_sent_to() {
    for location in [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest",
        "http://127.0.0.2/",
        "http://[::1]/",
        "file:///etc",
    ] {
        let address = answering(to(location)).await;
        let failure = http(&session(), get(address, "/")).await.unwrap_err();
        assert_eq!(
            failure.kind,
            FailureKind::RedirectDenied,
            "{location}: {failure}"
        );
        assert_eq!(hop_count(&failure.facts), 1);
    }
}

fn range(text: &str) -> Cidr {
    Cidr::try_from(text.to_owned()).unwrap()
}

#[tokio::test]
async fn a_granted_name_is_judged_by_the_address_that_it_leads_to() {
    let resolver = dns::server(dns::one_address, dns::one_address).await;
    let tls = plan::Tls {
        ca: Vec::new(),
        ..plan::Tls::default()
    };
    let network = Network::new(&resolving_by(resolver), &tls).unwrap();
    let address = answering(to("http://inner.example.org/")).await;
    for (grant, private, deny) in [
        ("*.example.org", PrivateRule::Targets, Vec::new()),
        ("inner.example.org", PrivateRule::Deny, Vec::new()),
        (
            "inner.example.org",
            PrivateRule::Targets,
            vec![range("10.0.0.0/8")],
        ),
    ] {
        let rules = EgressRules {
            private,
            allow: vec![range("127.0.0.1")],
            deny,
        };
        let egress = Egress {
            rules: Arc::new(rules),
            target: Some(pattern("127.0.0.1")),
            grants: vec![pattern(grant)],
            ..Egress::default()
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        let session = Session::new(network.clone(), egress, deadline, Vec::new());
        let call = HttpCall {
            family: Family::V4,
            ..get(address, "/")
        };
        let failure = http(&session, call).await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.phase),
            (FailureKind::RedirectDenied, Some(Phase::Resolve)),
            "{grant}: {failure}"
        );
        let refused = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(failure.facts.refused, Some(refused), "{grant}");
        assert_eq!(hop_count(&failure.facts), 1, "{grant}");
    }
}

#[tokio::test]
async fn a_change_of_origin_leaves_credentials_behind() {
    let second = echo().await;
    let first = answering(to(&format!("http://{second}/next"))).await;
    let headers = [
        ("authorization", "Basic x"),
        ("cookie", "c=d"),
        ("x-plain", "kept"),
    ]
    .map(|(name, value)| (name.to_owned(), Bytes::from_static(value.as_bytes())));
    let call = HttpCall {
        headers: headers.into(),
        ..get(first, "/")
    };
    let reply = http(&session(), call).await.unwrap();
    let head = String::from_utf8(reply.body.to_vec()).unwrap();
    assert!(
        !head.contains("authorization") && !head.contains("c=d") && head.contains("x-plain: kept"),
        "{head}"
    );
    assert_eq!(
        reply.facts.http.as_ref().unwrap().final_url,
        format!("http://{second}/next")
    );
    assert_eq!(reply.facts.remote, Some(second));
}

#[tokio::test]
async fn a_scope_turns_what_is_beyond_it_into_an_answer() {
    let second = echo().await;
    let first = answering(to(&format!("http://{second}/"))).await;
    for redirects in [RedirectScope::None, RedirectScope::SameOrigin] {
        let reply = http(
            &session(),
            HttpCall {
                redirects,
                ..get(first, "/")
            },
        )
        .await
        .unwrap();
        assert_eq!((reply.status, hop_count(&reply.facts)), (302, 1));
    }
}

#[tokio::test]
async fn post_becomes_get_and_cookies_are_kept_across_hops() {
    let address = peer(|mut stream| async move {
        let head = read_head(&mut stream).await;
        let answer = if head.starts_with("POST /start") {
            to("/end")
        } else {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}",
                head.len()
            )
        };
        drop(stream.write_all(answer.as_bytes()).await);
    })
    .await;
    let call = HttpCall {
        method: "POST".to_owned(),
        body: Bytes::from_static(b"x"),
        ..get(address, "/start")
    };
    let reply = http(&session(), call).await.unwrap();
    let head = String::from_utf8(reply.body.to_vec()).unwrap();
    assert!(
        head.starts_with("GET /end")
            && head.contains("cookie: a=b")
            && !head.contains("content-length"),
        "{head}"
    );
}
