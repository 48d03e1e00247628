//! How the daemon bears what is hard: a thousand checks, a bad day, probes that never return.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    Bench,
    configuration::{self, Load},
    contender::{self, Target},
    figures::{self, Kept},
    plain::Protocol,
    report::{Bar, Figure},
};
use crate::{cargo, failure::Failure, fetch, process::Running, scrape::Scrape};

/// The CPU that a guest may use, in milliseconds, unless its check says otherwise.
const SPIN_MS: f64 = 100.0;

const HTTP: Load = Load::of(Protocol::Http);

/// All of them, in order.
pub(super) async fn all(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    let mut figures = vec![start(bench, target).await?];
    if bench.quick {
        let why = "left out by --quick";
        figures.extend(
            ["thousand_checks", "spinners", "bad_day"].map(|name| Figure::absent(name, why)),
        );
        return Ok(figures);
    }
    figures.extend(thousand(bench, target).await?);
    figures.extend(spinners(bench, target).await?);
    figures.extend(bad_day(bench, target).await?);
    Ok(figures)
}

/// From a process to its first run, with 1,000 checks and a warm cache; the median of three.
async fn start(bench: &Bench, target: &mut Target) -> Result<Figure, Failure> {
    println!("==> start_to_first_run");
    let text =
        configuration::head("1s", "900ms") + &configuration::checks(HTTP, 1_000, &target.places);
    let config = contender::write(bench, "leadsman.yaml", &text)?;
    let mut taken = Vec::new();
    for _ in 0..3 {
        let before = target.count(HTTP).await?;
        let start = Instant::now();
        let (mut daemon, _) = contender::leadsman(bench, &config)?;
        while target.count(HTTP).await? == before {
            daemon.still_runs()?;
            sleep(Duration::from_millis(2)).await;
        }
        taken.push(start.elapsed().as_secs_f64() * 1e3);
        figures::end(&mut daemon).await?;
    }
    taken.sort_by(f64::total_cmp);
    let median = taken.get(1).copied().unwrap_or_default();
    Ok(Figure::own("start_to_first_run", "ms", median, 500.0))
}

/// What is asked of the schedule; a bucket's upper bound stands for the lag.
pub(super) fn scheduled(names: [&'static str; 3], kept: &Kept, memory: Option<f64>) -> Vec<Figure> {
    let [missed, lag, megabytes] = names;
    let (_, up_to) = kept.lag.unwrap_or((0.0, f64::INFINITY));
    let mut lagged = Figure::own(lag, "ms", up_to * 1e3, 10.0);
    let (lag, failed) = (figures::lag(kept.lag), kept.failed);
    lagged.remark = format!("p99 {lag}; {failed} of our runs did not pass");
    if kept.spun > 0.0 {
        lagged.remark += &[
            "; ",
            &kept.spun.to_string(),
            " runs never returned and were cut",
        ]
        .concat();
    }
    let mut ticks = Figure::own(missed, "ticks", kept.missed, 0.0);
    ticks
        .bars
        .push(Bar::at_most("runs that did not pass", 0.0, failed));
    vec![
        ticks,
        lagged,
        match memory {
            Some(most) => Figure::own(megabytes, "MB", kept.used.megabytes, most),
            None => Figure::told(megabytes, "MB", kept.used.megabytes),
        },
    ]
}

async fn thousand(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    println!("==> thousand_checks");
    let kept = figures::ours(bench, target, HTTP, 1_000, Duration::from_mins(1)).await?;
    let names = [
        "thousand_checks_missed",
        "thousand_checks_lag_p99",
        "thousand_checks_memory",
    ];
    Ok(scheduled(names, &kept, Some(120.0)))
}

async fn spinners(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    println!("==> spinners");
    let Some(component) = spinner(bench) else {
        let why = "the probe that never returns in tests/guests could not be built";
        return Ok(vec![Figure::absent("spinners", why)]);
    };
    let mut text = format!("probes: {{spinner: {{file: {}}}}}\n", component.display());
    text += &configuration::head("1s", "900ms");
    text += &configuration::checks(HTTP, 1_000, &target.places);
    let address = target.places.http;
    let spinner = |number| format!("{{name: spin-{number}, address: \"http://{address}/\"}}");
    let spinners = [1, 2, 3, 4].map(spinner).join(", ");
    text += &[
        "  spins: {probe: spinner, targets: [",
        &spinners,
        "]}
",
    ]
    .concat();
    let kept = figures::kept(bench, target, HTTP, &text, Duration::from_secs(30)).await?;
    let names = ["spinners_missed", "spinners_lag_p99", "spinners_memory"];
    let mut figures = scheduled(names, &kept, None);
    let overrun = kept.overrun.unwrap_or(f64::INFINITY);
    let mut cut = Figure::own("spinners_cut_after", "ms", overrun, 20.0);
    cut.remark = format!("CPU beyond the limit of {SPIN_MS} ms, the worst run that is kept");
    figures.push(cut);
    Ok(figures)
}

/// How far the worst kept run of the probes that never return went beyond its limit; `None` without any.
pub(super) async fn overrun(listen: SocketAddr) -> Result<Option<f64>, Failure> {
    let (_, body) = fetch::get(listen, &format!("/api/v1/runs?check={}", figures::SPINS)).await?;
    let told: Value = serde_json::from_slice(&body)?;
    let mut worst = None;
    for run in list(&told, "/runs") {
        let id = run.get("run").and_then(Value::as_str).unwrap_or_default();
        let (_, body) = fetch::get(listen, &format!("/api/v1/runs/{id}")).await?;
        let record: Value = serde_json::from_slice(&body)?;
        let used = list(&record, "/record/attempts")
            .filter_map(|attempt| attempt.pointer("/report/usage/cpu")?.as_f64());
        let over = used.map(|nanos| nanos / 1e6 - SPIN_MS);
        worst = over.fold(worst, |worst: Option<f64>, over| {
            Some(worst.map_or(over, |worst| worst.max(over)))
        });
    }
    Ok(worst)
}

fn list<'a>(told: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let found = told.pointer(pointer).and_then(Value::as_array);
    found.into_iter().flatten()
}

/// The proving ground's probe that never returns, built where it disturbs nobody.
fn spinner(bench: &Bench) -> Option<PathBuf> {
    let built = bench.folder.join("guests");
    let status = cargo::command()
        .current_dir(cargo::root().join("tests/guests"))
        .env_remove("RUSTFLAGS")
        .args([
            "build",
            "--quiet",
            "--locked",
            "--release",
            "--example",
            "spins_forever",
        ])
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&built)
        .status();
    let component = built.join("wasm32-wasip2/release/examples/spins_forever.wasm");
    (status.ok()?.success() && component.is_file()).then_some(component)
}

/// 10,000 checks whose targets accept and never answer; then they do.
async fn bad_day(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    println!("==> bad_day");
    let checks = configuration::checks(HTTP, 10_000, &target.places);
    let text = configuration::head("30s", "10s") + &checks;
    let config = contender::write(bench, "leadsman.yaml", &text)?;
    target.answer(false).await?;
    let told = endure(bench, target, &config).await;
    target.answer(true).await?;
    told
}

async fn endure(bench: &Bench, target: &mut Target, config: &Path) -> Result<Vec<Figure>, Failure> {
    let (mut daemon, listen) = contender::leadsman(bench, config)?;
    contender::answers(&mut daemon, listen, "/-/ready").await?;
    let (mut descriptors, mut share) = (0, 0.0_f64);
    let end = Instant::now() + Duration::from_secs(75);
    while Instant::now() < end {
        descriptors = descriptors.max(daemon.descriptors()?);
        share = share.max(daemon.proportional_megabytes()?);
        sleep(Duration::from_secs(1)).await;
    }
    let unscraped = share;
    Scrape::take(listen).await?;
    share = share.max(daemon.proportional_megabytes()?);
    target.answer(true).await?;
    let recovered = recovery(&mut daemon, listen).await?;
    let scrape = Scrape::take(listen).await?;
    let resident = daemon.peak_megabytes()?;
    figures::end(&mut daemon).await?;
    let overload = scrape.sum("leadsman_missed_ticks_total", &[("reason", "overload")]);
    let missed = scrape.sum("leadsman_missed_ticks_total", &[]);
    let mut figures = vec![
        Figure::own("bad_day_missed_overload", "ticks", overload, 0.0),
        Figure::own("bad_day_memory", "MB", share, 400.0),
        // Thousands of sandboxes map the same pages; here each mapping counts.
        Figure::told("bad_day_resident", "MB", resident),
        Figure::told(
            "bad_day_descriptors",
            "open",
            f64::from(u32::try_from(descriptors)?),
        ),
        // The scrape that sees it comes after the interval.
        Figure::own("bad_day_recovery", "s", recovered, 32.0),
    ];
    if let Some(figure) = figures.first_mut() {
        figure.remark = format!(
            "{missed} ticks missed for any reason; {unscraped:.0} MB before the first scrape"
        );
    }
    Ok(figures)
}

/// Seconds until the last run of every check has passed.
async fn recovery(daemon: &mut Running, listen: SocketAddr) -> Result<f64, Failure> {
    let start = Instant::now();
    sleep(Duration::from_secs(30)).await;
    while start.elapsed() < Duration::from_mins(2) {
        daemon.still_runs()?;
        let seconds = start.elapsed().as_secs_f64();
        let passing = Scrape::take(listen)
            .await?
            .sum("leadsman_last_outcome", &[]);
        if (passing - 10_000.0).abs() < 0.5 {
            return Ok(seconds);
        }
        sleep(Duration::from_millis(500)).await;
    }
    Ok(f64::INFINITY)
}
