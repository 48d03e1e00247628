//! The page for people, in a real Chromium, of a daemon whose peers are scripted.

use std::fs;

use super::{
    certificates::{Authority, Validity},
    chromium::Chromium,
    daemon::Daemon,
    desk::{self, Desk},
    nginx::Nginx,
    process::free_port,
};

mod journey;

const HOSTILE: &str = "<img src=x onerror=document.body.remove()>";

/// A daemon with two teams: one whose checks pass, one that has a hostile target, an expired certificate
/// and nobody behind a port.
struct Site {
    daemon: Daemon,
    browser: Chromium,
    _nginx: Nginx,
    _folder: tempfile::TempDir,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let authority = Authority::new(folder.path());
        let expired = Validity::Between("20210101000000Z", "20220101000000Z");
        let certificate = authority.signs("shop.test", expired);
        let (plain, encrypted, closed) = (free_port(), free_port(), free_port());
        let servers = format!(
            "server {{ listen 127.0.0.1:{plain}; add_header X-Hostile '{HOSTILE}'; location / {{ return 200 '{HOSTILE}'; }} }}\n\
             server {{ listen 127.0.0.1:{encrypted} ssl; ssl_certificate {}; ssl_certificate_key {}; location / {{ return 200; }} }}",
            certificate.certificate.display(),
            certificate.key.display(),
        );
        let nginx = Nginx::start(folder.path(), plain, &servers);
        let shop = format!(
            "team: shop\nalerts: {{runbook: 'https://wiki.test/${{check.key}}'}}\nchecks:\n  \
             hostile: {{probe: http, targets: ['http://127.0.0.1:{plain}'], settings: {{expect_body: {{matches: [all is well]}}}}}}\n  \
             expired: {{probe: http, targets: ['https://127.0.0.1:{encrypted}'], settings: {{server_name: shop.test}}, depends_on: [closed]}}\n  \
             closed: {{probe: tcp, targets: ['127.0.0.1:{closed}']}}\n"
        );
        let calm = format!(
            "team: calm\nchecks:\n  fine: {{probe: http, targets: ['http://127.0.0.1:{plain}/one', 'http://127.0.0.1:{plain}/two']}}\n"
        );
        let platform = "location: eu-west\nlocations: {eu-west: {}}\ntls: {ca: [ca.pem]}\ninclude: ['*.team.yaml']\n\
                        teams: {shop: {hosts: ['127.0.0.1']}, calm: {hosts: ['127.0.0.1']}}\ndefaults: {interval: 1s, timeout: 900ms}\n";
        for (file, text) in [
            ("shop.team.yaml", shop.as_str()),
            ("calm.team.yaml", &calm),
            ("leadsman.yaml", platform),
        ] {
            fs::write(folder.path().join(file), text)
                .expect("the folder of the test can be written");
        }
        let mut daemon = Daemon::start(&folder.path().join("leadsman.yaml"));
        daemon.all_have_run();
        Self {
            daemon,
            browser: Chromium::start(),
            _nginx: nginx,
            _folder: folder,
        }
    }

    fn open(&mut self, path: &str) -> &mut Chromium {
        self.browser.open(self.daemon.port, path);
        &mut self.browser
    }
}

/// Asks the page to look again, as it does every 15 s.
const REFRESH: &str = "document.dispatchEvent(new Event('visibilitychange'))";

const TEAMS: &str = "[...document.querySelectorAll('section.team h2')].map((team) => team.firstChild.textContent).join()";

#[test]
fn the_fleet_is_shown_by_team_and_worst_first() {
    let mut site = Site::start();
    let page = site.open("/");
    assert_eq!(
        page.text("document.title"),
        "✕ 3 failing, eu-west – Leadsman"
    );
    assert_eq!(page.text(TEAMS), "shop,calm");
    assert_eq!(page.value("document.querySelectorAll('.line').length"), 3);
    let blind = page.text("document.querySelector('.blind').textContent");
    assert!(blind.contains("revision "), "{blind}");
    // What passes is drawn when somebody looks.
    page.value("document.querySelector('summary').click()");
    page.until("document.querySelectorAll('.line').length === 5");
    assert!(page.complaints().is_empty(), "{:?}", page.complaints());
}

#[test]
fn the_fleet_is_filtered_by_text_and_outcome_and_the_address_keeps_it() {
    let mut site = Site::start();
    let page = site.open("/");
    page.value("document.getElementById('text').focus()");
    page.write("tls_expired");
    page.until("document.querySelectorAll('.line').length === 1");
    assert_eq!(page.text("location.search"), "?q=tls_expired");
    let page = site.open("/?q=fine&state=pass");
    assert_eq!(page.text("document.getElementById('state').value"), "pass");
    assert_eq!(page.value("document.querySelectorAll('.line').length"), 2);
}

#[test]
fn a_check_shows_its_runs_and_a_kept_one_opens_by_its_link() {
    let mut site = Site::start();
    let page = site.open("/checks/shop/expired");
    let title = page.text("document.title");
    assert_eq!(title, "✕ shop/expired failing, tls expired – Leadsman");
    let about = page.text("document.querySelector('dl').textContent");
    assert!(about.contains("every 1 s"), "{about}");
    let runbook = page.text("document.querySelector('a[rel~=noreferrer]').href");
    assert_eq!(runbook, "https://wiki.test/expired");
    let failing =
        "document.querySelector('dl').textContent.includes('Failing dependenciesshop/closed')";
    page.value(REFRESH);
    page.until(failing);
    for drawn in [
        ".history a .cell.fail",
        ".history .point.fail",
        ".history .phase.connect",
    ] {
        let found = page.value(&format!("document.querySelector('{drawn}') !== null"));
        assert_eq!(found, true, "{drawn}");
    }
    page.value("document.querySelector('.history a').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))");
    page.until("location.pathname.startsWith('/runs/') && document.body?.dataset.ready === 'yes'");
    let title = page.text("document.title");
    assert!(title.starts_with("✕ shop/expired on "), "{title}");
    assert!(page.complaints().is_empty(), "{:?}", page.complaints());
}

#[test]
fn a_failed_run_shows_its_waterfall_its_address_and_its_certificates() {
    let mut site = Site::start();
    let page = site.open("/checks/shop/expired");
    let run = page.text("document.querySelector('a[href^=\"/runs/\"]').getAttribute('href')");
    let page = site.open(&run);
    let text = page.text("document.querySelector('main').innerText");
    for said in [
        "tls_expired",
        "whoever owns the service",
        "127.0.0.1:",
        "CN=shop.test",
        "to 2022-01-01, ended ",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let bars = page.text("[...document.querySelectorAll('.bar rect')].map((bar) => bar.getAttribute('class')).join()");
    assert!(
        bars.contains("operation fail,") && bars.contains("phase tls"),
        "{bars}"
    );
}

#[test]
fn what_a_target_sends_is_text_and_never_markup() {
    let mut site = Site::start();
    for path in ["/", "/checks/shop/hostile"] {
        let page = site.open(path);
        // Lines that the browser has not come to draw yet have no inner text.
        let text = page.text("document.body.textContent");
        assert!(text.contains("http_body"), "{path}: {text}");
        assert_eq!(page.value("document.images.length"), 0, "{path}");
    }
    let run = "document.querySelector('a[href^=\"/runs/\"]').getAttribute('href')";
    let run = site.browser.text(run);
    let page = site.open(&run);
    // In the sentence or the body, and in a header.
    let text = page.text("document.body.innerText");
    assert!(text.matches(HOSTILE).count() >= 2, "{text}");
    assert_eq!(page.value("document.images.length"), 0);
    assert!(page.complaints().is_empty(), "{:?}", page.complaints());
}

#[test]
fn a_run_that_is_not_kept_is_a_sentence() {
    let mut site = Site::start();
    let page = site.open("/runs/no-such-run");
    let text = page.text("document.querySelector('main').innerText");
    assert!(text.contains("the run `no-such-run` is not kept"), "{text}");
    assert!(page.text("document.title").starts_with("Not found"));
}

#[test]
fn the_page_is_dark_where_the_reader_prefers_that() {
    let mut site = Site::start();
    let page = site.open("/");
    let ground = "getComputedStyle(document.body).backgroundColor";
    let ink = "getComputedStyle(document.body).color";
    page.prefer("light");
    let light = (page.text(ground), page.text(ink));
    page.prefer("dark");
    let dark = (page.text(ground), page.text(ink));
    assert_eq!(light.0, "rgb(255, 255, 255)");
    assert_eq!(dark.0, "rgb(20, 23, 27)");
    assert_ne!(light.1, dark.1);
}

#[test]
fn the_keyboard_reaches_a_check() {
    let mut site = Site::start();
    let page = site.open("/");
    for _ in 0..12 {
        page.press("Tab", 9);
        let stop = "document.activeElement.pathname === '/checks/shop/closed'";
        if page.value(stop) == true {
            break;
        }
    }
    page.press("Enter", 13);
    page.until("location.pathname === '/checks/shop/closed'");
}

#[test]
fn a_refresh_leaves_the_reader_where_they_were_and_says_when_the_daemon_is_gone() {
    let mut site = Site::start();
    let page = site.open("/");
    page.value("document.querySelector('main').style.paddingTop = '2000px'");
    page.value("document.querySelector('.line a').focus(); window.scrollTo(0, 1500); window.old = document.querySelector('.line')");
    page.value(REFRESH);
    page.until("!window.old.isConnected");
    assert_eq!(page.value("window.scrollY"), 1500);
    assert_eq!(
        page.value("document.activeElement.matches('.line a')"),
        true
    );
    site.daemon.process.signal("KILL");
    site.daemon.process.ended();
    let page = &mut site.browser;
    page.value(REFRESH);
    page.until(
        "document.getElementById('notice').textContent.includes('the daemon does not answer')",
    );
    assert!(page.text("document.title").starts_with("? ✕"));
    assert_eq!(page.value("document.querySelectorAll('.line').length"), 3);
}

#[test]
fn a_file_that_does_less_than_it_says_is_told_beside_those_that_are_wrong() {
    let desk = Desk::new();
    let team = |depends: &str| {
        let text = format!(
            "team: pay\nchecks:\n  web: {{use: web, targets: [{}], depends_on: [{depends}]}}\n",
            desk.target("home")
        );
        desk.write("teams/pay.yaml", &text);
    };
    team("shop/web, shop/api");
    desk.write("teams/bad.yaml", "team: bad\nchekcs: {}\n");
    let mut daemon = desk.daemon(&["--web.enable-lifecycle"]);
    daemon.all_have_run();
    let mut page = Chromium::start();
    page.open(daemon.port, "/");
    let told = page.text("document.querySelector('.blind').innerText");
    let noted = page.text("document.querySelector('.blind .noted').innerText");
    assert!(told.contains("bad.yaml is wrong"), "{told}");
    assert!(
        noted.contains("pay.yaml does less than it says") && noted.contains("`shop/web`"),
        "{noted}"
    );
    assert!(noted.ends_with(", and 1 more"), "{noted}");
    let more = page.text("document.querySelector('.blind .noted a').pathname");
    assert_eq!(more, "/api/v1/files");
    team("");
    assert_eq!(desk::reload(&daemon).0, 400);
    page.value(REFRESH);
    page.until("!document.querySelector('.blind .noted')");
    assert!(page.complaints().is_empty(), "{:?}", page.complaints());
}

#[test]
fn ten_thousand_check_targets_are_counted_but_not_all_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let target = |number| format!("{{name: t{number}, address: '127.0.0.1:1'}}");
    let targets: Vec<String> = (0..10_000).map(target).collect();
    let file = folder.path().join("leadsman.yaml");
    let text = format!(
        "defaults: {{interval: 1h}}\nchecks:\n  many: {{probe: tcp, targets: [{}]}}\n",
        targets.join(", ")
    );
    fs::write(&file, text).unwrap();
    let daemon = Daemon::start(&file);
    let mut page = Chromium::start();
    page.open(daemon.port, "/");
    // Some have run by now, and are counted as what they came to.
    let numbers = "[...document.querySelectorAll('h1 .count')].map((count) => parseInt(count.lastChild.textContent.replaceAll(',', '')))";
    let all = page.value(&format!("{numbers}.reduce((one, other) => one + other)"));
    assert_eq!(all, 10_000);
    page.value("document.querySelector('summary').click()");
    page.until("document.querySelectorAll('.line').length >= 100");
    assert_eq!(
        page.value("document.querySelectorAll('.line').length <= 400"),
        true
    );
}
