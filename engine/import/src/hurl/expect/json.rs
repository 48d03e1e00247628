//! Assertions about JSON: the value of a node, that there is one, or an expression of CEL.

use regex::escape;

use super::{LONG, LONGEST, NOTHING, Told, VARIABLE, compiled};
use crate::{
    hurl::{
        file::Content,
        path,
        query::{Predicate, Query, Token},
    },
    journey::Expect,
    value::Value,
};

pub(super) fn json(query: &Query, predicate: &Predicate, expect: &mut Expect) -> Told {
    let path = query.argument().ok_or("a JSONPath takes no variable")?;
    if !path::is_json_path(path) {
        return Err("this is no JSONPath of RFC 9535");
    }
    let filters: Vec<&str> = query
        .filters
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    match (predicate.name.as_str(), filters.as_slice()) {
        ("exists", []) => {
            let key = if predicate.not {
                "not_json_path"
            } else {
                "json_path"
            };
            expect.expressions.push((key, path.to_owned()));
            Ok(())
        }
        ("==", [])
            if !predicate.not
                && path::is_singular(path)
                && !is_lenient(predicate.value.as_ref()) =>
        {
            expect.json.push((path.to_owned(), value(predicate)?));
            Ok(())
        }
        _ => {
            let counted = filters == ["count"];
            let list = if counted {
                path.strip_suffix("[*]").unwrap_or(path)
            } else {
                path
            };
            let of = path::cel(list)
                .ok_or("it selects several nodes, which an expectation does not compare")?;
            let of = match filters.as_slice() {
                [] => of,
                ["count"] => format!("size({of})"),
                _ => return Err(NOTHING),
            };
            let expression = cel(&of, predicate)?;
            if expression.len() > LONGEST {
                return Err(LONG);
            }
            expect
                .expressions
                .push((if predicate.not { "not_cel" } else { "cel" }, expression));
            Ok(())
        }
    }
}

/// A text that as the value of a `json` expectation would take a number or a truth value too, as it does not in Hurl.
fn is_lenient(wanted: Option<&Token>) -> bool {
    let Some(Token::Text(text)) = wanted else {
        return false;
    };
    let read = text.as_literal().and_then(Value::read);
    matches!(read, Some(Value::Number(_) | Value::Bool(_)))
}

fn value(predicate: &Predicate) -> Result<Value, &'static str> {
    match &predicate.value {
        Some(Token::Text(text)) => Ok(Value::Text(text.clone())),
        Some(Token::Word(word)) => match Value::read(word) {
            Some(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => Ok(value),
            _ => Err(NOTHING),
        },
        _ => Err(NOTHING),
    }
}

fn cel(of: &str, predicate: &Predicate) -> Result<String, &'static str> {
    let name = predicate.name.as_str();
    let wanted = || match value(predicate)? {
        Value::Text(text) => text.as_literal().map(path::quoted).ok_or(VARIABLE),
        Value::Number(number) => Ok(number),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Ok("null".to_owned()),
    };
    Ok(match name {
        "==" | "!=" | "<" | "<=" | ">" | ">=" => format!("{of} {name} {}", wanted()?),
        "startsWith" | "endsWith" => format!("{of}.{name}({})", wanted()?),
        "contains" | "includes" => match value(predicate)? {
            Value::Text(_) => format!("{of}.contains({})", wanted()?),
            // Only a list has it, and there a number has to be compared as one.
            _ => format!("{of}.exists(item, item == {})", wanted()?),
        },
        "matches" => match &predicate.value {
            Some(Token::Regex(regex)) => format!("{of}.matches({})", path::quoted(regex)),
            _ => format!("{of}.matches({})", wanted()?),
        },
        "isEmpty" => format!("size({of}) == 0"),
        _ => return Err(NOTHING),
    })
}

/// The whole body: a JSON value as an expression, a text as a pattern.
pub(super) fn whole(content: &Content, expect: &mut Expect) -> Told {
    match content {
        Content::Json(text) => {
            let value = text.as_literal().and_then(Value::read).ok_or(VARIABLE)?;
            let expression = format!("body == {}", expression(&value).ok_or(NOTHING)?);
            if expression.len() > LONGEST {
                return Err(LONG);
            }
            expect.expressions.push(("cel", expression));
            Ok(())
        }
        Content::Text(text, language) if language.is_empty() || language == "raw" => {
            let text = text.as_literal().ok_or(VARIABLE)?;
            let pattern = compiled(format!("\\A{}\\z", escape(text)))?;
            expect.expressions.push(("matches", pattern));
            Ok(())
        }
        _ => Err("such a body is not compared; expect what matters in it"),
    }
}

/// A JSON value as CEL writes it; fractions are not compared exactly.
fn expression(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.parse::<i64>().ok()?.to_string(),
        Value::Text(text) => path::quoted(text.as_literal()?),
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(expression).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Map(entries) => {
            let entry = |(key, value): &(String, Value)| {
                Some(format!("{}: {}", path::quoted(key), expression(value)?))
            };
            let entries: Option<Vec<String>> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries?.join(", "))
        }
    })
}
