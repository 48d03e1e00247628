//! Expressions, evaluated as the host does it.

use super::raw::matching::expressions::Mismatch;

/// Whether an expression holds.
pub fn holds(format: &str, expression: &str, bytes: &[u8]) -> Result<bool, Mismatch> {
    match format {
        "cel" | "cel-object" => match cel(format, expression, bytes)? {
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
        "css" => css(expression, bytes),
        _ => {
            let value = cel(format, expression, bytes)?;
            let value = value
                .json()
                .map_err(|error| Mismatch::Evaluation(error.to_string()))?;
            Ok(vec![Some(value.to_string())])
        }
    }
}

/// The variables that an expression refers to.
pub fn variables(_: &str, expression: &str) -> Result<Vec<String>, Mismatch> {
    let program = cel::Program::compile(expression).map_err(unknown)?;
    let references = program.references();
    Ok(references
        .variables()
        .into_iter()
        .map(str::to_owned)
        .collect())
}

fn css(expression: &str, bytes: &[u8]) -> Result<Vec<Option<String>>, Mismatch> {
    let (selector, attribute) = match expression.rsplit_once('@') {
        Some((selector, name)) if !name.contains([']', '"', '\'']) => (selector, Some(name)),
        _ => (expression, None),
    };
    let refused =
        |error: scraper::error::SelectorErrorKind| Mismatch::UnknownExpression(error.to_string());
    let selector = scraper::Selector::parse(selector).map_err(refused)?;
    let html = scraper::Html::parse_document(&String::from_utf8_lossy(bytes));
    let found = html
        .select(&selector)
        .filter_map(|element| match attribute {
            Some(name) => element.attr(name).map(str::to_owned),
            None => Some(element.text().collect::<String>().trim().to_owned()),
        });
    Ok(found.map(Some).collect())
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

fn cel(format: &str, expression: &str, bytes: &[u8]) -> Result<cel::Value, Mismatch> {
    let program = cel::Program::compile(expression).map_err(unknown)?;
    let mut context = cel::Context::default();
    let failed = |error: &dyn ToString| Mismatch::Evaluation(error.to_string());
    let subject = json(bytes)?;
    let members = subject.as_object().filter(|_| format == "cel-object");
    let whole = members.is_none().then(|| ("body".to_owned(), &subject));
    let members = members.into_iter().flatten();
    for (name, value) in members
        .map(|(name, value)| (name.clone(), value))
        .chain(whole)
    {
        context
            .add_variable(name, value)
            .map_err(|error| failed(&error))?;
    }
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
