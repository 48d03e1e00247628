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

/// How far the moments of one run may lie apart, as nginx and as Prometheus saw it, in seconds.
const BLUR: f64 = 0.5;

/// A service that is stopped and started, the daemon that probes it each second, and who scrapes that.
struct Stage {
    folder: tempfile::TempDir,
    service: u16,
    exposition: u16,
    prometheus: Prometheus,
}

impl Stage {
    fn set() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let (service, exposition) = (free_port(), free_port());
        let text = format!(
            "defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  shop:\n    probe: http\n    \
             targets: [{{name: front, address: 'http://127.0.0.1:{service}{PATH}'}}]\n    \
             objectives: {{availability: 99%}}\n"
        );
        fs::write(configuration(folder.path()), text).expect("the folder can be written");
        let prometheus = Prometheus::of(folder.path(), exposition, &[]);
        Self {
            folder,
            service,
            exposition,
            prometheus,
        }
    }

    fn service(&self) -> Nginx {
        let place = self.folder.path();
        let servers = format!(
            "server {{ listen 127.0.0.1:{}; access_log {}/access.log probes; location / {{ return 200 'open'; }} }}",
            self.service,
            place.display()
        );
        Nginx::start(place, self.service, &servers)
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

    /// When each probe was served, in Unix seconds: the truth.
    fn served(&self) -> Vec<f64> {
        let log = self.folder.path().join("access.log");
        let log = fs::read_to_string(log).unwrap_or_default();
        let line = |line: &str| line.strip_prefix(PATH)?.strip_prefix(" 200 ")?.parse().ok();
        log.lines().filter_map(line).collect()
    }

    fn serves(&self, more: usize) {
        let wanted = self.served().len() + more;
        until("more probes are served", || {
            (self.served().len() >= wanted).then_some(())
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

/// A scrape's time and the two counters.
#[derive(Debug, Clone, Copy)]
struct Scrape {
    at: f64,
    valid: u64,
    bad: u64,
}

/// Every scrape counted the runs that had ended, give or take the one that ended meanwhile.
fn agrees_at_each_scrape(life: &[Scrape], served: &[f64]) {
    let begin = life.first().map_or(0.0, |scrape| scrape.at) - BLUR;
    for scrape in life {
        let until = |end: f64| {
            served
                .iter()
                .filter(|at| (begin..=end).contains(*at))
                .count()
        };
        let possible = until(scrape.at - BLUR)..=until(scrape.at + BLUR);
        let good = usize::try_from(scrape.valid - scrape.bad);
        let agrees = good.is_ok_and(|good| possible.contains(&good));
        assert!(agrees, "{scrape:?} of {possible:?} served until then");
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
    let first = stage.served().len();
    service.stop();

    // The second life begins in an outage.
    let daemon = stage.daemon();
    stage.fails();
    let service = stage.service();
    stage.serves(3);
    stage.end(daemon);
    let served = stage.served();
    service.stop();

    let scrapes = stage.scrapes();
    let lives: Vec<&[Scrape]> = scrapes
        .chunk_by(|before, after| after.valid >= before.valid)
        .collect();
    assert_eq!(lives.len(), 2, "{scrapes:?}");
    let (mut good, mut valid) = (0, 0);
    for (life, truth) in lives.into_iter().zip([first, served.len() - first]) {
        let (begin, end) = (life[0], life[life.len() - 1]);
        assert_eq!((begin.valid, begin.bad), (0, 0), "before the first run");
        assert_eq!(
            usize::try_from(end.valid - end.bad).unwrap(),
            truth,
            "{end:?}"
        );
        assert!(end.bad >= 2, "{end:?}");
        agrees_at_each_scrape(life, &served);
        good += end.valid - end.bad;
        valid += end.valid;
    }
    // availability = good / valid, and both are true: what was served, of what was asked.
    assert_eq!(usize::try_from(good).unwrap(), served.len());
    assert_eq!(
        stage.total("leadsman_runs_total"),
        valid,
        "every run could be judged"
    );
    let missed = stage.total("leadsman_missed_ticks_total");
    assert_eq!(stage.total("leadsman_ticks_total"), valid + missed);
}
