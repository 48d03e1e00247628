//! A daemon with a web configuration, and curl, which asks it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{
    certificates::{Authority, Certificate, Validity},
    daemon::leadsman,
    process::{Process, free_port, tool},
};

/// The name that certificates and clients call the daemon by.
pub(super) const NAME: &str = "lead.test";

/// What crypt(3) makes of `wonderland` and of `looking-glass`.
pub(super) const ALICE: &str =
    "alice: $2y$04$abcdefghijklmnopqrstuujZkTwHUiJ9XdZPwKfcfDo7dMp5DjlTu";
pub(super) const BOB: &str = "bob: $2b$05$abcdefghijklmnopqrstuuJgsLp8mzA2OM1oHfZyy3XiDAkw5qjd2";

/// A daemon with a web configuration, in a folder with everything.
#[derive(Debug)]
pub(super) struct Secured {
    pub(super) folder: tempfile::TempDir,
    pub(super) process: Process,
    pub(super) port: u16,
}

impl Secured {
    /// Starts it in a folder, and waits until it serves.
    pub(super) fn start(folder: tempfile::TempDir, web: &str) -> Self {
        let port = free_port();
        let mut process = Self::begin(folder.path(), web, &[port]);
        process.until("it serves", || {
            let log = fs::read_to_string(folder.path().join("log")).ok()?;
            log.contains("serving").then_some(())
        });
        process.listens(port);
        Self {
            folder,
            process,
            port,
        }
    }

    /// Starts it on some ports.
    pub(super) fn begin(folder: &Path, web: &str, ports: &[u16]) -> Process {
        let file = folder.join("leadsman.yaml");
        let text = "checks:\n  rest: {probe: tcp, interval: 1h, targets: ['127.0.0.1:1']}\n";
        fs::write(&file, text).expect("the folder of the test can be written");
        let configuration = folder.join("web.yml");
        fs::write(&configuration, web).expect("the folder of the test can be written");
        let mut command = leadsman();
        command.arg("run").arg("--config").arg(file);
        command.arg("--web.config.file").arg(configuration);
        for port in ports {
            command.args(["--web.listen-address", &format!("127.0.0.1:{port}")]);
        }
        Process::start(&mut command, &folder.join("log"))
    }

    pub(super) fn plain(&self, path: &str, options: &[&str]) -> Curl {
        curl(&format!("http://127.0.0.1:{}{path}", self.port), options)
    }

    /// By TLS and by name, trusting the authority in the folder.
    pub(super) fn encrypted(&self, path: &str, options: &[&str]) -> Curl {
        self.trusting("ca.pem", path, options)
    }

    pub(super) fn trusting(&self, authority: &str, path: &str, options: &[&str]) -> Curl {
        let resolve = format!("{NAME}:{}:127.0.0.1", self.port);
        let authority = self.folder.path().join(authority).display().to_string();
        let mut all = vec!["--resolve", &resolve, "--cacert", &authority];
        all.extend(options);
        curl(&format!("https://{NAME}:{}{path}", self.port), &all)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text)
            .expect("the folder of the test can be written");
    }
}

/// What curl came back with.
#[derive(Debug)]
pub(super) struct Curl {
    output: Output,
}

/// Asks with the head in the output, and the status and the version of HTTP behind everything.
pub(super) fn curl(url: &str, options: &[&str]) -> Curl {
    let mut command = Command::new(tool("curl"));
    command.args(["--silent", "--show-error", "--include", "--max-time", "20"]);
    command.args(["--write-out", "\n%{http_version} %{http_code}"]);
    let output = command.args(options).arg(url).output();
    Curl {
        output: output.expect("curl can be started"),
    }
}

impl Curl {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// 0 where there was no answer.
    pub(super) fn status(&self) -> u16 {
        let text = self.text();
        let status = text.rsplit(' ').next().and_then(|word| word.parse().ok());
        status.expect("curl writes the status last")
    }

    pub(super) fn version(&self) -> String {
        let text = self.text();
        let line = text.lines().last().and_then(|line| line.split(' ').next());
        line.unwrap_or_default().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let mut lines = text.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned())
    }
}

pub(super) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

/// A folder with an authority and the daemon's own certificate, and the lines that name it.
pub(super) fn with_authority() -> (tempfile::TempDir, Authority, String) {
    let folder = folder();
    let authority = Authority::new(folder.path());
    let Certificate { certificate, key } = authority.signs(NAME, Validity::Days(30));
    assert!(certificate.is_file() && key.is_file());
    let lines = format!("tls_server_config:\n  cert_file: {NAME}.pem\n  key_file: {NAME}.key\n");
    (folder, authority, lines)
}

/// Options that show a client's certificate.
pub(super) fn shown(certificate: &Certificate) -> [String; 4] {
    let path = |path: &PathBuf| path.display().to_string();
    [
        "--cert".to_owned(),
        path(&certificate.certificate),
        "--key".to_owned(),
        path(&certificate.key),
    ]
}
