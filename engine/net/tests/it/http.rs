//! Exchanges, sessions and what is measured of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use leadsman_core::{egress::Egress, failure::FailureKind, phase::Phase, seam::HttpCall};
use tokio::io::AsyncWriteExt;

use crate::peers::{SHORT, answering, get, http, peer, read_head, session, session_on};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello";

#[tokio::test]
async fn a_plain_exchange_yields_the_answer_and_its_phases() {
    let address = answering(OK).await;
    let began = std::time::Instant::now();
    let reply = http(&session(), get(address, "/x?y=1")).await.unwrap();
    let elapsed = u64::try_from(began.elapsed().as_nanos()).unwrap();
    assert_eq!((reply.status, reply.body.as_ref()), (200, &b"hello"[..]));
    assert!(
        reply
            .headers
            .contains(&("x-a".to_owned(), Bytes::from_static(b"1")))
    );
    let phases = reply.facts.phases;
    for phase in [Phase::Resolve, Phase::Tls, Phase::Blocked] {
        assert_eq!(phases.get(phase), None, "{phase:?}");
    }
    for phase in [Phase::Connect, Phase::Send, Phase::Wait, Phase::Receive] {
        assert!(phases.get(phase).is_some(), "{phase:?}");
    }
    assert!(phases.total() <= elapsed);
    let facts = reply.facts.http.unwrap();
    assert_eq!(
        (facts.version.as_str(), facts.content_length),
        ("HTTP/1.1", Some(5))
    );
    assert_eq!(
        (facts.wire_bytes, facts.body_bytes, facts.hops.len()),
        (5, 5, 1)
    );
    assert_eq!(facts.hops[0].phases, phases);
    assert_eq!(reply.facts.remote, Some(address));
}

#[tokio::test]
async fn the_request_is_complete_and_says_who_asks() {
    let address = peer(|mut stream| async move {
        let head = read_head(&mut stream).await;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}",
            head.len()
        );
        drop(stream.write_all(answer.as_bytes()).await);
    })
    .await;
    let call = HttpCall {
        method: "POST".to_owned(),
        body: Bytes::from_static(b"abc"),
        ..get(address, "/p")
    };
    let head = String::from_utf8(http(&session(), call).await.unwrap().body.to_vec())
        .unwrap()
        .to_lowercase();
    assert!(head.starts_with("post /p http/1.1\r\n"), "{head}");
    for field in [
        &format!("host: {address}"),
        "user-agent: leadsman/",
        "accept-encoding: gzip, deflate, br\r\n",
        "content-length: 3",
    ] {
        assert!(head.contains(field), "{field} in {head}");
    }
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = http(&session(), get(address, "/")).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.phase),
        (FailureKind::ConnectRefused, Some(Phase::Connect))
    );
    assert!(failure.facts.phases.get(Phase::Connect).is_some());
    assert_eq!(failure.facts.remote, Some(address));
}

#[tokio::test]
async fn a_peer_that_hangs_after_accept_times_out_while_waiting() {
    let address = peer(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let call = HttpCall {
        timeout: Some(SHORT),
        ..get(address, "/")
    };
    let failure = http(&session(), call).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.phase),
        (FailureKind::ResponseTimeout, Some(Phase::Wait))
    );
    assert!(failure.facts.phases.get(Phase::Wait).unwrap() > SHORT / 2);
    assert_eq!(failure.facts.phases.get(Phase::Receive), None);
}

#[tokio::test]
async fn a_peer_that_drips_times_out_while_receiving() {
    let address = peer(|mut stream| async move {
        read_head(&mut stream).await;
        drop(
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
                .await,
        );
        std::future::pending::<()>().await;
    })
    .await;
    let call = HttpCall {
        timeout: Some(SHORT),
        ..get(address, "/")
    };
    let failure = http(&session(), call).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.phase),
        (FailureKind::ResponseTimeout, Some(Phase::Receive))
    );
    let hop = &failure.facts.http.as_ref().unwrap().hops[0];
    assert_eq!((hop.status, hop.phases), (200, failure.facts.phases));
}

#[tokio::test]
async fn a_reset_is_the_targets_word() {
    let address = peer(|mut stream| async move {
        read_head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let failure = http(&session(), get(address, "/")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::ConnectionReset);
}

#[tokio::test]
async fn what_is_no_http_breaks_the_protocol_and_silence_truncates() {
    for (answer, kind) in [
        ("nonsense\r\n\r\n", FailureKind::HttpProtocol),
        ("", FailureKind::ResponseTruncated),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            FailureKind::ResponseTruncated,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            FailureKind::HttpProtocol,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            FailureKind::ResponseTruncated,
        ),
    ] {
        let address = answering(answer).await;
        let failure = http(&session(), get(address, "/")).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{answer:?}: {failure}");
    }
}

#[tokio::test]
async fn a_session_uses_its_connection_and_cookies_again() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let address = peer(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            loop {
                let head = read_head(&mut stream).await;
                if head.is_empty() {
                    return;
                }
                let seen = if head.contains("cookie: id=7") {
                    "yes"
                } else {
                    "no"
                };
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nSet-Cookie: id=7\r\nContent-Length: {}\r\n\r\n{seen}",
                    seen.len()
                );
                drop(stream.write_all(answer.as_bytes()).await);
            }
        }
    })
    .await;
    let session = session();
    let call = HttpCall {
        session: Some(1),
        ..get(address, "/")
    };
    let first = http(&session, call.clone()).await.unwrap();
    let second = http(&session, call.clone()).await.unwrap();
    assert_eq!(
        (first.body.as_ref(), second.body.as_ref()),
        (&b"no"[..], &b"yes"[..])
    );
    assert_eq!((first.facts.reused, second.facts.reused), (false, true));
    assert_eq!(second.facts.phases.get(Phase::Connect), None);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let other = http(
        &session,
        HttpCall {
            session: Some(2),
            ..call
        },
    )
    .await
    .unwrap();
    assert_eq!(
        (other.body.as_ref(), other.facts.reused),
        (&b"no"[..], false)
    );
}

#[tokio::test]
async fn the_jars_cookies_stand_behind_every_cookie_that_the_probe_sends() {
    let address = peer(async |mut stream| {
        loop {
            let head = read_head(&mut stream).await;
            if head.is_empty() {
                return;
            }
            let sent = head.lines().filter(|line| line.starts_with("cookie: "));
            let sent = sent.collect::<Vec<_>>().join("|");
            let length = sent.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nSet-Cookie: id=7\r\nContent-Length: {length}\r\n\r\n{sent}"
            );
            drop(stream.write_all(answer.as_bytes()).await);
        }
    })
    .await;
    let session = session();
    let cookie = |value: &'static str| ("cookie".to_owned(), value.into());
    let call = HttpCall {
        session: Some(1),
        headers: vec![cookie("a=1"), cookie("b=2")],
        ..get(address, "/")
    };
    http(&session, call.clone()).await.unwrap();
    let second = http(&session, call).await.unwrap();
    assert_eq!(second.body.as_ref(), b"cookie: a=1; b=2; id=7");
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let address = answering(OK).await;
    let session = session();
    // What is posted goes out only once: it would not survive a connection whose end is seen too late.
    for method in ["GET", "POST"] {
        let call = HttpCall {
            method: method.to_owned(),
            session: Some(1),
            ..get(address, "/")
        };
        http(&session, call.clone()).await.unwrap();
        let second = http(&session, call).await.unwrap();
        assert!(!second.facts.reused, "{method}");
    }
}

#[tokio::test]
async fn what_was_heard_and_not_answered_is_asked_again_only_where_it_changes_nothing() {
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heard);
    let address = peer(move |mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            // The second request of a connection is read, and the connection closed.
            for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""] {
                if read_head(&mut stream).await.is_empty() {
                    return;
                }
                counted.fetch_add(1, Ordering::SeqCst);
                drop(stream.write_all(answer.as_bytes()).await);
            }
        }
    })
    .await;
    for (method, again) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("TRACE", true),
        ("PUT", false),
        ("DELETE", false),
        ("POST", false),
    ] {
        heard.store(0, Ordering::SeqCst);
        let session = session();
        let call = HttpCall {
            method: method.to_owned(),
            session: Some(1),
            ..get(address, "/")
        };
        http(&session, call.clone()).await.unwrap();
        let second = http(&session, call).await.map(|reply| reply.status);
        let second = second.map_err(|failure| failure.kind);
        let (outcome, times) = if again {
            (Ok(200), 3)
        } else {
            (Err(FailureKind::ResponseTruncated), 2)
        };
        assert_eq!(
            (second, heard.load(Ordering::SeqCst)),
            (outcome, times),
            "{method}"
        );
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_a_bad_request() {
    let session = session();
    for url in [
        "/x",
        "ftp://127.0.0.1/",
        "http://u:p@127.0.0.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://",
    ] {
        let failure = http(&session, HttpCall::get(url)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadRequest, "{url}: {failure}");
    }
    let fields = [
        ("transfer-encoding", "chunked"),
        ("a b", "c"),
        ("x", "a\nb"),
    ];
    for (name, value) in fields {
        let headers = vec![(name.to_owned(), Bytes::from_static(value.as_bytes()))];
        let call = HttpCall {
            headers,
            ..HttpCall::get("http://127.0.0.1:9/")
        };
        assert_eq!(
            http(&session, call).await.unwrap_err().kind,
            FailureKind::BadRequest,
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_policy_stands_before_the_socket() {
    let address = answering(OK).await;
    let stranger = session_on(crate::peers::network(), "https://example.org", Vec::new());
    let failure = http(&stranger, get(address, "/")).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.phase),
        (FailureKind::EgressDenied, None)
    );
    // By name, this machine is out of bounds even for the target itself.
    let named = session_on(crate::peers::network(), "localhost", Vec::new());
    let url = format!("http://localhost:{}/", address.port());
    let failure = http(&named, HttpCall::get(url)).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.phase),
        (FailureKind::EgressPrivate, Some(Phase::Resolve)),
        "{failure}"
    );
    assert!(failure.message.contains("network.allow"), "{failure}");
    assert_eq!(failure.facts.remote, None);
}

#[tokio::test]
async fn another_address_may_be_dialled_for_a_name_where_granted() {
    let address = answering(OK).await;
    let egress = Egress {
        target: Some(crate::peers::pattern("http://name.invalid")),
        grants: vec![crate::peers::pattern("127.0.0.1")],
        ..Egress::default()
    };
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    let session = leadsman_net::Session::new(crate::peers::network(), egress, deadline, Vec::new());
    let call = HttpCall {
        resolve_to: Some(address.to_string()),
        ..HttpCall::get("http://name.invalid/")
    };
    let reply = http(&session, call).await.unwrap();
    assert_eq!(reply.facts.remote, Some(address));
}
