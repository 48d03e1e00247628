//! A platform with 300 teams: how long it takes to read, to read again, and what it costs to keep.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Bench, configuration::Load, contender, contender::Target, figures, plain::Protocol,
    report::Figure,
};
use crate::{failure::Failure, fetch, process::Running, scrape::Scrape};

/// Files and services of the fleet: 2,000 services with three checks each.
const FILES: usize = 300;
const SERVICES: usize = 2_000;

/// Targets that come one after the other.
const DISCOVERED: u32 = 5;

/// Reloads of the storm, and how long they take together.
const STORM: (u32, Duration) = (1_000, Duration::from_mins(1));

/// All of them, in order.
pub(super) async fn all(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    println!("==> fleet");
    let folder = bench.folder.join("fleet");
    write_fleet(&folder, target.places.http)?;
    let mut figures = vec![validated(bench, &folder)?];
    figures.extend(kept(bench, &folder).await?);
    figures.push(discovered(bench, target).await?);
    if bench.quick {
        let why = "left out by --quick";
        figures.push(Figure::absent("reload_storm", why));
        return Ok(figures);
    }
    figures.extend(storm(bench, target).await?);
    Ok(figures)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| Failure::file(path, &error))
}

const TEMPLATES: &str = "include: [teams/*.yaml]
templates:
  base: {interval: 60s, timeout: 10s, retries: 0, locations: all, page: {locations: 2, bad: 2}}
  web:
    extends: base
    probe: http
    settings: {status: 2xx, redirects: same-site}
    objectives: {availability: 99.9%, latency: {under: 500ms, at_least: 95%}, window: 30d}
  cert: {extends: base, probe: tls, interval: 1h, expiry: {ticket: 21d, page: 3d}}
  port: {extends: base, probe: tcp}
";

/// 300 files; a service is one line in each of three lists.
fn write_fleet(folder: &Path, http: SocketAddr) -> Result<(), Failure> {
    let teams = folder.join("teams");
    fs::create_dir_all(&teams).map_err(|error| Failure::file(&teams, &error))?;
    write(&folder.join("leadsman.yaml"), TEMPLATES)?;
    for file in 0..FILES {
        let services = SERVICES / FILES + usize::from(file < SERVICES % FILES);
        let list = |scheme: &str| -> String {
            let target = |service| format!("{{name: s{service}, address: \"{scheme}{http}\"}}");
            (0..services).map(target).collect::<Vec<_>>().join(", ")
        };
        let (urls, ports) = (list("http://"), list(""));
        let text = format!(
            "team: t{file}\nlabels: {{service: s{file}, tier: \"1\"}}\n\
             alerts: {{runbook: \"https://wiki.example/${{check.key}}\", severity: {{page: critical}}}}\n\
             maintenance: [{{cron: \"0 3 * * SUN\", for: 1h, timezone: Europe/Berlin}}]\n\
             targets:\n  urls: [{urls}]\n  ports: [{ports}]\n\
             checks:\n  web: {{use: web, targets: urls}}\n  port: {{use: port, targets: ports}}\n  cert: {{use: cert, targets: ports}}\n"
        );
        write(&teams.join(format!("t{file}.yaml")), &text)?;
    }
    Ok(())
}

/// The median of three, with compiled probes in the cache.
fn validated(bench: &Bench, folder: &Path) -> Result<Figure, Failure> {
    let mut taken = Vec::new();
    for _ in 0..4 {
        let start = Instant::now();
        let status = Command::new(&bench.leadsman)
            .args(["validate", "--cache.dir"])
            .arg(bench.folder.join("cache"))
            .arg("--config")
            .arg(folder.join("leadsman.yaml"))
            .stdout(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(Failure::new("the fleet is not valid"));
        }
        taken.push(start.elapsed().as_secs_f64());
    }
    // The first may have compiled.
    taken.remove(0);
    taken.sort_by(f64::total_cmp);
    let median = taken.get(1).copied().unwrap_or_default();
    Ok(Figure::own("fleet_validated", "s", median, 1.0))
}

/// Loads it, reloads one file of it, and compares its memory with that of one check of each probe.
async fn kept(bench: &Bench, folder: &Path) -> Result<Vec<Figure>, Failure> {
    let one = contender::write(
        bench,
        "one.yaml",
        "checks:\n  web: {probe: http, targets: [\"http://127.0.0.1:9\"], interval: 1h}\n  \
         cert: {probe: tls, targets: [\"127.0.0.1:9\"], interval: 1h}\n  \
         port: {probe: tcp, targets: [\"127.0.0.1:9\"], interval: 1h}\n",
    )?;
    let (mut daemon, listen) = contender::leadsman(bench, &one)?;
    contender::answers(&mut daemon, listen, "/-/ready").await?;
    let base = daemon.resident_bytes()?;
    Scrape::take(listen).await?;
    let base_scraped = daemon.resident_bytes()?;
    figures::end(&mut daemon).await?;

    let start = Instant::now();
    let (mut daemon, listen) = contender::leadsman(bench, &folder.join("leadsman.yaml"))?;
    contender::answers(&mut daemon, listen, "/-/ready").await?;
    let loaded = start.elapsed().as_secs_f64();
    let targets = f64::from(u32::try_from(3 * SERVICES)?);
    let each = (daemon.resident_bytes()? - base) / targets;
    let file = folder.join("teams/t0.yaml");
    let text = fs::read_to_string(&file)?;
    let mut reloads = Vec::new();
    for number in 0..9 {
        write(
            &file,
            &text.replace("tier: \"1\"", &format!("tier: \"{number}\"")),
        )?;
        let start = Instant::now();
        let status = fetch::post(listen, "/-/reload").await?;
        reloads.push(start.elapsed().as_secs_f64() * 1e3);
        if !status.is_success() {
            return Err(Failure::new(format!("a reload was answered with {status}")));
        }
    }
    reloads.sort_by(f64::total_cmp);
    let missed = Scrape::take(listen)
        .await?
        .sum("leadsman_missed_ticks_total", &[]);
    let scraped = (daemon.resident_bytes()? - base_scraped) / targets;
    figures::end(&mut daemon).await?;
    let median = reloads.get(4).copied().unwrap_or_default();
    let mut reload = Figure::own("fleet_reload_of_a_file", "ms", median, 200.0);
    reload.remark = format!("{missed} ticks missed meanwhile");
    Ok(vec![
        Figure::own("fleet_loaded", "s", loaded, 3.0),
        reload,
        Figure::own("fleet_memory_each", "bytes", each, 4096.0),
        Figure::told("fleet_memory_each_reloaded_and_scraped", "bytes", scraped),
    ])
}

/// From a changed `file_sd` to the first run of its new target, whose check is due once an hour: the longest of five.
async fn discovered(bench: &Bench, target: &mut Target) -> Result<Figure, Failure> {
    let folder = bench.folder.join("discovery");
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let http = target.places.http;
    let list = |newest: u32| {
        let targets = (0..=newest).map(|number| format!("\"http://{http}/?target={number}\""));
        let targets = targets.collect::<Vec<_>>().join(", ");
        write(
            &folder.join("sd.json"),
            &format!("[{{\"targets\": [{targets}]}}]"),
        )
    };
    list(0)?;
    let config = folder.join("leadsman.yaml");
    let check = "{probe: http, targets: [{file_sd: sd.json}], interval: 1h}";
    write(
        &config,
        &format!("location: bench\nchecks:\n  web: {check}\n"),
    )?;
    let load = Load::of(Protocol::Http);
    let before = target.count(load).await?;
    let (mut daemon, _) = contender::leadsman(bench, &config)?;
    let mut longest = 0_f64;
    for newest in 0..=DISCOVERED {
        let start = Instant::now();
        if newest > 0 {
            list(newest)?;
        }
        while target.count(load).await? == before + u64::from(newest) {
            daemon.still_runs()?;
            sleep(Duration::from_millis(5)).await;
        }
        if newest > 0 {
            longest = longest.max(start.elapsed().as_secs_f64());
        }
    }
    figures::end(&mut daemon).await?;
    Ok(Figure::own("file_sd_to_first_run", "s", longest, 5.0))
}

async fn resident(listen: SocketAddr) -> Result<f64, Failure> {
    let scrape = Scrape::take(listen).await?;
    Ok(scrape.sum("process_resident_memory_bytes", &[]))
}

/// 1,000 reloads in a minute, half of them of a bad file, while 500 checks run each second.
async fn storm(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    println!("==> reload_storm");
    let folder = bench.folder.join("storm");
    let teams = folder.join("teams");
    fs::create_dir_all(&teams).map_err(|error| Failure::file(&teams, &error))?;
    let templates =
        "include: [teams/*.yaml]\ntemplates: {web: {probe: http, interval: 1s, timeout: 900ms}}\n";
    write(&folder.join("leadsman.yaml"), templates)?;
    let address = target.places.http;
    for team in 0..50 {
        let check =
            |number| format!("  c{number}: {{use: web, targets: [\"http://{address}/\"]}}\n");
        let checks: String = (0..10).map(check).collect();
        write(
            &teams.join(format!("t{team}.yaml")),
            &format!("team: t{team}\nchecks:\n{checks}"),
        )?;
    }
    let (mut daemon, listen) = contender::leadsman(bench, &folder.join("leadsman.yaml"))?;
    contender::answers(&mut daemon, listen, "/-/ready").await?;
    sleep_until(Instant::now() + Duration::from_secs(5)).await;
    let (before, warm) = (Scrape::take(listen).await?, resident(listen).await?);
    let start = Instant::now();
    let refused = weather(&mut daemon, listen, &teams.join("t0.yaml"), start).await?;
    let seconds = start.elapsed().as_secs_f64();
    let (after, end) = (Scrape::take(listen).await?, resident(listen).await?);
    figures::end(&mut daemon).await?;
    let off = ticks_off(&before, &after, seconds);
    let lag = |scrape: &Scrape| scrape.buckets("leadsman_schedule_lag_seconds", &[]);
    let lag = lag(&after).since(&lag(&before)).quantile(0.99);
    let mut lagged = Figure::own(
        "reload_storm_lag_p99",
        "ms",
        lag.map_or(f64::INFINITY, |(_, up_to)| up_to * 1e3),
        100.0,
    );
    lagged.remark = format!(
        "p99 {}; {refused} reloads of a bad file refused it",
        figures::lag(lag)
    );
    let missed = after.sum("leadsman_missed_ticks_total", &[]);
    Ok(vec![
        Figure::own("reload_storm_missed", "ticks", missed, 0.0),
        Figure::own("reload_storm_checks_off", "checks", off, 0.0),
        lagged,
        Figure::told("reload_storm_growth", "MB", (end - warm) / 1e6),
    ])
}

/// Changes the file and asks for a reload, again and again; returns how many were refused.
async fn weather(
    daemon: &mut Running,
    listen: SocketAddr,
    file: &PathBuf,
    start: Instant,
) -> Result<u32, Failure> {
    let (good, (count, lasts)) = (fs::read_to_string(file)?, STORM);
    let mut refused = 0;
    for number in 0..count {
        let text = if number % 2 == 0 {
            format!("{good}# {number}\n")
        } else {
            good.replace("checks:", "chekcs:")
        };
        write(file, &text)?;
        daemon.still_runs()?;
        refused += u32::from(!fetch::post(listen, "/-/reload").await?.is_success());
        sleep_until(start + lasts / count * (number + 1)).await;
    }
    write(file, &good)?;
    Ok(refused)
}

/// Checks whose ticks were more or fewer than the seconds that have passed.
fn ticks_off(before: &Scrape, after: &Scrape, seconds: f64) -> f64 {
    let ids = after.of("leadsman_ticks_total");
    let off = ids.filter(|sample| {
        let labels: Vec<(&str, &str)> = sample
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let earlier = before.sum("leadsman_ticks_total", &labels);
        (sample.value - earlier - seconds).abs() > 1.5
    });
    f64::from(u32::try_from(off.count()).unwrap_or(u32::MAX))
}
