//! Probes from a registry: fetched by digest, held against a key, kept for when the registry is gone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use super::{
    certificates::{Authority, Validity},
    daemon::{Daemon, leadsman},
    http,
    nginx::Nginx,
    once::once,
    process::{free_port, until},
    registry::{Key, PASSWORD, Registry},
};

mod scripted;

/// The component of `examples/s3`.
pub(super) fn component() -> Vec<u8> {
    fs::read(env!("LEADSMAN_EXAMPLE_S3")).expect("the example is built")
}

/// A WebDAV server that takes objects at `/invoices/`, and sends who asks for `/away/` elsewhere.
pub(super) fn bucket(folder: &Path) -> (Nginx, u16) {
    let port = free_port();
    let place = folder.join("bucket");
    fs::create_dir_all(place.join("invoices")).unwrap();
    let server = format!(
        "server {{ listen 127.0.0.1:{port}; root {}; dav_methods PUT DELETE; \
         location /away/ {{ return 307 http://127.0.0.2:{port}/invoices/; }} }}",
        place.display()
    );
    (Nginx::start(&place, port, &server), port)
}

/// A configuration with the probe `s3`, a check on it, and one that has nothing to do with it.
fn configuration(folder: &Path, image: &str, bucket: u16, more: &str) -> PathBuf {
    let file = folder.join("leadsman.yaml");
    let text = format!(
        "network: {{allow: [127.0.0.0/8, '::1/128']}}\ntls: {{ca: [ca.pem]}}\nsecrets: {{registry: {{file: password, hosts: [localhost]}}}}\n\
         probes:\n  s3: {{oci: '{image}', may: {{hosts: ['http://127.0.0.1:{bucket}']}}{more}}}\n\
         defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  \
         invoices: {{probe: s3, targets: [{{name: bucket, address: 'http://127.0.0.1:{bucket}'}}], settings: {{bucket: invoices, size: 4KiB}}, objectives: {{availability: 99.9%, unknown: bad}}}}\n  \
         web: {{probe: tcp, targets: ['127.0.0.1:{bucket}']}}\n"
    );
    fs::write(folder.join("password"), format!("{PASSWORD}\n")).unwrap();
    fs::write(&file, text).unwrap();
    file
}

fn command(name: &str, file: &Path) -> (Option<i32>, String) {
    let output: Output = leadsman()
        .arg(name)
        .arg("--config")
        .arg(file)
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&told).into_owned(),
    )
}

/// Waits until the last run of a check comes to a reason.
fn comes_to(daemon: &mut Daemon, check: &str, reason: &str) -> Value {
    let port = daemon.port;
    daemon
        .process
        .until(&format!("`{check}` comes to `{reason}`"), || {
            let told = http::json(port, "/api/v1/checks")?;
            let checks = http::at(&told, "/checks").as_array()?.clone();
            checks.into_iter().find(|it| {
                http::at(it, "/check") == check && http::at(it, "/last/reason") == reason
            })
        })
}

#[test]
fn a_signed_probe_is_fetched_over_tls_with_a_password_and_runs_when_the_registry_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let authority = Authority::new(place);
    let mut registry = Registry::closed(place, &authority.signs("localhost", Validity::Days(3)));
    let (digest, key) = (registry.push(&component()), Key::new(place, "storage"));
    registry.sign(&digest, &key);
    fs::copy(&key.public, place.join("kept.pub")).unwrap();
    let (_nginx, port) = bucket(place);
    let image = format!("localhost:{}/probes/s3@sha256:{digest}", registry.port);
    let file = configuration(
        place,
        &image,
        port,
        ", signed_by: storage.pub, basic: {user: alice, secret: registry}",
    );

    // In a pull request, without a network: what cannot be judged is told, and is no mistake.
    let (status, told) = command("validate", &file);
    assert_eq!(status, Some(0), "{told}");
    assert!(
        told.contains("the probe `s3` is not here") && told.contains("leadsman.yaml:5"),
        "{told}"
    );

    let (status, told) = command("schema", &file);
    assert_eq!(status, Some(69), "{told}");
    assert!(
        told.contains("the probe `s3` is not here") && told.contains("`leadsman pull` fetches it"),
        "{told}"
    );

    // A first start fetches it, also where nothing wrong is put up with.
    let mut daemon = Daemon::start_as(leadsman(), &file, free_port(), &["--config.strict"]);
    comes_to(&mut daemon, "invoices", "ok");
    let probes = http::json(daemon.port, "/api/v1/probes").unwrap();
    let probes = http::at(&probes, "/probes").as_array().unwrap().clone();
    let s3 = probes.iter().find(|probe| probe["name"] == "s3").unwrap();
    assert_eq!(
        (&s3["source"], &s3["sha256"]),
        (&Value::from(image), &Value::from(digest))
    );
    assert!(!daemon.process.output().contains(PASSWORD));
    drop(daemon);

    registry.stop();
    let (status, told) = command("pull", &file);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("here already, signed by"), "{told}");
    let mut daemon = Daemon::start(&file);
    comes_to(&mut daemon, "invoices", "ok");
    until("a run has removed its object", || {
        let mut left = fs::read_dir(place.join("bucket/invoices")).ok()?;
        left.next().is_none().then_some(())
    });

    // What one key has signed is not taken for another one's, in the cache or in a running daemon.
    fs::copy(&Key::new(place, "other").public, &key.public).unwrap();
    daemon.process.signal("HUP");
    comes_to(&mut daemon, "invoices", "probe_load");
    drop(daemon);
    fs::copy(place.join("kept.pub"), &key.public).unwrap();

    // Now that it is here, its settings are judged.
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("size: 4KiB", "size: 4 GB");
    fs::write(&file, text).unwrap();
    let (status, told) = command("validate", &file);
    assert_eq!(status, Some(78), "{told}");
    assert!(told.contains("`4 GB` is not a size"), "{told}");
}

#[test]
fn a_probe_that_cannot_be_had_leaves_its_own_runs_unknown_and_comes_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    Authority::new(place);
    let mut registry = Registry::open(place);
    let (digest, key) = (registry.push(&component()), Key::new(place, "storage"));
    let (_nginx, port) = bucket(place);
    let image = format!("localhost:{}/probes/s3@sha256:{digest}", registry.port);
    let file = configuration(
        place,
        &image,
        port,
        ", signed_by: storage.pub, plain_http: true",
    );
    registry.stop();

    let mut daemon = Daemon::start(&file);
    let run = comes_to(&mut daemon, "invoices", "probe_load");
    assert_eq!(run["last"]["outcome"], "unknown");
    assert_eq!(run["last"]["blame"], "probe");
    comes_to(&mut daemon, "web", "ok");
    let files = http::json(daemon.port, "/api/v1/files").unwrap();
    let notice = http::at(&files, "/files/0/notices/0").as_str().unwrap();
    assert!(
        notice.contains("refused") && notice.contains("the probe `s3` is not here"),
        "{notice}"
    );

    // Nobody reloads anything.
    registry.resume();
    registry.sign(&digest, &key);
    comes_to(&mut daemon, "invoices", "ok");
    until("the notice is gone", || {
        let files = http::json(daemon.port, "/api/v1/files")?;
        (http::at(&files, "/files/0/notices") == &Value::Array(Vec::new())).then_some(())
    });
}

#[test]
fn an_image_that_is_unsigned_signed_by_others_or_swapped_is_not_used_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    Authority::new(place);
    let registry = Registry::open(place);
    let (digest, other) = (registry.push(&component()), Key::new(place, "other"));
    Key::new(place, "storage");
    let image = format!("localhost:{}/probes/s3@sha256:{digest}", registry.port);
    let asks_for = |image: &str, more: &str| {
        let file = configuration(place, image, 1, &format!("{more}, plain_http: true"));
        let (status, told) = command("pull", &file);
        assert_eq!(status, Some(69), "{told}");
        told
    };

    let told = asks_for(&image, ", signed_by: storage.pub");
    assert!(told.contains("has no signature"), "{told}");
    registry.sign(&digest, &other);
    let told = asks_for(&image, ", signed_by: storage.pub");
    assert!(
        told.contains("none of the image's 1 signatures is of the key"),
        "{told}"
    );
    let told = asks_for(&image.replace(&digest, &"00".repeat(32)), "");
    assert!(told.contains("answers 404 (manifest unknown)"), "{told}");

    let (component, swapped) = (component(), vec![0; component().len()]);
    registry.tamper(&leadsman_core::digest::sha256(&component), &swapped);
    let told = asks_for(&image, "");
    assert!(told.contains("the component's SHA-256 is"), "{told}");

    // The daemon's own word for it is `unknown`, and whose it is.
    let file = configuration(place, &image, 1, ", plain_http: true");
    once(&file, "invoices").comes_to("unknown", "probe_load");
}

#[test]
fn a_bounded_probe_does_not_follow_its_target_out_of_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    Authority::new(place);
    let registry = Registry::open(place);
    let digest = registry.push(&component());
    let (_nginx, port) = bucket(place);
    let image = format!("localhost:{}/probes/s3@sha256:{digest}", registry.port);
    let file = configuration(place, &image, port, ", plain_http: true");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("bucket: invoices", "bucket: away")).unwrap();
    let run = once(&file, "invoices");
    run.comes_to("fail", "redirect_denied");
    let sentence = run.said("sentence").as_str().unwrap();
    assert!(
        sentence.contains("beyond what the probe may ask"),
        "{sentence}"
    );
}
