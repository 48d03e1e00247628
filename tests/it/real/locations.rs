//! Two locations under one Prometheus, as the README says it.

use std::{fs, path::Path};

use super::{
    daemon::{Daemon, leadsman},
    nginx::Nginx,
    process::free_port,
    prometheus::Prometheus,
};

/// A command of the README: a location, and the port that it is served on.
struct Documented {
    location: String,
    port: u16,
}

/// The README's section: its configuration and its commands.
fn documented(root: &Path) -> (String, Vec<Documented>) {
    let readme = fs::read_to_string(root.join("README.md")).expect("the README is there");
    let section = readme
        .split("\n## ")
        .find(|section| section.starts_with("Two locations"));
    let section = section.expect("the README has a section on two locations");
    let yaml = section
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let command = |line: &str| {
        let (location, rest) = line.strip_prefix("LEADSMAN_LOCATION=")?.split_once(' ')?;
        let port = rest
            .strip_prefix("leadsman run --config leadsman.yaml --web.listen-address 127.0.0.1:")?;
        Some(Documented {
            location: location.to_owned(),
            port: port.parse().ok()?,
        })
    };
    let commands = section.lines().filter_map(command).collect();
    assert!(
        section.contains("\nprometheus --config.file examples/prometheus.yml\n"),
        "{section}"
    );
    (
        yaml.expect("the section shows a configuration").to_owned(),
        commands,
    )
}

#[test]
fn two_daemons_with_one_file_are_two_locations_in_one_prometheus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (yaml, commands) = documented(root);
    assert_eq!(commands.len(), 2);
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let server = format!("server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }}");
    let _nginx = Nginx::start(folder.path(), port, &server);
    let checks = format!(
        "defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  web: {{probe: http, targets: ['http://127.0.0.1:{port}']}}\n"
    );

    // The documented file, but for its ports and its pace.
    let documented = fs::read_to_string(root.join("examples/prometheus.yml")).unwrap();
    let mut scraping = documented.replace("scrape_interval: 15s", "scrape_interval: 1s");
    assert_ne!(scraping, documented);
    let mut daemons = Vec::new();
    for command in &commands {
        let free = free_port();
        let written = format!("127.0.0.1:{}", command.port);
        assert!(
            scraping.contains(&written),
            "examples/prometheus.yml scrapes {written}"
        );
        scraping = scraping.replace(&written, &format!("127.0.0.1:{free}"));
        let file = folder.path().join(format!("{}.yaml", command.location));
        fs::write(&file, format!("{yaml}{checks}")).unwrap();
        let mut daemon = leadsman();
        daemon.env("LEADSMAN_LOCATION", &command.location);
        daemons.push(Daemon::start_as(daemon, &file, free, &[]));
    }
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, scraping).unwrap();
    let mut prometheus = Prometheus::start(&file, &[]);

    let query = "sum by (location) (leadsman_sli_valid_events_total{check=\"web\"}) > 0";
    let found = prometheus.until(query, |found| (found.len() == 2).then(|| found.to_vec()));
    let mut locations: Vec<_> = found
        .iter()
        .filter_map(|series| series["metric"]["location"].as_str())
        .collect();
    locations.sort_unstable();
    assert_eq!(locations, ["eu-west", "us-east"]);
    let renamed = prometheus.query("count({exported_location!=\"\"})");
    assert!(renamed.is_empty(), "{renamed:?}");
    let without = prometheus.query("count({__name__=~\"leadsman_sli_.*|leadsman_runs_total|leadsman_ticks_total\",location=\"\"})");
    assert!(without.is_empty(), "{without:?}");
    // Either daemon expects both, and one alone has neither changed nor lost anything by that.
    let expected = prometheus.query("count by (instance) (leadsman_location_expected)");
    assert_eq!(expected.len(), 2);
    assert!(
        expected.iter().all(|series| series["value"][1] == "2"),
        "{expected:?}"
    );
}
