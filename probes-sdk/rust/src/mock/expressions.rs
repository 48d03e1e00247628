//! Expressions, evaluated as the host does it.

use super::raw::matching::expressions::Mismatch;

/// Whether an expression holds.
pub fn holds(format: &str, expression: &str, bytes: &[u8]) -> Result<bool, Mismatch> {
    match format {
        "cel" => match cel(expression, bytes)? {
            cel::Value::Bool(holds) => Ok(holds),
            other => Err(Mismatch::Evaluation(format!(
                "`{expression}` gives {}, not a boolean",
                other.type_of()
            ))),
        },
        _ => find(format, expression, bytes).map(|found| !found.is_empty()),
    }
}

/// What an expression finds.
pub fn find(format: &str, expression: &str, bytes: &[u8]) -> Result<Vec<Option<String>>, Mismatch> {
    match format {
        "regex" => regex(expression, bytes),
        "json-path" => json_path(expression, bytes),
        _ => {
            let value = cel(expression, bytes)?;
            let value = value
                .json()
                .map_err(|error| Mismatch::Evaluation(error.to_string()))?;
            Ok(vec![Some(value.to_string())])
        }
    }
}

fn regex(expression: &str, bytes: &[u8]) -> Result<Vec<Option<String>>, Mismatch> {
    let regex = regex::bytes::Regex::new(expression).map_err(unknown)?;
    let text =
        |group: regex::bytes::Match<'_>| String::from_utf8_lossy(group.as_bytes()).into_owned();
    Ok(regex.captures(bytes).map_or_else(Vec::new, |found| {
        found.iter().map(|group| group.map(text)).collect()
    }))
}

fn json_path(expression: &str, bytes: &[u8]) -> Result<Vec<Option<String>>, Mismatch> {
    let path = serde_json_path::JsonPath::parse(expression).map_err(unknown)?;
    Ok(path
        .query(&json(bytes)?)
        .iter()
        .map(|node| Some(node.to_string()))
        .collect())
}

fn cel(expression: &str, bytes: &[u8]) -> Result<cel::Value, Mismatch> {
    let program = cel::Program::compile(expression).map_err(unknown)?;
    let mut context = cel::Context::default();
    let failed = |error: &dyn ToString| Mismatch::Evaluation(error.to_string());
    context
        .add_variable("body", &json(bytes)?)
        .map_err(|error| failed(&error))?;
    program.execute(&context).map_err(|error| failed(&error))
}

fn json(bytes: &[u8]) -> Result<serde_json::Value, Mismatch> {
    serde_json::from_slice(bytes)
        .map_err(|error| Mismatch::Unreadable(format!("the body is no JSON: {error}")))
}

/// The host refuses such an expression when the configuration is loaded.
fn unknown(error: impl Into<Box<dyn std::error::Error>>) -> Mismatch {
    Mismatch::UnknownExpression(error.into().to_string())
}
