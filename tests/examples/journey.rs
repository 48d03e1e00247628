//! What a journey of ten requests on one connection costs in CPU, and the same ten requests in plain Rust: figures
//! of `cargo xtask bench`, as one line of JSON. What is asked is a process of its own, so that its CPU is not counted.
//!
//! All of it has one core. With more, whoever writes a request pays for waking the core that the server sleeps on, the
//! more the longer it was idle; on a virtual machine that is more than all the rest, and none of it is a journey's.

use std::{
    env,
    error::Error,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use leadsman_core::{
    attempt::{Assignment, Order, Prober, RunCause, Verdict},
    egress::{Egress, HostPattern},
    id::{CheckId, Location, ProbeName, TargetName},
    limits::Limits,
    plan::{Network, Tls},
};
use leadsman_host::{Roster, Sandbox, SandboxSettings, Secrets};
use mimalloc::MiMalloc;
use rustix::{
    thread::{CpuSet, sched_getcpu, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

/// The daemon's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Requests of one journey.
const REQUESTS: usize = 10;

/// Journeys before the figures count, and journeys that count, in each of so many rounds. Rounds are short and
/// many: the speed of a machine that others use changes within a second, and is to change for both.
const JOURNEYS: (usize, usize) = (10, 50);
const ROUNDS: usize = 41;

fn main() -> Result<(), Box<dyn Error>> {
    if env::args()
        .nth(1)
        .is_some_and(|argument| argument == "serve")
    {
        return serve();
    }
    stay_on_one_core()?;
    let mut server = Command::new(env::current_exe()?)
        .arg("serve")
        .stdout(Stdio::piped())
        .stdin(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let told = server.stdout.take().ok_or("the server says where it is")?;
    BufReader::new(told).read_line(&mut line)?;
    let figures = figures(line.trim().parse()?);
    // It ends with its input.
    drop(server.stdin.take());
    server.wait()?;
    writeln!(io::stdout(), "{}", figures?)?;
    Ok(())
}

/// This process, its threads and the server that it starts.
fn stay_on_one_core() -> io::Result<()> {
    let mut core = CpuSet::new();
    core.set(sched_getcpu());
    Ok(sched_setaffinity(None, &core)?)
}

/// Rounds of both, one after the other, so that a busy machine is busy for both; the median of each.
fn figures(server: SocketAddr) -> Result<serde_json::Value, Box<dyn Error>> {
    let io = leadsman::app::io_runtime()?;
    let (sandbox, roster) = roster(&io)?;
    let roster = Arc::new(roster);
    let assignment = assignment(server)?;
    let settings: serde_json::Value = serde_json::from_str(&assignment.settings)?;
    let probe = journey_probe(&sandbox)?;
    let assignment = Arc::new(complete(assignment, &probe, &settings)?);
    roster.add(&assignment, Ok(Arc::new(probe)))?;
    let alone = Builder::new_current_thread().enable_all().build()?;
    let (mut ours, mut plain, mut calls) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        calls = walked(&io, &roster, &assignment, JOURNEYS.0)?.1;
        ours.push(walked(&io, &roster, &assignment, JOURNEYS.1)?.0);
        alone.block_on(requests(server, JOURNEYS.0))?;
        plain.push(alone.block_on(requests(server, JOURNEYS.1))?);
    }
    ours.sort_unstable();
    plain.sort_unstable();
    let median = |taken: &[u64]| taken.get(taken.len() / 2).copied().unwrap_or(0);
    Ok(
        json!({"journey_cpu_ns": median(&ours), "plain_cpu_ns": median(&plain), "host_calls": calls}),
    )
}

/// Journeys on a worker of the I/O runtime, where the daemon has them.
fn walked(
    io: &Runtime,
    roster: &Arc<Roster>,
    assignment: &Arc<Assignment>,
    count: usize,
) -> Result<(u64, u64), Box<dyn Error>> {
    let (roster, assignment) = (Arc::clone(roster), Arc::clone(assignment));
    let journeys = async move {
        let walked = journeys(&roster, &assignment, count).await;
        walked.map_err(|error| error.to_string())
    };
    Ok(io.block_on(io.spawn(journeys))??)
}

fn roster(io: &Runtime) -> Result<(Arc<Sandbox>, Roster), Box<dyn Error>> {
    let sandbox = Sandbox::new(&SandboxSettings::default(), io.handle().clone())?;
    let network = leadsman_net::Network::new(&Network::default(), &Tls::default())?;
    let roster = Roster::new(Arc::clone(&sandbox), network, Arc::new(Secrets::default()));
    Ok((sandbox, roster))
}

fn journey_probe(sandbox: &Arc<Sandbox>) -> Result<leadsman_host::Probe, Box<dyn Error>> {
    let bundled = leadsman_probes::named("journey").ok_or("the journey probe is bundled")?;
    Ok(sandbox.load(bundled.component)?)
}

fn complete(
    assignment: Assignment,
    probe: &leadsman_host::Probe,
    settings: &serde_json::Value,
) -> Result<Assignment, Box<dyn Error>> {
    let settings = leadsman_config::check_settings(&probe.description, settings)
        .map_err(|complaints| format!("{complaints:?}"))?;
    Ok(Assignment {
        written: Some(assignment.settings),
        settings: settings.to_string().into(),
        ..assignment
    })
}

fn assignment(server: SocketAddr) -> Result<Assignment, Box<dyn Error>> {
    let step = |number| json!({"name": format!("step {number}"), "request": {"path": "/"}});
    let steps: Vec<_> = (0..REQUESTS).map(step).collect();
    let address = format!("http://{server}/");
    Ok(Assignment {
        check: CheckId::new("journey")?,
        target: TargetName::new("here")?,
        address: address.clone(),
        location: Location::new("here")?,
        probe: ProbeName::new("journey")?,
        settings: json!({"steps": steps}).to_string().into(),
        labels: std::collections::BTreeMap::new(),
        timeout: 5_000_000_000,
        limits: Limits::default(),
        egress: Arc::new(Egress {
            target: Some(HostPattern::try_from(format!("http://{server}"))?),
            ..Egress::default()
        }),
        secrets: Vec::new(),
        written: None,
        places: None,
    })
}

/// CPU of this process for one journey, in nanoseconds, and its crossings into the host.
async fn journeys(
    roster: &Roster,
    assignment: &Arc<Assignment>,
    count: usize,
) -> Result<(u64, u64), Box<dyn Error>> {
    let (before, mut calls) = (cpu(), 0);
    for _ in 0..count {
        let order = Order {
            assignment: Arc::clone(assignment),
            slot: 0,
            run: "bench".to_owned(),
            cause: RunCause::Once,
            planned_unix_ns: 0,
            attempt: 1,
        };
        let report = roster.attempt(order).await;
        if report.verdict != Some(Verdict::Pass) {
            return Err(format!("a journey did not pass: {report:?}").into());
        }
        calls = report.usage.host_calls;
    }
    Ok((each(before, count)?, calls))
}

/// The same for ten requests on one connection, without anything around them.
async fn requests(server: SocketAddr, count: usize) -> Result<u64, Box<dyn Error>> {
    let before = cpu();
    for _ in 0..count {
        let stream = tokio::net::TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        for _ in 0..REQUESTS {
            let request = Request::get("/").header("host", server.to_string());
            let answer = sender
                .send_request(request.body(Empty::<Bytes>::new())?)
                .await?;
            if answer.status() != 200 {
                return Err("a request did not pass".into());
            }
            answer.into_body().collect().await?;
        }
        drop(sender);
        connection.await??;
    }
    each(before, count)
}

fn each(before: Duration, count: usize) -> Result<u64, Box<dyn Error>> {
    let spent = cpu().saturating_sub(before).as_nanos();
    Ok(u64::try_from(spent)? / u64::try_from(count)?)
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or(0),
        u32::try_from(now.tv_nsec).unwrap_or(0),
    )
}

/// Answers every request with 200 until its input ends.
fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream).ok());
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 8192];
    let mut seen = Vec::new();
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        seen.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if seen.ends_with(b"\r\n\r\n") {
            seen.clear();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?;
        }
    }
}
