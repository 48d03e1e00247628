//! Command lines that the real `curl` runs, and their imports: the same is sent, and both come to the same.

#![expect(clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use leadsman_tests::site::{Site, answer};
use serde_json::Value;

use crate::real::{
    certificates::{Authority, Validity},
    daemon::leadsman,
    http::at,
    nginx::Nginx,
    once::{Run, once},
    process::{free_port, tool},
};

mod example;

/// Imports command lines by the program; the configuration's text, and what is said of what is not in it.
fn imported(lines: &Path) -> (String, String) {
    let mut command = leadsman();
    command.args(["journey", "import", "--format", "curl", "--name", "walk"]);
    let output = command.arg(lines).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    (String::from_utf8(output.stdout).unwrap(), told)
}

/// The same with all secrets in one file, which has this password.
fn with_secrets(folder: &Path, yaml: &str, password: &str) -> PathBuf {
    let document: Value = serde_saphyr::from_str(yaml).unwrap();
    let secrets = document["secrets"].as_object().into_iter().flatten();
    let text = secrets.fold(yaml.to_owned(), |text, (_, secret)| {
        let written = format!("env: {}", secret["env"].as_str().unwrap());
        text.replace(&written, "file: password")
    });
    fs::write(folder.join("password"), password).unwrap();
    let file = folder.join("walk.yaml");
    fs::write(&file, text).unwrap();
    file
}

/// Exit status and last HTTP status of a command line.
fn by_curl(folder: &Path, line: &str) -> (i32, u64) {
    let shell = format!("{line} -s -o body -w '%{{http_code}}' --noproxy '*'");
    let output = Command::new(tool("bash"))
        .args(["-c", &shell])
        .current_dir(folder)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let status = printed.trim().parse().unwrap_or_default();
    (output.status.code().unwrap(), status)
}

fn by_import(folder: &Path, line: &str) -> Run {
    let file = folder.join("lines.sh");
    fs::write(&file, line).unwrap();
    let (yaml, told) = imported(&file);
    assert_eq!(told, "", "{line}");
    once(&with_secrets(folder, &yaml, "pw"), "walk")
}

/// Everything that the lines ask for, and nothing that listens on `NOBODY`.
struct Place {
    plain: u16,
    secure: u16,
    nobody: u16,
    late: Site,
    nginx: Nginx,
    folder: tempfile::TempDir,
}

const LOCATIONS: &str = "
location = /ok { return 200 'fine'; }
location = /error { return 503; }
location = /go { return 302 /ok; }
location = /astray { return 302 /nowhere; }
location = /round { return 302 /round; }
location = /login { if ($http_authorization != 'Basic Ym9iOnB3') { return 401; } return 200; }
location = /token { if ($http_authorization != 'Bearer pw') { return 401; } return 200; }
location = /post { if ($request_method != POST) { return 405; } return 201; }
location = /form { if ($content_type != 'application/x-www-form-urlencoded') { return 415; } return 200; }
location = /json { if ($content_type != 'application/json') { return 415; } return 200; }
location = /accept { if ($http_accept != 'text/plain') { return 406; } return 200; }
location = /search { if ($arg_q !~ '^rope(%20|[+])%26(%20|[+])sails$') { return 400; } return 200; }
location = /cookie { if ($cookie_lang != en) { return 403; } return 200; }
location / { return 404; }
";

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = Authority::new(folder.path()).signs("shop.test", Validity::Days(10));
        let (plain, secure) = (free_port(), free_port());
        let log = format!("access_log {}/asked.log asked;", folder.path().display());
        let servers = format!(
            "log_format asked '$http_user_agent|$request_method $request_uri $status $content_type $http_cookie $http_accept';\n\
             server {{ listen 127.0.0.1:{plain}; {log} {LOCATIONS} }}\n\
             server {{ listen 127.0.0.1:{secure} ssl; ssl_protocols TLSv1.3; ssl_certificate {}; ssl_certificate_key {}; {log} {LOCATIONS} }}",
            own.certificate.display(),
            own.key.display()
        );
        Self {
            plain,
            secure,
            nobody: free_port(),
            late: Site::start(|asked| match asked.path.as_str() {
                "/never" => String::new(),
                _ => answer(200, "", ""),
            })
            .unwrap(),
            nginx: Nginx::start(folder.path(), plain, &servers),
            folder,
        }
    }

    fn here(&self, line: &str) -> String {
        let late = self.late.url();
        line.replace("PLAIN", &format!("127.0.0.1:{}", self.plain))
            .replace("SECURE", &format!("127.0.0.1:{}", self.secure))
            .replace("NAMED", &format!("shop.test:{}", self.secure))
            .replace("NOBODY", &format!("127.0.0.1:{}", self.nobody))
            .replace("LATE", late.trim_start_matches("http://"))
    }

    /// What nginx was asked by curl, and by the imports.
    fn asked(self) -> (Vec<String>, Vec<String>) {
        self.nginx.stop();
        let log = fs::read_to_string(self.folder.path().join("asked.log")).unwrap();
        let of = |program: &str| {
            let lines = log.lines().filter_map(|line| line.split_once('|'));
            let own = lines.filter(|(agent, _)| agent.starts_with(program));
            // curl says that it takes anything, a probe says nothing of it; older ones write a space in another way.
            own.map(|(_, asked)| asked.replace("*/*", "-").replace('+', "%20"))
                .collect()
        };
        (of("curl/"), of("Leadsman/"))
    }
}

/// A line, curl's exit status and last HTTP status, and the reason of its import's run.
const LINES: [(&str, i32, u64, &str); 31] = [
    ("curl http://PLAIN/ok", 0, 200, "ok"),
    ("curl http://PLAIN/nowhere", 0, 404, "ok"),
    ("curl -f http://PLAIN/ok", 0, 200, "ok"),
    ("curl -f http://PLAIN/nowhere", 22, 404, "http_status"),
    (
        "curl --fail-with-body http://PLAIN/error",
        22,
        503,
        "http_status",
    ),
    ("curl -f http://PLAIN/go", 0, 302, "ok"),
    ("curl -fL http://PLAIN/go", 0, 200, "ok"),
    ("curl -fL http://PLAIN/astray", 22, 404, "http_status"),
    (
        "curl -L --max-redirs 3 http://PLAIN/round",
        47,
        302,
        "redirect_loop",
    ),
    ("curl -f -I http://PLAIN/ok", 0, 200, "ok"),
    ("curl -f -X DELETE http://PLAIN/ok", 0, 200, "ok"),
    ("curl -f -d a=1 http://PLAIN/post", 0, 201, "ok"),
    (
        "curl -f -X PUT -d a=1 http://PLAIN/post",
        22,
        405,
        "http_status",
    ),
    ("curl -f -d a=1 -d 'b=x y' http://PLAIN/form", 0, 200, "ok"),
    (
        "curl -f --json '{\"a\": 1}' http://PLAIN/json",
        0,
        200,
        "ok",
    ),
    (
        "curl -f -d '{\"a\": 1}' http://PLAIN/json",
        22,
        415,
        "http_status",
    ),
    (
        "curl -f -H 'Content-Type: application/json' -d '{\"a\": 1}' http://PLAIN/json",
        0,
        200,
        "ok",
    ),
    (
        "curl -f -H 'Accept: text/plain' http://PLAIN/accept",
        0,
        200,
        "ok",
    ),
    (
        "curl -f -G --data-urlencode 'q=rope & sails' http://PLAIN/search",
        0,
        200,
        "ok",
    ),
    (
        "curl -f -G -d q=rope http://PLAIN/search",
        22,
        400,
        "http_status",
    ),
    (
        "curl -f -b 'lang=en; size=m' http://PLAIN/cookie",
        0,
        200,
        "ok",
    ),
    ("curl -f http://PLAIN/cookie", 22, 403, "http_status"),
    ("curl -f -u bob:pw http://PLAIN/login", 0, 200, "ok"),
    (
        "curl -f -u eve:pw http://PLAIN/login",
        22,
        401,
        "http_status",
    ),
    (
        "curl -f --oauth2-bearer pw http://PLAIN/token",
        0,
        200,
        "ok",
    ),
    ("curl http://NOBODY/", 7, 0, "connect_refused"),
    (
        "curl --max-time 0.3 http://LATE/never",
        28,
        0,
        "response_timeout",
    ),
    (
        "curl https://NAMED/ok --resolve NAMED:127.0.0.1",
        60,
        0,
        "tls_unknown_issuer",
    ),
    (
        "curl -kf https://NAMED/ok --resolve NAMED:127.0.0.1",
        0,
        200,
        "ok",
    ),
    (
        "curl -k --tls-max 1.2 https://SECURE/ok",
        35,
        0,
        "tls_handshake",
    ),
    ("curl -k https://PLAIN/ok", 35, 0, "tls_handshake"),
];

#[test]
fn a_name_that_no_check_can_have_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lines = folder.path().join("lines.sh");
    fs::write(&lines, "curl http://shop.test/").unwrap();
    for name in ["a b", "a: b", "a/b", ""] {
        let mut command = leadsman();
        command.args(["journey", "import", "--format", "curl", "--name", name]);
        let output = command.arg(&lines).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{name}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.stdout.is_empty() && told.contains("a check's name"),
            "{told}"
        );
    }
}

#[test]
fn a_command_line_that_curl_ends_well_passes_and_one_that_it_ends_otherwise_fails() {
    let place = Place::new();
    for (line, exit, status, reason) in LINES {
        let line = place.here(line);
        let folder = place.folder.path();
        assert_eq!(by_curl(folder, &line), (exit, status), "{line}");
        let run = by_import(folder, &line);
        let outcome = if exit == 0 { "pass" } else { "fail" };
        assert_eq!(run.said("outcome"), outcome, "{line}: {}", run.printed);
        assert_eq!(
            run.said("reason"),
            reason,
            "{line}: {}",
            run.said("sentence")
        );
        if reason == "ok" || reason == "http_status" {
            assert_eq!(at(run.answer(), "/status").as_u64(), Some(status), "{line}");
        }
    }
    let (curl, leadsman) = place.asked();
    assert_eq!(curl, leadsman);
    assert!(curl.len() >= 25, "{curl:?}");
}
