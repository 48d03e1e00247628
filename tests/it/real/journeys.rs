//! Journeys as their authors try them, and as the daemon runs them.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use leadsman_example_shop::{Fault, Options, Shop};
use leadsman_tests::peer::{Peer, head};

use super::{
    daemon::{Daemon, leadsman},
    desk, http,
    process::{Process, free_port},
};

mod after;
mod certificates;
mod connections;
mod curl;
mod dialogues;
mod loops;
mod mistakes;
mod oauth2;
mod protocols;
mod redirects;
mod signatures;
mod transport;
mod walk;
mod words;

/// The example's configuration, pointed at a shop, with its password in a file.
pub(super) fn configuration(folder: &Path, shop: &Shop) -> PathBuf {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/journey/journey.yaml");
    let text = fs::read_to_string(example).unwrap();
    let text = text
        .replace("http://127.0.0.1:8080", &shop.url())
        .replace("env: SHOP_PASSWORD", "file: password")
        .replace("every: 500ms", "every: 20ms");
    fs::write(folder.join("password"), Options::PASSWORD).unwrap();
    let file = folder.join("leadsman.yaml");
    fs::write(&file, text).unwrap();
    file
}

/// What `once` prints, on both streams, and its exit status.
fn once(file: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command = leadsman();
    command
        .args(["once", "order", "--config"])
        .arg(file)
        .args(more);
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_failed_step_is_told_with_the_line_of_its_expectation() {
    let (folder, shop) = (
        tempfile::tempdir().unwrap(),
        Shop::start(&Options::default()).unwrap(),
    );
    shop.set(Fault::CreateConflicts);
    let file = configuration(folder.path(), &shop);
    let text = fs::read_to_string(&file).unwrap();
    let line = 1 + text
        .lines()
        .position(|line| line.contains("$.status: pending"))
        .unwrap();
    let (status, printed) = once(&file, &[]);
    assert_eq!(status, Some(2), "{printed}");
    let expected = format!(
        "step `create`: status: expected 201, got 409 ({}:{line})",
        file.display()
    );
    assert!(printed.contains(&expected), "{printed}");
    assert!(
        printed.contains("✗ create") && printed.contains("✓ sign out"),
        "{printed}"
    );
}

#[test]
fn a_reload_that_only_moves_lines_changes_no_check_and_new_failures_have_the_new_lines() {
    let (folder, shop) = (
        tempfile::tempdir().unwrap(),
        Shop::start(&Options::default()).unwrap(),
    );
    shop.set(Fault::CreateConflicts);
    let file = configuration(folder.path(), &shop);
    let text = fs::read_to_string(&file).unwrap();
    let text = text
        .replace("interval: 30s", "interval: 2s")
        .replace("timeout: 15s", "timeout: 1900ms");
    let line = 1 + text
        .lines()
        .position(|line| line.contains("$.status: pending"))
        .unwrap();
    fs::write(&file, &text).unwrap();
    let port = free_port();
    let mut daemon = Daemon::start_as(leadsman(), &file, port, &["--web.enable-lifecycle"]);
    let told = |daemon: &mut Daemon, line: usize| {
        let place = format!("({}:{line})", file.display());
        daemon.process.until("a failure tells the line", || {
            let text = http::text(port, "/api/v1/runs?limit=1")?;
            text.contains(&place).then_some(())
        });
    };
    told(&mut daemon, line);
    let moved = format!("# One.\n# Two.\n{text}");
    let counts = |text: &str| {
        fs::write(&file, text).unwrap();
        let (status, answer) = desk::reload(&daemon);
        assert_eq!(status, 200, "{answer}");
        ["added", "changed", "removed"].map(|count| answer[count].as_u64())
    };
    assert_eq!(counts(&moved), [Some(0); 3]);
    let other = moved.replace("1900ms", "1800ms");
    assert_eq!(counts(&other), [Some(0), Some(1), Some(0)]);
    told(&mut daemon, line + 2);
}

#[test]
fn a_journey_that_stops_at_a_step_cleans_up_and_prints_its_variables_without_secrets() {
    let (folder, shop) = (
        tempfile::tempdir().unwrap(),
        Shop::start(&Options::default()).unwrap(),
    );
    let file = configuration(folder.path(), &shop);
    let (status, printed) = once(&file, &["--step", "create"]);
    assert_eq!(status, Some(0), "{printed}");
    assert!(
        printed.contains("\"ord-") && printed.contains("(secret)"),
        "{printed}"
    );
    assert!(!printed.contains("wait until ready"), "{printed}");
    assert_eq!(shop.open_orders(), 0);
    let (status, printed) = once(&file, &["--step", "creat"]);
    assert_eq!(status, Some(64), "{printed}");
    assert!(printed.contains("did you mean `create`?"), "{printed}");
}

#[test]
fn a_probe_without_steps_says_so_where_it_is_to_stop_at_one() {
    let mut command = leadsman();
    command.args([
        "once",
        "http",
        "--target",
        "http://127.0.0.1:9",
        "--step",
        "a",
    ]);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64));
    assert!(told.contains("has no steps to stop at"), "{told}");
}

#[test]
fn at_each_save_the_journey_runs_again_and_a_mistake_is_told() {
    let (folder, shop) = (
        tempfile::tempdir().unwrap(),
        Shop::start(&Options::default()).unwrap(),
    );
    let file = configuration(folder.path(), &shop);
    let right = fs::read_to_string(&file).unwrap();
    let mut command = leadsman();
    command
        .args(["once", "order", "--watch", "--config"])
        .arg(&file);
    let log = folder.path().join("watch.log");
    let mut watching = Process::start(&mut command, &log);
    let mut until = |what: &str, part: &str, times: usize| {
        watching.until(what, || {
            let text = fs::read_to_string(&log).ok()?;
            (text.matches(part).count() >= times).then_some(())
        });
    };
    until("it has run and watches", "watching", 1);
    fs::write(&file, right.replace("status: 204", "status: 299")).unwrap();
    until("the change has failed", "got 204", 1);
    until("the waterfall shows where", "✗ delete", 1);
    until("it watches again", "watching", 2);
    fs::write(&file, right.replace("${order}", "${ordr}")).unwrap();
    until("the mistake is told", "did you mean `order`?", 1);
    until("it watches still", "watching", 3);
    fs::write(&file, &right).unwrap();
    until("it passes again", "pass  ok", 2);
    until("each run had its waterfall", "✓ delete", 2);
}

/// A file of the example, what its import needs, and something of it that cannot be carried over; of the command lines
/// all can.
const IMPORTS: [(&str, &[&str], Option<&str>); 3] = [
    ("shop.har", &[], Some("shop.css")),
    (
        "shop.hurl",
        &["--variable", "shop=http://127.0.0.1:8080"],
        Some("HttpOnly"),
    ),
    ("curl.txt", &[], None),
];

#[test]
fn an_import_is_a_configuration_that_loads_and_what_it_leaves_is_told_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/journey");
    for (name, options, left) in IMPORTS {
        let mut command = leadsman();
        command.args(["journey", "import"]).args(options);
        let output = command.arg(examples.join(name)).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{name}: {told}");
        let mut lines = told.lines();
        let is_told = left.map_or_else(|| told.is_empty(), |left| told.contains(left));
        assert!(
            lines.all(|line| line.starts_with("not carried over: ")) && is_told,
            "{name}: {told}"
        );
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let file = folder.path().join(format!("{name}.yaml"));
        fs::write(&file, &text).unwrap();
        let mut command = leadsman();
        for variable in text.replace("${env:", "{env: ").split("{env: ").skip(1) {
            let (name, _) = variable.split_once([',', '}']).unwrap();
            command.env(name, "x");
        }
        let output = command
            .args(["validate", "--config"])
            .arg(&file)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{name}: {told}\n{text}");
    }
}

#[test]
fn what_cannot_be_imported_says_what_is_wrong_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.har");
    fs::write(&broken, "{\n  \"log\": [\n").unwrap();
    let output = leadsman()
        .args(["journey", "import"])
        .arg(&broken)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{told}");
    assert!(told.contains("broken.har: line "), "{told}");
    let output = leadsman()
        .args(["journey", "import", "/nowhere.har"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
}

const TOKEN: &str = "planted-in-an-answer-4711";

/// Gives a token, and later throws it back in every shape: in a body, in a header field, in base64.
fn indiscreet() -> Peer {
    Peer::start(|stream| {
        while !head(stream)?.is_empty() {
            let body = format!(
                "{{\"token\": \"{TOKEN}\", \"again\": \"cGxhbnRlZC1pbi1hbi1hbnN3ZXItNDcxMQ==\"}}"
            );
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nx-token: {TOKEN}\r\ncontent-length: {length}\r\n\r\n{body}"
            )?;
        }
        Ok(())
    })
    .unwrap()
}

#[test]
fn a_captured_secret_is_in_no_log_metric_error_trace_or_record() {
    let (folder, peer) = (tempfile::tempdir().unwrap(), indiscreet());
    let file = folder.path().join("leadsman.yaml");
    let text = format!(
        "checks:\n  order:\n    probe: journey\n    interval: 1s\n    timeout: 900ms\n    targets: [\"{}\"]\n    settings:\n      steps:\n        \
         - {{name: sign in, request: {{path: /}}, capture: {{token: {{json: $.token, secret: true}}}}}}\n        \
         - {{name: use, request: {{path: \"/?token=${{token}}\", bearer: \"${{token}}\"}}, expect: {{headers: [{{name: x-token, matches: never}}], body: {{matches: [never], contains: [\"${{token}}!\"]}}}}}}\n",
        peer.url()
    );
    fs::write(&file, text).unwrap();
    let (status, printed) = once(&file, &[]);
    assert_eq!(status, Some(2), "{printed}");
    let (_, record) = once(&file, &["--json"]);
    let mut daemon = walk::talkative(&file);
    daemon.all_have_run();
    let mut all = walk::shown(&daemon, "order");
    let metrics = daemon.metrics();
    assert!(
        metrics.contains("leadsman_step_results_total{check=\"order\""),
        "{metrics}"
    );
    let log = fs::read_to_string(file.with_extension("log")).unwrap();
    all.extend([
        ("the waterfall", printed),
        ("the record", record),
        ("the log", log),
    ]);
    for (what, left) in all {
        let clean = !left.contains("planted-in") && !left.contains("cGxhbnRlZC1pbi1hbi1hbnN3ZXI");
        assert!(
            clean && !left.is_empty(),
            "{what} shows the secret:\n{left}"
        );
    }
}
