//! The exposition of a daemon that has seen much, judged by Prometheus' own tools.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use super::{
    certificates::{Authority, Validity},
    daemon::Daemon,
    http,
    nginx::Nginx,
    process::{free_port, tool, until},
    prometheus::Prometheus,
    scrape::{samples, sum},
    zone::Knot,
};

/// A daemon with passing and failing checks of every bundled probe, and their peers.
struct World {
    daemon: Daemon,
    _nginx: Nginx,
    _knot: Knot,
    folder: tempfile::TempDir,
}

impl World {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let certificate = Authority::new(folder.path()).signs("shop.test", Validity::Days(10));
        let knot = Knot::start(folder.path());
        let (plain, encrypted, closed) = (free_port(), free_port(), free_port());
        let servers = format!(
            "server {{ listen 127.0.0.1:{plain}; listen 127.0.0.1:{encrypted} ssl http2; ssl_certificate {}; ssl_certificate_key {};\n\
             location / {{ return 200 'rope'; }} location /down {{ return 503; }} }}",
            certificate.certificate.display(),
            certificate.key.display(),
        );
        let nginx = Nginx::start(folder.path(), plain, &servers);
        let file = folder.path().join("leadsman.yaml");
        let text = Self::configuration(plain, encrypted, closed, knot.port);
        fs::write(&file, text).expect("the folder of the test can be written");
        let mut daemon = Daemon::start(&file);
        daemon.all_have_run();
        Self {
            daemon,
            _nginx: nginx,
            _knot: knot,
            folder,
        }
    }

    fn configuration(plain: u16, encrypted: u16, closed: u16, dns: u16) -> String {
        format!(
            "tls: {{ca: [ca.pem]}}\ndefaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  \
             web:\n    probe: http\n    targets: ['http://127.0.0.1:{plain}', 'http://127.0.0.1:{plain}/down?a=\"b\\c\"', 'http://127.0.0.1:{closed}']\n    \
             objectives: {{availability: 99.9%, latency: {{under: 500ms, at_least: 95%}}}}\n    labels: {{service: \"the \\\"shop\\\"\"}}\n  \
             secure: {{probe: http, targets: ['https://127.0.0.1:{encrypted}'], settings: {{server_name: shop.test}}}}\n  \
             misnamed: {{probe: tls, targets: ['127.0.0.1:{encrypted}'], settings: {{server_name: other.test}}}}\n  \
             zone: {{probe: dns, targets: ['127.0.0.1:{dns}'], settings: {{query: demo.test, type: SOA}}}}\n  \
             nothing: {{probe: dns, targets: ['127.0.0.1:{dns}'], settings: {{query: nothing.demo.test}}}}\n  \
             port: {{probe: tcp, targets: ['127.0.0.1:{plain}']}}\n  \
             denied: {{probe: http, targets: ['http://127.0.0.1:{plain}'], settings: {{resolve_to: '127.0.0.2:{plain}'}}}}\n"
        )
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[test]
fn promtool_has_nothing_to_say_of_the_metrics() {
    let world = World::start();
    let text = world.daemon.metrics();
    let mut command = Command::new(tool("promtool"));
    command
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut promtool = command.spawn().unwrap();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn the_accounts_of_every_target_add_up() {
    let world = World::start();
    let port = world.daemon.port;
    // Between two runs, and once every series has been seen at its birth, when it is 0.
    let text = until("the accounts add up", || {
        let text = http::text(port, "/metrics")?;
        let all = |name: &str| sum(&text, name, &[]);
        let settled = all("leadsman_ticks_total")
            - all("leadsman_missed_ticks_total")
            - all("leadsman_runs_total");
        let unborn = all("leadsman_runs_total") - all("leadsman_run_reasons_total");
        (settled.abs() < 0.5 && unborn.abs() < 0.5).then_some(text)
    });
    let is = |name: &str, labels: &[(&str, &str)], least: f64| {
        assert!(
            sum(&text, name, labels) >= least,
            "{name} {labels:?}\n{text}"
        );
    };
    for (check, reason, blame) in [
        ("web", "ok", "nobody"),
        ("web", "http_status", "target"),
        ("web", "connect_refused", "target"),
        ("secure", "ok", "nobody"),
        ("misnamed", "tls_name_mismatch", "target"),
        ("zone", "ok", "nobody"),
        ("nothing", "dns_nxdomain", "target"),
        ("port", "ok", "nobody"),
    ] {
        is(
            "leadsman_run_reasons_total",
            &[("check", check), ("reason", reason), ("blame", blame)],
            1.0,
        );
    }
    is(
        "leadsman_measure_dns_soa_serial",
        &[("check", "zone")],
        2_026_010_203.0,
    );
    for check in ["secure", "misnamed"] {
        is(
            "leadsman_tls_leaf_not_after_timestamp_seconds",
            &[("check", check)],
            1.0,
        );
    }
    let verified = samples(&text)
        .into_iter()
        .filter(|sample| sample.name == "leadsman_tls_chain_valid_until_timestamp_seconds");
    let verified: Vec<_> = verified
        .map(|sample| sample.labels["check"].clone())
        .collect();
    assert_eq!(verified, ["secure"], "absent where no chain verifies");
    let judged = sum(&text, "leadsman_runs_total", &[("outcome", "pass")])
        + sum(&text, "leadsman_runs_total", &[("outcome", "fail")]);
    let valid = sum(
        &text,
        "leadsman_sli_valid_events_total",
        &[("sli", "availability")],
    );
    assert_eq!(judged.to_bits(), valid.to_bits());
}

#[test]
fn prometheus_takes_native_histograms() {
    let world = World::start();
    let native = ["--enable-feature=native-histograms"];
    let mut prometheus = Prometheus::of(world.path(), world.daemon.port, &native);
    for query in [
        "histogram_count(leadsman_run_duration_seconds{check=\"secure\",outcome=\"pass\"}) >= 2",
        "histogram_count(leadsman_run_duration_seconds{check=\"misnamed\",outcome=\"fail\"}) >= 2",
        "histogram_quantile(0.5, leadsman_run_duration_seconds{check=\"secure\",outcome=\"pass\"}) < 0.9",
        "histogram_count(leadsman_schedule_lag_seconds) >= 2",
    ] {
        prometheus.until(query, |found| found.first().map(|_| ()));
    }
    let both = prometheus.query(
        "histogram_count(leadsman_run_duration_seconds{check=\"secure\",outcome=\"pass\"}) \
         - on (check) leadsman_runs_total{check=\"secure\",outcome=\"pass\"}",
    );
    assert_eq!(both.len(), 1, "{both:?}");
    assert_eq!(both[0]["value"][1], "0", "both are of one scrape");
}

/// In OpenMetrics, which it asks for first; promtool reads the text.
#[test]
fn prometheus_takes_classic_buckets_and_labels_that_had_to_be_escaped() {
    let world = World::start();
    let mut prometheus = Prometheus::of(world.path(), world.daemon.port, &[]);
    prometheus.until(
        "leadsman_run_duration_seconds_bucket{check=\"secure\",le=\"+Inf\"} >= 2",
        |found| found.first().map(|_| ()),
    );
    // A label that holds what has to be escaped comes out as it was written.
    let found = prometheus.query("leadsman_check_info{service=\"the \\\"shop\\\"\"}");
    assert_eq!(found.len(), 1);
    let found = prometheus.query("leadsman_runs_total{target=~\".*/down.*\",outcome=\"fail\"}");
    assert_eq!(found.len(), 1, "{found:?}");
}
