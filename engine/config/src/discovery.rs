//! Target files in Prometheus' own `file_sd` format.

use std::{collections::BTreeMap, path::Path};

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

/// Most bytes of one file.
const LARGEST: usize = 8 << 20;

/// The groups of a file: JSON, or YAML where its name ends so.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Group>, String> {
    let refused = |why: String| {
        let shape = r#"[{"targets": ["host:port"], "labels": {"name": "value"}}]"#;
        format!(
            "`{}` is no list of targets: {why}; it has the shape `{shape}`",
            path.display()
        )
    };
    if text.len() > LARGEST {
        return Err(refused(format!("it has more than {LARGEST} bytes")));
    }
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
            assert!(
                why.contains("sd/a.json") && why.contains("targets"),
                "{why}"
            );
        }
    }
}
