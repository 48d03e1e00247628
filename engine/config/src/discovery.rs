//! Target files in Prometheus' own `file_sd` format.

use std::{collections::BTreeMap, fmt, io, path::Path};

use serde::Deserialize;

/// Targets that share labels.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Their addresses.
    pub targets: Vec<String>,
    /// Their labels. `name` is the target's name, for a group of one; labels that begin with `__` are
    /// for Prometheus alone.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Why a file gives no targets, and how to mend it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undiscovered {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: String,
}

impl Undiscovered {
    /// Of a file that cannot be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self {
            message: format!("`{}` cannot be read: {error}", path.display()),
            mend: "let leadsman read it, or keep it from what `file_sd` matches".to_owned(),
        }
    }
}

impl fmt::Display for Undiscovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.mend)
    }
}

/// Most bytes of one file.
const LARGEST: usize = 8 << 20;

/// The groups of a file: JSON, or YAML where its name ends so.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Group>, Undiscovered> {
    let told = |why: String, mend: String| Undiscovered {
        message: format!("`{}` is no list of targets: {why}", path.display()),
        mend,
    };
    if text.len() > LARGEST {
        let why = format!("it has more than {LARGEST} bytes");
        let mend = "split it into several files that `file_sd` matches";
        return Err(told(why, mend.to_owned()));
    }
    let refused = |why: String| {
        let shape = r#"[{"targets": ["host:port"], "labels": {"name": "value"}}]"#;
        told(why, format!("write it in the shape `{shape}`"))
    };
    let is_yaml = path
        .extension()
        .is_some_and(|extension| extension == "yml" || extension == "yaml");
    if is_yaml {
        serde_saphyr::from_str(text).map_err(|error| refused(error.to_string()))
    } else {
        serde_json::from_str(text).map_err(|error| refused(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_yaml_say_the_same() {
        let json = parse(
            Path::new("a.json"),
            r#"[{"targets": ["a:1", "b:2"], "labels": {"env": "prod"}}, {"targets": []}]"#,
        );
        let yaml = parse(
            Path::new("a.yml"),
            "- targets: ['a:1', 'b:2']\n  labels: {env: prod}\n- targets: []\n",
        );
        assert_eq!(json, yaml);
        assert_eq!(json.unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_list_of_targets_is_told_with_its_shape() {
        for text in [
            "",
            "{}",
            "[1]",
            r#"[{"targets": "a"}]"#,
            r#"[{"targets": [], "lables": {}}]"#,
        ] {
            let why = parse(Path::new("sd/a.json"), text).unwrap_err();
            assert!(why.message.contains("sd/a.json"), "{why}");
            assert!(why.mend.contains("targets"), "{why}");
        }
    }
}
