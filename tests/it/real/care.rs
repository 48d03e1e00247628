//! What a check's owner says around its runs: maintenance and dependencies, in a running daemon.

use super::{
    daemon::Daemon,
    desk::{Desk, reload},
    process::{free_port, until},
    scrape,
};

/// A window that begins each minute for two is open at every moment.
const OPEN: &str = "maintenance: [{cron: \"* * * * *\", for: 2m, timezone: Europe/Berlin}]\n";

/// A window on one night in four years.
const SHUT: &str = "maintenance: [{cron: \"0 3 29 2 *\", for: 1s, timezone: Europe/Berlin}]\n";

/// A team's file with one check on a target that answers.
fn shop(desk: &Desk, maintenance: &str) {
    let target = desk.target("home");
    let text = format!(
        "team: shop\n{maintenance}checks: {{web: {{use: web, targets: [{target}], objectives: {{availability: 99%}}}}}}\n"
    );
    desk.write("teams/shop.yaml", &text);
}

/// What the daemon says of the check at one moment: valid, excluded and all runs, and whether it says maintenance.
fn seen(daemon: &Daemon) -> [u64; 4] {
    let text = daemon.metrics();
    [
        "leadsman_sli_valid_events_total",
        "leadsman_sli_excluded_events_total",
        "leadsman_runs_total",
        "leadsman_check_maintenance",
    ]
    .map(|name| {
        let sum = scrape::sum(&text, name, &[("check", "shop/web")]);
        // Nothing at all sums up to minus zero.
        sum.abs().to_string().parse().unwrap()
    })
}

fn until_seen(daemon: &Daemon, what: &str, holds: impl Fn([u64; 4]) -> bool) -> [u64; 4] {
    until(what, || Some(seen(daemon)).filter(|seen| holds(*seen)))
}

#[test]
fn runs_in_a_maintenance_window_go_on_and_are_no_events_of_an_sli() {
    let desk = Desk::new();
    shop(&desk, OPEN);
    let daemon = desk.daemon(&["--web.enable-lifecycle"]);
    let open = until_seen(&daemon, "two runs have ended", |[_, _, runs, _]| runs > 1);
    let [valid, excluded, runs, maintenance] = open;
    assert_eq!([valid, excluded, maintenance], [0, runs, 1], "{open:?}");
    assert_eq!(daemon.checks()[0]["in_maintenance"], true);
    shop(&desk, SHUT);
    assert_eq!(reload(&daemon).0, 200);
    let shut = until_seen(&daemon, "two runs count", |[valid, ..]| valid > 1);
    let [valid, left_out, runs, maintenance] = shut;
    assert!(left_out >= excluded, "counters go on: {shut:?}");
    assert_eq!([valid + left_out, maintenance], [runs, 0], "{shut:?}");
}

#[test]
fn a_failing_dependency_is_told_beside_the_check_and_changes_no_outcome() {
    let desk = Desk::new();
    let files = |base: u16| {
        let home = desk.target("home");
        let text = format!(
            "team: shop\nchecks:\n  web: {{use: web, targets: [{home}], depends_on: [base]}}\n  \
             base: {{use: web, targets: [{{name: base, address: \"http://127.0.0.1:{base}\"}}]}}\n"
        );
        desk.write("teams/shop.yaml", &text);
    };
    let failing = |daemon: &Daemon| {
        let labels = [("check", "shop/web"), ("on", "shop/base")];
        scrape::sum(
            &daemon.metrics(),
            "leadsman_check_dependency_failing",
            &labels,
        )
    };
    files(free_port());
    let mut daemon = desk.daemon(&["--web.enable-lifecycle"]);
    daemon.all_have_run();
    until("the dependency fails", || {
        (failing(&daemon) > 0.5).then_some(())
    });
    files(desk.server);
    assert_eq!(reload(&daemon).0, 200);
    until("the dependency is well", || {
        (failing(&daemon) < 0.5).then_some(())
    });
    let labels = [("check", "shop/web"), ("outcome", "pass")];
    let text = daemon.metrics();
    let passed = scrape::sum(&text, "leadsman_runs_total", &labels);
    let all = scrape::sum(&text, "leadsman_runs_total", &labels[..1]);
    assert!(
        passed > 0.5 && (passed - all).abs() < 0.5,
        "{passed} of {all}"
    );
}
