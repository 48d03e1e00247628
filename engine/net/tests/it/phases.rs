//! Phases add up to what an operation took, to the nanosecond: on a clock that only the peers move.

use std::{sync::mpsc, time::Duration};

use bytes::Bytes;
use leadsman_core::{
    facts::Facts,
    phase::{Nanos, Phase},
    seam::{Answer, Call, DnsCall, Family, TcpConnect, TcpRead},
};
use leadsman_net::Session;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UdpSocket,
    task::{JoinHandle, spawn_blocking, yield_now},
    time::{Instant, advance},
};

use crate::{
    dns::{one_address, question, reply_to},
    families::{here, session_by},
    peers::{get, peer, read_head, session},
    tls::{authority, call, inspection, params, server, trusting},
};

/// A clock stands still by itself as long as this lives.
struct Still {
    _held: mpsc::Sender<()>,
}

impl Still {
    /// Time does not pass by itself while somebody waits elsewhere.
    fn new() -> Self {
        let (held, end) = mpsc::channel();
        spawn_blocking(move || end.recv());
        Self { _held: held }
    }
}

/// How long the call took by the clock, and what it learnt.
async fn timed(session: &Session, call: Call) -> (Nanos, Facts) {
    let began = Instant::now();
    let answer = session.perform(&call).await;
    let took = u64::try_from(began.elapsed().as_nanos()).unwrap();
    (took, answer.facts().expect("it ended").clone())
}

/// The phases that were reached, in order.
fn reached(facts: &Facts) -> Vec<Phase> {
    facts.phases.iter().map(|(phase, _)| phase).collect()
}

/// Lets time pass for as long as anybody does anything.
fn ticking() -> JoinHandle<()> {
    tokio::spawn(async {
        loop {
            advance(Duration::from_nanos(1_003)).await;
            yield_now().await;
        }
    })
}

/// Until what was written has been heard.
async fn heard() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// An odd number of nanoseconds for each part, so that no two sums of them are alike.
const PARTS: [Duration; 3] = [
    Duration::from_nanos(3_000_001),
    Duration::from_nanos(50_000_017),
    Duration::from_nanos(700_000_103),
];

fn nanos(parts: &[Duration]) -> Nanos {
    u64::try_from(parts.iter().sum::<Duration>().as_nanos()).unwrap()
}

/// Answers in three parts, and lets time pass before each.
async fn slow() -> std::net::SocketAddr {
    peer(|mut stream| async move {
        advance(PARTS[0]).await;
        read_head(&mut stream).await;
        advance(PARTS[1]).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe";
        stream.write_all(head).await.unwrap();
        heard().await;
        advance(PARTS[2]).await;
        stream.write_all(b"llo").await.unwrap();
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn the_phases_of_an_exchange_are_all_of_its_time() {
    let _still = Still::new();
    let address = slow().await;
    let (took, facts) = timed(&session(), Call::Http(Box::new(get(address, "/")))).await;
    assert_eq!(took, nanos(&PARTS));
    assert_eq!(facts.phases.total(), took, "{:?}", facts.phases);
    assert_eq!(facts.phases, facts.http.unwrap().hops[0].phases);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_is_cut_off_has_phases_until_then() {
    let _still = Still::new();
    let address = peer(|mut stream| async move {
        read_head(&mut stream).await;
        // Beyond the five seconds that the call has.
        advance(Duration::from_nanos(5_000_000_999)).await;
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let (took, facts) = timed(&session(), Call::Http(Box::new(get(address, "/")))).await;
    assert!(took >= 5_000_000_000, "{took}");
    assert_eq!(facts.phases.total(), took, "{:?}", facts.phases);
    assert!(facts.phases.get(Phase::Wait).is_some());
}

#[tokio::test(start_paused = true)]
async fn resolving_and_falling_back_are_parts_of_the_time() {
    let _still = Still::new();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
            advance(PARTS[0]).await;
            let reply = reply_to(&buffer[..read], here).to_vec().unwrap();
            socket.send_to(&reply, from).await.unwrap();
        }
    });
    let address = slow().await;
    let mut call = get(address, "/");
    call.url = format!("http://both.example.org:{}/", address.port());
    call.family = Family::PreferV6;
    let (took, facts) = timed(&session_by(server), Call::Http(Box::new(call))).await;
    assert!(facts.family_fallback);
    // Both families are asked for.
    assert_eq!(
        facts.phases.get(Phase::Resolve),
        Some(2 * nanos(&PARTS[..1]))
    );
    assert_eq!(took, nanos(&PARTS) + 2 * nanos(&PARTS[..1]));
    assert_eq!(facts.phases.total(), took, "{:?}", facts.phases);
}

#[tokio::test(start_paused = true)]
async fn a_question_and_a_stream_have_no_time_beside_their_phases() {
    let _still = Still::new();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        let (read, from) = socket.recv_from(&mut buffer).await.unwrap();
        advance(PARTS[1]).await;
        let reply = reply_to(&buffer[..read], one_address).to_vec().unwrap();
        socket.send_to(&reply, from).await.unwrap();
    });
    let asked: DnsCall = question(server);
    let (took, facts) = timed(&session(), Call::Dns(Box::new(asked))).await;
    assert_eq!((took, facts.phases.total()), (nanos(&PARTS[1..2]), took));

    let address = slow().await;
    let (took, facts) = timed(&session(), connect(address)).await;
    assert_eq!(facts.phases.total(), took);
}

fn connect(address: std::net::SocketAddr) -> Call {
    Call::TcpConnect(Box::new(TcpConnect {
        host: "127.0.0.1".to_owned(),
        port: address.port(),
        family: Family::Auto,
        tls: None,
        timeout: None,
    }))
}

#[tokio::test(start_paused = true)]
async fn a_question_over_tcp_has_no_time_beside_its_phases() {
    let _still = Still::new();
    let server = peer(|mut stream| async move {
        advance(PARTS[0]).await;
        let length = stream.read_u16().await.unwrap();
        let mut query = vec![0; usize::from(length)];
        stream.read_exact(&mut query).await.unwrap();
        advance(PARTS[1]).await;
        let reply = reply_to(&query, one_address).to_vec().unwrap();
        let length = u16::try_from(reply.len()).unwrap();
        stream.write_u16(length).await.unwrap();
        heard().await;
        advance(PARTS[2]).await;
        stream.write_all(&reply).await.unwrap();
    })
    .await;
    let asked = DnsCall {
        transport: "tcp".to_owned(),
        ..question(server)
    };
    let (took, facts) = timed(&session(), Call::Dns(Box::new(asked))).await;
    assert_eq!((took, facts.phases.total()), (nanos(&PARTS), took));
    assert_eq!(
        reached(&facts),
        [Phase::Connect, Phase::Send, Phase::Wait, Phase::Receive]
    );
    let received = facts.phases.get(Phase::Receive);
    assert_eq!(received, Some(nanos(&PARTS[2..])));
}

/// More than a socket takes at once, so that whoever writes it waits for who reads it.
const PIECE: usize = 256 << 10;
const PIECES: usize = 64;

#[tokio::test(start_paused = true)]
async fn a_streams_writes_and_reads_have_no_time_beside_their_own_phases() {
    let _still = Still::new();
    let address = peer(|mut stream| async move {
        let mut piece = vec![0; PIECE];
        for _ in 0..PIECES {
            advance(PARTS[0]).await;
            stream.read_exact(&mut piece).await.unwrap();
        }
        advance(PARTS[1]).await;
        stream.write_all(b"he").await.unwrap();
        heard().await;
        advance(PARTS[2]).await;
        stream.write_all(b"llo\n").await.unwrap();
    })
    .await;
    let session = session();
    let Answer::TcpConnect(Ok(opened)) = session.perform(&connect(address)).await else {
        panic!()
    };
    assert_eq!(reached(&opened.facts), [Phase::Connect]);
    let write = Call::TcpWrite {
        stream: opened.stream,
        bytes: Bytes::from(vec![b'x'; PIECE * PIECES]),
        timeout: None,
    };
    let (took, facts) = timed(&session, write).await;
    assert!(took > 0);
    assert_eq!(facts.phases.total(), took, "{:?}", facts.phases);
    assert_eq!(reached(&facts), [Phase::Send]);
    let read = Call::TcpRead(TcpRead {
        stream: opened.stream,
        max: 100,
        until: Bytes::from_static(b"\n"),
        timeout: None,
    });
    let (took, facts) = timed(&session, read).await;
    assert_eq!(facts.phases.total(), took, "{:?}", facts.phases);
    assert_eq!(reached(&facts), [Phase::Wait, Phase::Receive]);
    assert!(facts.phases.get(Phase::Wait) >= Some(nanos(&PARTS[1..2])));
    let received = facts.phases.get(Phase::Receive);
    assert_eq!(received, Some(nanos(&PARTS[2..])));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_has_no_time_beside_its_phases() {
    let _still = Still::new();
    let issuer = authority();
    let address = server(params("good.example"), Some(&issuer), &["h2"]).await;
    let session = trusting(&issuer);
    let ticking = ticking();
    let (took, facts) = timed(&session, Call::Http(Box::new(call(address)))).await;
    ticking.abort();
    let handshake = facts.phases.get(Phase::Tls);
    assert!(handshake.is_some() && took > 0, "{facts:?}");
    assert_eq!(facts.phases.total(), took, "{:?}", facts.phases);
}

#[tokio::test(start_paused = true)]
async fn an_inspection_has_no_time_beside_its_phases_whatever_it_is_shown() {
    let _still = Still::new();
    let issuer = authority();
    let session = trusting(&issuer);
    let ticking = ticking();
    for by in [Some(&issuer), None] {
        let address = server(params("good.example"), by, &[]).await;
        let (took, facts) = timed(&session, inspection(address)).await;
        assert_eq!(facts.phases.total(), took, "{:?}", facts.phases);
        assert_eq!(reached(&facts), [Phase::Connect, Phase::Tls]);
        assert!(took > 0, "{facts:?}");
        let shown = facts.tls.unwrap();
        assert_eq!(shown.distrust.is_none(), by.is_some(), "{shown:?}");
    }
    ticking.abort();
}
