//! A kept run of a journey: its steps, what each of them asked, and what was not met, where it was not.

use std::fs;

use leadsman_example_shop::{Fault, Options, Shop};

use crate::real::{chromium::Chromium, daemon::Daemon, http, journeys::configuration};

/// The example's journey through a shop that refuses orders, as a daemon has run it.
struct Failed {
    daemon: Daemon,
    run: String,
    _shop: Shop,
    _folder: tempfile::TempDir,
}

impl Failed {
    fn run(fault: Fault) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::start(&Options {
            fault,
            ..Options::default()
        })
        .unwrap();
        let file = configuration(folder.path(), &shop);
        let text = fs::read_to_string(&file).unwrap();
        let often = text
            .replace("interval: 30s", "interval: 2s")
            .replace("timeout: 15s", "timeout: 1900ms");
        fs::write(&file, often).unwrap();
        let mut daemon = Daemon::start(&file);
        daemon.all_have_run();
        let runs = http::json(daemon.port, "/api/v1/runs").unwrap();
        let run = http::at(&runs, "/runs/0/run").as_str().unwrap().to_owned();
        Self {
            daemon,
            run,
            _shop: shop,
            _folder: folder,
        }
    }
}

/// What each line of the waterfall is: how deep, or why; and its text.
const LINES: &str = "[...document.querySelectorAll('.waterfall li:not(.rule)')].map((line) => line.className + '|' + (line.querySelector('.label') ?? line).textContent).join('\\n')";

#[test]
fn a_journeys_waterfall_has_its_operations_under_their_steps_and_each_unmet_expectation_under_its_own()
 {
    let failed = Failed::run(Fault::CreateConflicts);
    let mut page = Chromium::start();
    page.open(failed.daemon.port, &format!("/runs/{}", failed.run));
    let drawn = page.text(LINES);
    let lines: Vec<&str> = drawn
        .lines()
        .filter(|line| !line.starts_with("bar depth2"))
        .collect();
    let begins = [
        "bar depth0|✓ sign in",
        "bar depth1|POST http://",
        "bar depth0|✕ create",
        "why|status expected 201, got 409 ",
        "why|body body.$.status expected \"pending\", got nothing there ",
        "bar depth1|POST http://",
        "bar depth0|✓ sign out",
        "bar depth1|DELETE http://",
    ];
    assert_eq!(lines.len(), begins.len(), "{drawn}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line} is not {begin}:\n{drawn}");
    }
    assert!(lines[3].contains("leadsman.yaml:"), "{drawn}");
    // What failed stands open, and says of which step it is.
    let open = page.text("[...document.querySelectorAll('details.operation[open] summary')].map((one) => one.textContent).join('\\n')");
    assert!(
        open.starts_with("create: POST http://") && open.lines().count() == 1,
        "{open}"
    );
    assert!(page.complaints().is_empty(), "{:?}", page.complaints());
}

#[test]
fn a_step_whose_connection_failed_says_so() {
    let failed = Failed::run(Fault::Resets);
    let mut page = Chromium::start();
    page.open(failed.daemon.port, &format!("/runs/{}", failed.run));
    let why = page.text("document.querySelector('.why').textContent");
    let step = page.text(
        "document.querySelector('.why').previousElementSibling.querySelector('.label').textContent",
    );
    assert_eq!(step, "✕ create");
    assert!(why.contains("leadsman.yaml:") && why.len() > 30, "{why}");
}
