//! Which kind of file it is.

use std::{fmt, path::Path};

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// HTTP Archive 1.2, as browsers and Playwright write it.
    Har,
    /// Command lines of curl.
    Curl,
    /// A Hurl file.
    Hurl,
}

impl Format {
    /// Guesses from the file's name, then from its content.
    pub fn of(path: &Path, text: &str) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("har") => Self::Har,
            Some("hurl") => Self::Hurl,
            Some("curl" | "sh" | "bash") => Self::Curl,
            _ => Self::of_text(text),
        }
    }

    fn of_text(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with('{') {
            return Self::Har;
        }
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let first = lines.next().unwrap_or_default();
        let (method, rest) = first.split_once([' ', '\t']).unwrap_or((first, ""));
        let request = !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase());
        let address = rest.trim_start().starts_with("http") || rest.trim_start().starts_with("{{");
        if request && address {
            Self::Hurl
        } else {
            Self::Curl
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Har => "a browser's HAR",
            Self::Curl => "a curl command line",
            Self::Hurl => "a Hurl file",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_and_then_the_content() {
        for (path, text, format) in [
            ("a.har", "", Format::Har),
            ("a.HURL", "", Format::Hurl),
            ("a.txt", "{\"log\": {}}", Format::Har),
            ("a", "# x\n\nGET https://shop.example\n", Format::Hurl),
            ("a", "POST {{host}}/x\n", Format::Hurl),
            ("-", "curl https://shop.example", Format::Curl),
            ("a.txt", "", Format::Curl),
        ] {
            assert_eq!(Format::of(Path::new(path), text), format, "{path} {text}");
        }
    }
}
