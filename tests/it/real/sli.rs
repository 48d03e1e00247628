//! What Prometheus concludes from the counters is what happened, run by run, over the daemon's lives.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    daemon::{Daemon, leadsman},
    nginx::Nginx,
    process::{free_port, until},
    prometheus::Prometheus,
};

const PATH: &str = "/probed-every-second";

/// What is answered while there is a service, and what while there is none.
const OPEN: u16 = 200;
const CLOSED: u16 = 502;

/// How far the moments of one run may lie apart, as nginx and as Prometheus saw it, in seconds.
const BLUR: f64 = 0.5;

/// A service that is stopped and started, what stands in front of it for good, the daemon that probes that each
/// second, and who scrapes the daemon.
struct Stage {
    _front: Nginx,
    folder: tempfile::TempDir,
    service: u16,
    exposition: u16,
    prometheus: Prometheus,
}

impl Stage {
    fn set() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let (front, service, exposition) = (free_port(), free_port(), free_port());
        let text = format!(
            "defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  shop:\n    probe: http\n    \
             targets: [{{name: front, address: 'http://127.0.0.1:{front}{PATH}'}}]\n    \
             objectives: {{availability: 99%}}\n"
        );
        fs::write(configuration(folder.path()), text).expect("the folder can be written");
        let servers = format!(
            "server {{ listen 127.0.0.1:{front}; access_log {} probes; location / {{ proxy_pass http://127.0.0.1:{service}; }} }}",
            access_log(folder.path()).display()
        );
        let proxy = Nginx::start(&part(folder.path(), "front"), front, &servers);
        let prometheus = Prometheus::of(folder.path(), exposition, &[]);
        Self {
            _front: proxy,
            folder,
            service,
            exposition,
            prometheus,
        }
    }

    fn service(&self) -> Nginx {
        let servers = format!(
            "server {{ listen 127.0.0.1:{}; location / {{ return 200 'open'; }} }}",
            self.service
        );
        let place = part(self.folder.path(), "behind");
        Nginx::start(&place, self.service, &servers)
    }

    /// A life of the daemon begins; its first tick waits for the first scrape.
    fn daemon(&mut self) -> Daemon {
        let options = ["--web.wait-for-first-scrape"];
        let file = configuration(self.folder.path());
        let daemon = Daemon::start_as(leadsman(), &file, self.exposition, &options);
        self.prometheus.sees(true);
        daemon
    }

    /// A life of the daemon ends, in order; nothing is under way any more.
    fn end(&mut self, mut daemon: Daemon) {
        daemon.process.signal("TERM");
        let status = daemon.process.ended();
        assert!(status.success(), "{}", daemon.process.output());
        self.prometheus.sees(false);
    }

    /// Every probe that came, in order: the truth.
    fn probes(&self) -> Vec<Probed> {
        let log = fs::read_to_string(access_log(self.folder.path())).unwrap_or_default();
        let line = |line: &str| {
            let (status, at) = line.strip_prefix(PATH)?.trim_start().split_once(' ')?;
            Some(Probed {
                status: status.parse().ok()?,
                at: at.parse().ok()?,
            })
        };
        log.lines().filter_map(line).collect()
    }

    fn serves(&self, more: u64) {
        let wanted = count(&self.probes(), OPEN) + more;
        until("more probes are served", || {
            (count(&self.probes(), OPEN) >= wanted).then_some(())
        });
    }

    /// Waits until runs have failed in this life.
    fn fails(&mut self) {
        let failed = "leadsman_sli_bad_events_total{check=\"shop\"} >= 2";
        self.prometheus
            .until(failed, |found| found.first().map(|_| ()));
    }

    /// Every scrape of the two SLI counters.
    fn scrapes(&self) -> Vec<Scrape> {
        let of = |what: &str| {
            let name = format!("leadsman_sli_{what}_events_total");
            self.prometheus
                .raw(&format!("{name}{{check=\"shop\",sli=\"availability\"}}"))
        };
        let (valid, bad) = (of("valid"), of("bad"));
        assert_eq!(valid.len(), bad.len());
        let scrapes = valid.into_iter().zip(bad);
        let scrape = |((at, valid), (same, bad)): ((f64, u64), (f64, u64))| {
            assert_eq!(at.to_bits(), same.to_bits(), "both are of one scrape");
            Scrape { at, valid, bad }
        };
        scrapes.map(scrape).collect()
    }

    /// What the counters of a name came to, over all series and lives.
    fn total(&self, name: &str) -> u64 {
        let series = self
            .prometheus
            .raw_series(&format!("{name}{{check=\"shop\"}}"));
        let came_to = |samples: &Vec<(f64, u64)>| -> u64 {
            let lives = samples.chunk_by(|before, after| after.1 >= before.1);
            lives
                .filter_map(|life| life.last())
                .map(|(_, value)| value)
                .sum()
        };
        series.iter().map(came_to).sum()
    }
}

fn configuration(folder: &Path) -> PathBuf {
    folder.join("leadsman.yaml")
}

fn access_log(folder: &Path) -> PathBuf {
    folder.join("access.log")
}

/// A folder of its own for one of two that keep files of the same names.
fn part(folder: &Path, name: &str) -> PathBuf {
    let part = folder.join(name);
    fs::create_dir_all(&part).expect("the folder of the test can be written");
    part
}

/// What a probe was answered, and when in Unix seconds.
#[derive(Debug, Clone, Copy)]
struct Probed {
    status: u16,
    at: f64,
}

fn count(probes: &[Probed], status: u16) -> u64 {
    let answered = probes.iter().filter(|probed| probed.status == status);
    u64::try_from(answered.count()).expect("so many fit")
}

/// A scrape's time and the two counters.
#[derive(Debug, Clone, Copy)]
struct Scrape {
    at: f64,
    valid: u64,
    bad: u64,
}

/// Every scrape counted the runs that had ended, give or take the one that ended meanwhile.
fn agrees_at_each_scrape(life: &[Scrape], probes: &[Probed]) {
    let begin = life.first().map_or(0.0, |scrape| scrape.at) - BLUR;
    for scrape in life {
        for (status, counted) in [(OPEN, scrape.valid - scrape.bad), (CLOSED, scrape.bad)] {
            let until = |end: f64| {
                let ended = probes
                    .iter()
                    .filter(|probed| (begin..=end).contains(&probed.at));
                count(&ended.copied().collect::<Vec<_>>(), status)
            };
            let possible = until(scrape.at - BLUR)..=until(scrape.at + BLUR);
            assert!(
                possible.contains(&counted),
                "{scrape:?} of {possible:?} answered {status} until then"
            );
        }
    }
}

#[test]
fn availability_from_raw_samples_equals_the_access_log_while_service_and_daemon_come_and_go() {
    let mut stage = Stage::set();

    // The first life: the service is up, down and up again.
    let service = stage.service();
    let daemon = stage.daemon();
    stage.serves(3);
    service.stop();
    stage.fails();
    let service = stage.service();
    stage.serves(2);
    stage.end(daemon);
    let first = stage.probes().len();
    service.stop();

    // The second life begins in an outage.
    let daemon = stage.daemon();
    stage.fails();
    let service = stage.service();
    stage.serves(3);
    stage.end(daemon);
    let probes = stage.probes();
    service.stop();

    let scrapes = stage.scrapes();
    let lives: Vec<&[Scrape]> = scrapes
        .chunk_by(|before, after| after.valid >= before.valid)
        .collect();
    assert_eq!(lives.len(), 2, "{scrapes:?}");
    let (mut good, mut valid) = (0, 0);
    let (before, after) = probes.split_at(first);
    for (life, truth) in lives.into_iter().zip([before, after]) {
        let (begin, end) = (life[0], life[life.len() - 1]);
        assert_eq!((begin.valid, begin.bad), (0, 0), "before the first run");
        assert_eq!(end.valid - end.bad, count(truth, OPEN), "{end:?}");
        assert_eq!(end.bad, count(truth, CLOSED), "{end:?}");
        assert_eq!(usize::try_from(end.valid).unwrap(), truth.len(), "{end:?}");
        assert!(end.bad >= 2, "{end:?}");
        agrees_at_each_scrape(life, truth);
        good += end.valid - end.bad;
        valid += end.valid;
    }
    // availability = good / valid, and both are true: what was served, of what was asked.
    assert_eq!(good, count(&probes, OPEN));
    assert_eq!(usize::try_from(valid).unwrap(), probes.len());
    assert_eq!(
        stage.total("leadsman_runs_total"),
        valid,
        "every run could be judged"
    );
    let missed = stage.total("leadsman_missed_ticks_total");
    assert_eq!(stage.total("leadsman_ticks_total"), valid + missed);
}
