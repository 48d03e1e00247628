//! The real units under a real systemd, which is the first process of namespaces of its own. It takes root.

use std::{fs, path::Path, process::Command};

use super::{
    daemon::leadsman,
    http::{self, at},
    process::{Process, free_port, tool, until},
    scrape,
};

const UNIT: &str = "leadsman.service";

/// Where the service's own words are, which no journal takes here.
const LOG: &str = "service.log";

/// Targets that units refer to: this machine has nothing to bring up.
const TARGETS: [&str; 5] = ["default", "sysinit", "basic", "shutdown", "network-online"];

/// A machine on which the service is installed.
struct Machine {
    port: u16,
    outer: Process,
    /// The machine's first process, as it is called outside.
    first: String,
    folder: tempfile::TempDir,
}

impl Machine {
    /// `more` is what `systemctl edit` would add to the service.
    fn start(more: &str) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "a systemd of one's own takes root: run this test as root"
        );
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        install(folder.path(), port, more);
        let mut command = Command::new(tool("unshare"));
        command
            .args(["--mount", "sh"])
            .arg(folder.path().join("outer.sh"));
        command
            .env("PLACE", folder.path())
            .env("BINARY", leadsman().get_program());
        let mut outer = Process::start(&mut command, &folder.path().join("log"));
        let pid = folder.path().join("pid");
        let first = outer.until("the machine starts", || first_below(&pid));
        let machine = Self {
            port,
            outer,
            first,
            folder,
        };
        until("systemd runs", || {
            let (ok, state) = machine.systemctl(&["is-system-running"]);
            ok.then_some(state)
        });
        machine
    }

    /// Within the machine's namespaces; whether it went well, and what was printed.
    fn does(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(tool("nsenter"));
        command
            .args(["--target", &self.first, "--mount", "--pid", program])
            .args(arguments);
        let output = command.output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&told).trim().to_owned(),
        )
    }

    fn systemctl(&self, arguments: &[&str]) -> (bool, String) {
        self.does("systemctl", arguments)
    }

    /// The same, which has to go well.
    fn orders(&self, arguments: &[&str]) {
        let (ok, told) = self.systemctl(arguments);
        assert!(ok, "systemctl {arguments:?}: {told}\n{}", self.log());
    }

    /// What systemd knows of the service.
    fn knows(&self, property: &str) -> String {
        let (_, told) = self.systemctl(&["show", "--value", "--property", property, UNIT]);
        told
    }

    fn write(&self, path: &str, text: &str) {
        let beside = self.folder.path().join("text");
        fs::write(&beside, text).unwrap();
        let (ok, told) = self.does("cp", &[beside.to_str().unwrap(), path]);
        assert!(ok, "{told}");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join(LOG)).unwrap_or_default()
    }

    fn metrics(&self) -> Option<String> {
        http::text(self.port, "/metrics")
    }
}

impl Drop for Machine {
    /// With the first process all others end, and the outer one tidies up.
    fn drop(&mut self) {
        let kill = format!("kill -KILL {}", self.first);
        drop(Command::new(tool("sh")).args(["-c", &kill]).status());
        self.outer.ended();
    }
}

/// The one child of the process whose id is in a file.
fn first_below(pid: &Path) -> Option<String> {
    let pid = fs::read_to_string(pid).ok()?;
    let children = format!("/proc/{0}/task/{0}/children", pid.trim());
    let children = fs::read_to_string(children).ok()?;
    children.split_whitespace().next().map(str::to_owned)
}

/// The units as they are packaged, and the rest of an installation.
fn install(place: &Path, port: u16, more: &str) {
    let write = |path: &str, text: &str| {
        let file = place.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let packaged = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
    let unit = |name: &str| fs::read_to_string(packaged.join(name)).unwrap();
    write("units/leadsman.service", &unit(UNIT));
    let socket = unit("leadsman.socket").replace("127.0.0.1:9617", &format!("127.0.0.1:{port}"));
    write("units/leadsman.socket", &socket);
    write(
        "units/leadsman.service.d/test.conf",
        &format!(
            "[Service]\n{more}\nStandardOutput=append:{}\n",
            place.join(LOG).display()
        ),
    );
    for target in TARGETS {
        let text = format!("[Unit]\nDescription={target}\nDefaultDependencies=no\n");
        write(&format!("units/{target}.target"), &text);
    }
    write("etc/leadsman/leadsman.yaml", &checks(&["one"]));
    let arguments = format!("LEADSMAN_ARGS=--web.listen-address=127.0.0.1:{port}\n");
    write("etc/default/leadsman", &arguments);
    write("outer.sh", include_str!("systemd/outer.sh"));
    write("inner.sh", include_str!("systemd/inner.sh"));
}

/// A configuration with these checks, of a port that nobody listens on.
fn checks(names: &[&str]) -> String {
    let check = |name: &&str| {
        format!(
            "  {name}: {{probe: tcp, interval: 1s, timeout: 900ms, targets: ['127.0.0.1:1']}}\n"
        )
    };
    let checks: String = names.iter().map(check).collect();
    format!("checks:\n{checks}")
}

#[test]
fn the_installed_service_becomes_active_reloads_and_drains() {
    let machine = Machine::start("");
    // `systemctl start` waits for READY=1, and `reload` for the one after RELOADING=1.
    machine.orders(&["start", UNIT]);
    assert_eq!(machine.knows("ActiveState"), "active");
    assert_eq!(machine.knows("StatusText"), "running");
    let text = machine.metrics().unwrap();
    assert!(text.contains("check=\"one\""), "{text}");
    machine.write("/etc/leadsman/leadsman.yaml", &checks(&["one", "two"]));
    machine.orders(&["reload", UNIT]);
    until("the reload is in force", || {
        let said = machine.knows("StatusText");
        (said == "running; the last reload is in force").then_some(())
    });
    let text = until("the new check has run", || {
        let text = machine.metrics()?;
        let runs = scrape::sum(&text, "leadsman_runs_total", &[("check", "two")]);
        (runs > 0.0).then_some(text)
    });
    assert_eq!(machine.knows("NRestarts"), "0", "{text}");
    // It waits for a scrape after its last run: one that comes when it has begun to stop.
    let ended = || {
        http::json(machine.port, "/api/v1/checks")
            .map(|told| at(&told, "/checks/0/last/ended_unix_ms").clone())
    };
    let scraped = ended();
    until("another run has ended", || {
        (ended() != scraped).then_some(())
    });
    machine.orders(&["stop", "--no-block", UNIT]);
    let said = until("it drains", || {
        let said = machine.knows("StatusText");
        said.contains("no new ticks").then_some(said)
    });
    assert_eq!(machine.knows("ActiveState"), "deactivating", "{said}");
    until("it has ended", || {
        drop(machine.metrics());
        (machine.knows("ActiveState") == "inactive").then_some(())
    });
    assert_eq!(machine.knows("Result"), "success");
    assert_eq!(machine.knows("ExecMainStatus"), "0");
}

#[test]
fn a_service_that_stands_still_is_ended_by_the_watchdog_and_started_again() {
    let machine = Machine::start("WatchdogSec=2");
    machine.orders(&["start", UNIT]);
    let (first, fed) = (
        machine.knows("MainPID"),
        machine.knows("WatchdogTimestampMonotonic"),
    );
    until("the watchdog is fed, beyond its time", || {
        let now: u64 = machine.knows("WatchdogTimestampMonotonic").parse().ok()?;
        (now > fed.parse::<u64>().ok()? + 4_000_000).then_some(())
    });
    assert_eq!(
        machine.knows("MainPID"),
        first,
        "it is left alone while it turns"
    );
    machine.orders(&["kill", "--signal=STOP", UNIT]);
    until("the watchdog ends it", || {
        (machine.knows("Result") == "watchdog").then_some(())
    });
    until("it runs again", || {
        let restarted = machine.knows("NRestarts") == "1";
        (restarted && machine.knows("ActiveState") == "active").then_some(())
    });
    assert_ne!(machine.knows("MainPID"), first);
    assert!(machine.metrics().is_some());
}

#[test]
fn the_socket_starts_the_service_and_outlives_it() {
    let machine = Machine::start("");
    machine.orders(&["start", "leadsman.socket"]);
    assert_eq!(machine.knows("ActiveState"), "inactive");
    let text = until("whoever asks is answered", || machine.metrics());
    assert!(text.contains("leadsman_build_info"));
    assert_eq!(machine.knows("ActiveState"), "active");
    let first = machine.knows("MainPID");
    machine.orders(&["restart", UNIT]);
    assert_ne!(machine.knows("MainPID"), first);
    until("it is served again", || machine.metrics());
}

#[test]
fn a_configuration_that_is_wrong_ends_the_service_for_good() {
    let machine = Machine::start("");
    machine.write("/etc/leadsman/leadsman.yaml", "chekcs: {}\n");
    let (started, _) = machine.systemctl(&["start", UNIT]);
    assert!(!started);
    assert_eq!(machine.knows("ActiveState"), "failed");
    assert_eq!(machine.knows("ExecMainStatus"), "78");
    assert_eq!(machine.knows("NRestarts"), "0");
    assert!(machine.log().contains("unknown key `chekcs`"));
}
