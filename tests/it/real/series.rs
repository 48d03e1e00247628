//! What `leadsman validate --series` foretells, held against what a daemon exposes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    certificates::{Authority, Validity},
    daemon::{Daemon, leadsman},
    http,
    images::component,
    nginx::Nginx,
    process::free_port,
    registry::{Key, Registry},
    scrape,
    zone::Knot,
};

/// A name of the zone that leads to this machine.
const HOST: &str = "www.demo.test";

/// Where the example's own probe comes from.
const EXAMPLE: &str = "oci: \"registry.example/probes/s3@sha256:0c5e1f3a7b9d2846e0c5a1b3d7f9e2c4860b1d3f5a7c9e1b3d5f7a9c0e2b4d6f\", signed_by: keys/storage.pub, ";

/// The example of a fleet, with its names led to this machine and nothing else changed but how often.
struct Example {
    folder: tempfile::TempDir,
    web: u16,
    _peers: (Nginx, Knot, Registry),
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/fleet")
}

impl Example {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (place, web) = (folder.path(), free_port());
        let certificate = Authority::new(place).signs(HOST, Validity::Days(60));
        fs::create_dir_all(place.join("files/invoices")).unwrap();
        let server = format!(
            "server {{ listen 127.0.0.1:{web} ssl; ssl_certificate {}; ssl_certificate_key {}; location / {{ return 200 '{{\"token\": \"t0ken\"}}'; }} \
             location /invoices/ {{ root {}; dav_methods PUT DELETE; }} }}",
            certificate.certificate.display(),
            certificate.key.display(),
            place.join("files").display()
        );
        let registry = Registry::open(place);
        let (digest, key) = (registry.push(&component()), Key::new(place, "storage"));
        registry.sign(&digest, &key);
        let image = format!("127.0.0.1:{}/probes/s3@sha256:{digest}", registry.port);
        let nginx = Nginx::start(place, web, &server);
        let knot = Knot::start(place);
        fs::write(place.join("shop-login"), "rope").unwrap();
        for file in [
            "leadsman.yaml",
            "teams/shop.yaml",
            "teams/pay.yaml",
            "teams/sd/shop-eu.json",
        ] {
            let text = fs::read_to_string(examples().join(file)).unwrap();
            let path = place.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, led_here(text, web, knot.port, &image)).unwrap();
        }
        Self {
            folder,
            web,
            _peers: (nginx, knot, registry),
        }
    }

    fn command(&self) -> std::process::Command {
        let mut command = leadsman();
        command.env("LEADSMAN_LOCATION", "eu-west");
        command.env("CREDENTIALS_DIRECTORY", self.folder.path());
        command
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("leadsman.yaml")
    }

    /// What `validate --series` says of each check.
    fn foretold(&self) -> BTreeMap<String, usize> {
        let mut command = self.command();
        command.args(["validate", "--series", "--format", "json", "--config"]);
        let output = command.arg(self.file()).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).expect("the example is valid");
        let checks = http::at(&report, "/series/checks").as_array().unwrap();
        let series = |check: &Value| usize::try_from(check["here"].as_u64().unwrap()).unwrap();
        let named = checks
            .iter()
            .map(|check| (check["name"].as_str().unwrap().to_owned(), series(check)));
        named.collect()
    }
}

fn led_here(text: String, web: u16, dns: u16, image: &str) -> String {
    let probe = format!("oci: '{image}', plain_http: true, signed_by: storage.pub, ");
    let here = format!("https://{HOST}:{web}");
    let network = format!(
        "network: {{private: targets, allow: [127.0.0.0/8], resolver: ['127.0.0.1:{dns}']}}\ntls: {{ca: [ca.pem]}}"
    );
    let hosts = format!("hosts: [{HOST}, 127.0.0.1]");
    let resolver = format!("127.0.0.1:{dns}");
    let changes: [(&str, &str); 20] = [
        ("network: {private: targets}", &network),
        (
            "hosts: [shop.example, \"*.shop.example\", pay.example, s3.example]",
            &hosts,
        ),
        (EXAMPLE, &probe),
        ("https://s3.example", &here),
        ("hosts: [\"*.pay.example\"]", &hosts),
        ("https://api.shop.example", &here),
        ("https://www.pay.example", &here),
        ("https://de.shop.example", &here),
        ("https://fr.shop.example", &here),
        ("https://shop.example", &here),
        ("https://pay.example", &here),
        ("under: 800ms}", "under: 4s}"),
        ("ns1.shop.example:53", &resolver),
        ("ns2.shop.example:53", &resolver),
        ("query: shop.example", "query: shop.demo.test"),
        (
            "interval: 60s, timeout: 10s",
            "interval: 1s, timeout: 900ms",
        ),
        ("min_interval: 10s", "min_interval: 1s"),
        ("interval: 1h", "interval: 1s"),
        ("interval: 2m", "interval: 1s"),
        ("under: 500ms", "under: 800ms"),
    ];
    changes
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

/// How many samples of the text exposition each check has.
fn exposed(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for sample in scrape::samples(text) {
        if let Some(check) = sample.labels.get("check") {
            *counts.entry(check.clone()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn what_is_foretold_of_the_example_fleet_is_an_upper_bound_and_no_tenth_too_much() {
    let example = Example::new();
    let foretold = example.foretold();
    assert!(example.web > 0 && foretold.len() == 6, "{foretold:?}");
    let mut daemon = Daemon::start_as(example.command(), &example.file(), free_port(), &[]);
    let port = daemon.port;
    let checks = daemon.process.until("all is well", || {
        let told = http::json(port, "/api/v1/checks")?;
        let checks = told["checks"].as_array()?.clone();
        let well = |check: &Value| check["last"]["outcome"] == "pass";
        checks.iter().all(well).then_some(checks)
    });
    assert_eq!(checks.len(), 4 + 4 + 2 + 1 + 1 + 1);
    // What appears is told as 0 first.
    daemon.metrics();
    let text = daemon.metrics();
    let exposed = exposed(&text);
    assert_eq!(
        foretold.keys().collect::<Vec<_>>(),
        exposed.keys().collect::<Vec<_>>()
    );
    // What a probe in code makes of its own steps is not known before it runs.
    let of_bundled = |(check, _): &(String, usize)| check != "shop/invoices";
    for (check, foretold) in foretold.into_iter().filter(of_bundled) {
        let real = exposed[&check];
        assert!(
            real <= foretold,
            "{check}: {foretold} foretold, {real} exposed"
        );
        assert!(
            foretold * 10 <= real * 11,
            "{check}: {foretold} foretold, {real} exposed"
        );
        let own = scrape::sum(&text, "leadsman_series", &[("check", &check)]);
        assert!(
            (own - f64::from(u32::try_from(real).unwrap())).abs() < 0.5,
            "{check}: {own} of {real}"
        );
    }
}
