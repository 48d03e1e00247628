//! What a message must not repeat: a web configuration has keys, hashes, and now and then a password.

use crate::{
    Problems,
    tree::{Node, Tree},
};

/// Takes the excerpt out of every mistake whose line may show a secret: those where the file has lost
/// its shape, and those whose line has one of its secrets on it.
pub(super) fn redact(problems: Problems, root: Option<&Node>) -> Problems {
    let mut secrets = Vec::new();
    if let Some(root) = root {
        for section in ["basic_auth_users", "tls_server_config"] {
            if let Some((_, node)) = root.child(section) {
                collect(node, section == "basic_auth_users", &mut secrets);
            }
        }
    }
    problems.without_excerpts(|problem| {
        let shapeless = problem.path.is_empty() || problem.message.starts_with("unknown key");
        let hidden = ["basic_auth_users", "tls_server_config.key"].contains(&problem.path.as_str())
            || problem.path.starts_with("basic_auth_users.");
        shapeless
            || hidden
            || problem.excerpt.contains("PRIVATE KEY")
            || secrets
                .iter()
                .any(|secret| problem.excerpt.contains(secret))
    })
}

/// The texts below `node` that are secret: all of them, or those of keys called `key`.
fn collect(node: &Node, all: bool, secrets: &mut Vec<String>) {
    match &node.value {
        Tree::Text(text) if all && !text.is_empty() => {
            secrets.extend(text.lines().map(str::to_owned));
        }
        Tree::Number(number) if all => secrets.push(number.to_string()),
        Tree::List(items) => {
            for item in items {
                collect(item, all, secrets);
            }
        }
        Tree::Map(entries) => {
            for entry in entries {
                collect(&entry.node, all || entry.key == "key", secrets);
            }
        }
        _ => {}
    }
}
