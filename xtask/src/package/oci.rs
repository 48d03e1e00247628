//! The OCI image, written as a layout without any container daemon: the same inputs give the same bytes.

mod contents;
mod layer;

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::PROGRAM;
use crate::failure::Failure;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the endpoint listens in a container: its network is its own.
const LISTEN: &str = "0.0.0.0:9617";

/// A layout folder's blobs, as they are written.
struct Blobs {
    folder: PathBuf,
}

/// Builds the image in a folder; returns its layout and the archive of that.
pub(super) fn build(program: &Path, folder: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let layout = folder.join(format!("{PROGRAM}_{VERSION}_{}.oci", architecture()));
    // Blobs that an earlier build left belong to no image any more.
    if layout.exists() {
        fs::remove_dir_all(&layout).map_err(|error| Failure::file(&layout, &error))?;
    }
    let blobs = Blobs {
        folder: layout.join("blobs/sha256"),
    };
    fs::create_dir_all(&blobs.folder).map_err(|error| Failure::file(&blobs.folder, &error))?;
    let manifest = blobs.image(program)?;
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest],
    });
    fs::write(layout.join("index.json"), index.to_string())?;
    fs::write(
        layout.join("oci-layout"),
        json!({"imageLayoutVersion": "1.0.0"}).to_string(),
    )?;
    let archive = layout.with_extension("oci.tar");
    let file = File::create(&archive).map_err(|error| Failure::file(&archive, &error))?;
    layer::archive(&layout, file)?;
    Ok((layout, archive))
}

/// The architecture as OCI, and Go, name it.
fn architecture() -> &'static str {
    match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

impl Blobs {
    /// Writes layers, configuration and manifest; returns what an index says of it.
    fn image(&self, program: &Path) -> Result<Value, Failure> {
        let (mut layers, mut unpacked) = (Vec::new(), Vec::new());
        // What changes with each release is apart from what does not.
        for tree in [contents::base(program)?, contents::program(program)?] {
            let plain = layer::tar(&tree)?;
            unpacked.push(digest(&plain));
            layers.push(self.add(
                "application/vnd.oci.image.layer.v1.tar+gzip",
                &layer::gzip(&plain)?,
            )?);
        }
        let config = configuration(&unpacked).to_string();
        let config = self.add(
            "application/vnd.oci.image.config.v1+json",
            config.as_bytes(),
        )?;
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers, "annotations": annotations()});
        let mut described = self.add(kind, manifest.to_string().as_bytes())?;
        if let Some(described) = described.as_object_mut() {
            described.insert(
                "annotations".to_owned(),
                json!({"org.opencontainers.image.ref.name": VERSION}),
            );
            described.insert(
                "platform".to_owned(),
                json!({"architecture": architecture(), "os": "linux"}),
            );
        }
        Ok(described)
    }

    /// Writes a blob and returns its descriptor.
    fn add(&self, kind: &str, bytes: &[u8]) -> Result<Value, Failure> {
        let digest = digest(bytes);
        let file = self.folder.join(digest.trim_start_matches("sha256:"));
        fs::write(&file, bytes).map_err(|error| Failure::file(&file, &error))?;
        Ok(json!({"mediaType": kind, "digest": digest, "size": bytes.len()}))
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

fn annotations() -> Value {
    json!({
        "org.opencontainers.image.title": PROGRAM,
        "org.opencontainers.image.version": VERSION,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.description": "A synthetic prober whose checks are sandboxed WebAssembly components.",
    })
}

/// There is no shell, so there is no health check here: ask `/-/healthy` from outside.
fn configuration(unpacked: &[String]) -> Value {
    json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "User": format!("{0}:{0}", contents::USER),
            "ExposedPorts": {"9617/tcp": {}},
            "Env": ["PATH=/usr/bin", format!("CACHE_DIRECTORY={}", contents::CACHE), format!("STATE_DIRECTORY={}", contents::STATE)],
            "Entrypoint": ["/usr/bin/leadsman"],
            "Cmd": ["run", "--config", "/etc/leadsman/leadsman.yaml", "--web.listen-address", LISTEN],
            "WorkingDir": "/",
            "StopSignal": "SIGTERM",
            "Labels": annotations(),
        },
        "rootfs": {"type": "layers", "diff_ids": unpacked},
        "history": [
            {"created_by": "cargo xtask package oci", "comment": "libraries, authorities, the user"},
            {"created_by": "cargo xtask package oci", "comment": "leadsman"},
        ],
    })
}

#[cfg(test)]
mod tests;
