//! What a daemon notices by itself: secrets that are replaced, and with `--config.watch` every file.

use std::fs;

use serde_json::Value;

use super::{
    certificates::{Authority, Validity},
    daemon::{Daemon, leadsman},
    desk::{Desk, PLATFORM, reload, runs},
    http::{self, at},
    nginx::Nginx,
    process::free_port,
    scrape,
};

/// A site with a user, and a daemon that signs in with what `source` says.
struct Site {
    folder: tempfile::TempDir,
    daemon: Daemon,
    _nginx: Nginx,
}

impl Site {
    fn start(source: &str, password: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, place) = (free_port(), folder.path());
        fs::write(place.join("users"), "probe:{PLAIN}new-rope\n").unwrap();
        fs::write(place.join("page.txt"), "in").unwrap();
        let server = format!(
            "server {{ listen 127.0.0.1:{port}; root {0}; auth_basic probes; auth_basic_user_file {0}/users; }}",
            place.display()
        );
        let nginx = Nginx::start(place, port, &server);
        if let Some(password) = password {
            fs::write(place.join("password"), password).unwrap();
        }
        let file = place.join("leadsman.yaml");
        let text = format!(
            "secrets:\n  login: {{{source}, hosts: ['127.0.0.1:{port}']}}\n\
             defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  \
             in: {{probe: http, targets: ['http://127.0.0.1:{port}/page.txt'], grants: {{secrets: [login]}}, settings: {{basic: {{user: probe, secret: login}}}}}}\n"
        );
        fs::write(&file, text).unwrap();
        let mut command = leadsman();
        command.env("CREDENTIALS_DIRECTORY", place);
        Self {
            daemon: Daemon::start_as(command, &file, free_port(), &["--web.enable-lifecycle"]),
            folder,
            _nginx: nginx,
        }
    }

    /// As a secret's owner does: a reader sees the old one or the new one.
    fn replace(&self, password: &str) {
        let beside = self.folder.path().join("password.new");
        fs::write(&beside, password).unwrap();
        fs::rename(beside, self.folder.path().join("password")).unwrap();
    }

    /// Waits until the last run came to this.
    fn comes_to(&mut self, outcome: &str, reason: &str) -> Value {
        let port = self.daemon.port;
        self.daemon.process.until(reason, || {
            let told = http::json(port, "/api/v1/checks")?;
            let last = at(&told, "/checks/0/last").clone();
            (*at(&last, "/outcome") == outcome && *at(&last, "/reason") == reason).then_some(last)
        })
    }
}

#[test]
fn a_secret_that_is_replaced_is_read_again_without_a_signal() {
    for source in ["file: password", "credential: password"] {
        let mut site = Site::start(source, Some("old-rope\n"));
        site.comes_to("fail", "http_status");
        let before = runs(&site.daemon, "in");
        site.replace("new-rope\n");
        site.comes_to("pass", "ok");
        assert!(
            runs(&site.daemon, "in") > before,
            "{source}: counters go on"
        );
        site.replace("old-rope\n");
        site.comes_to("fail", "http_status");
        let log = site.daemon.process.output();
        assert!(!log.contains("-rope"), "{source}: {log}");
    }
}

#[test]
fn what_goes_on_while_another_configuration_is_refused_has_the_secrets_of_now() {
    let mut site = Site::start("file: password", Some("old-rope\n"));
    site.comes_to("fail", "http_status");
    let file = site.folder.path().join("leadsman.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("location: elsewhere\n{text}")).unwrap();
    let (status, told) = reload(&site.daemon);
    assert_eq!(status, 400, "{told}");
    site.replace("new-rope\n");
    site.comes_to("pass", "ok");
}

#[test]
fn a_credential_that_is_missing_is_told_and_found_when_it_comes() {
    let mut site = Site::start("credential: password", None);
    let last = site.comes_to("unknown", "secret_unavailable");
    assert_eq!(last["blame"], "policy", "{last}");
    let log = site.daemon.process.output();
    assert!(log.contains("a secret cannot be read"), "{log}");
    site.replace("new-rope");
    site.comes_to("pass", "ok");
}

#[test]
fn an_authority_that_the_machine_trusts_from_now_on_is_trusted_without_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let (port, place) = (free_port(), folder.path());
    let authority = Authority::new(place);
    let own = authority.signs("127.0.0.1", Validity::Days(30));
    let server = format!(
        "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; location / {{ return 200; }} }}",
        own.certificate.display(),
        own.key.display()
    );
    let nginx = Nginx::start(place, port, &server);
    // The store of the machine, which trusts somebody else yet.
    let (store, beside) = (place.join("store.pem"), place.join("store.new"));
    fs::copy(authority.self_signed("other.test").certificate, &store).unwrap();
    fs::copy(place.join("ca.pem"), &beside).unwrap();
    let file = place.join("leadsman.yaml");
    let text = format!(
        "checks: {{in: {{probe: http, interval: 1s, timeout: 900ms, targets: ['https://127.0.0.1:{port}']}}}}\n"
    );
    fs::write(&file, text).unwrap();
    let mut command = leadsman();
    command
        .env("SSL_CERT_FILE", &store)
        .env_remove("SSL_CERT_DIR");
    let mut site = Site {
        daemon: Daemon::start_as(command, &file, free_port(), &[]),
        folder,
        _nginx: nginx,
    };
    site.comes_to("fail", "tls_unknown_issuer");
    fs::rename(beside, store).unwrap();
    site.comes_to("pass", "ok");
}

#[test]
fn a_watched_configuration_changes_without_a_signal() {
    let desk = Desk::new();
    desk.team("pay", &format!("[{}]", desk.target("home")));
    let mut daemon = desk.daemon(&["--config.watch"]);
    daemon.all_have_run();
    let before = runs(&daemon, "pay/web");
    desk.team(
        "pay",
        &format!("[{}, {}]", desk.target("home"), desk.target("api")),
    );
    desk.team("shop", &format!("[{}]", desk.target("home")));
    let port = daemon.port;
    for labels in [
        [("check", "pay/web"), ("target", "api")],
        [("check", "shop/web"), ("target", "home")],
    ] {
        daemon.process.until("the newcomer has run", || {
            let text = http::text(port, "/metrics")?;
            let runs = scrape::sum(&text, "leadsman_runs_total", &labels);
            (runs > 0.0).then_some(())
        });
    }
    assert!(runs(&daemon, "pay/web") > before, "counters go on");
    desk.write("teams/shop.yaml", "team: shop\nchekcs: {}\n");
    let bad = |text: &str| scrape::sum(text, "leadsman_config_last_reload_successful", &[]) < 0.5;
    daemon.process.until("the mistake is told", || {
        let text = http::text(port, "/metrics")?;
        (bad(&text) && text.contains("check=\"shop/web\"")).then_some(())
    });
    desk.write("leadsman.yaml", &format!("{PLATFORM}# changed\n"));
    fs::remove_file(desk.folder.path().join("teams/shop.yaml")).unwrap();
    daemon.process.until("the file's checks have left", || {
        let text = http::text(port, "/metrics")?;
        (!bad(&text) && !text.contains("check=\"shop/web\"")).then_some(())
    });
}

#[test]
fn a_mistake_that_stays_in_a_watched_file_is_told_once() {
    let desk = Desk::new();
    desk.team("pay", &format!("[{}]", desk.target("home")));
    let mut daemon = desk.daemon(&["--config.watch"]);
    daemon.all_have_run();
    desk.write("leadsman.yaml", &format!("{PLATFORM}chekcs: {{}}\n"));
    let told = |daemon: &Daemon| daemon.process.output().matches("`chekcs`").count();
    for newcomer in ["api", "shop"] {
        let targets = format!("[{}, {}]", desk.target("home"), desk.target(newcomer));
        desk.team("pay", &targets);
        // Each is found by a look, at which the platform's file is as wrong as before.
        let (port, labels) = (daemon.port, [("check", "pay/web"), ("target", newcomer)]);
        daemon
            .process
            .until("the newcomer has run three times", || {
                let text = http::text(port, "/metrics")?;
                (scrape::sum(&text, "leadsman_runs_total", &labels) > 2.0).then_some(())
            });
    }
    let told = told(&daemon);
    assert!(
        (2..=3).contains(&told),
        "once, and with each change: {told}"
    );
}

#[test]
fn a_configuration_that_names_a_certificate_which_is_still_to_come_is_in_force_once_it_is_there() {
    let desk = Desk::new();
    desk.team("pay", &format!("[{}]", desk.target("home")));
    let mut daemon = desk.daemon(&["--config.watch"]);
    daemon.all_have_run();
    let own = format!(
        "tls: {{trust: {{corp: [new.pem]}}}}\n\
         checks: {{own: {{probe: http, interval: 1s, timeout: 900ms, targets: [{}]}}}}\n",
        desk.target("home")
    );
    desk.write("leadsman.yaml", &format!("{PLATFORM}{own}"));
    let port = daemon.port;
    daemon.process.until("the reload is refused", || {
        let text = http::text(port, "/metrics")?;
        let good = scrape::sum(&text, "leadsman_config_last_reload_successful", &[]);
        (good < 0.5).then_some(())
    });
    // Time goes by meanwhile, and files are looked at.
    let before = runs(&daemon, "pay/web");
    daemon.process.until("the old one runs on", || {
        let text = http::text(port, "/metrics")?;
        let runs = scrape::sum(&text, "leadsman_runs_total", &[("check", "pay/web")]);
        (runs >= before + 3.0).then_some(())
    });
    let log = daemon.process.output();
    let told = log.lines().filter(|line| line.contains("new.pem"));
    assert_eq!(told.count(), 1, "it is told once: {log}");
    let folder = tempfile::tempdir().unwrap();
    let _authority = Authority::new(folder.path());
    let authority = fs::read_to_string(folder.path().join("ca.pem")).unwrap();
    desk.write("new.pem", &authority);
    daemon.process.until("the new one is in force", || {
        let text = http::text(port, "/metrics")?;
        let runs = scrape::sum(&text, "leadsman_runs_total", &[("check", "own")]);
        (runs > 0.0).then_some(())
    });
    let good = scrape::sum(
        &daemon.metrics(),
        "leadsman_config_last_reload_successful",
        &[],
    );
    assert!(good > 0.5);
}

/// The samples of a check whose name is one of these, by name and labels without the check's own.
fn counted(daemon: &Daemon, check: &str, names: &[&str]) -> Vec<(String, f64)> {
    let samples = scrape::samples(&daemon.metrics());
    let own = samples.into_iter().filter(|sample| {
        names.contains(&sample.name.as_str())
            && sample.labels.get("check").is_some_and(|one| one == check)
    });
    let mut counted: Vec<(String, f64)> = own
        .map(|mut sample| {
            sample.labels.remove("check");
            (format!("{} {:?}", sample.name, sample.labels), sample.value)
        })
        .collect();
    counted.sort_by(|a, b| a.0.cmp(&b.0));
    counted
}

#[test]
fn a_check_that_is_renamed_keeps_its_counters_over_a_reload() {
    const COUNTERS: [&str; 6] = [
        "leadsman_ticks_total",
        "leadsman_runs_total",
        "leadsman_attempts_total",
        "leadsman_run_reasons_total",
        "leadsman_run_duration_seconds_count",
        "leadsman_sli_valid_events_total",
    ];
    let desk = Desk::new();
    desk.team(
        "pay",
        &format!("[{}, {}]", desk.target("home"), desk.target("api")),
    );
    let mut daemon = desk.daemon(&["--web.enable-lifecycle"]);
    daemon.all_have_run();
    let port = daemon.port;
    daemon.process.until("each target has run thrice", || {
        let text = http::text(port, "/metrics")?;
        let runs = |target| scrape::sum(&text, "leadsman_runs_total", &[("target", target)]);
        (runs("home") >= 3.0 && runs("api") >= 3.0).then_some(())
    });
    let before = counted(&daemon, "pay/web", &COUNTERS);
    let text = format!(
        "team: pay\nchecks: {{front: {{use: web, was: [pay/web], targets: [{}, {}]}}}}\n",
        desk.target("home"),
        desk.target("api")
    );
    desk.write("teams/pay.yaml", &text);
    let (status, told) = reload(&daemon);
    assert_eq!(
        (status, &told["added"], &told["removed"]),
        (200, &0.into(), &0.into()),
        "{told}"
    );
    let after = counted(&daemon, "pay/front", &COUNTERS);
    let names = |counted: &[(String, f64)]| -> Vec<String> {
        counted.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&before), names(&after));
    assert!(before.iter().any(|(_, value)| *value >= 3.0), "{before:?}");
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        assert!(after >= before, "{name}: {before}, then {after}");
    }
    assert!(!daemon.metrics().contains("check=\"pay/web\""));
    daemon.all_have_run();
}
