//! A fleet: the sketch's files and 299 teams more, three locations, one Prometheus, and the panels that an SRE has on the wall.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    certificates::{Authority, Certificate, Validity},
    daemon::{Daemon, leadsman, leadsman_with},
    http,
    images::component,
    nginx::Nginx,
    process::free_port,
    prometheus::Prometheus,
    registry::{Key, Registry},
    zone::Knot,
};

const LOCATIONS: [&str; 3] = ["eu-west", "us-east", "ap-south"];
const TEAMS: usize = 300;

/// Who else a fleet has: 299 teams like any other.
const OTHERS: std::ops::Range<usize> = 1..TEAMS;

/// What the shop's password is, and the token that its sign-in gives.
const PASSWORD: &str = "s3cret-of-the-shop";
const TOKEN: &str = "t0ken-of-the-shop";

/// `synthetic:s3cret-of-the-shop` in base64.
const CREDENTIALS: &str = "c3ludGhldGljOnMzY3JldC1vZi10aGUtc2hvcA==";

/// Where the peers of the fleet are.
struct Ports {
    web: u16,
    secure: u16,
    pay: u16,
    dns: u16,
    registry: u16,
}

/// The platform's file: the sketch's, with addresses of loopback and a tick every 10 s.
fn platform(ports: &Ports, digest: &str) -> String {
    let ceiling = |team: usize| {
        format!(
            "  t{team:03}: {{checks: 200, series: 10000, min_interval: 10s, hosts: [127.0.0.1]}}\n"
        )
    };
    let teams: String = OTHERS.map(ceiling).collect();
    let Ports {
        secure, registry, ..
    } = ports;
    format!(
        "location: ${{env:LEADSMAN_LOCATION}}\n\
         locations: {{eu-west: {{}}, us-east: {{}}, ap-south: {{}}}}\n\
         include: [teams/*.yaml]\n\
         network: {{private: targets, deny: [10.66.0.0/16], resolver: system, family: auto}}\n\
         tls: {{ca: [system, ../ca.pem]}}\n\
         secrets:\n  \
           shop-login: {{file: ../shop-login, hosts: ['https://127.0.0.1:{secure}'], teams: [shop]}}\n\
         probes:\n  \
           s3: {{oci: '127.0.0.1:{registry}/probes/s3@sha256:{digest}', plain_http: true, signed_by: ../storage.pub, may: {{hosts: ['https://127.0.0.1:{secure}']}}}}\n\
         alerts: {{severity: {{page: critical, ticket: warning}}}}\n\
         templates:\n  \
           base: {{interval: 10s, timeout: 5s, retries: 0, locations: all, page: {{locations: 2, bad: 2}}}}\n  \
           web:\n    extends: base\n    probe: http\n    settings: {{status: 2xx, redirects: same-site}}\n    \
             objectives: {{availability: 99.9%, latency: {{under: 500ms, at_least: 95%}}, window: 30d}}\n  \
           cert: {{extends: base, probe: tls, interval: 10s, expiry: {{ticket: 21d, page: 3d}}}}\n\
         teams:\n  \
           shop: {{checks: 200, series: 10000, min_interval: 10s, hosts: [127.0.0.1]}}\n{teams}"
    )
}

/// The shop's file: the sketch's, with addresses of loopback and a tick every 10 s.
fn shop(ports: &Ports) -> String {
    let Ports {
        secure, pay, dns, ..
    } = ports;
    format!(
        "team: shop\n\
         labels: {{service: shop, tier: \"1\"}}\n\
         alerts: {{runbook: \"https://wiki.corp/shop/${{check.key}}\", severity: {{page: critical, ticket: warning}}}}\n\
         maintenance: [{{cron: \"0 3 * * SUN\", for: 1h, timezone: Europe/Berlin}}]\n\
         targets:\n  fronts:\n    \
           - {{name: home, address: \"https://127.0.0.1:{secure}\"}}\n    \
           - {{name: api, address: \"https://127.0.0.1:{secure}\", set: {{path: /healthz}}, labels: {{part: api}}}}\n    \
           - file_sd: sd/shop-*.json\n\
         checks:\n  \
           web:  {{use: web, targets: fronts, was: [shop/homepage]}}\n  \
           cert: {{use: cert, targets: fronts}}\n  \
           zone:\n    use: base\n    probe: dns\n    \
             targets: [{{name: ns1, address: \"127.0.0.1:{dns}\"}}, {{name: ns2, address: \"127.0.0.1:{dns}\"}}]\n    \
             settings: {{query: shop.demo.test, type: A, answers: {{any: [192.0.2.10]}}}}\n    \
             objectives: {{availability: 99.5%, over: check}}\n  \
           checkout:\n    use: base\n    probe: journey\n    locations: [eu-west, us-east]\n    \
             targets: [{{name: shop, address: \"https://127.0.0.1:{secure}\"}}]\n    depends_on: [shop/zone]\n    \
             grants: {{hosts: [\"https://127.0.0.1:{pay}\"], secrets: [shop-login]}}\n    settings:\n      steps:\n        \
               - {{name: log in, request: {{method: POST, path: /login, basic: {{user: synthetic, secret: shop-login}}}}, capture: {{token: {{json: $.token}}}}}}\n        \
               - {{name: pay, request: {{url: \"https://127.0.0.1:{pay}/quote\", bearer: \"${{token}}\"}}, expect: {{status: 200}}, under: 4s}}\n    \
             objectives: {{availability: 99.5%}}\n  \
           invoices:\n    use: base\n    probe: s3\n    \
             targets: [{{name: bucket, address: \"https://127.0.0.1:{secure}\"}}]\n    \
             settings: {{bucket: invoices, size: 4KiB}}\n    objectives: {{availability: 99.9%, unknown: bad}}\n"
    )
}

/// Another team's file: two fronts of which one has a setting of its own, and a zone.
fn team(number: usize, ports: &Ports) -> String {
    let Ports { web, dns, .. } = ports;
    format!(
        "team: t{number:03}\n\
         labels: {{service: s{number:03}, tier: \"1\"}}\n\
         alerts: {{runbook: \"https://wiki.example/t{number:03}/${{check.key}}\"}}\n\
         maintenance: [{{cron: \"0 3 29 2 *\", for: 1h, timezone: Europe/Berlin}}]\n\
         targets:\n  fronts:\n    \
           - {{name: home, address: \"http://127.0.0.1:{web}\"}}\n    \
           - {{name: api, address: \"http://127.0.0.1:{web}\", set: {{path: /healthz/{number}}}, labels: {{part: api}}}}\n\
         checks:\n  web: {{use: web, targets: fronts, was: [t{number:03}/homepage]}}\n  \
           zone: {{use: base, probe: dns, targets: [{{name: ns1, address: \"127.0.0.1:{dns}\"}}], \
             settings: {{query: shop.demo.test, type: A, answers: {{any: [192.0.2.10]}}}}, objectives: {{availability: 99.5%, over: check}}}}\n"
    )
}

/// The shop, its bank, its object store, and everybody else's service, of which one API is down.
fn services(folder: &Path, ports: &Ports, certificate: &Certificate) -> Nginx {
    let peers = folder.join("peers");
    fs::create_dir_all(peers.join("files/invoices")).unwrap();
    let Ports {
        web, secure, pay, ..
    } = ports;
    let (chain, key) = (certificate.certificate.display(), certificate.key.display());
    let tls = format!(
        "ssl_certificate {chain}; ssl_certificate_key {key}; default_type application/json;"
    );
    let servers = format!(
        "server {{ listen 127.0.0.1:{web}; location / {{ return 200; }} location = /healthz/7 {{ return 503; }} }}\n\
         server {{ listen 127.0.0.1:{secure} ssl; {tls} location / {{ return 200; }}\n\
           location = /login {{ if ($http_authorization != \"Basic {CREDENTIALS}\") {{ return 401; }} return 200 '{{\"token\": \"{TOKEN}\"}}'; }}\n\
           location /invoices/ {{ root {}; dav_methods PUT DELETE; }} }}\n\
         server {{ listen 127.0.0.1:{pay} ssl; {tls}\n\
           location = /quote {{ if ($http_authorization != \"Bearer {TOKEN}\") {{ return 401; }} return 200 '{{}}'; }} }}",
        peers.join("files").display()
    );
    Nginx::start(&peers, *secure, &servers)
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

/// The fleet's files at one place.
fn checkout(place: &Path, ports: &Ports, digest: &str) {
    let teams = place.join("teams");
    fs::create_dir_all(teams.join("sd")).unwrap();
    fs::write(place.join("leadsman.yaml"), platform(ports, digest)).unwrap();
    fs::write(teams.join("shop.yaml"), shop(ports)).unwrap();
    let discovered = format!(
        r#"[{{"targets": ["https://127.0.0.1:{}"], "labels": {{"name": "eu"}}}}]"#,
        ports.secure
    );
    fs::write(teams.join("sd/shop-eu.json"), discovered).unwrap();
    for number in OTHERS {
        fs::write(
            teams.join(format!("t{number:03}.yaml")),
            team(number, ports),
        )
        .unwrap();
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

fn whose_is_what_is_down(prometheus: &Prometheus) {
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
}

fn the_shop_is_well(prometheus: &mut Prometheus) {
    // 10: the certificates that end within 21 days.
    let ends = prometheus.query("sort((min by (check,target)(leadsman_tls_chain_valid_until_timestamp_seconds) - time())/86400 < 21)");
    assert_eq!(
        (labels(&ends, "check"), labels(&ends, "target")),
        (
            vec![
                "shop/cert",
                "shop/cert",
                "shop/cert",
                "shop/checkout",
                "shop/invoices",
                "shop/web",
                "shop/web",
                "shop/web"
            ],
            vec!["api", "api", "bucket", "eu", "eu", "home", "home", "shop"]
        )
    );

    // The checkout goes through all of its steps in its two locations, and the other team's probe runs in all three.
    let steps = "count by (step)(leadsman_step_results_total{check=\"shop/checkout\",outcome=\"pass\"} > 0)";
    let steps = prometheus.until(steps, |found| {
        let seen = |series: &Value| http::at(series, "/value/1") == "2";
        (found.len() == 2 && found.iter().all(seen)).then(|| found.to_vec())
    });
    assert_eq!(labels(&steps, "step"), ["log in", "pay"]);
    let invoices = prometheus.query("leadsman_last_outcome{check=\"shop/invoices\"} == 1");
    assert_eq!(
        labels(&invoices, "location"),
        ["ap-south", "eu-west", "us-east"]
    );
}

fn the_failing_step_is_named(fleet: &Fleet, prometheus: &mut Prometheus) {
    // 18: the journey's failing step, from when the shop knows another password.
    let failing = "topk by (check)(1, sum by (check,step)(increase(leadsman_step_results_total{outcome=\"fail\"}[15m])) > 0)";
    assert!(prometheus.query(failing).is_empty());
    fs::write(fleet.folder.path().join("shop-login"), "another\n").unwrap();
    let found = prometheus.until(failing, |found| (!found.is_empty()).then(|| found.to_vec()));
    assert_eq!(
        (labels(&found, "check"), labels(&found, "step")),
        (vec!["shop/checkout"], vec!["log in"])
    );
}

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

    // Every check-target of every location has run: 906 in each, and one more in two of them.
    let all = "count(leadsman_last_outcome)";
    prometheus.until(all, |found| {
        (found.first()?["value"][1] == "2720").then_some(())
    });

    // 1: one of 907 targets is down, in every location.
    let bad = prometheus.query("count(leadsman_last_outcome == 0)");
    assert_eq!(bad[0]["value"][1], "3", "{bad:?}");

    whose_is_what_is_down(&prometheus);

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

    the_shop_is_well(&mut prometheus);

    // 20: who costs series.
    let costs = prometheus.query("sum by (check)(leadsman_series)");
    assert_eq!(costs.len(), 2 * OTHERS.len() + 5);
    let dearest = prometheus.query("topk(1, sum by (check)(leadsman_series))");
    assert!(labels(&dearest, "check")[0] == "shop/web", "{dearest:?}");

    // The mistake of one team has cost nobody a run.
    let still = prometheus.query(all);
    assert_eq!(still[0]["value"][1], "2720");

    the_failing_step_is_named(&fleet, &mut prometheus);
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
