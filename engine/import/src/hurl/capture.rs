//! What Hurl captures.

use super::{
    expect::compiled,
    file::Row,
    path,
    query::{Query, Token, read},
    template,
};
use crate::{
    credential::is_credential,
    journey::{Capture, variable},
    left::ImportError,
    told,
};

/// The capture, or its variable and why there is none.
pub(super) fn capture(row: &Row) -> Result<Result<Capture, (String, &'static str)>, ImportError> {
    let wrong = || {
        ImportError::new(
            row.line,
            format!("`{}` has no `:`", told::row(&row.raw)),
            "write `name: query`",
        )
    };
    let at = template::colon(&row.raw).ok_or_else(wrong)?;
    let (name, raw) = row.raw.split_at_checked(at).ok_or_else(wrong)?;
    let name = variable(name.trim());
    let (query, _, redacted) = read(raw.strip_prefix(':').unwrap_or(raw), row.line)?;
    let made = source(&query).map(|capture| Capture {
        secret: redacted || is_credential(&name),
        name: name.clone(),
        ..capture
    });
    let made = made.and_then(|capture| {
        let expressions = [Some(&capture.source.1), capture.regex.as_ref()];
        let odd = expressions
            .into_iter()
            .flatten()
            .any(|text| text.contains("${"));
        if odd {
            return Err("an expression with `${` would be read as a template");
        }
        let own = (capture.source.0 == "regex").then_some(&capture.source.1);
        for regex in own.into_iter().chain(&capture.regex) {
            compiled(regex.clone())?;
        }
        Ok(capture)
    });
    Ok(made.map_err(|why| (name, why)))
}

fn source(query: &Query) -> Result<Capture, &'static str> {
    let named = || {
        query
            .argument()
            .map(ToOwned::to_owned)
            .ok_or("its name is a variable")
    };
    let source = match query.of.as_str() {
        "jsonpath" => return json(query, named()?),
        "regex" => ("regex", named()?),
        "header" => ("header", named()?),
        "cookie" => ("cookie", cookie(&named()?)?),
        "xpath" => (
            "css",
            path::css(&named()?).ok_or("a journey has no XPath; write `css`")?,
        ),
        "status" | "url" | "body" => ("from", query.of.clone()),
        "certificate" => match named()?.as_str() {
            "Subject" => ("from", "certificate_subject".to_owned()),
            "Issuer" => ("from", "certificate_issuer".to_owned()),
            _ => return Err("`from: certificate_not_after` and its kin write it in another way"),
        },
        "version" => return Err("`from: http_version` writes it in another way: `HTTP/2`"),
        "duration" => return Err("`from: duration` writes it in another way"),
        "ip" => return Err("`from: remote_address` writes it in another way"),
        _ => return Err("a journey has no such source"),
    };
    let regex = match query.filters.as_slice() {
        [] => None,
        [(filter, arguments)] if filter == "regex" && source.0 != "regex" => {
            Some(expression(arguments)?)
        }
        _ => return Err("a journey has no such filter"),
    };
    Ok(Capture {
        source,
        regex,
        ..Capture::default()
    })
}

fn json(query: &Query, path: String) -> Result<Capture, &'static str> {
    if !path::is_json_path(&path) {
        return Err("this is no JSONPath of RFC 9535");
    }
    let first = match query.filters.as_slice() {
        [] => false,
        [(filter, _)] if filter == "first" => true,
        [(filter, arguments)] if filter == "nth" && *arguments == [Token::Word("0".to_owned())] => {
            true
        }
        _ => return Err("a value from JSON is captured as it is, without filters"),
    };
    let one = path::is_singular(&path);
    if first && one {
        return Err("a value from JSON is captured as it is, without filters");
    }
    Ok(Capture {
        source: ("json", path),
        all: !first && !one,
        ..Capture::default()
    })
}

fn cookie(path: &str) -> Result<String, &'static str> {
    match path.split_once('[') {
        None => Ok(path.to_owned()),
        Some((name, "Value]")) => Ok(name.to_owned()),
        Some(_) => Err("of a cookie only the value is captured"),
    }
}

fn expression(arguments: &[Token]) -> Result<String, &'static str> {
    match arguments {
        [Token::Regex(regex)] => Ok(regex.clone()),
        [Token::Text(text)] => text
            .as_literal()
            .map(ToOwned::to_owned)
            .ok_or("its expression has a variable"),
        _ => Err("a journey has no such filter"),
    }
}
