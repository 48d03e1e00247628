//! CPU for each probe, at the same load and at the highest.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    Bench,
    configuration::{self, Load},
    contender::{self, Target, Used},
    endurance,
    plain::Protocol,
    report::{Bar, Figure},
};
use crate::{failure::Failure, process::Running, scrape::Scrape};

/// Probes a second where all bear the same load.
pub(super) const RATE: u32 = 500;

/// The least part of that rate at which the load was still the same.
const SAME: f64 = 0.98;

/// The check whose probe never returns.
pub(super) const SPINS: &str = "spins";

/// How long a process may take to end.
pub(super) const ENDS: Duration = Duration::from_secs(20);

/// What the daemon did and used, and how it kept its schedule meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) used: Used,
    pub(super) missed: f64,
    /// Runs that did not pass, those of the spinners apart.
    pub(super) failed: f64,
    /// Runs of the probes that never return, each of which was cut.
    pub(super) spun: f64,
    /// Milliseconds of CPU beyond their limit that the worst of these had.
    pub(super) overrun: Option<f64>,
    /// The bounds in seconds of the bucket that has the lag's p99.
    pub(super) lag: Option<(f64, f64)>,
}

/// All of them, in order.
pub(super) async fn all(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    let http = Load::of(Protocol::Http);
    let mut figures = vec![at_rate(bench, target, "http_500", http, (0.25, Some(2.5))).await?];
    figures.push(saturated(bench, target, http).await?);
    figures.push(expecting(bench, target).await?);
    let others = [
        ("https_500", Protocol::Https, 1.0 / 3.0),
        ("dns_500", Protocol::Dns, 1.0 / 3.0),
        ("tcp_500", Protocol::Tcp, 0.5),
    ];
    for (name, protocol, bar) in others {
        figures.push(at_rate(bench, target, name, Load::of(protocol), (bar, None)).await?);
    }
    Ok(figures)
}

async fn at_rate(
    bench: &Bench,
    target: &mut Target,
    name: &'static str,
    load: Load,
    (to_peer, to_native): (f64, Option<f64>),
) -> Result<Figure, Failure> {
    println!("==> {name}");
    let count = usize::try_from(RATE)?;
    let ours = ours(bench, target, load, count, bench.window()).await?;
    let peer = peer(bench, target, load, Some(RATE)).await?;
    let native = native(bench, target, load, Some(RATE)).await?;
    if ours.failed > 0.0 {
        return Ok(Figure::absent(name, &void(&ours)));
    }
    if let Some(why) = behind(peer, native) {
        return Ok(Figure::absent(name, &why));
    }
    Ok(compared(
        name,
        &ours,
        peer,
        Some(native),
        (to_peer, to_native),
    ))
}

/// A figure is void where a probe did something else than it should.
fn void(ours: &Kept) -> String {
    format!("{} of our runs did not pass", ours.failed)
}

/// And where those that ours is held against had less to do.
fn behind(peer: Used, native: Used) -> Option<String> {
    let least = SAME * f64::from(RATE);
    let others = [("the peer", peer), ("plain Rust", native)];
    let slow = others.iter().find(|(_, used)| used.per_second < least);
    slow.map(|(who, used)| {
        let did = used.per_second;
        format!("{who} made {did:.0} of {RATE} probes a second")
    })
}

fn compared(
    name: &'static str,
    ours: &Kept,
    peer: Used,
    native: Option<Used>,
    (to_peer, to_native): (f64, Option<f64>),
) -> Figure {
    let mut figure = Figure::new(name, "CPU ms");
    figure.ours = Some(ours.used.cpu_ms);
    figure.peer = Some(peer.cpu_ms);
    figure.native = native.map(|native| native.cpu_ms);
    let ratio = ours.used.cpu_ms / peer.cpu_ms;
    figure.ratio = Some(ratio);
    figure
        .bars
        .push(Bar::at_most("of the peer's", to_peer, ratio));
    if let (Some(bar), Some(native)) = (to_native, native) {
        let ratio = ours.used.cpu_ms / native.cpu_ms;
        figure
            .bars
            .push(Bar::at_most("of plain Rust's", bar, ratio));
    }
    figure.remark = remark(ours, peer, native);
    figure
}

fn remark(ours: &Kept, peer: Used, native: Option<Used>) -> String {
    let shown = |used: Used| format!("{:.0}/s {:.0} MB", used.per_second, used.megabytes);
    let native = native.map_or_else(|| "–".to_owned(), shown);
    format!(
        "{} | {} | {native}; lag p99 {}; {} missed",
        shown(ours.used),
        shown(peer),
        lag(ours.lag),
        ours.missed
    )
}

/// The bounds of a bucket in milliseconds.
pub(super) fn lag(bounds: Option<(f64, f64)>) -> String {
    match bounds {
        None => "unknown".to_owned(),
        Some((0.0, up_to)) => format!("≤ {} ms", up_to * 1e3),
        Some((above, up_to)) => format!("{}–{} ms", above * 1e3, up_to * 1e3),
    }
}

/// The daemon with so many checks, due every second.
pub(super) async fn ours(
    bench: &Bench,
    target: &mut Target,
    load: Load,
    count: usize,
    window: Duration,
) -> Result<Kept, Failure> {
    let checks = configuration::checks(load, count, &target.places);
    let text = configuration::head("1s", "900ms") + &checks;
    kept(bench, target, load, &text, window).await
}

/// The daemon on a configuration, once it runs.
pub(super) async fn kept(
    bench: &Bench,
    target: &mut Target,
    load: Load,
    text: &str,
    window: Duration,
) -> Result<Kept, Failure> {
    let config = contender::write(bench, "leadsman.yaml", text)?;
    let (mut daemon, listen) = contender::leadsman(bench, &config)?;
    contender::answers(&mut daemon, listen, "/-/ready").await?;
    sleep(bench.warm()).await;
    let before = Scrape::take(listen).await?;
    let used = target.measure(&mut daemon, load, window).await?;
    // What appears when it happens is 0 in its first scrape and counted from the next one on.
    Scrape::take(listen).await?;
    let after = Scrape::take(listen).await?;
    let megabytes = daemon.peak_megabytes()?;
    let overrun = endurance::overrun(listen).await?;
    end(&mut daemon).await?;
    let grown =
        |name: &str, labels: &[(&str, &str)]| after.sum(name, labels) - before.sum(name, labels);
    let lags = |scrape: &Scrape| scrape.buckets("leadsman_schedule_lag_seconds", &[]);
    let passed = grown("leadsman_runs_total", &[("outcome", "pass")]);
    let runs = grown("leadsman_runs_total", &[]);
    let spun = grown("leadsman_runs_total", &[("check", SPINS)]);
    Ok(Kept {
        used: Used { megabytes, ..used },
        missed: grown("leadsman_missed_ticks_total", &[]),
        failed: runs - spun - passed,
        spun,
        overrun,
        lag: lags(&after).since(&lags(&before)).quantile(0.99),
    })
}

/// Ends the daemon at once: a second signal does not wait for a scrape.
pub(super) async fn end(daemon: &mut Running) -> Result<(), Failure> {
    daemon.terminate()?;
    sleep(Duration::from_millis(100)).await;
    if daemon.ended()?.is_none() {
        daemon.terminate()?;
    }
    daemon.wait(ENDS).await.map(drop)
}

async fn peer(
    bench: &Bench,
    target: &mut Target,
    load: Load,
    rate: Option<u32>,
) -> Result<Used, Failure> {
    let (mut peer, mut asking) = contender::peer(bench, &target.places, load, rate).await?;
    sleep(bench.warm()).await;
    let used = target.measure(&mut peer, load, bench.window()).await?;
    for process in [&mut asking, &mut peer] {
        process.terminate()?;
        process.wait(ENDS).await?;
    }
    Ok(used)
}

async fn native(
    bench: &Bench,
    target: &mut Target,
    load: Load,
    rate: Option<u32>,
) -> Result<Used, Failure> {
    let mut native = contender::native(bench, &target.places, load, (rate, None))?;
    sleep(bench.warm()).await;
    let used = target.measure(&mut native, load, bench.window()).await?;
    native.terminate()?;
    native.wait(ENDS).await?;
    Ok(used)
}

/// More checks until ticks are missed; what counts is the highest step without. A quick look goes down to it instead:
/// where all is well, it is the first.
async fn saturated(bench: &Bench, target: &mut Target, load: Load) -> Result<Figure, Failure> {
    println!("==> http_saturated");
    let steps: &[usize] = if bench.quick {
        &[8_000, 6_000, 4_000, 2_000]
    } else {
        &[1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000]
    };
    let mut best = None;
    let mut end = "no step was clean";
    for step in steps {
        let kept = ours(bench, target, load, *step, bench.window()).await?;
        let is_clean = kept.missed == 0.0 && kept.failed == 0.0;
        told(*step, &kept);
        if is_clean {
            (best, end) = (Some(kept), "the last step was clean");
        } else if best.is_some() {
            end = "the next step missed ticks or failed";
        }
        if is_clean == bench.quick {
            break;
        }
    }
    let best =
        best.ok_or_else(|| Failure::new("http_saturated: no step was without missed ticks"))?;
    let peer = peer(bench, target, load, None).await?;
    let native = native(bench, target, load, None).await?;
    let mut figure = compared(
        "http_saturated",
        &best,
        peer,
        Some(native),
        (0.25, Some(1.8)),
    );
    figure.remark = format!("{}; {end}", figure.remark);
    Ok(figure)
}

fn told(step: usize, kept: &Kept) {
    println!(
        "    {step} checks: {:.3} CPU ms, {:.0}/s, {} missed, {} failed, lag p99 {}",
        kept.used.cpu_ms,
        kept.used.per_second,
        kept.missed,
        kept.failed,
        lag(kept.lag)
    );
}

/// The same requests as `http_500`, and what is expected of the body besides. What is held against it is measured
/// again, in turn: minutes later a shared machine has another speed.
async fn expecting(bench: &Bench, target: &mut Target) -> Result<Figure, Failure> {
    println!("==> http_expect_500");
    let without = Load::of(Protocol::Http);
    let with = Load {
        expects: true,
        ..without
    };
    let (count, rounds) = (usize::try_from(RATE)?, if bench.quick { 1 } else { 3 });
    let (mut plain, mut expecting) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        plain.push(ours(bench, target, without, count, bench.window()).await?);
        expecting.push(ours(bench, target, with, count, bench.window()).await?);
    }
    if let Some(other) = plain
        .iter()
        .chain(&expecting)
        .find(|kept| kept.failed > 0.0)
    {
        return Ok(Figure::absent("http_expect_500", &void(other)));
    }
    let (plain, expecting) = (median(plain), median(expecting));
    let ratio = expecting.used.cpu_ms / plain.used.cpu_ms;
    let peer = peer(bench, target, with, Some(RATE)).await?;
    let native = native(bench, target, with, Some(RATE)).await?;
    if let Some(why) = behind(peer, native) {
        return Ok(Figure::absent("http_expect_500", &why));
    }
    let mut figure = compared(
        "http_expect_500",
        &expecting,
        peer,
        Some(native),
        (0.25, None),
    );
    figure.ratio = Some(ratio);
    figure.bars = vec![Bar::at_most("of the same without", 1.25, ratio)];
    figure.remark = format!("{}; without {:.3} ms", figure.remark, plain.used.cpu_ms);
    Ok(figure)
}

/// The middle one by CPU.
fn median(mut rounds: Vec<Kept>) -> Kept {
    rounds.sort_by(|a, b| a.used.cpu_ms.total_cmp(&b.used.cpu_ms));
    rounds.swap_remove(rounds.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(per_second: f64) -> Used {
        Used {
            cpu_ms: 1.0,
            per_second,
            megabytes: 20.0,
        }
    }

    #[test]
    fn a_figure_is_void_where_somebody_had_less_to_do_than_was_asked_for() {
        let whole = at(f64::from(RATE));
        assert_eq!(behind(whole, at(495.0)), None);
        let said = |peer, native| behind(peer, native).unwrap();
        assert_eq!(
            said(at(431.0), whole),
            "the peer made 431 of 500 probes a second"
        );
        assert_eq!(
            said(whole, at(485.0)),
            "plain Rust made 485 of 500 probes a second"
        );
    }
}
