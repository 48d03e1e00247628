//! The files of a fleet, the sketch's and 299 teams' more, and the services that they name.

use std::{fs, path::Path};

use leadsman_tests::guests;

use super::super::{certificates::Certificate, nginx::Nginx};

/// Who else a fleet has: 299 teams like any other.
pub(super) const OTHERS: std::ops::Range<usize> = 1..300;

/// What the shop's password is, and the token that its sign-in gives.
pub(super) const PASSWORD: &str = "s3cret-of-the-shop";
const TOKEN: &str = "t0ken-of-the-shop";

/// `synthetic:s3cret-of-the-shop` in base64.
const CREDENTIALS: &str = "c3ludGhldGljOnMzY3JldC1vZi10aGUtc2hvcA==";

/// Where the peers of the fleet are.
pub(super) struct Ports {
    pub(super) web: u16,
    pub(super) secure: u16,
    pub(super) pay: u16,
    pub(super) dns: u16,
    pub(super) registry: u16,
    pub(super) flaky: u16,
}

/// The platform's file: the sketch's, with addresses of loopback and a tick every 10 s.
fn platform(ports: &Ports, digest: &str) -> String {
    let ceiling = |team: usize| {
        format!(
            "  t{team:03}: {{checks: 200, series: 10000, min_interval: 10s, hosts: [127.0.0.1]}}\n"
        )
    };
    let teams: String = OTHERS.map(ceiling).collect();
    let panics = guests::folder().join("panics.wasm");
    let panics = panics.display();
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
           shop-login: {{file: ../shop-login, hosts: ['https://127.0.0.1:{secure}'], teams: [shop]}}\n  \
           lost: {{file: ../lost, hosts: [127.0.0.1], teams: [odd]}}\n\
         probes:\n  \
           s3: {{oci: '127.0.0.1:{registry}/probes/s3@sha256:{digest}', plain_http: true, signed_by: ../storage.pub, may: {{hosts: ['https://127.0.0.1:{secure}']}}}}\n  \
           panics: {{file: {panics}}}\n\
         alerts: {{severity: {{page: critical, ticket: warning}}}}\n\
         templates:\n  \
           base: {{interval: 10s, timeout: 5s, retries: 0, locations: all, page: {{locations: 2, bad: 2}}}}\n  \
           web:\n    extends: base\n    probe: http\n    settings: {{status: 2xx, redirects: same-site}}\n    \
             objectives: {{availability: 99.9%, latency: {{under: 500ms, at_least: 95%}}, window: 30d}}\n  \
           cert: {{extends: base, probe: tls, interval: 10s, expiry: {{ticket: 21d, page: 3d}}}}\n\
         teams:\n  \
           shop: {{checks: 200, series: 10000, min_interval: 10s, hosts: [127.0.0.1]}}\n  \
           odd: {{hosts: [127.0.0.1, 10.66.0.1]}}\n{teams}"
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

/// A team with everything that goes wrong without anybody being down: what nobody can judge, what is slow, what
/// passes at the second attempt.
fn odd(ports: &Ports) -> String {
    let Ports { web, flaky, .. } = ports;
    format!(
        "team: odd\nchecks:\n  \
           blind: {{use: web, targets: ['http://127.0.0.1:{web}'], grants: {{secrets: [lost]}}, settings: {{bearer: {{secret: lost}}}}}}\n  \
           denied: {{use: web, targets: ['http://10.66.0.1']}}\n  \
           crashing: {{use: base, probe: panics, targets: ['127.0.0.1:{web}']}}\n  \
           slow: {{use: web, targets: ['http://127.0.0.1:{web}'], settings: {{degraded_above: 1us}}}}\n  \
           flaky: {{use: web, locations: [eu-west], timeout: 2s, retries: {{attempts: 1, delay: 100ms}}, targets: ['http://127.0.0.1:{flaky}']}}\n"
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
pub(super) fn services(folder: &Path, ports: &Ports, certificate: &Certificate) -> Nginx {
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

/// The fleet's files at one place.
pub(super) fn checkout(place: &Path, ports: &Ports, digest: &str) {
    let teams = place.join("teams");
    fs::create_dir_all(teams.join("sd")).unwrap();
    fs::write(place.join("leadsman.yaml"), platform(ports, digest)).unwrap();
    fs::write(teams.join("shop.yaml"), shop(ports)).unwrap();
    fs::write(teams.join("odd.yaml"), odd(ports)).unwrap();
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
