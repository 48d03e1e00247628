//! `tls_server_config`.

use super::{
    ClientAuth, Hidden, Pem, PemSource, TlsVersion, WebTls,
    names::{cipher_suite, client_auth, group, version},
};
use crate::{
    element::{boolean::boolean, name::path},
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::Node,
};

const TLS: Keys = Keys {
    known: &[
        "cert",
        "key",
        "client_ca",
        "cert_file",
        "key_file",
        "client_auth_type",
        "client_ca_file",
        "client_allowed_sans",
        "min_version",
        "max_version",
        "cipher_suites",
        "prefer_server_cipher_suites",
        "curve_preferences",
    ],
    later: &[],
};

/// The section; `None` where it says nothing, or too little.
pub(super) fn read(node: &Node, notes: &Notes<'_>) -> Option<WebTls> {
    let table = Table::open(node, TLS, notes)?;
    if notes.keep(node, node.entries())?.is_empty() {
        return None;
    }
    let certificate = pem(&table, &CERTIFICATE, notes);
    let key = pem(&table, &KEY, notes);
    for files in [&CERTIFICATE, &KEY] {
        if given(&table, files.file)
            .or(given(&table, files.inline))
            .is_none()
        {
            let message = format!("one of `{}` and `{}` is missing", files.file, files.inline);
            let mend = format!("write the path of a PEM file as `{}`", files.file);
            notes.say(node, wrong(message, mend));
        }
    }
    let tls = WebTls {
        client_auth: of(&table, "client_auth_type", notes, client_auth)
            .unwrap_or(ClientAuth::NoClientCert),
        client_ca: pem(&table, &CLIENT_CA, notes),
        client_sans: table.get("client_allowed_sans").map(|node| {
            each(node, "names", notes, |item| {
                item.expect_text("a name as text").map(str::to_owned)
            })
        }),
        min: of(&table, "min_version", notes, version).unwrap_or(TlsVersion::Tls12),
        max: of(&table, "max_version", notes, version).unwrap_or(TlsVersion::Tls13),
        cipher_suites: numbers(&table, "cipher_suites", notes, cipher_suite),
        groups: numbers(&table, "curve_preferences", notes, group),
        own_order: of(&table, "prefer_server_cipher_suites", notes, boolean).unwrap_or(true),
        certificate: certificate?,
        key: key?,
    };
    agree(&table, &tls, notes);
    Some(tls)
}

/// The two keys that one PEM text can be under.
struct Places {
    file: &'static str,
    inline: &'static str,
    file_pointer: &'static str,
    inline_pointer: &'static str,
}

const CERTIFICATE: Places = Places {
    file: "cert_file",
    inline: "cert",
    file_pointer: "/tls_server_config/cert_file",
    inline_pointer: "/tls_server_config/cert",
};
const KEY: Places = Places {
    file: "key_file",
    inline: "key",
    file_pointer: "/tls_server_config/key_file",
    inline_pointer: "/tls_server_config/key",
};
const CLIENT_CA: Places = Places {
    file: "client_ca_file",
    inline: "client_ca",
    file_pointer: "/tls_server_config/client_ca_file",
    inline_pointer: "/tls_server_config/client_ca",
};

/// The value of a key; an empty text is none, as in the toolkit.
fn given<'a>(table: &Table<'a>, key: &str) -> Option<&'a Node> {
    table.get(key).filter(|node| node.text() != Some(""))
}

fn of<T>(
    table: &Table<'_>,
    key: &str,
    notes: &Notes<'_>,
    read: impl FnOnce(&Node) -> Result<T, Wrong>,
) -> Option<T> {
    given(table, key).and_then(|node| notes.read(node, read))
}

fn pem(table: &Table<'_>, places: &Places, notes: &Notes<'_>) -> Option<Pem> {
    let (file, inline) = (given(table, places.file), given(table, places.inline));
    if let (Some(_), Some(node)) = (file, inline) {
        let message = format!("`{}` and `{}` are both written", places.file, places.inline);
        notes.say(node, wrong(message, "remove one of them"));
    }
    match (file, inline) {
        (Some(node), _) => Some(Pem {
            pointer: places.file_pointer,
            source: PemSource::File(notes.read(node, |node| path(node, notes.folder()))?),
        }),
        (None, Some(node)) => Some(Pem {
            pointer: places.inline_pointer,
            source: PemSource::Inline(Hidden(notes.read(node, pem_text)?)),
        }),
        (None, None) => None,
    }
}

/// A PEM text; one that is none may be a secret all the same, and is not shown.
fn pem_text(node: &Node) -> Result<String, Wrong> {
    let text = node.text().filter(|text| text.contains("-----BEGIN"));
    text.map(str::to_owned).ok_or_else(|| {
        wrong(
            "expected a PEM text",
            "write it as a block behind `|`, from `-----BEGIN` to the end of the `-----END` line",
        )
    })
}

/// The numbers of a list; an empty one is none, as in the toolkit.
fn numbers(
    table: &Table<'_>,
    key: &str,
    notes: &Notes<'_>,
    read: impl Fn(&Node) -> Result<u16, Wrong>,
) -> Option<Vec<u16>> {
    let list = each(table.get(key)?, "names", notes, read);
    (!list.is_empty()).then_some(list)
}

fn each<T>(
    node: &Node,
    what: &str,
    notes: &Notes<'_>,
    read: impl Fn(&Node) -> Result<T, Wrong>,
) -> Vec<T> {
    let items = notes.keep(node, node.items(what)).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| notes.read(item, &read))
        .collect()
}

/// What is right by itself and wrong together.
fn agree(table: &Table<'_>, tls: &WebTls, notes: &Notes<'_>) {
    let auth = table.get("client_auth_type").unwrap_or(table.node);
    if tls.min > tls.max {
        let node = table.get("min_version").unwrap_or(table.node);
        let mend = "raise `max_version`, or lower this";
        notes.say(node, wrong("`min_version` is above `max_version`", mend));
    }
    if tls.client_auth.verifies() && tls.client_ca.is_none() {
        let message = "clients cannot be verified without an authority";
        notes.say(
            auth,
            wrong(
                message,
                "write the PEM file of their authority as `client_ca_file`",
            ),
        );
    }
    let asks = tls.client_auth != ClientAuth::NoClientCert;
    let mend = "write `client_auth_type: RequireAndVerifyClientCert`";
    for key in ["client_ca_file", "client_ca", "client_allowed_sans"] {
        if let Some(node) = given(table, key).filter(|_| !asks) {
            let message =
                format!("`{key}` refuses nobody while no client is asked for a certificate");
            notes.say(node, wrong(message, mend));
        }
    }
    let none_left = |numbers: &Vec<u16>| numbers.iter().all(|number| number >> 8 == 0x13);
    if tls.max == TlsVersion::Tls12
        && tls.cipher_suites.as_ref().is_some_and(none_left)
        && let Some(node) = table.get("cipher_suites")
    {
        let message = "none of these cipher suites is of TLS 1.2, the only version left";
        notes.say(
            node,
            wrong(message, "add one of TLS 1.2, or raise `max_version`"),
        );
    }
}
