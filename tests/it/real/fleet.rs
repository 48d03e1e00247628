//! A fleet: 300 teams' files, three locations, one Prometheus, and the panels that an SRE has on the wall.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    daemon::{Daemon, leadsman, leadsman_with},
    http,
    nginx::Nginx,
    process::free_port,
    prometheus::Prometheus,
    zone::Knot,
};

const LOCATIONS: [&str; 3] = ["eu-west", "us-east", "ap-south"];
const TEAMS: usize = 300;

/// The platform's file, in the words of the example.
fn platform() -> String {
    let ceiling = |team: usize| {
        format!(
            "  t{team:03}: {{checks: 200, series: 10000, min_interval: 10s, hosts: [127.0.0.1]}}\n"
        )
    };
    let teams: String = (0..TEAMS).map(ceiling).collect();
    format!(
        "location: ${{env:LEADSMAN_LOCATION}}\n\
         locations: {{eu-west: {{}}, us-east: {{}}, ap-south: {{}}}}\n\
         include: [teams/*.yaml]\n\
         network: {{private: targets}}\n\
         alerts: {{severity: {{page: critical, ticket: warning}}}}\n\
         templates:\n  \
           base: {{interval: 10s, timeout: 5s, retries: 0, locations: all, page: {{locations: 2, bad: 2}}}}\n  \
           web:\n    extends: base\n    probe: http\n    settings: {{status: 2xx, redirects: same-site}}\n    \
             objectives: {{availability: 99.9%, latency: {{under: 500ms, at_least: 95%}}, window: 30d}}\n\
         teams:\n{teams}"
    )
}

/// A team's file: two fronts of which one has a setting of its own, and a zone.
fn team(number: usize, web: u16, dns: u16) -> String {
    let elsewhere = if number == 0 {
        "  checkout: {use: web, locations: [eu-west, us-east], targets: fronts, depends_on: [zone]}\n"
    } else {
        ""
    };
    format!(
        "team: t{number:03}\n\
         labels: {{service: s{number:03}, tier: \"1\"}}\n\
         alerts: {{runbook: \"https://wiki.example/t{number:03}/${{check.key}}\"}}\n\
         maintenance: [{{cron: \"0 3 29 2 *\", for: 1h, timezone: Europe/Berlin}}]\n\
         targets:\n  fronts:\n    \
           - {{name: home, address: \"http://127.0.0.1:{web}\"}}\n    \
           - {{name: api, address: \"http://127.0.0.1:{web}\", set: {{path: /healthz/{number}}}, labels: {{part: api}}}}\n\
         checks:\n  web: {{use: web, targets: fronts, was: [t{number:03}/homepage]}}\n{elsewhere}  \
           zone: {{use: base, probe: dns, targets: [{{name: ns1, address: \"127.0.0.1:{dns}\"}}], \
             settings: {{query: shop.demo.test, type: A, answers: {{any: [192.0.2.10]}}}}, objectives: {{availability: 99.5%, over: check}}}}\n"
    )
}

struct Fleet {
    folder: tempfile::TempDir,
    ports: Vec<u16>,
    web: u16,
    dns: u16,
    _peers: (Nginx, Knot),
}

impl Fleet {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let web = free_port();
        // One team's API is down.
        let server = format!(
            "server {{ listen 127.0.0.1:{web}; location / {{ return 200; }} location = /healthz/7 {{ return 503; }} }}"
        );
        let peers = folder.path().join("peers");
        fs::create_dir_all(&peers).unwrap();
        let nginx = Nginx::start(&peers, web, &server);
        let knot = Knot::start(&peers);
        let fleet = Self {
            ports: LOCATIONS.iter().map(|_| free_port()).collect(),
            dns: knot.port,
            folder,
            web,
            _peers: (nginx, knot),
        };
        // Each location has its own checkout of the same files.
        for location in LOCATIONS {
            let place = fleet.folder.path().join(location);
            fs::create_dir_all(place.join("teams")).unwrap();
            fs::write(place.join("leadsman.yaml"), platform()).unwrap();
            for number in 0..TEAMS {
                let text = team(number, fleet.web, fleet.dns);
                fs::write(place.join(format!("teams/t{number:03}.yaml")), text).unwrap();
            }
        }
        fleet
    }

    fn daemon(&self, location: &str) -> Daemon {
        let ports = LOCATIONS.iter().zip(&self.ports);
        let mut port = ports
            .filter(|(name, _)| **name == location)
            .map(|(_, port)| *port);
        let port = port.next().expect("the location is one of the fleet");
        let mut command = leadsman();
        command.env("LEADSMAN_LOCATION", location);
        let file = self.folder.path().join(location).join("leadsman.yaml");
        Daemon::start_as(command, &file, port, &[])
    }

    fn prometheus(&self) -> Prometheus {
        let targets: Vec<String> = self
            .ports
            .iter()
            .map(|port| format!("'127.0.0.1:{port}'"))
            .collect();
        let text = format!(
            "global: {{scrape_interval: 2s}}\nscrape_configs:\n  - job_name: leadsman\n    static_configs: [{{targets: [{}]}}]\n",
            targets.join(", ")
        );
        let file = self.folder.path().join("prometheus.yml");
        fs::write(&file, text).unwrap();
        Prometheus::start(&file, &[])
    }
}

fn labels<'a>(found: &'a [Value], name: &str) -> Vec<&'a str> {
    let mut labels: Vec<&str> = found
        .iter()
        .filter_map(|series| http::at(series, &format!("/metric/{name}")).as_str())
        .collect();
    labels.sort_unstable();
    labels
}

/// Where something is down in two locations, or in all.
const DOWN: &str = "count by (check,target)(leadsman_last_outcome == 0) >= 2 or count by (check,target)(leadsman_last_outcome == 0) == count by (check,target)(leadsman_last_outcome)";

#[test]
fn the_wall_answers_with_the_truth_about_300_teams_in_three_locations() {
    let fleet = Fleet::new();
    let mut daemons = vec![fleet.daemon("eu-west"), fleet.daemon("us-east")];
    let mut prometheus = fleet.prometheus();

    // 12: the location that is silent.
    let silent = "group by (location)(leadsman_location_expected) unless on (location) group by (location)(leadsman_location_healthy == 1)";
    let found = prometheus.until(silent, |found| (found.len() == 1).then(|| found.to_vec()));
    assert_eq!(labels(&found, "location"), ["ap-south"]);
    daemons.push(fleet.daemon("ap-south"));
    prometheus.until(silent, |found| found.is_empty().then_some(()));

    // Every check-target of every location has run: 900 in each, and two more in two of them.
    let all = "count(leadsman_last_outcome)";
    prometheus.until(all, |found| {
        (found.first()?["value"][1] == "2704").then_some(())
    });

    // 1: one of 901 targets is down, in every location.
    let bad = prometheus.query("count(leadsman_last_outcome == 0)");
    assert_eq!(bad[0]["value"][1], "3", "{bad:?}");

    // 2 and 3: what is down, and whose it is.
    let down = prometheus.query(DOWN);
    assert_eq!(
        (labels(&down, "check"), labels(&down, "target")),
        (vec!["t007/web"], vec!["api"])
    );
    let whose = format!(
        "({DOWN}) * on (check) group_left(team,service,tier,severity,runbook_url) topk by (check)(1, max by (check,team,service,tier,severity,runbook_url)(leadsman_check_info))"
    );
    let owner = prometheus.query(&whose);
    for (label, value) in [
        ("team", "t007"),
        ("service", "s007"),
        ("tier", "1"),
        ("severity", "critical"),
        ("runbook_url", "https://wiki.example/t007/web"),
    ] {
        assert_eq!(labels(&owner, label), [value]);
    }

    // 4: why, once a reason has been seen to rise.
    let why = "topk by (check)(3, sum by (check,reason)(increase(leadsman_run_reasons_total{outcome=\"fail\"}[15m]))) > 0";
    let reasons = prometheus.until(why, |found| (!found.is_empty()).then(|| found.to_vec()));
    assert_eq!(labels(&reasons, "check"), ["t007/web"]);
    assert_eq!(labels(&reasons, "reason"), ["http_status"]);

    // 11 and 14: no location is blind, and none misses ticks.
    let ticks = prometheus.query("sum by (location)(leadsman_ticks_total)");
    assert_eq!(ticks.len(), 3);
    let missed = prometheus.query("sum(leadsman_missed_ticks_total) > 0");
    assert!(missed.is_empty(), "{missed:?}");

    // 13: every check is seen from as many locations as it should be.
    let few = "count by (check)(group by (check,location)(leadsman_last_outcome)) < on (check) max by (check)(leadsman_check_locations)";
    assert!(prometheus.query(few).is_empty());

    // 16: the same files everywhere, and then a bad one in one place.
    let drift = "count(count by (revision)(leadsman_config_info)) > 1 or min by (location,file,team)(leadsman_config_file_last_load_successful) == 0";
    assert!(prometheus.query(drift).is_empty());
    let broken = fleet.folder.path().join("us-east/teams/t003.yaml");
    fs::write(&broken, "team: t003\nchekcs: {}\n").unwrap();
    daemons[1].process.signal("HUP");
    let found = prometheus.until(drift, |found| (!found.is_empty()).then(|| found.to_vec()));
    assert_eq!(labels(&found, "location"), ["us-east"]);
    assert_eq!(labels(&found, "team"), ["t003"]);
    assert_eq!(labels(&found, "file"), [broken.to_str().unwrap()]);

    // 20: who costs series.
    let costs = prometheus.query("sum by (check)(leadsman_series)");
    assert_eq!(costs.len(), 2 * TEAMS + 1);
    let dearest = prometheus.query("topk(1, sum by (check)(leadsman_series))");
    assert!(
        labels(&dearest, "check")[0].ends_with("/web"),
        "{dearest:?}"
    );

    // The mistake of one team has cost nobody a run.
    let still = prometheus.query(all);
    assert_eq!(still[0]["value"][1], "2704");
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

#[test]
fn the_example_of_a_fleet_is_valid_in_each_of_its_locations_and_in_no_other() {
    let file = examples().join("fleet/leadsman.yaml");
    let validate = |location: Option<&str>, more: &[&str]| {
        let mut command = leadsman();
        command.env_remove("LEADSMAN_LOCATION");
        command.envs(location.map(|location| ("LEADSMAN_LOCATION", location)));
        let output = command
            .arg("validate")
            .arg("--config")
            .arg(&file)
            .args(more)
            .output()
            .unwrap();
        let told =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), told)
    };
    for (location, checks) in [("eu-west", 5), ("us-east", 5), ("ap-south", 4)] {
        let (status, told) = validate(Some(location), &[]);
        assert_eq!(status, Some(0), "{told}");
        assert!(told.contains(&format!("{checks} checks")), "{told}");
    }
    let (status, told) = validate(Some("eu-wets"), &[]);
    assert_eq!(status, Some(78));
    assert!(told.contains("did you mean `eu-west`?"), "{told}");
    let (status, told) = validate(None, &["--format", "github"]);
    assert_eq!(status, Some(78));
    assert!(told.starts_with("::error file="), "{told}");
    let (status, told) = validate(
        Some("eu-west"),
        &["--series", "--diff", file.to_str().unwrap()],
    );
    assert_eq!(status, Some(0));
    assert!(
        told.contains("shop/checkout") && told.contains("5 unchanged"),
        "{told}"
    );
    // None of the example's names is to be had: each is told, and where it is written nothing is sent.
    let (status, told) = validate(Some("eu-west"), &["--resolve", "--format", "json"]);
    assert_eq!(status, Some(69), "{told}");
}

#[test]
fn every_example_fits_the_schema_that_editors_are_given() {
    let printed = leadsman_with(&["schema"]);
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in [
        "quickstart.yaml",
        "fleet/leadsman.yaml",
        "fleet/teams/shop.yaml",
        "fleet/teams/pay.yaml",
    ] {
        let text = fs::read_to_string(examples().join(name)).unwrap();
        let value: Value = serde_saphyr::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}
