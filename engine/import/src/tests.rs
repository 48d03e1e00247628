//! Whole imports.

mod any;
mod contract;
mod curl;
mod har;
mod hurl;
mod secret;

use crate::{Format, Options, import};

/// The configuration, which holds, and what was left, as one text.
fn shown(format: Format, text: &str) -> String {
    match import(format, text, &Options::default()) {
        Ok(imported) => {
            contract::holds(&imported.yaml);
            let left: Vec<String> = imported.left.iter().map(ToString::to_string).collect();
            format!("{}\n=== left\n{}\n", imported.yaml, left.join("\n"))
        }
        Err(error) => format!("=== refused\n{error}\n"),
    }
}
