//! A real Chromium without a window, asked over the pipes of its DevTools protocol.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::Command,
    sync::mpsc::{Receiver, channel},
    thread,
};

use serde_json::{Value, json};

use super::{
    http::at,
    process::{PATIENCE, Process, tool, until},
};

/// Opens the pipes as the descriptors 3 and 4, where Chromium looks for them.
const START: &str = r#"exec "$0" "$@" 3<"$PIPES/asked" 4>"$PIPES/told""#;

/// A browser with one page.
#[derive(Debug)]
pub(super) struct Chromium {
    asked: File,
    told: Receiver<Value>,
    session: Option<String>,
    count: u64,
    /// What nobody asked for, such as errors of the page.
    events: Vec<Value>,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Chromium {
    /// Starts it with an empty page.
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let (asked, told) = (folder.path().join("asked"), folder.path().join("told"));
        let made = Command::new(tool("mkfifo"))
            .args([&asked, &told])
            .status()
            .expect("mkfifo can be started");
        assert!(made.success(), "the pipes can be made");
        let process = Process::start(&mut command(folder.path()), &folder.path().join("log"));
        // Either end waits for the other one, in the order in which the shell opens them.
        let asked = File::options().write(true).open(asked);
        let told = File::open(told).expect("the browser answers");
        let mut browser = Self {
            asked: asked.expect("the browser listens"),
            told: messages(told),
            session: None,
            count: 0,
            events: Vec::new(),
            _process: process,
            _folder: folder,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.command("Target.createTarget", &json!({"url": "about:blank"}));
        let attached = self.command(
            "Target.attachToTarget",
            &json!({"targetId": at(&target, "/targetId"), "flatten": true}),
        );
        self.session = at(&attached, "/sessionId").as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            self.command(domain, &json!({}));
        }
    }

    /// Sends a command and waits for what it returns.
    fn command(&mut self, method: &str, parameters: &Value) -> Value {
        let told = self.answer(method, parameters);
        assert!(at(&told, "/error").is_null(), "{method}: {told}");
        at(&told, "/result").clone()
    }

    /// The same, whatever is answered.
    fn answer(&mut self, method: &str, parameters: &Value) -> Value {
        self.count += 1;
        let mut message = json!({"id": self.count, "method": method, "params": parameters});
        if let (Some(session), Some(message)) = (&self.session, message.as_object_mut()) {
            message.insert("sessionId".to_owned(), json!(session));
        }
        write!(self.asked, "{message}\0").expect("the browser listens");
        loop {
            let told = self.told.recv_timeout(PATIENCE);
            assert!(told.is_ok(), "the browser does not answer {method}");
            let told = told.unwrap_or_default();
            if *at(&told, "/id") == self.count {
                return told;
            }
            self.events.push(told);
        }
    }

    /// Opens an address, and waits until its page has drawn what it shows.
    pub(super) fn open(&mut self, port: u16, path: &str) {
        self.go(&format!("http://127.0.0.1:{port}{path}"));
    }

    /// The same, by a whole address.
    pub(super) fn go(&mut self, url: &str) {
        self.command("Page.navigate", &json!({"url": url}));
        self.ready();
    }

    /// Waits until the page has drawn what it shows.
    pub(super) fn ready(&mut self) {
        self.until("document.body?.dataset.ready === 'yes'");
    }

    /// What an expression of JavaScript yields in the page.
    pub(super) fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        let evaluated = self.command("Runtime.evaluate", &parameters);
        assert!(at(&evaluated, "/exceptionDetails").is_null(), "{evaluated}");
        at(&evaluated, "/result/value").clone()
    }

    /// The same, as text.
    pub(super) fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().map(str::to_owned).unwrap_or_default()
    }

    /// Waits until an expression is true. Meanwhile the page may become another one: what was asked of the one that
    /// left has no answer, and is asked again of the next.
    pub(super) fn until(&mut self, expression: &str) {
        const NO_SUCH_PAGE: i64 = -32_000;
        until(expression, || {
            let parameters = json!({"expression": expression, "returnByValue": true});
            let told = self.answer("Runtime.evaluate", &parameters);
            let left = at(&told, "/error/code") == &json!(NO_SUCH_PAGE);
            assert!(left || at(&told, "/error").is_null(), "{told}");
            (at(&told, "/result/result/value") == &json!(true)).then_some(())
        });
    }

    /// Says which colours the reader prefers: `dark` or `light`.
    pub(super) fn prefer(&mut self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.command(
            "Emulation.setEmulatedMedia",
            &json!({"features": [feature]}),
        );
    }

    /// Presses a key that has a name, such as `Tab`.
    pub(super) fn press(&mut self, key: &str, code: u16) {
        for kind in ["rawKeyDown", "char", "keyUp"] {
            let text = (kind == "char" && key == "Enter").then_some("\r");
            if kind == "char" && text.is_none() {
                continue;
            }
            let parameters = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code, "text": text.unwrap_or_default()});
            self.command("Input.dispatchKeyEvent", &parameters);
        }
    }

    /// Types into what has the focus.
    pub(super) fn write(&mut self, text: &str) {
        self.command("Input.insertText", &json!({"text": text}));
    }

    /// What went wrong in the page: exceptions, refusals of its policy, dialogs.
    pub(super) fn complaints(&self) -> Vec<&Value> {
        let bad = |event: &&Value| {
            let method = event["method"].as_str().unwrap_or_default();
            let is_error = at(event, "/params/entry/level") == "error";
            is_error
                || ["Runtime.exceptionThrown", "Page.javascriptDialogOpening"].contains(&method)
        };
        self.events.iter().filter(bad).collect()
    }
}

/// Its pages are the test's own: they need no sandbox, which root may not have.
fn command(folder: &Path) -> Command {
    let mut command = Command::new(tool("sh"));
    command.arg("-c").arg(START).arg(tool("chromium"));
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--lang=en"]);
    command.args(["--remote-debugging-pipe", "--window-size=1200,800"]);
    command.arg(format!(
        "--user-data-dir={}",
        folder.join("profile").display()
    ));
    command.env("PIPES", folder).env("HOME", folder);
    command
}

/// Messages end with a NUL.
fn messages(told: File) -> Receiver<Value> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for message in BufReader::new(told).split(0).map_while(Result::ok) {
            let value = serde_json::from_slice(&message).unwrap_or_default();
            if sender.send(value).is_err() {
                return;
            }
        }
    });
    receiver
}
