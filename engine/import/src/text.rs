//! Texts of a journey: literal parts and templates, kept apart until they are written.

/// The variable that stands for a `$` where one written plainly would begin a template.
pub(crate) const DOLLAR: &str = "dollar";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Template(String),
}

/// A text of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pieces: Vec<Piece>,
}

impl Text {
    /// A text without templates.
    pub(crate) fn literal(text: impl AsRef<str>) -> Self {
        let mut made = Self::default();
        made.push(text.as_ref());
        made
    }

    /// A text that is one template: `name` is what stands between `${` and `}`.
    pub(crate) fn template(name: impl Into<String>) -> Self {
        Self {
            pieces: vec![Piece::Template(name.into())],
        }
    }

    pub(crate) fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Literal(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Literal(text.to_owned())),
        }
    }

    pub(crate) fn push_template(&mut self, name: &str) {
        self.pieces.push(Piece::Template(name.to_owned()));
    }

    pub(crate) fn append(&mut self, other: Self) {
        for piece in other.pieces {
            match piece {
                Piece::Literal(text) => self.push(&text),
                Piece::Template(name) => self.push_template(&name),
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The text, where it has no templates.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The template's name, where the text is nothing else.
    pub(crate) fn as_template(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Template(name)] => Some(name),
            _ => None,
        }
    }

    /// The names of all templates in it.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Template(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// Puts a template in each place where `value` stands literally.
    pub(crate) fn replace(&mut self, value: &str, name: &str) -> bool {
        let before = std::mem::take(self);
        let mut found = false;
        for piece in before.pieces {
            match piece {
                Piece::Literal(text) if !value.is_empty() && text.contains(value) => {
                    found = true;
                    for (index, part) in text.split(value).enumerate() {
                        if index > 0 {
                            self.push_template(name);
                        }
                        self.push(part);
                    }
                }
                other => self.pieces.push(other),
            }
        }
        found
    }

    /// The same with each literal part changed.
    pub(crate) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let mut made = Self::default();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => made.push(&change(text)),
                Piece::Template(name) => made.push_template(name),
            }
        }
        made
    }

    /// The same with each template sent through an encoder.
    pub(crate) fn encoded(mut self, encoder: &str) -> Self {
        for piece in &mut self.pieces {
            if let Piece::Template(name) = piece {
                name.push('|');
                name.push_str(encoder);
            }
        }
        self
    }

    /// The same with `value` in the place of the template `name`.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut made = Self::default();
        for piece in &self.pieces {
            match piece {
                Piece::Template(known) if known == name => made.push(value),
                Piece::Template(known) => made.push_template(known),
                Piece::Literal(text) => made.push(text),
            }
        }
        made
    }

    /// Puts another template in each place of the template `name`.
    pub(crate) fn rename(&mut self, name: &str, other: &str) {
        for piece in &mut self.pieces {
            if let Piece::Template(known) = piece
                && known == name
            {
                other.clone_into(known);
            }
        }
    }

    /// The text with a word in the place of each template, for readers that know no templates; [`Self::restore`] undoes it.
    pub(crate) fn words(&self) -> (String, Vec<(String, String)>) {
        let mut words = Vec::new();
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Template(name) => {
                    let word = format!("templatenumber{}standshere", words.len());
                    out.push_str(&word);
                    words.push((word, name.clone()));
                }
            }
        }
        (out, words)
    }

    pub(crate) fn restore(text: &str, words: &[(String, String)]) -> Self {
        let mut restored = Self::literal(text);
        restored.fill(words);
        restored
    }

    /// Puts the templates back in the places of their words.
    pub(crate) fn fill(&mut self, words: &[(String, String)]) {
        for (word, name) in words {
            self.replace(word, name);
        }
    }

    /// Splits at each `separator` that stands in a literal part.
    pub(crate) fn split(&self, separator: char) -> Vec<Self> {
        let mut parts = vec![Self::default()];
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => {
                    for (index, part) in text.split(separator).enumerate() {
                        if index > 0 {
                            parts.push(Self::default());
                        }
                        if let Some(last) = parts.last_mut() {
                            last.push(part);
                        }
                    }
                }
                Piece::Template(name) => {
                    if let Some(last) = parts.last_mut() {
                        last.push_template(name);
                    }
                }
            }
        }
        parts
    }

    /// Splits at the first `separator` that stands in a literal part.
    pub(crate) fn split_once(&self, separator: char) -> Option<(Self, Self)> {
        let mut parts = self.split(separator).into_iter();
        let (first, second) = (parts.next()?, parts.next()?);
        let rest = parts.fold(second, |mut rest, part| {
            rest.push(&separator.to_string());
            rest.append(part);
            rest
        });
        Some((first, rest))
    }

    /// As a person would say it: templates in short, nothing escaped.
    pub(crate) fn spoken(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.clone(),
                Piece::Template(name) => {
                    format!(":{}", name.rsplit(':').next().unwrap_or(name))
                }
            })
            .collect()
    }

    /// As the journey writes it.
    pub(crate) fn written(&self) -> String {
        let mut out = String::new();
        for (index, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Literal(text) => {
                    let before_template = index + 1 < self.pieces.len();
                    escape(text, before_template, &mut out);
                }
                Piece::Template(name) => {
                    out.push_str("${");
                    out.push_str(name);
                    out.push('}');
                }
            }
        }
        out
    }
}

/// Writes `text` so that no template begins in it: `${` becomes `$${`. Where that would be read otherwise (a `$` before it,
/// or what the configuration itself resolves) a variable stands for the `$`.
fn escape(text: &str, before_template: bool, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        let ends = after.is_empty() && before_template;
        let doubled = after.starts_with('$');
        let configured = after.starts_with("{env:") || after.starts_with("{file:");
        if ends || configured || (doubled && after.trim_start_matches('$').starts_with('{')) {
            out.push_str("${");
            out.push_str(DOLLAR);
            out.push('}');
        } else if after.starts_with('{') {
            out.push_str("$$");
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_literal_becomes_a_template() {
        for (text, written) in [
            ("plain", "plain"),
            ("$5", "$5"),
            ("${x}", "$${x}"),
            ("$${x}", "${dollar}$${x}"),
            ("${env:HOME}", "${dollar}{env:HOME}"),
        ] {
            assert_eq!(Text::literal(text).written(), written);
        }
        let mut price = Text::literal("$");
        price.push_template("price");
        assert_eq!(price.written(), "${dollar}${price}");
    }

    #[test]
    fn a_value_is_replaced_in_literal_parts_only() {
        let mut text = Text::literal("/a/17/b/17");
        assert!(text.replace("17", "id"));
        assert!(!text.replace("id", "other"));
        assert_eq!(text.written(), "/a/${id}/b/${id}");
        assert_eq!(text.split('/').len(), 5);
    }
}
