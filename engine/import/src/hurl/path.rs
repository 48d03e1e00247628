//! Paths of Hurl in the languages of a journey: JSONPath of RFC 9535, CEL, CSS.

use regex::Regex;
use serde_json_path::JsonPath;

/// Words that CEL keeps for itself.
const RESERVED: [&str; 20] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "while",
];

/// Whether a journey reads the path as Hurl does.
pub(super) fn is_json_path(path: &str) -> bool {
    JsonPath::parse(path).is_ok()
}

/// Whether it selects one node at most.
pub(super) fn is_singular(path: &str) -> bool {
    cel(path).is_some()
}

/// The same as an expression over `body`, where it selects one node.
pub(super) fn cel(path: &str) -> Option<String> {
    let step =
        Regex::new(r#"^(?:\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\['([^'\\]*)'\]|\["([^"\\]*)"\])"#)
            .ok()?;
    let mut rest = path.strip_prefix('$')?;
    let mut out = "body".to_owned();
    while !rest.is_empty() {
        let found = step.captures(rest)?;
        let name = found.get(1).map(|name| name.as_str());
        match (name, found.get(2)) {
            (Some(name), _) if !RESERVED.contains(&name) => {
                out.push('.');
                out.push_str(name);
            }
            (_, Some(index)) => {
                out.push('[');
                out.push_str(index.as_str());
                out.push(']');
            }
            _ => {
                let key = name.or_else(|| found.get(3).or(found.get(4)).map(|key| key.as_str()))?;
                out.push('[');
                out.push_str(&quoted(key));
                out.push(']');
            }
        }
        rest = rest.get(found.get(0)?.end()..)?;
    }
    Some(out)
}

/// A text as CEL writes it; nothing in it looks like a template.
pub(super) fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.replace("${", "\\u0024{")
}

/// The same as a CSS selector: paths of names, one attribute that is compared, one that is taken.
pub(super) fn css(xpath: &str) -> Option<String> {
    let inner = xpath.trim();
    let inner = inner
        .strip_prefix("string(")
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(inner);
    let inner = inner.strip_suffix("/text()").unwrap_or(inner);
    let (inner, attribute) = match inner.rsplit_once("/@") {
        Some((inner, attribute)) => (inner, format!("@{attribute}")),
        None => (inner, String::new()),
    };
    let step = Regex::new(r#"^(//?)([A-Za-z][A-Za-z0-9-]*|\*)(?:\[@([A-Za-z][A-Za-z0-9-]*)=(?:'([^'\\"]*)'|"([^"\\']*)")\])?"#).ok()?;
    let mut rest = inner;
    let mut out = String::new();
    while !rest.is_empty() {
        let found = step.captures(rest)?;
        let deep = found.get(1)?.as_str() == "//";
        if out.is_empty() && !deep {
            // From the document's root: a selector cannot say where it begins.
            return None;
        }
        if !out.is_empty() {
            out.push_str(if deep { " " } else { " > " });
        }
        out.push_str(found.get(2)?.as_str());
        if let Some(name) = found.get(3) {
            let value = found.get(4).or(found.get(5))?.as_str();
            out.extend(["[", name.as_str(), "=", &quoted(value), "]"]);
        }
        rest = rest.get(found.get(0)?.end()..)?;
    }
    (!out.is_empty()).then_some(out + &attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_to_one_node_are_expressions() {
        for (path, expression) in [
            ("$", Some("body")),
            ("$.a[0].b", Some("body.a[0].b")),
            ("$['a b'].in", Some("body[\"a b\"][\"in\"]")),
            ("$..a", None),
            ("$.a[*]", None),
        ] {
            assert_eq!(cel(path).as_deref(), expression, "{path}");
        }
    }

    #[test]
    fn simple_xpaths_are_selectors() {
        for (xpath, selector) in [
            ("string(//h1)", Some("h1")),
            (
                "//input[@name='csrf']/@value",
                Some("input[name=\"csrf\"]@value"),
            ),
            ("string(//div[@id=\"x\"]/p)", Some("div[id=\"x\"] > p")),
            ("/html/head", None),
            ("count(//p)", None),
        ] {
            assert_eq!(css(xpath).as_deref(), selector, "{xpath}");
        }
    }
}
