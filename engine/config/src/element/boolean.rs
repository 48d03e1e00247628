//! Yes or no.

use crate::{
    notes::Wrong,
    tree::{Node, Tree},
};

/// `true` or `false`.
pub(crate) fn boolean(node: &Node) -> Result<bool, Wrong> {
    match node.value {
        Tree::Bool(value) => Ok(value),
        _ => Err(node.not("`true` or `false`")),
    }
}
