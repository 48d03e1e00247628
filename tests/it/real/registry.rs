//! A real registry: Debian's `docker-registry`, filled by `skopeo`, with images signed by OpenSSL's keys.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use leadsman_core::digest;
use serde_json::{Value, json};

use super::{
    certificates::Certificate,
    http,
    process::{Process, free_port, tool},
    secured::ALICE,
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What `alice` signs in with.
pub(super) const PASSWORD: &str = "wonderland";

/// A running registry in a folder of its own.
#[derive(Debug)]
pub(super) struct Registry {
    process: Option<Process>,
    folder: PathBuf,
    pub(super) port: u16,
}

impl Registry {
    /// Starts one that everybody may read and write, without TLS.
    pub(super) fn open(folder: &Path) -> Self {
        Self::start(folder, "")
    }

    /// Starts one that serves TLS, and `alice` alone.
    pub(super) fn closed(folder: &Path, certificate: &Certificate) -> Self {
        let users = folder.join("registry.users");
        fs::write(&users, format!("{}\n", ALICE.replace(": ", ":"))).unwrap();
        let tls = format!(
            ", tls: {{certificate: {}, key: {}}}}}\nauth: {{htpasswd: {{realm: registry, path: {}}}",
            certificate.certificate.display(),
            certificate.key.display(),
            users.display()
        );
        Self::start(folder, &tls)
    }

    fn start(folder: &Path, more: &str) -> Self {
        let port = free_port();
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}/registry}}}}\nhttp: {{addr: '127.0.0.1:{port}'{more}}}\n",
            folder.display()
        );
        fs::write(folder.join("registry.yml"), text).unwrap();
        let mut registry = Self {
            process: None,
            folder: folder.to_owned(),
            port,
        };
        registry.resume();
        registry
    }

    /// Starts it again, with all that it had.
    pub(super) fn resume(&mut self) {
        let mut command = Command::new(tool("docker-registry"));
        command.arg("serve").arg(self.folder.join("registry.yml"));
        let mut process = Process::start(&mut command, &self.folder.join("registry.log"));
        process.listens(self.port);
        self.process = Some(process);
    }

    /// Ends it.
    pub(super) fn stop(&mut self) {
        self.process = None;
    }

    /// Puts a component into the repository `probes/s3`, as an image like no other's; its digest.
    pub(super) fn push(&self, component: &[u8]) -> String {
        let name = self.folder.display().to_string();
        let image = Layout::new(&self.folder.join("image"));
        let layer = image.blob("application/wasm", component, &json!({}));
        let config = json!({"architecture": "wasm", "os": "wasip2", "layerDigests": [http::at(&layer, "/digest")]});
        let config = image.blob(
            "application/vnd.wasm.config.v0+json",
            config.to_string().as_bytes(),
            &json!({}),
        );
        let digest = image.manifest(
            &config,
            &layer,
            &json!({"org.opencontainers.image.title": name}),
        );
        self.copy(&image, "1");
        digest
    }

    /// Signs an image as `cosign sign --key` does, with a key of OpenSSL's.
    pub(super) fn sign(&self, digest: &str, key: &Key) {
        let statement = json!({
            "critical": {
                "identity": {"docker-reference": ""},
                "image": {"docker-manifest-digest": format!("sha256:{digest}")},
                "type": "cosign container image signature",
            },
            "optional": null,
        });
        let statement = statement.to_string();
        let signature = key.signs(statement.as_bytes());
        let image = Layout::new(&self.folder.join("signature"));
        let layer = image.blob(
            "application/vnd.dev.cosign.simplesigning.v1+json",
            statement.as_bytes(),
            &json!({"dev.cosignproject.cosign/signature": signature}),
        );
        let config = json!({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": [http::at(&layer, "/digest")]}});
        let config = image.blob(
            "application/vnd.oci.image.config.v1+json",
            config.to_string().as_bytes(),
            &json!({}),
        );
        image.manifest(&config, &layer, &json!({}));
        self.copy(&image, &format!("sha256-{digest}.sig"));
    }

    /// Writes other bytes over a blob, behind the registry's back.
    pub(super) fn tamper(&self, digest: &str, with: &[u8]) {
        let blobs = self.folder.join("registry/docker/registry/v2/blobs/sha256");
        let (short, _) = digest.split_at(2);
        fs::write(blobs.join(short).join(digest).join("data"), with).unwrap();
    }

    fn copy(&self, image: &Layout, tag: &str) {
        let mut command = Command::new(tool("skopeo"));
        command.args([
            "--insecure-policy",
            "copy",
            "--preserve-digests",
            "--dest-tls-verify=false",
        ]);
        command.args(["--dest-creds", &format!("alice:{PASSWORD}")]);
        command.arg(format!("oci:{}", image.0.display()));
        command.arg(format!("docker://127.0.0.1:{}/probes/s3:{tag}", self.port));
        let output = command.output().expect("skopeo can be started");
        assert!(
            output.status.success(),
            "skopeo: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// A folder in the OCI image layout.
struct Layout(PathBuf);

impl Layout {
    fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(
            folder.join("oci-layout"),
            r#"{"imageLayoutVersion": "1.0.0"}"#,
        )
        .unwrap();
        Self(folder.to_owned())
    }

    fn blob(&self, kind: &str, content: &[u8], annotations: &Value) -> Value {
        let digest = digest::sha256(content);
        fs::write(self.0.join("blobs/sha256").join(&digest), content).unwrap();
        json!({"mediaType": kind, "digest": format!("sha256:{digest}"), "size": content.len(), "annotations": annotations})
    }

    /// Makes the image of these two; its digest.
    fn manifest(&self, config: &Value, layer: &Value, annotations: &Value) -> String {
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer], "annotations": annotations});
        let manifest = self.blob(MANIFEST, manifest.to_string().as_bytes(), &json!({}));
        let index = json!({"schemaVersion": 2, "manifests": [manifest]});
        fs::write(self.0.join("index.json"), index.to_string()).unwrap();
        let digest = http::at(&manifest, "/digest").as_str().unwrap();
        digest.trim_start_matches("sha256:").to_owned()
    }
}

/// A key pair of OpenSSL's.
#[derive(Debug)]
pub(super) struct Key {
    private: PathBuf,
    pub(super) public: PathBuf,
}

impl Key {
    /// A new pair on P-256, as `cosign generate-key-pair` makes them.
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        let key = Self {
            private: folder.join(format!("{name}.key")),
            public: folder.join(format!("{name}.pub")),
        };
        openssl(
            &[
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-out",
            ],
            &[&key.private],
        );
        openssl(
            &["pkey", "-pubout", "-in"],
            &[&key.private, Path::new("-out"), &key.public],
        );
        key
    }

    fn signs(&self, content: &[u8]) -> String {
        let (statement, signature) = (
            self.private.with_extension("json"),
            self.private.with_extension("sig"),
        );
        fs::write(&statement, content).unwrap();
        openssl(
            &["dgst", "-sha256", "-sign"],
            &[&self.private, Path::new("-out"), &signature, &statement],
        );
        openssl(
            &["base64", "-A", "-in"],
            &[&signature, Path::new("-out"), &statement],
        );
        fs::read_to_string(&statement).unwrap().trim().to_owned()
    }
}

fn openssl(arguments: &[&str], paths: &[&Path]) {
    let output = Command::new(tool("openssl"))
        .args(arguments)
        .args(paths)
        .output();
    let output = output.expect("openssl can be started");
    assert!(
        output.status.success(),
        "openssl {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
