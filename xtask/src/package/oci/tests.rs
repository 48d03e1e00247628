//! The layout is read as the specification says, and its program is run from what is in its layers alone.

use std::{
    collections::BTreeMap,
    io::Read,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use flate2::read::GzDecoder;

use super::*;

/// A small program of this system stands in for the daemon: what matters is what is around it.
const STAND_IN: &str = "/bin/echo";

fn blob(layout: &Path, descriptor: &Value) -> Vec<u8> {
    let named = descriptor["digest"].as_str().unwrap();
    let bytes = fs::read(layout.join("blobs").join(named.replace(':', "/"))).unwrap();
    assert_eq!(digest(&bytes), named);
    assert_eq!(descriptor["size"], bytes.len());
    bytes
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The manifest, the configuration, and the layers uncompressed.
fn image(layout: &Path) -> (Value, Value, Vec<Vec<u8>>) {
    assert_eq!(
        parsed(&fs::read(layout.join("oci-layout")).unwrap())["imageLayoutVersion"],
        "1.0.0"
    );
    let index = parsed(&fs::read(layout.join("index.json")).unwrap());
    let manifest = parsed(&blob(layout, &index["manifests"][0]));
    let config = parsed(&blob(layout, &manifest["config"]));
    let layers = manifest["layers"].as_array().unwrap().iter().map(|layer| {
        let mut plain = Vec::new();
        GzDecoder::new(blob(layout, layer).as_slice())
            .read_to_end(&mut plain)
            .unwrap();
        plain
    });
    let layers = layers.collect();
    (manifest, config, layers)
}

#[test]
fn the_image_is_a_layout_whose_digests_hold_and_whose_user_is_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, archive) = build(Path::new(STAND_IN), folder.path()).unwrap();
    let (_, config, layers) = image(&layout);
    let unpacked: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
    assert_eq!(config["rootfs"]["diff_ids"], json!(unpacked));
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"], json!(["/usr/bin/leadsman"]));
    let listed = Command::new("tar")
        .arg("-tf")
        .arg(archive)
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains("index.json\n") && listed.contains("oci-layout\n"),
        "{listed}"
    );
}

#[test]
fn the_same_program_gives_the_same_image_and_no_file_has_a_time() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, second] = folders.each_ref().map(|folder| {
        let (_, archive) = build(Path::new(STAND_IN), folder.path()).unwrap();
        digest(&fs::read(archive).unwrap())
    });
    assert_eq!(first, second);
    let tree = contents::program(Path::new(STAND_IN)).unwrap();
    let plain = layer::tar(&tree).unwrap();
    for entry in tar::Archive::new(plain.as_slice()).entries().unwrap() {
        assert_eq!(entry.unwrap().header().mtime().unwrap(), 0);
    }
}

#[test]
fn the_layers_alone_are_enough_to_run_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, _) = build(Path::new(STAND_IN), folder.path()).unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let (_, _, layers) = image(&layout);
    for layer in layers {
        let mut archive = tar::Archive::new(layer.as_slice());
        archive.set_preserve_permissions(true);
        archive.unpack(&root).unwrap();
    }
    let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777;
    let modes: BTreeMap<&str, u32> = ["usr/bin/leadsman", "etc/passwd", "var/lib/leadsman"]
        .map(|path| (path, mode(path)))
        .into();
    assert_eq!(
        modes.into_values().collect::<Vec<_>>(),
        [0o644, 0o755, 0o700]
    );
    // Its loader and its libraries come from the image: nothing of this system is asked.
    let loader = fs::read_dir(root.join("lib64"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let libraries = root.join("lib/x86_64-linux-gnu");
    let said = Command::new(loader)
        .arg("--inhibit-cache")
        .arg("--library-path")
        .arg(libraries)
        .arg(root.join("usr/bin/leadsman"))
        .arg("well")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(said.stdout).unwrap(), "well\n");
}
