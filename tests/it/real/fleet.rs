//! A fleet: the sketch's files and 299 teams more, three locations, one Prometheus, and the panels that an SRE has on the wall.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use leadsman_tests::peer::{Peer, head};
use serde_json::Value;

use self::{
    files::{OTHERS, PASSWORD, Ports, checkout, services},
    wall::labels,
};
use super::{
    certificates::{Authority, Validity},
    daemon::{Daemon, leadsman, leadsman_with},
    images::component,
    nginx::Nginx,
    process::free_port,
    prometheus::Prometheus,
    registry::{Key, Registry},
    zone::Knot,
};

mod files;
mod wall;

const LOCATIONS: [&str; 3] = ["eu-west", "us-east", "ap-south"];

/// A service that fails at every other request.
fn flaky() -> Peer {
    let asked = AtomicUsize::new(0);
    let peer = Peer::start(move |stream| {
        head(stream)?;
        let fails = asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        let status = if fails {
            "503 Service Unavailable"
        } else {
            "200 OK"
        };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes())
    });
    peer.unwrap()
}

struct Fleet {
    folder: tempfile::TempDir,
    ports: Vec<u16>,
    _peers: (Nginx, Knot, Registry),
}

impl Fleet {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        let authority = Authority::new(place);
        let certificate = authority.signs("127.0.0.1", Validity::Days(10));
        let registry = Registry::open(place);
        let (digest, key) = (registry.push(&component()), Key::new(place, "storage"));
        registry.sign(&digest, &key);
        let zone = place.join("zone");
        fs::create_dir_all(&zone).unwrap();
        let knot = Knot::start(&zone);
        let ports = Ports {
            web: free_port(),
            secure: free_port(),
            pay: free_port(),
            dns: knot.port,
            registry: registry.port,
            flaky: flaky().address().port(),
        };
        let nginx = services(place, &ports, &certificate);
        fs::write(place.join("shop-login"), format!("{PASSWORD}\n")).unwrap();
        // Each location has its own checkout of the same files.
        for location in LOCATIONS {
            checkout(&place.join(location), &ports, &digest);
        }
        Self {
            ports: LOCATIONS.iter().map(|_| free_port()).collect(),
            folder,
            _peers: (nginx, knot, registry),
        }
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

#[test]
fn the_wall_answers_with_the_truth_about_300_teams_in_three_locations() {
    let fleet = Fleet::new();
    let mut daemons = vec![fleet.daemon("eu-west"), fleet.daemon("us-east")];
    let mut prometheus = fleet.prometheus();
    wall::names_the_silent_location(&mut prometheus, || daemons.push(fleet.daemon("ap-south")));

    // Every check-target that can be judged has run: 907 in each location, and one or two more in some.
    let all = "count(leadsman_last_outcome)";
    let everybody = |found: &[Value]| (found.first()?["value"][1] == "2724").then_some(());
    prometheus.until(all, everybody);

    wall::says_what_is_down_whose_it_is_and_why(&mut prometheus);
    wall::says_whose_fault_blindness_is(&mut prometheus);
    wall::says_that_nothing_is_late_or_missed(&mut prometheus);
    wall::names_what_crashes_is_slow_or_retried(&mut prometheus);
    wall::says_where_the_time_goes(&mut prometheus);
    wall::knows_certificates_and_steps(&mut prometheus);

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
    let costs = prometheus.query("topk(1000, sum by (check)(leadsman_series))");
    assert_eq!(costs.len(), 2 * OTHERS.len() + 10);
    let dearest = prometheus.query("topk(1, sum by (check)(leadsman_series))");
    assert_eq!(labels(&dearest, "check"), ["shop/web"]);

    // The mistake of one team has cost nobody a run.
    assert!(everybody(&prometheus.query(all)).is_some());

    let changed = || fs::write(fleet.folder.path().join("shop-login"), "another\n").unwrap();
    wall::names_the_failing_step(&mut prometheus, changed);
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
    for (location, checks) in [("eu-west", 6), ("us-east", 6), ("ap-south", 5)] {
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
        told.contains("shop/checkout") && told.contains("6 unchanged"),
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
