//! Policies: read, refused, and read again.

use std::fs;

use axum::http::HeaderValue;
use base64::{Engine, prelude::BASE64_STANDARD};
use tempfile::TempDir;

use super::*;

/// bcrypt of `secret`, as cheap as it gets.
fn hash() -> String {
    bcrypt::hash("secret", 4).unwrap()
}

fn written(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.yml");
    fs::write(&file, text).unwrap();
    (folder, file)
}

fn basic(credentials: &str) -> HeaderValue {
    let text = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    HeaderValue::from_str(&text).unwrap()
}

fn identity(folder: &TempDir, name: &str) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    fs::write(folder.path().join(format!("{name}.crt")), made.cert.pem()).unwrap();
    fs::write(
        folder.path().join(format!("{name}.key")),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
}

/// Everything that is wrong, with the folder's own path left out.
fn refusal(folder: &TempDir, text: &str) -> String {
    let file = folder.path().join("web.yml");
    fs::write(&file, text).unwrap();
    let told = Access::read(Some(&file)).unwrap_err().to_string();
    told.replace(&folder.path().display().to_string(), "…")
}

#[test]
fn files_that_do_not_hold_what_they_should_are_told_at_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    identity(&folder, "one");
    identity(&folder, "two");
    fs::write(folder.path().join("text"), "nothing of use").unwrap();
    let tls = |certificate: &str, key: &str, more: &str| {
        refusal(
            &folder,
            &format!("tls_server_config:\n  cert_file: {certificate}\n  key_file: {key}\n{more}"),
        )
    };
    let clients = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: text\n";
    insta::assert_snapshot!(
        "files-that-do-not-hold-what-they-should",
        [
            tls("missing", "text", clients),
            tls("text", "one.key", ""),
            tls("one.crt", "two.key", ""),
            tls(".", "one.crt", ""),
        ]
        .concat()
    );
}

#[test]
fn a_key_that_is_written_inline_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    identity(&folder, "one");
    let text = "tls_server_config:\n  cert_file: one.crt\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    hunter2\n    -----END PRIVATE KEY-----\n";
    let told = refusal(&folder, text);
    assert!(
        told.contains("tls_server_config.key") && !told.contains("hunter2"),
        "{told}"
    );
}

#[tokio::test]
async fn users_are_admitted_by_their_passwords_alone() {
    let (_folder, file) = written(&format!("basic_auth_users: {{alice: \"{}\"}}", hash()));
    let policy = Access::read(Some(&file)).unwrap().policy().await;
    let users = policy.users.as_ref().unwrap();
    for (shown, expected) in [
        (basic("alice:secret"), Admission::Granted),
        (basic("alice:secret"), Admission::Granted),
        (basic("alice:Secret"), Admission::Refused),
        (basic("alice:"), Admission::Refused),
        (basic("alice"), Admission::Refused),
        (basic("bob:secret"), Admission::Refused),
        (basic(":secret"), Admission::Refused),
        (
            HeaderValue::from_static("Bearer secret"),
            Admission::Refused,
        ),
        (HeaderValue::from_static("Basic ?"), Admission::Refused),
        (HeaderValue::from_static("Basic"), Admission::Refused),
    ] {
        assert_eq!(users.admit(Some(&shown)).await, expected, "{shown:?}");
    }
    assert_eq!(users.admit(None).await, Admission::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_change_takes_effect_for_whoever_comes_a_second_later() {
    let (_folder, file) = written("http_server_config: {headers: {X-Frame-Options: deny}}");
    let access = Access::read(Some(&file)).unwrap();
    fs::write(
        &file,
        "http_server_config: {headers: {X-Frame-Options: sameorigin}}",
    )
    .unwrap();
    assert_eq!(access.policy().await.headers["x-frame-options"], "deny");
    tokio::time::advance(FRESH).await;
    assert_eq!(
        access.policy().await.headers["x-frame-options"],
        "sameorigin"
    );
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_wrong_changes_nothing_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    identity(&folder, "one");
    identity(&folder, "two");
    let file = folder.path().join("web.yml");
    let text =
        |name: &str| format!("tls_server_config: {{cert_file: {name}.crt, key_file: {name}.key}}");
    fs::write(&file, text("one")).unwrap();
    let access = Access::read(Some(&file)).unwrap();
    let first = access.policy().await;
    let later = async || {
        tokio::time::advance(FRESH).await;
        access.policy().await
    };
    fs::write(&file, text("three")).unwrap();
    assert!(Arc::ptr_eq(&later().await, &first));
    // The file that was missing is what is waited for, though no policy was ever made of it.
    fs::copy(
        folder.path().join("two.crt"),
        folder.path().join("three.crt"),
    )
    .unwrap();
    assert!(Arc::ptr_eq(&later().await, &first));
    fs::copy(
        folder.path().join("two.key"),
        folder.path().join("three.key"),
    )
    .unwrap();
    assert!(!Arc::ptr_eq(&later().await, &first));
}

#[tokio::test(start_paused = true)]
async fn a_change_takes_no_protection_away() {
    let folder = tempfile::tempdir().unwrap();
    identity(&folder, "one");
    let file = folder.path().join("web.yml");
    let files = "cert_file: one.crt, key_file: one.key";
    let clients = "client_auth_type: RequireAndVerifyClientCert, client_ca_file: one.crt";
    let users = format!("basic_auth_users: {{alice: \"{}\"}}", hash());
    let whole = format!("tls_server_config: {{{files}, {clients}}}\n{users}\n");
    fs::write(&file, &whole).unwrap();
    let access = Access::read(Some(&file)).unwrap();
    let first = access.policy().await;
    for less in [
        String::new(),
        users.clone(),
        format!("tls_server_config: {{{files}, {clients}}}\n"),
        format!("tls_server_config: {{{files}}}\n{users}\n"),
    ] {
        fs::write(&file, &less).unwrap();
        tokio::time::advance(FRESH).await;
        assert!(Arc::ptr_eq(&access.policy().await, &first), "{less}");
    }
    assert!(!access.is_open());
    fs::write(
        &file,
        format!("{whole}rate_limit: {{interval: 1s, burst: 5}}\n"),
    )
    .unwrap();
    tokio::time::advance(FRESH).await;
    assert!(access.policy().await.rate.is_some());
}

#[test]
fn without_a_file_everybody_may_do_everything() {
    let access = Access::read(None).unwrap();
    assert!(access.is_open());
    assert_eq!(access.scheme(), "http");
}

#[test]
fn a_file_that_is_not_there_or_is_no_text_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.yml");
    let missing = Access::read(Some(&file)).unwrap_err().to_string();
    fs::write(&file, [0xff, 0xfe]).unwrap();
    let binary = Access::read(Some(&file)).unwrap_err().to_string();
    for (told, why) in [(missing, "No such file"), (binary, "UTF-8")] {
        assert!(told.contains("web.yml") && told.contains(why), "{told}");
    }
}
