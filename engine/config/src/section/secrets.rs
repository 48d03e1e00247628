//! `secrets`: where each is read, which hosts it may be sent to, which teams may use it.

use std::collections::BTreeMap;

use leadsman_core::{
    id::ResourceName,
    plan::{Secret, SecretSource},
};

use super::{each, named};
use crate::{
    element::{address::pattern, name},
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::Node,
};

const SECRET: Keys = Keys {
    known: &["file", "env", "credential", "hosts", "teams"],
    later: &[],
};

/// The secrets; a name may be declared although its declaration is wrong.
pub(crate) struct Secrets {
    pub(crate) known: BTreeMap<ResourceName, Secret>,
    pub(crate) declared: Vec<ResourceName>,
}

pub(super) fn read(node: Option<&Node>, notes: &Notes<'_>) -> Secrets {
    let entries = named(node, notes);
    let declared = entries.iter().map(|(name, _)| name.clone()).collect();
    let known = entries
        .into_iter()
        .filter_map(|(name, entry)| secret(&entry.node, notes).map(|secret| (name, secret)))
        .collect();
    Secrets { known, declared }
}

fn secret(node: &Node, notes: &Notes<'_>) -> Option<Secret> {
    let table = Table::open(node, SECRET, notes)?;
    let source = source(&table, notes);
    let hosts = each(
        table.require("hosts", "list the hosts that it may be sent to", notes),
        "hosts",
        notes,
        pattern,
    );
    if table
        .get("hosts")
        .is_some_and(|node| node.items("").is_ok_and(<[_]>::is_empty))
    {
        notes.say(
            node,
            wrong(
                "a secret without hosts cannot be sent anywhere",
                "list the hosts that it may be sent to",
            ),
        );
    }
    let teams = each(table.get("teams"), "teams", notes, |item| {
        name::name(item, ResourceName::new).map(String::from)
    });
    Some(Secret {
        source: source?,
        hosts,
        teams,
    })
}

fn source(table: &Table<'_>, notes: &Notes<'_>) -> Option<SecretSource> {
    let written = ["file", "env", "credential"].map(|key| table.get(key));
    match written {
        [Some(file), None, None] => notes
            .read(file, |node| name::path(node, notes.folder()))
            .map(SecretSource::File),
        [None, Some(env), None] => notes.read(env, variable).map(SecretSource::Env),
        [None, None, Some(credential)] => {
            let name = notes.read(credential, |node| name::name(node, ResourceName::new))?;
            Some(SecretSource::Credential(name.into()))
        }
        [None, None, None] => {
            let mend = "for example `file: /run/secrets/shop-login`";
            notes.say(
                table.node,
                wrong("a secret needs `file`, `env` or `credential`", mend),
            );
            None
        }
        _ => {
            let last = written.into_iter().flatten().last().unwrap_or(table.node);
            notes.say(
                last,
                wrong(
                    "a secret has one of `file`, `env` and `credential`, this one has more",
                    "remove all but one",
                ),
            );
            None
        }
    }
}

fn variable(node: &Node) -> Result<String, Wrong> {
    let text = node.expect_text("the name of an environment variable")?;
    if text.contains(['=', '\0']) {
        return Err(wrong(
            format!(
                "{} is not the name of an environment variable",
                node.shown()
            ),
            "the name alone, without `=`",
        ));
    }
    Ok(text.to_owned())
}
