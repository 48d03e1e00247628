//! The demo's line server: greets, and answers each line.

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// The most bytes that one client may say.
const MOST: u64 = 4096;

/// Talks to whoever connects until it is dropped.
pub(super) async fn serve(listener: TcpListener) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(async move {
            // A client that hangs up in the middle concerns nobody here.
            drop(converse(stream).await);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(mut stream: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    write.write_all(b"220 mail.demo.test ready\r\n").await?;
    let mut lines = BufReader::new(read.take(MOST)).lines();
    while let Some(line) = lines.next_line().await? {
        let quits = line.trim().eq_ignore_ascii_case("quit");
        let answer: &[u8] = if quits {
            b"221 bye\r\n"
        } else {
            b"250 well\r\n"
        };
        write.write_all(answer).await?;
        if quits {
            break;
        }
    }
    Ok(())
}
