//! A configuration that changes under a running daemon.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use leadsman_tests::guests::component;
use serde_json::Value;

use super::{
    daemon::{Daemon, leadsman},
    desk::{Desk, PLATFORM, reload, runs},
    http,
    process::{PATIENCE, Process, free_port, tool},
    scrape,
};

#[test]
fn one_teams_mistake_stays_in_its_file() {
    let desk = Desk::new();
    desk.team("pay", &format!("[{}]", desk.target("home")));
    desk.team("shop", &format!("[{}]", desk.target("home")));
    let mut daemon = desk.daemon(&["--web.enable-lifecycle"]);
    daemon.all_have_run();
    let before = runs(&daemon, "pay/web");
    desk.write("teams/pay.yaml", "team: pay\nchekcs: {}\n");
    desk.team(
        "shop",
        &format!("[{}, {}]", desk.target("home"), desk.target("api")),
    );
    let (status, told) = reload(&daemon);
    assert_eq!((status, &told["added"]), (400, &Value::from(1)), "{told}");
    let problem = told["problems"][0].to_string();
    assert!(problem.contains("unknown key `chekcs`"), "{problem}");
    let file = |text: &str, team: &str| {
        let path = desk.folder.path().join(format!("teams/{team}.yaml"));
        let labels = [("file", path.to_str().unwrap())];
        let loaded = scrape::sum(text, "leadsman_config_file_last_load_successful", &labels);
        loaded > 0.5
    };
    let all_good = |text: &str| {
        let reloaded = scrape::sum(text, "leadsman_config_last_reload_successful", &[]);
        reloaded > 0.5
    };
    let text = daemon.metrics();
    assert_eq!((file(&text, "pay"), file(&text, "shop")), (false, true));
    assert!(!all_good(&text));
    daemon.all_have_run();
    assert!(runs(&daemon, "pay/web") >= before, "counters go on");
    desk.team("pay", &format!("[{}]", desk.target("home")));
    assert_eq!(reload(&daemon).0, 200);
    let text = daemon.metrics();
    assert!(file(&text, "pay") && all_good(&text));
}

#[test]
fn a_daemon_stays_in_its_location_and_hears_of_others() {
    let desk = Desk::new();
    let platform = |head: &str| desk.write("leadsman.yaml", &format!("{head}{PLATFORM}"));
    platform("location: here\nlocations: {here: {}}\n");
    desk.team("pay", &format!("[{}]", desk.target("home")));
    let mut daemon = desk.daemon(&["--web.enable-lifecycle"]);
    daemon.all_have_run();
    platform("location: here\nlocations: {here: {}, there: {}}\n");
    let (status, told) = reload(&daemon);
    assert_eq!(status, 200, "{told}");
    let expected = |text: &str| scrape::sum(text, "leadsman_location_expected", &[]);
    let text = daemon.metrics();
    assert!((expected(&text) - 2.0).abs() < 0.1, "{text}");
    platform("location: there\nlocations: {here: {}, there: {}}\n");
    let (status, told) = reload(&daemon);
    assert_eq!(status, 400, "{told}");
    let why = told.to_string();
    assert!(
        why.contains("`here`") && why.contains("restart it"),
        "{why}"
    );
    let told = scrape::sum(
        &daemon.metrics(),
        "leadsman_ticks_total",
        &[("location", "there")],
    );
    assert!(told < 0.1, "no check-target has moved");
    platform("location: here\nlocations: {here: {}, there: {}}\n");
    let (status, told) = reload(&daemon);
    assert_eq!(status, 200, "{told}");
}

#[test]
fn a_hangup_reloads_and_a_target_that_left_leaves_the_exposition() {
    let desk = Desk::new();
    desk.team(
        "pay",
        &format!("[{}, {}]", desk.target("home"), desk.target("api")),
    );
    let mut daemon = desk.daemon(&[]);
    daemon.all_have_run();
    assert_eq!(reload(&daemon).0, 403);
    desk.team("pay", &format!("[{}]", desk.target("home")));
    daemon.process.signal("HUP");
    let port = daemon.port;
    daemon.process.until("the target has left", || {
        let text = http::text(port, "/metrics")?;
        (!text.contains("target=\"api\"")).then_some(())
    });
    assert!(daemon.metrics().contains("target=\"home\""));
}

#[test]
fn discovered_targets_come_and_go_without_a_reload() {
    let desk = Desk::new();
    desk.team("pay", "[{file_sd: sd/*.json}]");
    let list = |names: &[&str]| {
        let group = |name: &&str| {
            let address = format!("http://127.0.0.1:{}/{name}", desk.server);
            serde_json::json!({"targets": [address], "labels": {"name": name, "env": "prod"}})
        };
        let groups: Vec<Value> = names.iter().map(group).collect();
        desk.write("teams/sd/list.json", &Value::from(groups).to_string());
    };
    list(&["home"]);
    let mut daemon = desk.daemon(&[]);
    daemon.all_have_run();
    let before = runs(&daemon, "pay/web");
    list(&["home", "api"]);
    let port = daemon.port;
    daemon.process.until("the newcomer has run", || {
        let text = http::text(port, "/metrics")?;
        let runs = scrape::sum(&text, "leadsman_runs_total", &[("target", "api")]);
        (runs > 0.0).then_some(())
    });
    desk.write("teams/sd/list.json", "[{");
    daemon.process.until("the bad list is told", || {
        let told = http::json(port, "/api/v1/files")?;
        let files = told["files"].as_array()?.clone();
        files
            .iter()
            .any(|file| file["loaded"] == false)
            .then_some(())
    });
    assert!(
        daemon.metrics().contains("target=\"api\""),
        "the old list stays"
    );
    list(&["home"]);
    daemon.process.until("the target has left", || {
        let text = http::text(port, "/metrics")?;
        (!text.contains("target=\"api\"")).then_some(())
    });
    assert!(runs(&daemon, "pay/web") >= before);
}

/// Waits until so many more runs had this reason.
fn comes_to(daemon: &mut Daemon, reason: &str, more: f64) {
    let port = daemon.port;
    let so_far = || {
        let text = http::text(port, "/metrics")?;
        Some(scrape::sum(
            &text,
            "leadsman_run_reasons_total",
            &[("reason", reason)],
        ))
    };
    let before = so_far().unwrap();
    daemon
        .process
        .until(reason, || so_far().filter(|now| *now >= before + more));
}

#[test]
fn a_component_that_is_replaced_runs_after_a_reload_and_a_broken_one_leaves_the_old_one_in_force() {
    let desk = Desk::new();
    let replace = |component: &[u8]| {
        let beside = desk.folder.path().join("own.new");
        fs::write(&beside, component).unwrap();
        fs::rename(beside, desk.folder.path().join("own.wasm")).unwrap();
    };
    let good = component("asks_in_parallel").unwrap();
    replace(&good);
    let check = format!(
        "checks: {{own: {{probe: own, interval: 1s, timeout: 900ms, targets: [{}]}}}}\n",
        desk.target("home")
    );
    desk.write(
        "leadsman.yaml",
        &format!("probes: {{own: {{file: own.wasm}}}}\n{check}"),
    );
    let mut daemon = desk.daemon(&["--web.enable-lifecycle"]);
    comes_to(&mut daemon, "ok", 1.0);
    replace(&good[..good.len() / 2]);
    let (status, told) = reload(&daemon);
    assert_eq!((status, &told["changed"]), (400, &Value::from(0)), "{told}");
    let problem = told["problems"][0].to_string();
    assert!(
        problem.contains("cannot be compiled") && problem.contains("leadsman.yaml"),
        "{problem}"
    );
    assert_eq!(reload(&daemon).0, 400, "it is still broken");
    comes_to(&mut daemon, "ok", 2.0);
    replace(&component("panics_on_answer").unwrap());
    let (status, told) = reload(&daemon);
    assert_eq!((status, &told["changed"]), (200, &Value::from(1)), "{told}");
    comes_to(&mut daemon, "probe_error", 1.0);
    assert_eq!(reload(&daemon).1["changed"], 0, "nothing has changed since");
}

#[test]
fn a_probe_that_is_pointed_at_another_component_runs_that_one_after_a_reload() {
    let desk = Desk::new();
    for (file, guest) in [
        ("a.wasm", "asks_in_parallel"),
        ("b.wasm", "panics_on_answer"),
    ] {
        fs::write(desk.folder.path().join(file), component(guest).unwrap()).unwrap();
    }
    let point_at = |file: &str| {
        let text = format!(
            "probes: {{own: {{file: {file}}}}}\n\
             checks: {{own: {{probe: own, interval: 1s, timeout: 900ms, targets: [{}]}}}}\n",
            desk.target("home")
        );
        desk.write("leadsman.yaml", &text);
    };
    point_at("a.wasm");
    let mut daemon = desk.daemon(&["--web.enable-lifecycle"]);
    comes_to(&mut daemon, "ok", 1.0);
    // And back again: the first one is known already.
    for (file, reason) in [("b.wasm", "probe_error"), ("a.wasm", "ok")] {
        point_at(file);
        let (status, told) = reload(&daemon);
        assert_eq!((status, &told["changed"]), (200, &Value::from(1)), "{told}");
        comes_to(&mut daemon, reason, 2.0);
    }
    assert_eq!(reload(&daemon).1["changed"], 0, "nothing has changed since");
}

#[test]
fn a_socket_of_the_service_manager_is_served() {
    let desk = Desk::new();
    desk.team("pay", &format!("[{}]", desk.target("home")));
    let port = free_port();
    let mut command = Command::new(tool("systemd-socket-activate"));
    let daemon = leadsman();
    let cache = daemon
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let variables = cache
        .map(|(name, value)| format!("{}={}", name.to_str().unwrap(), value.to_str().unwrap()));
    for variable in variables {
        command.args(["--setenv", &variable]);
    }
    command
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .arg(daemon.get_program())
        .args(["run", "--config"])
        .arg(desk.folder.path().join("leadsman.yaml"));
    let mut process = Process::start(&mut command, &desk.folder.path().join("log"));
    process.listens(port);
    let text = process.until("it serves its metrics", || http::text(port, "/metrics"));
    assert!(text.contains("leadsman_build_info"));
}

/// The text of every copy on disk.
fn copies(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let copies = paths.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    copies
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

fn is_readable(copy: &str) -> bool {
    serde_json::from_str::<Value>(copy)
        .is_ok_and(|copy| copy.get("version") == Some(&Value::from(1)))
}

#[test]
fn a_kill_at_any_moment_leaves_nothing_unreadable() {
    const FILES: usize = 11;
    let desk = Desk::new();
    let state = desk.folder.path().join("state");
    let start = |number: usize| {
        for team in 1..FILES {
            let name = desk.target(&format!("kill-{number}-"));
            desk.team(&format!("t{team}"), &format!("[{name}]"));
        }
        desk.write("leadsman.yaml", &format!("{PLATFORM}# kill-{number}-\n"));
        let mut command = leadsman();
        command
            .args(["run", "--web.listen-address", "127.0.0.1:0", "--config"])
            .arg(desk.folder.path().join("leadsman.yaml"))
            .arg("--state.dir")
            .arg(&state)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    // Killed while so many copies are of this start.
    let kill = |number: usize, copies_of_it: usize| {
        let mut daemon = start(number);
        let mark = format!("kill-{number}-");
        let written = || {
            let copies = copies(&state.join("last-good"));
            copies.iter().filter(|copy| copy.contains(&mark)).count()
        };
        let began = Instant::now();
        while written() < copies_of_it {
            assert!(began.elapsed() < PATIENCE, "copies are written");
            thread::yield_now();
        }
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        for copy in copies(&state.join("last-good")) {
            assert!(is_readable(&copy), "kill {number}: {copy:?}");
        }
    };
    for number in 0..300 {
        // The next copy is being written.
        kill(number, number % FILES);
    }
    // No kill need have come after the last copy, so one does now.
    kill(300, FILES);
    assert_eq!(copies(&state.join("last-good")).len(), FILES);
}
