//! What is expected of a body.

use leadsman_sdk::{Mismatch, prelude::*};
use serde_json::Value;

use super::{Body, equals::same};

/// Checks the body; `setting` is what the expectations stand in.
pub(super) fn check(
    expected: &Body,
    setting: &str,
    content: &Content,
    expect: &mut Expectations,
) -> Result<()> {
    let mut body = Checked {
        setting,
        content,
        expect,
    };
    body.texts(&expected.contains, true, "contains");
    body.texts(&expected.not_contains, false, "not_contains");
    body.holds(&expected.matches, true, "matches", Regex::is_match)?;
    body.holds(&expected.not_matches, false, "not_matches", Regex::is_match)?;
    body.values(expected)?;
    body.holds(&expected.json_path, true, "json_path", JsonPath::is_match)?;
    body.holds(
        &expected.not_json_path,
        false,
        "not_json_path",
        JsonPath::is_match,
    )?;
    body.holds(&expected.cel, true, "cel", Cel::is_match)?;
    body.holds(&expected.not_cel, false, "not_cel", Cel::is_match)?;
    body.elements(expected)?;
    body.holds(&expected.css, true, "css", Css::is_match)?;
    body.holds(&expected.not_css, false, "not_css", Css::is_match)
}

/// A body that is being checked.
struct Checked<'a> {
    setting: &'a str,
    content: &'a Content,
    expect: &'a mut Expectations,
}

impl Checked<'_> {
    fn texts(&mut self, texts: &[String], wanted: bool, name: &str) {
        for (index, text) in texts.iter().enumerate() {
            if self.content.contains(text.as_bytes()) != wanted {
                let place = format!("{name}/{index}");
                let told = negated(wanted, &format!("`{text}`"));
                self.unmet(name, &place, told, self.content.excerpt());
            }
        }
    }

    /// An expression that the bytes do not fit is an unmet expectation like any other.
    fn holds<E: ToString>(
        &mut self,
        expressions: &[E],
        wanted: bool,
        name: &str,
        holds: impl Fn(&E, &Content) -> Result<bool, Mismatch>,
    ) -> Result<()> {
        for (index, expression) in expressions.iter().enumerate() {
            let got = match holds(expression, self.content) {
                Ok(held) if held == wanted => continue,
                Ok(_) => self.content.excerpt(),
                Err(Mismatch::UnknownExpression(text)) => return Err(Error::undecided(text)),
                Err(Mismatch::Unreadable(text) | Mismatch::Evaluation(text)) => {
                    self.with_excerpt(&text)
                }
            };
            let place = format!("{name}/{index}");
            self.unmet(name, &place, negated(wanted, &expression.to_string()), got);
        }
        Ok(())
    }

    fn values(&mut self, expected: &Body) -> Result<()> {
        for (path, wanted) in &expected.json.0 {
            let got = self.first(JsonPath::new(path).find(self.content))?;
            let value = got.as_deref().map(serde_json::from_str::<Value>);
            if !matches!(&value, Some(Ok(value)) if same(wanted, value)) {
                self.differs(("json", path), wanted.to_string(), got);
            }
        }
        Ok(())
    }

    fn elements(&mut self, expected: &Body) -> Result<()> {
        for (selector, wanted) in &expected.html.0 {
            let got = self.first(Css::new(selector).find(self.content))?;
            if got.as_deref().map(str::trim) != Some(wanted.trim()) {
                let got = got.map(|got| format!("`{got}`"));
                self.differs(("html", selector), format!("`{wanted}`"), got);
            }
        }
        Ok(())
    }

    /// What was found first; bytes that cannot be read are found instead.
    fn first(&self, found: Result<Vec<Option<String>>, Mismatch>) -> Result<Option<String>> {
        match found {
            Ok(found) => Ok(found.into_iter().next().flatten()),
            Err(Mismatch::UnknownExpression(text)) => Err(Error::undecided(text)),
            Err(error) => Ok(Some(self.with_excerpt(&error.to_string()))),
        }
    }

    fn differs(&mut self, (name, key): (&str, &str), expected: String, got: Option<String>) {
        let place = format!("{name}/{}", key.replace('~', "~0").replace('/', "~1"));
        let got = got.unwrap_or_else(|| "nothing there".to_owned());
        self.unmet(key, &place, expected, got);
    }

    fn unmet(&mut self, path: &str, place: &str, expected: String, got: String) {
        self.expect.at(format!("/{}/{place}", self.setting));
        let path = format!("{}.{path}", self.setting);
        self.expect.that(false, Kind::Body, &path, expected, got);
    }

    fn with_excerpt(&self, why: &str) -> String {
        format!("{why}: `{}`", self.content.excerpt())
    }
}

fn negated(wanted: bool, text: &str) -> String {
    if wanted {
        text.to_owned()
    } else {
        format!("not {text}")
    }
}
