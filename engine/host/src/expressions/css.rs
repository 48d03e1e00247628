//! CSS selectors over HTML: an element's text, or one of its attributes.

use scraper::{Html, Selector};

/// A compiled selector, and the attribute that is meant instead of the text.
pub(super) struct Css {
    selector: Selector,
    attribute: Option<String>,
}

impl Css {
    /// Compiles `selector` or `selector@attribute`.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let (selector, attribute) = match text.rsplit_once('@') {
            Some((selector, name)) if is_name(name) => (selector, Some(name.to_owned())),
            _ => (text, None),
        };
        let selector = Selector::parse(selector.trim())
            .map_err(|error| format!("not a CSS selector: {error}"))?;
        Ok(Self {
            selector,
            attribute,
        })
    }

    /// The text of each element that is selected, or its attribute.
    pub(super) fn find<'h>(&'h self, html: &'h Html) -> impl Iterator<Item = String> + 'h {
        html.select(&self.selector)
            .filter_map(|element| match &self.attribute {
                Some(name) => element.attr(name).map(str::to_owned),
                None => Some(element.text().collect::<String>().trim().to_owned()),
            })
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<form><input name=csrf value=abc><h1> Order 7 </h1>
        <a href="mailto:a@b">mail</a></form>"#;

    fn found(selector: &str) -> Vec<String> {
        let css = Css::compile(selector).unwrap();
        css.find(&Html::parse_document(PAGE)).collect()
    }

    #[test]
    fn a_selector_finds_text_or_an_attribute() {
        assert_eq!(found("h1"), ["Order 7"]);
        assert_eq!(found("input[name=csrf]@value"), ["abc"]);
        assert_eq!(found("input@placeholder"), Vec::<String>::new());
        assert_eq!(found(r#"a[href="mailto:a@b"]"#), ["mail"]);
    }

    #[test]
    fn what_is_no_selector_is_told() {
        assert!(Css::compile("h1[").err().unwrap().contains("CSS selector"));
        assert!(Css::compile("").is_err());
    }
}
