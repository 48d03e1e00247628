//! Where a probe's component comes from: a file, or a registry.

use std::sync::Arc;

use leadsman_core::{
    id::ResourceName,
    plan::{Image, ImageReference, Login, ProbeSource},
};

use crate::{
    element::{boolean::boolean, name},
    notes::{Notes, Wrong, wrong},
    section::known,
    table::{Keys, Table},
    tree::Node,
};

/// What a probe's declaration may hold.
pub(super) const PROBE: Keys = Keys {
    known: &[
        "file",
        "sha256",
        "oci",
        "signed_by",
        "plain_http",
        "basic",
        "may",
    ],
    later: &[],
};
const LOGIN: Keys = Keys {
    known: &["user", "secret"],
    later: &[],
};

/// The source that the declaration names.
pub(super) fn read(
    table: &Table<'_>,
    secrets: &[ResourceName],
    notes: &Notes<'_>,
) -> Option<ProbeSource> {
    let strangers: &[&str] = match (table.get("file"), table.get("oci")) {
        (Some(_), None) => &["signed_by", "plain_http", "basic"],
        (None, Some(_)) => &["sha256"],
        (None, None) => {
            let mend =
                "for example `file: probes/s3.wasm`, or `oci: registry.example/probes/s3@sha256:…`";
            notes.say(table.node, wrong("a probe needs `file` or `oci`", mend));
            return None;
        }
        (Some(_), Some(oci)) => {
            let mend = "remove one of them";
            notes.say(oci, wrong("a probe has either `file` or `oci`", mend));
            return None;
        }
    };
    for stranger in strangers.iter().filter_map(|key| table.get(key)) {
        notes.say(stranger, misplaced(table.get("oci").is_some()));
    }
    match table.get("oci") {
        Some(oci) => image(oci, table, secrets, notes),
        None => file(table, notes),
    }
}

fn misplaced(is_image: bool) -> Wrong {
    if is_image {
        return wrong(
            "the digest of an image stands in `oci` itself",
            "remove `sha256`",
        );
    }
    wrong(
        "this belongs to a probe from a registry (`oci`)",
        "remove it; what pins a file is `sha256`",
    )
}

fn file(table: &Table<'_>, notes: &Notes<'_>) -> Option<ProbeSource> {
    let sha256 = table.get("sha256").map(|node| notes.read(node, digest));
    let path = table.get("file")?;
    let path = notes.read(path, |node| name::path(node, notes.folder()))?;
    Some(ProbeSource::File {
        path,
        sha256: sha256.flatten(),
    })
}

fn image(
    oci: &Node,
    table: &Table<'_>,
    secrets: &[ResourceName],
    notes: &Notes<'_>,
) -> Option<ProbeSource> {
    let reference = notes.read(oci, reference);
    let signed_by = table.get("signed_by").map(|node| {
        let path = notes.read(node, |node| name::path(node, notes.folder()));
        path.filter(|path| !path.as_os_str().is_empty())
    });
    let plain_http = table.get("plain_http");
    let plain_http = plain_http.map(|node| notes.read(node, boolean));
    let login = table.get("basic").map(|node| login(node, secrets, notes));
    Some(ProbeSource::Image(Arc::new(Image {
        reference: reference?,
        signed_by: signed_by.flatten(),
        plain_http: plain_http.flatten().unwrap_or_default(),
        login: login.flatten(),
    })))
}

fn reference(node: &Node) -> Result<ImageReference, Wrong> {
    let text = node.expect_text("an image's reference")?;
    let mend = "write `REGISTRY/REPOSITORY@sha256:DIGEST`; `skopeo inspect` shows the digest";
    ImageReference::try_from(text.to_owned()).map_err(|why| wrong(why, mend))
}

fn login(node: &Node, secrets: &[ResourceName], notes: &Notes<'_>) -> Option<Login> {
    let table = Table::open(node, LOGIN, notes)?;
    let user = table.require("user", "name who asks the registry", notes);
    let user =
        user.and_then(|node| notes.read(node, |node| Ok(node.expect_text("a user")?.to_owned())));
    let secret = table.require("secret", "name the secret that is the password", notes)?;
    let text = notes.keep(secret, secret.expect_text("a secret's name"))?;
    let all = secrets.iter().map(|name| (name.as_str(), name.clone()));
    Some(Login {
        secret: known(secret, text, "secret", all, notes)?,
        user: user?,
    })
}

fn digest(node: &Node) -> Result<String, Wrong> {
    let text = node.expect_text("a SHA-256 digest as text")?;
    if text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(wrong(
        format!("expected 64 hexadecimal digits, got {}", node.shown()),
        "take it from `sha256sum`",
    ))
}
