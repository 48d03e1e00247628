//! What a manifest says of its image (OCI image specification 1.1).

use std::collections::BTreeMap;

use serde::Deserialize;

/// An image's manifest, or an index of several.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A component's layer.
const WASM: &str = "application/wasm";

/// What signs an image (cosign's signature specification).
const SIGNED: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// Where a signed statement carries its signature.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// A manifest's parts that matter here.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
    /// Of an index.
    #[serde(default)]
    manifests: Vec<serde_json::Value>,
}

/// One blob that a manifest names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Layer {
    media_type: String,
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Manifest {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes)
            .map_err(|error| format!("the manifest cannot be read: {error}"))
    }

    /// The digest of the image's only layer, which is the component.
    pub(crate) fn component(&self) -> Result<&str, String> {
        if !self.manifests.is_empty() {
            return Err(format!(
                "the digest is an index's of {} images: name the digest of one of them",
                self.manifests.len()
            ));
        }
        match self.layers.as_slice() {
            [layer] if layer.media_type == WASM => layer.sha256(),
            [layer] => Err(format!(
                "the image's layer is `{}`, a component is `{WASM}`",
                layer.media_type
            )),
            layers => Err(format!(
                "the image has {} layers, a component has one",
                layers.len()
            )),
        }
    }

    /// The digests of the statements that sign an image, each with its signature in base64.
    pub(crate) fn statements(&self) -> impl Iterator<Item = (Result<&str, String>, &str)> {
        let signed = self
            .layers
            .iter()
            .filter(|layer| layer.media_type == SIGNED);
        signed.filter_map(|layer| {
            let signature = layer.annotations.get(SIGNATURE)?;
            Some((layer.sha256(), signature.as_str()))
        })
    }
}

impl Layer {
    fn sha256(&self) -> Result<&str, String> {
        let hex = self.digest.strip_prefix("sha256:");
        let hex =
            hex.filter(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        hex.ok_or_else(|| {
            format!(
                "the manifest names a layer by `{}`, not by SHA-256",
                self.digest
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(text: &str) -> Result<String, String> {
        Manifest::parse(text.as_bytes())?
            .component()
            .map(str::to_owned)
    }

    #[test]
    fn a_manifest_of_one_component_names_it_and_any_other_says_what_it_is_instead() {
        let digest = "ab".repeat(32);
        let layer = |kind: &str, digest: &str| {
            format!(r#"{{"mediaType": "{kind}", "digest": "{digest}", "size": 1}}"#)
        };
        let wasm = layer(WASM, &format!("sha256:{digest}"));
        assert_eq!(component(&format!(r#"{{"layers": [{wasm}]}}"#)), Ok(digest));
        let tar = layer("application/vnd.oci.image.layer.v1.tar+gzip", "sha256:ab");
        let odd = layer(WASM, "sha512:ab");
        for (text, told) in [
            (
                format!(r#"{{"layers": [{tar}]}}"#),
                "a component is `application/wasm`",
            ),
            (format!(r#"{{"layers": [{wasm}, {wasm}]}}"#), "has 2 layers"),
            (r#"{"layers": []}"#.to_owned(), "has 0 layers"),
            (format!(r#"{{"layers": [{odd}]}}"#), "not by SHA-256"),
            (
                r#"{"manifests": [{}, {}]}"#.to_owned(),
                "an index's of 2 images",
            ),
            ("<html>".to_owned(), "cannot be read"),
        ] {
            let why = component(&text).unwrap_err();
            assert!(why.contains(told), "{text}: {why}");
        }
    }
}
