//! Streams: connecting, writing, reading.

use bytes::Bytes;
use leadsman_core::{
    failure::FailureKind,
    phase::Phase,
    seam::{Answer, Call, Family, TcpConnect, TcpRead},
};
use leadsman_net::Session;
use tokio::io::AsyncWriteExt;

use crate::peers::{SHORT, peer, session};

async fn connect(session: &Session, port: u16) -> u32 {
    let call = TcpConnect {
        host: "127.0.0.1".to_owned(),
        port,
        family: Family::Auto,
        tls: None,
        timeout: None,
    };
    match session.perform(&Call::TcpConnect(Box::new(call))).await {
        Answer::TcpConnect(Ok(reply)) => reply.stream,
        other => panic!("{other:?}"),
    }
}

fn read(stream: u32, until: &'static [u8], max: u32) -> Call {
    Call::TcpRead(TcpRead {
        stream,
        max,
        until: Bytes::from_static(until),
        timeout: Some(SHORT),
    })
}

#[tokio::test]
async fn a_conversation_is_read_line_by_line() {
    let address = peer(|mut stream| async move {
        drop(stream.write_all(b"220 hello\r\n250 ").await);
        let line = crate::peers::read_head(&mut stream).await;
        drop(stream.write_all(line.as_bytes()).await);
    })
    .await;
    let session = session();
    let stream = connect(&session, address.port()).await;
    let Answer::TcpRead(Ok(greeting)) = session.perform(&read(stream, b"\r\n", 100)).await else {
        panic!()
    };
    assert_eq!(
        (greeting.bytes.as_ref(), greeting.found),
        (&b"220 hello\r\n"[..], true)
    );
    let bytes = Bytes::from_static(b"EHLO\r\n\r\n");
    let Answer::TcpWrite(Ok(facts)) = session
        .perform(&Call::TcpWrite {
            stream,
            bytes,
            timeout: None,
        })
        .await
    else {
        panic!()
    };
    assert!(facts.phases.get(Phase::Send).is_some());
    let Answer::TcpRead(Ok(rest)) = session.perform(&read(stream, b"\r\n\r\n", 100)).await else {
        panic!()
    };
    assert_eq!(
        (rest.bytes.as_ref(), rest.found),
        (&b"250 EHLO\r\n\r\n"[..], true)
    );
    let Answer::TcpRead(Ok(end)) = session.perform(&read(stream, b"\r\n", 100)).await else {
        panic!()
    };
    assert_eq!((end.bytes.len(), end.found), (0, false));
    assert_eq!(
        session.perform(&Call::TcpClose { stream }).await,
        Answer::TcpClose
    );
    let closed = session.perform(&read(stream, b"", 1)).await;
    assert_eq!(closed.failure().unwrap().kind, FailureKind::BadRequest);
}

#[tokio::test]
async fn a_read_that_is_cut_off_loses_nothing() {
    let address = peer(|mut stream| async move {
        drop(stream.write_all(b"no end").await);
        std::future::pending::<()>().await;
    })
    .await;
    let session = session();
    let stream = connect(&session, address.port()).await;
    let cut = session.perform(&read(stream, b"\n", 100)).await;
    assert_eq!(cut.failure().unwrap().kind, FailureKind::ResponseTimeout);
    let Answer::TcpRead(Ok(kept)) = session.perform(&read(stream, b"", 100)).await else {
        panic!()
    };
    assert_eq!(kept.bytes.as_ref(), b"no end");
}

#[tokio::test]
async fn a_delimiter_that_comes_in_two_pieces_is_found() {
    let address = peer(|mut stream| async move {
        stream.write_all(b"one\r").await.unwrap();
        // It has been heard by then.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        stream.write_all(b"\ntwo").await.unwrap();
    })
    .await;
    let session = session();
    let stream = connect(&session, address.port()).await;
    let Answer::TcpRead(Ok(line)) = session.perform(&read(stream, b"\r\n", 100)).await else {
        panic!()
    };
    assert_eq!((line.bytes.as_ref(), line.found), (&b"one\r\n"[..], true));
}

#[tokio::test]
async fn a_delimiter_that_never_comes_is_not_waited_for_without_end() {
    let address = peer(|mut stream| async move {
        // The other side may have heard enough before that.
        drop(stream.write_all(&vec![b'x'; 20 << 20]).await);
        std::future::pending::<()>().await;
    })
    .await;
    let session = session();
    let stream = connect(&session, address.port()).await;
    let call = Call::TcpRead(TcpRead {
        stream,
        max: u32::MAX,
        until: Bytes::from_static(b"\n"),
        timeout: None,
    });
    let answer = session.perform(&call).await;
    let failure = answer.failure().unwrap();
    assert_eq!(failure.kind, FailureKind::ResponseTooLarge, "{failure}");
}
