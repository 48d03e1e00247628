//! The page and the API behind a real reverse proxy, below a path that is not `/`, in a real Chromium.

use std::{fs, path::Path};

use super::{
    chromium::Chromium,
    daemon::{leadsman, leadsman_with},
    http,
    nginx::Nginx,
    process::{Process, free_port},
    scrape,
};

/// Where the proxy has the daemon.
const BELOW: &str = "/ops/prober";

/// A daemon with one team's failing check, behind an nginx.
struct Site {
    browser: Chromium,
    process: Process,
    /// The daemon's own port, and the proxy's.
    daemon: u16,
    proxy: u16,
    _nginx: Nginx,
    _folder: tempfile::TempDir,
}

impl Site {
    /// `takes_off`: whether the proxy takes the path off before it asks the daemon; else the daemon is told of it.
    fn start(takes_off: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (daemon, proxy, closed) = (free_port(), free_port(), free_port());
        let to = if takes_off { "/" } else { "" };
        let server = format!(
            "server {{ listen 127.0.0.1:{proxy}; location {BELOW}/ {{ proxy_pass http://127.0.0.1:{daemon}{to}; }} }}"
        );
        let nginx = Nginx::start(folder.path(), proxy, &server);
        let file = folder.path().join("leadsman.yaml");
        let platform = "location: eu-west\nlocations: {eu-west: {}}\ninclude: ['*.team.yaml']\nteams: {shop: {hosts: ['127.0.0.1']}}\n";
        let team = format!(
            "team: shop\nchecks: {{closed: {{probe: tcp, interval: 1s, timeout: 900ms, targets: ['127.0.0.1:{closed}']}}}}\n"
        );
        fs::write(folder.path().join("shop.team.yaml"), team).unwrap();
        fs::write(&file, platform).unwrap();
        let external = format!("--web.external-url=http://127.0.0.1:{proxy}{BELOW}/");
        let options = if takes_off {
            Vec::new()
        } else {
            vec![external]
        };
        let process = served(&file, daemon, &options);
        let mut site = Self {
            browser: Chromium::start(),
            process,
            daemon,
            proxy,
            _nginx: nginx,
            _folder: folder,
        };
        let failed = |text: &str| scrape::sum(text, "leadsman_last_failure_info", &[]) > 0.5;
        let path = format!("{BELOW}/metrics");
        site.process.until("the check has failed", || {
            http::text(proxy, &path).filter(|text| failed(text))
        });
        site
    }

    fn open(&mut self, path: &str) -> &mut Chromium {
        self.browser.open(self.proxy, &format!("{BELOW}{path}"));
        &mut self.browser
    }

    /// Reads on from the first page as a person does: by its links alone.
    fn is_walked_through(&mut self) {
        let page = self.open("/");
        let title = page.text("document.title");
        assert_eq!(title, "✕ 1 failing, eu-west – Leadsman");
        page.value("document.querySelector('.line a').click()");
        page.until(&format!(
            "location.pathname === '{BELOW}/checks/shop/closed' && document.body?.dataset.ready === 'yes'"
        ));
        let links = "[...document.querySelectorAll('footer a, header a')].map((link) => new URL(link.href).pathname)";
        let outside = format!("{links}.filter((path) => !path.startsWith('{BELOW}/'))");
        assert_eq!(page.value(&outside), serde_json::json!([]));
        page.value("document.querySelector('.history a').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))");
        page.until(&format!(
            "location.pathname.startsWith('{BELOW}/runs/') && document.body?.dataset.ready === 'yes'"
        ));
        let json = page.text("[...document.querySelectorAll('dl a')].at(-1).pathname");
        assert!(http::json(self.proxy, &json).is_some(), "{json}");
        let page = &mut self.browser;
        page.value("document.querySelector('header a').click()");
        page.until(&format!(
            "location.pathname === '{BELOW}/' && document.body?.dataset.ready === 'yes'"
        ));
        assert!(page.complaints().is_empty(), "{:?}", page.complaints());
    }
}

/// A daemon that answers either at `/` or below its prefix.
fn served(file: &Path, port: u16, options: &[String]) -> Process {
    let mut command = leadsman();
    command.args(["run", "--config"]).arg(file).args(options);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let mut process = Process::start(&mut command, &file.with_extension("log"));
    process.until("the daemon is healthy", || {
        let below = http::text(port, &format!("{BELOW}/-/healthy"));
        below.or_else(|| http::text(port, "/-/healthy"))
    });
    process
}

#[test]
fn behind_a_proxy_that_takes_its_path_off_the_page_needs_no_flag() {
    let mut site = Site::start(true);
    site.is_walked_through();
    assert!(http::text(site.daemon, "/metrics").is_some());
}

#[test]
fn below_the_path_of_its_external_address_everything_is_served_and_nothing_else() {
    let mut site = Site::start(false);
    site.is_walked_through();
    assert_eq!(http::get(site.daemon, "/metrics").unwrap().0, 404);
    assert_eq!(http::get(site.daemon, "/").unwrap().0, 302);
    // The command asks it where it is, too.
    let url = format!("http://127.0.0.1:{}{BELOW}", site.daemon);
    let output = leadsman_with(&["status", "--url", &url]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("shop/closed"), "{told}");
}

#[test]
fn an_alert_can_carry_the_link_to_a_failed_run() {
    let mut site = Site::start(false);
    let text = http::text(site.proxy, &format!("{BELOW}/metrics")).unwrap();
    let label = |family: &str, label: &str| {
        let sample = scrape::samples(&text)
            .into_iter()
            .find(|sample| sample.name == family);
        sample.unwrap().labels[label].clone()
    };
    // What `{{ $labels.external_url }}/runs/{{ $labels.run }}` comes to.
    let link = format!(
        "{}/runs/{}",
        label("leadsman_web_info", "external_url"),
        label("leadsman_last_failure_info", "run")
    );
    let page = &mut site.browser;
    page.go(&link);
    let title = page.text("document.title");
    assert!(title.starts_with("✕ shop/closed on 127.0.0.1:"), "{title}");
    assert!(
        page.text("document.querySelector('main').innerText")
            .contains("connect_refused")
    );
}
