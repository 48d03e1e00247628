//! Regular expressions, JSONPath and CEL: compiled once per check, from its settings.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use leadsman_core::plan::Complaint;
use scraper::Html;
use serde_json::Value;
use serde_json_path::JsonPath;

use css::Css;

mod css;
mod lent;
mod marked;

pub use marked::complaints;

/// Longest expression, in bytes.
pub(crate) const LONGEST: usize = 4096;

/// CEL's standard macros and functions: dozens of them, the same for every expression.
static CEL: LazyLock<Arc<cel::Env>> = LazyLock::new(|| Arc::new(cel::Env::stdlib()));

/// Values found by one expression at most, and bytes of each.
const FOUND: (usize, usize) = (100, 64 << 10);

/// What an expression is used on.
pub(crate) trait Subject {
    /// The bytes.
    fn bytes(&self) -> &[u8];
    /// The bytes as JSON.
    fn json(&self) -> Result<Arc<Value>, String>;
    /// The bytes as HTML, whatever they are: the standard's parser reads anything.
    fn html(&self) -> Cow<'_, Html>;
}

/// Why an expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is not in the check's settings.
    Unknown(String),
    /// The bytes are not what it needs.
    Unreadable(String),
    /// It failed on these bytes.
    Evaluation(String),
}

/// One compiled expression.
enum Compiled {
    Regex(regex::bytes::Regex),
    JsonPath(JsonPath),
    Cel(cel::Program),
    CelObject(cel::Program),
    Css(Css),
}

/// The expressions of one check's settings.
#[derive(Default)]
pub struct Expressions {
    /// By format, then by text.
    compiled: HashMap<&'static str, HashMap<String, Compiled>>,
}

impl std::fmt::Debug for Expressions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expressions")
            .field("compiled", &self.count())
            .finish()
    }
}

impl Expressions {
    /// Compiles what the schema marks, or says for each expression that does not compile where it stands.
    pub fn compile(schema: &Value, settings: &Value) -> Result<Self, Vec<Complaint>> {
        let mut compiled: HashMap<_, HashMap<_, _>> = HashMap::new();
        let mut complaints = Vec::new();
        for found in marked::marked(schema, settings) {
            match compile(found.format, &found.text) {
                Ok(expression) => {
                    let of_format = compiled.entry(found.format).or_default();
                    of_format.insert(found.text, expression);
                }
                Err(message) => complaints.push(Complaint {
                    pointer: found.pointer,
                    message,
                    hint: mend(found.format, &found.text).to_owned(),
                }),
            }
        }
        if complaints.is_empty() {
            Ok(Self { compiled })
        } else {
            Err(complaints)
        }
    }

    /// Whether the expression holds.
    pub(crate) fn holds(
        &self,
        format: &str,
        text: &str,
        subject: &impl Subject,
    ) -> Result<bool, Trouble> {
        match self.get(format, text)? {
            Compiled::Regex(regex) => Ok(regex.is_match(subject.bytes())),
            Compiled::JsonPath(path) => Ok(!path.query(&*json(subject)?).is_empty()),
            Compiled::Cel(program) => boolean(text, body(program, &*json(subject)?)?),
            Compiled::CelObject(program) => boolean(text, object(program, &*json(subject)?)?),
            Compiled::Css(css) => Ok(css.find(&subject.html()).next().is_some()),
        }
    }

    /// What the expression finds.
    pub(crate) fn find(
        &self,
        format: &str,
        text: &str,
        subject: &impl Subject,
    ) -> Result<Vec<Option<String>>, Trouble> {
        match self.get(format, text)? {
            Compiled::Regex(regex) => Ok(groups(regex, subject.bytes())),
            Compiled::JsonPath(path) => Ok(path
                .query(&*json(subject)?)
                .iter()
                .take(FOUND.0)
                .map(|node| Some(cut(node.to_string())))
                .collect()),
            Compiled::Cel(program) => valued(&body(program, &*json(subject)?)?),
            Compiled::CelObject(program) => valued(&object(program, &*json(subject)?)?),
            Compiled::Css(css) => {
                let html = subject.html();
                Ok(css.find(&html).take(FOUND.0).map(cut).map(Some).collect())
            }
        }
    }

    /// The variables that a CEL expression refers to.
    pub(crate) fn variables(&self, format: &str, text: &str) -> Result<Vec<String>, Trouble> {
        match self.get(format, text)? {
            Compiled::Cel(program) | Compiled::CelObject(program) => {
                let references = program.references();
                Ok(references
                    .variables()
                    .into_iter()
                    .map(str::to_owned)
                    .collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn get(&self, format: &str, text: &str) -> Result<&Compiled, Trouble> {
        let of_format = self.compiled.get(format);
        of_format.and_then(|texts| texts.get(text)).ok_or_else(|| {
            Trouble::Unknown(format!(
                "`{text}` is not an expression of this check's settings"
            ))
        })
    }

    fn count(&self) -> usize {
        self.compiled.values().map(HashMap::len).sum()
    }
}

fn groups(regex: &regex::bytes::Regex, bytes: &[u8]) -> Vec<Option<String>> {
    let Some(captures) = regex.captures(bytes) else {
        return Vec::new();
    };
    let texts = captures.iter().take(FOUND.0);
    texts
        .map(|group| group.map(|group| cut(String::from_utf8_lossy(group.as_bytes()).into_owned())))
        .collect()
}

fn cut(mut text: String) -> String {
    let mut end = FOUND.1.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

fn json(subject: &impl Subject) -> Result<Arc<Value>, Trouble> {
    subject.json().map_err(Trouble::Unreadable)
}

/// Evaluates over the whole value, which is `body`.
fn body(program: &cel::Program, body: &Value) -> Result<cel::Value, Trouble> {
    evaluate(program, [("body", body)])
}

/// Evaluates over the members of an object, each a variable.
fn object(program: &cel::Program, object: &Value) -> Result<cel::Value, Trouble> {
    let members = object
        .as_object()
        .ok_or_else(|| Trouble::Unreadable("the value is no JSON object".to_owned()))?;
    evaluate(
        program,
        members.iter().map(|(name, value)| (name.as_str(), value)),
    )
}

fn evaluate<'v>(
    program: &cel::Program,
    variables: impl IntoIterator<Item = (&'v str, &'v Value)>,
) -> Result<cel::Value, Trouble> {
    let mut context = cel::Context::with_env(Arc::clone(&CEL));
    for (name, value) in variables {
        context.add_variable_as_val(name, lent::value(value));
    }
    program
        .execute(&context)
        .map_err(|error| Trouble::Evaluation(error.to_string()))
}

fn boolean(text: &str, value: cel::Value) -> Result<bool, Trouble> {
    match value {
        cel::Value::Bool(holds) => Ok(holds),
        other => Err(Trouble::Evaluation(format!(
            "`{text}` gives {}, not a boolean",
            other.type_of()
        ))),
    }
}

fn valued(value: &cel::Value) -> Result<Vec<Option<String>>, Trouble> {
    let value = value
        .json()
        .map_err(|error| Trouble::Evaluation(error.to_string()))?;
    Ok(vec![Some(cut(value.to_string()))])
}

fn compile(format: &'static str, text: &str) -> Result<Compiled, String> {
    if text.len() > LONGEST {
        return Err(format!(
            "an expression has at most {LONGEST} bytes, this one has {}",
            text.len()
        ));
    }
    match format {
        "regex" => compile_regex(text),
        "json-path" => JsonPath::parse(text)
            .map(Compiled::JsonPath)
            .map_err(|error| format!("not a JSONPath: {error}")),
        "css" => Css::compile(text).map(Compiled::Css),
        "cel-object" => compile_cel(text).map(Compiled::CelObject),
        _ => compile_cel(text).map(Compiled::Cel),
    }
}

/// How an expression of that format is written.
fn mend(format: &str, text: &str) -> &'static str {
    if text.len() > LONGEST {
        return "shorten it, or write several";
    }
    match format {
        "regex" => "the syntax is that of Rust's `regex`: no look-around, no back-references",
        "json-path" => "write it as in RFC 9535, for example `$.items[0].id`",
        "css" => "write a selector, for example `main h1`, or `form input@value` for an attribute",
        "cel-object" => "write an expression of CEL, for example `state == \"up\"`",
        _ => "write an expression of CEL, for example `body.state == \"up\"`",
    }
}

fn compile_cel(text: &str) -> Result<cel::Program, String> {
    CEL.compile(text)
        .map_err(|error| format!("not a CEL expression: {error}"))
}

fn compile_regex(text: &str) -> Result<Compiled, String> {
    let compiled = regex::bytes::RegexBuilder::new(text)
        .size_limit(1 << 20)
        .build();
    compiled
        .map(Compiled::Regex)
        .map_err(|error| format!("not a regular expression: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Text(&'static str);

    impl Subject for Text {
        fn bytes(&self) -> &[u8] {
            self.0.as_bytes()
        }

        fn json(&self) -> Result<Arc<Value>, String> {
            serde_json::from_str(self.0)
                .map(Arc::new)
                .map_err(|error| error.to_string())
        }

        fn html(&self) -> Cow<'_, Html> {
            Cow::Owned(Html::parse_document(self.0))
        }
    }

    fn expressions() -> Expressions {
        let schema = json!({"properties": {
            "matches": {"type": "array", "items": {"type": "string", "format": "regex"}},
            "path": {"anyOf": [{"type": "string", "format": "json-path"}, {"type": "null"}]},
            "cel": {"$ref": "#/$defs/Cel"},
            "name": {"type": "string"},
        }, "$defs": {"Cel": {"type": "string", "format": "cel"}}});
        let settings = json!({"matches": ["v(\\d+)"], "path": "$.items[*].id", "cel": "body.n > 2", "name": "v(\\d+)"});
        Expressions::compile(&schema, &settings).unwrap()
    }

    #[test]
    fn what_the_schema_marks_is_compiled_and_nothing_else() {
        let expressions = expressions();
        assert_eq!(expressions.count(), 3);
        assert!(matches!(
            expressions.holds("cel", "true", &Text("{}")),
            Err(Trouble::Unknown(_))
        ));
    }

    #[test]
    fn what_does_not_compile_is_told_with_its_mend() {
        let long = "x".repeat(LONGEST + 1);
        for (format, text, mend) in [
            ("regex", "(", "look-around"),
            ("json-path", "$.[", "RFC 9535"),
            ("css", "h1[", "selector"),
            ("cel", "body.", "body."),
            ("cel-object", "state ==", "CEL"),
            ("regex", long.as_str(), "shorten"),
        ] {
            let schema = json!({"type": "string", "format": format});
            let complaints = Expressions::compile(&schema, &json!(text)).unwrap_err();
            let [complaint] = complaints.as_slice() else {
                panic!("{format}: {complaints:?}")
            };
            assert!(complaint.hint.contains(mend), "{format}: {complaint:?}");
        }
    }

    #[test]
    fn a_regular_expression_finds_its_groups() {
        let found = expressions()
            .find("regex", "v(\\d+)", &Text("x v12"))
            .unwrap();
        assert_eq!(found, [Some("v12".to_owned()), Some("12".to_owned())]);
    }

    #[test]
    fn json_path_and_cel_look_into_the_body() {
        let (expressions, body) = (
            expressions(),
            Text(r#"{"items": [{"id": 1}, {"id": 2}], "n": 3}"#),
        );
        assert_eq!(
            expressions
                .find("json-path", "$.items[*].id", &body)
                .unwrap()
                .len(),
            2
        );
        assert_eq!(expressions.holds("cel", "body.n > 2", &body), Ok(true));
        assert!(matches!(
            expressions.holds("cel", "body.n > 2", &Text("{}")),
            Err(Trouble::Evaluation(_))
        ));
        assert!(matches!(
            expressions.holds("cel", "body.n > 2", &Text("<html>")),
            Err(Trouble::Unreadable(_))
        ));
    }

    #[test]
    fn cel_over_an_object_sees_its_members_and_names_what_it_refers_to() {
        let schema = json!({"properties": {"if": {"type": "string", "format": "cel-object"}}});
        let text = "plan == 'pro' && size(items) > 1";
        let expressions = Expressions::compile(&schema, &json!({"if": text})).unwrap();
        let subject = Text(r#"{"plan": "pro", "items": [1, 2]}"#);
        assert_eq!(expressions.holds("cel-object", text, &subject), Ok(true));
        let mut named = expressions.variables("cel-object", text).unwrap();
        named.sort();
        assert_eq!(named, ["items", "plan"]);
    }

    #[test]
    fn the_names_of_members_are_expressions_where_the_schema_says_so() {
        let schema = json!({"properties": {"json": {"propertyNames": {"format": "json-path"}}}});
        let settings = json!({"json": {"$.a": 1, "b": 2}});
        let complaints = Expressions::compile(&schema, &settings).unwrap_err();
        assert_eq!(complaints[0].pointer, "/json/b");
    }

    #[test]
    fn each_bad_expression_is_told_with_its_place() {
        let schema = json!({"properties": {"a": {"format": "regex"}, "b": {"format": "cel"}, "c": {"format": "json-path"}}});
        let complaints =
            Expressions::compile(&schema, &json!({"a": "(", "b": "1 +", "c": "items"}))
                .unwrap_err();
        let pointers: Vec<_> = complaints
            .iter()
            .map(|complaint| complaint.pointer.as_str())
            .collect();
        assert_eq!(pointers, ["/a", "/b", "/c"]);
    }
}
