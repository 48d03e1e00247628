//! Web configurations, right and wrong.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf, time::Duration};

use leadsman_core::plan::Complaint;

use super::{ClientAuth, PemSource, RateLimit, TlsVersion, Web, load_web};
use crate::{Problems, tests::mended};

fn read(text: &str) -> Result<Web, Problems> {
    load_web(Path::new("conf/web.yml"), text, Ok)
}

fn files(valid: bool) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/web");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .filter(|(name, _)| (name == "everything") == valid)
        .collect()
}

#[test]
fn every_mistake_has_its_line_its_words_and_its_mend() {
    let files = files(false);
    assert!(files.len() >= 9, "{}", files.len());
    for (name, text) in files {
        let problems = read(&text).expect_err(&name);
        mended(&name, &problems);
        insta::assert_snapshot!(format!("web-{name}"), problems.render(false));
    }
}

#[test]
fn no_message_shows_what_may_be_a_password_or_a_key() {
    for (name, text) in files(false) {
        let problems = read(&text).expect_err(&name);
        let told = serde_json::to_string(&problems).unwrap();
        for secret in ["wonderland", "looking-glass", "hunter2", "12345", "mDwo"] {
            assert!(!told.contains(secret), "{name}: {told}");
        }
    }
}

#[test]
fn a_whole_file_is_read_and_its_paths_start_at_its_folder() {
    let web = read(&files(true)["everything"]).unwrap();
    let tls = web.tls.unwrap();
    assert_eq!(
        tls.certificate.source,
        PemSource::File(PathBuf::from("conf/server.crt"))
    );
    let authority = tls.client_ca.unwrap();
    assert_eq!(
        authority.source,
        PemSource::File(PathBuf::from("/etc/ca.pem"))
    );
    assert_eq!(tls.client_auth, ClientAuth::RequireAndVerifyClientCert);
    assert_eq!((tls.min, tls.max), (TlsVersion::Tls12, TlsVersion::Tls13));
    assert_eq!(tls.cipher_suites, Some(vec![0xc02b, 0x1301]));
    assert_eq!(tls.groups, Some(vec![24, 29]));
    assert!(!tls.own_order && !web.http2);
    let headers: Vec<&str> = web.headers.keys().map(String::as_str).collect();
    assert_eq!(headers, ["Content-Security-Policy", "X-Frame-Options"]);
    assert!(web.users.contains_key("alice"));
    let interval = Duration::from_millis(500);
    assert_eq!(
        web.rate,
        Some(RateLimit {
            interval,
            burst: 20
        })
    );
}

#[test]
fn every_policy_of_gos_for_clients_has_its_name() {
    for (name, verifies, mandatory) in [
        ("NoClientCert", false, false),
        ("RequestClientCert", false, false),
        ("RequireAnyClientCert", false, true),
        ("RequireClientCert", false, true),
        ("VerifyClientCertIfGiven", true, false),
        ("RequireAndVerifyClientCert", true, true),
    ] {
        let authority = if verifies { "client_ca_file: ca" } else { "" };
        let text = format!(
            "tls_server_config:\n  cert_file: c\n  key_file: k\n  client_auth_type: {name}\n  {authority}\n"
        );
        let auth = read(&text).unwrap().tls.unwrap().client_auth;
        assert_eq!(
            (auth.verifies(), auth.is_mandatory()),
            (verifies, mandatory),
            "{name}"
        );
    }
}

#[test]
fn nothing_written_secures_nothing() {
    for text in [
        "",
        "# nothing\n",
        "tls_server_config: {}\nbasic_auth_users:\n",
    ] {
        let web = read(text).unwrap();
        assert!(web.tls.is_none() && web.users.is_empty() && web.rate.is_none());
        assert!(web.http2);
    }
    let off = read("rate_limit: {interval: 0}").unwrap();
    assert_eq!(off.rate, None);
}

#[test]
fn what_the_caller_complains_of_is_told_at_its_line() {
    let text = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
    let complaint = Complaint {
        pointer: "/tls_server_config/key_file".to_owned(),
        message: "it is no key".to_owned(),
        hint: "write one".to_owned(),
    };
    let problems = load_web::<()>(Path::new("web.yml"), text, |_| Err(vec![complaint]));
    let problems = problems.unwrap_err();
    let told = problems.iter().next().unwrap();
    assert_eq!((told.line, told.message.as_str()), (3, "it is no key"));
}
