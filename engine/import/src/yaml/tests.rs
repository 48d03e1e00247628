//! What the emitter writes reads the same.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn node(value: &Value) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(*value),
        Value::Number(number) => Node::number(number),
        Value::String(text) => Node::text(text),
        Value::Array(items) => Node::List(items.iter().map(node).collect()),
        Value::Object(entries) => Node::map(entries.iter().map(|(key, value)| (key, node(value)))),
    }
}

#[test]
fn texts_that_look_like_something_else_stay_texts() {
    for text in [
        "",
        " ",
        "no",
        "Yes",
        "NULL",
        "~",
        "1",
        "1e3",
        "0x1f",
        "1_000",
        ".5",
        "-1",
        "5m",
        "12:30",
        "2024-05-01",
        "${x}",
        "# a",
        "a # b",
        "a: b",
        "a:",
        "- a",
        "? a",
        "[a]",
        "{a: b}",
        "@a",
        "`a`",
        "*a",
        "&a",
        "!a",
        "%a",
        "|",
        ">",
        "'",
        "\"",
        "a'b\"c\\",
        "line\nline",
        "line\nline\n",
        " lead\nline",
        "line\n\n",
        "a\tb\nc",
        "a\r\nb",
        "\u{85}",
        "\u{feff}x",
        "ü 日本 🦀",
        "\0",
        "--- a",
        "...",
        "---\nb",
        "a\n---\nb",
        "<<",
        "=",
        "$.a[0]",
        "$.a",
        "a,b",
        "true",
        "\u{2028}",
        "\u{7f}",
        "\u{fffe}",
        "end ",
        "a\n# b\n c",
    ] {
        let written = json!({"key": text, text: [text, {"k": text}], "list": [[text]]});
        for tree in [node(&written), node(&written).spread()] {
            assert_eq!(read(&write(&tree)), written, "{text:?}\n{}", write(&tree));
        }
    }
}

#[test]
fn short_things_stand_in_one_line_and_long_ones_in_blocks() {
    let request = node(&json!({"method": "POST", "path": "/api/session"}));
    let long = Node::texts(["x".repeat(60), "y".repeat(60)]);
    let step = Node::map([
        ("name", Node::text("sign in")),
        ("request", request.under(vec!["look here".to_owned()])),
        ("long", long),
    ]);
    let document = Node::map([("steps", Node::List(vec![step.spread()]))]);
    let x = "x".repeat(60);
    let y = "y".repeat(60);
    assert_eq!(
        write(&document),
        format!(
            "steps:\n  - name: sign in\n    # look here\n    request: {{method: POST, path: /api/session}}\n    long:\n      - {x}\n      - {y}\n"
        )
    );
}

fn values() -> impl Strategy<Value = Value> {
    let text = prop_oneof![any::<String>(), "[ -~\n]{0,20}", "[a-z${}:# \"'\\\\-]{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every second value in a block of its own, under a comment.
fn decorated(value: &Value, odd: bool) -> Node {
    let inner = match value {
        Value::Array(items) => Node::List(items.iter().map(|item| decorated(item, !odd)).collect()),
        Value::Object(entries) => Node::map(
            entries
                .iter()
                .map(|(key, value)| (key, decorated(value, !odd))),
        ),
        other => node(other),
    };
    if odd {
        inner.spread().under(vec!["a comment\nof: [two".to_owned()])
    } else {
        inner
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_as_the_same(value in values(), odd: bool) {
        let document = json!({"value": value});
        for tree in [node(&document), decorated(&document, odd)] {
            prop_assert_eq!(read(&write(&tree)), document.clone(), "{}", write(&tree));
        }
    }
}
