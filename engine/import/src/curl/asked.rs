//! What one command asks for: its options, read one after the other.

use super::{
    options::{self, Fate, Known},
    words::Word,
};
use crate::{address::encode, journey, left::Notes, text::Text, told};

/// Options whose values may hold a password.
const HIDDEN: [&str; 25] = [
    "cert",
    "doh-url",
    "form",
    "form-string",
    "ftp-account",
    "mail-auth",
    "pass",
    "preproxy",
    "proxy",
    "proxy-cert",
    "proxy-header",
    "proxy-pass",
    "proxy-tlspassword",
    "proxy-user",
    "proxy1.0",
    "quote",
    "request-target",
    "socks4",
    "socks4a",
    "socks5",
    "socks5-hostname",
    "telnet-option",
    "tlspassword",
    "key",
    "variable",
];

/// Why a word is left out that is no text.
const ODD: &str = "a journey sends texts: these bytes are none";

/// What the options between two `--next` say.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of curl")]
pub(super) struct Asked {
    pub(super) urls: Vec<Word>,
    pub(super) method: Option<String>,
    pub(super) headers: Vec<Word>,
    pub(super) data: Option<Text>,
    pub(super) json: bool,
    pub(super) get: bool,
    pub(super) head: bool,
    pub(super) user: Option<Word>,
    /// The option by which curl signs in, where that is not by basic authentication.
    pub(super) sign_in: Option<&'static str>,
    pub(super) agent: Option<Text>,
    pub(super) referer: Option<Text>,
    pub(super) cookies: Vec<Text>,
    pub(super) bearer: Option<Text>,
    pub(super) query: Vec<Text>,
    pub(super) follow: bool,
    pub(super) fail: bool,
    pub(super) globoff: bool,
    /// The body could not be carried over.
    pub(super) bodiless: bool,
    /// What becomes a setting of the request, as it was written: option, value, line.
    pub(super) settings: Vec<(&'static str, String, usize)>,
}

/// Reads the words behind `curl`.
pub(super) fn read(words: &[Word], jar: bool, notes: &mut Notes) -> Vec<Asked> {
    let mut reader = Reader {
        words: words.iter(),
        now: Asked::default(),
        done: Vec::new(),
        only_urls: false,
        jar,
        notes,
    };
    while let Some(word) = reader.words.next() {
        reader.word(word);
    }
    reader.done.push(reader.now);
    reader.done
}

struct Reader<'a, 'n> {
    words: std::slice::Iter<'a, Word>,
    now: Asked,
    done: Vec<Asked>,
    only_urls: bool,
    /// Cookies are kept in a file between the commands, as a journey keeps them.
    jar: bool,
    notes: &'n mut Notes,
}

impl Reader<'_, '_> {
    fn word(&mut self, word: &Word) {
        let text = word.text.as_literal().unwrap_or_default();
        match text.strip_prefix("--") {
            Some("") => self.only_urls = true,
            Some(name) if !self.only_urls => self.long(name, word),
            _ if text.len() > 1 && text.starts_with('-') && !self.only_urls => {
                self.letters(text.trim_start_matches('-'), word);
            }
            _ if word.odd => {
                let shown = told::address(&word.text.spoken());
                self.notes.leave(word.line, shown, ODD);
            }
            _ => self.now.urls.push(word.clone()),
        }
    }

    fn long(&mut self, name: &str, word: &Word) {
        if let Some(option) = options::long(name) {
            let value = option.valued.then(|| self.words.next().cloned()).flatten();
            return self.option(option, value, word);
        }
        match name.strip_prefix("no-").and_then(options::long) {
            Some(option) if option.fate == Fate::Apply => self.off(option.long),
            Some(_) => {}
            None => self
                .notes
                .leave(word.line, format!("--{name}"), options::UNKNOWN),
        }
    }

    fn off(&mut self, name: &str) {
        match name {
            "location" => self.now.follow = false,
            "fail" => self.now.fail = false,
            "get" => self.now.get = false,
            "head" => self.now.head = false,
            other => self.now.settings.retain(|(known, ..)| *known != other),
        }
    }

    /// `-sSLk`, `-XPOST`: letters until one takes the rest as its value.
    fn letters(&mut self, letters: &str, word: &Word) {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let Some(option) = options::short(letter) else {
                self.notes
                    .leave(word.line, format!("-{letter}"), options::UNKNOWN);
                continue;
            };
            if !option.valued {
                self.option(option, None, word);
                continue;
            }
            let glued = rest.as_str().to_owned();
            let value = if glued.is_empty() {
                self.words.next().cloned()
            } else {
                Some(Word {
                    text: Text::literal(glued),
                    line: word.line,
                    odd: word.odd,
                })
            };
            return self.option(option, value, word);
        }
    }

    fn option(&mut self, option: Known, value: Option<Word>, word: &Word) {
        let shown = match &value {
            Some(_) if HIDDEN.contains(&option.long) => format!("--{} …", option.long),
            Some(value) => format!("--{} {}", option.long, value.text.spoken()),
            None => format!("--{}", option.long),
        };
        if option.valued && value.is_none() {
            return self.notes.leave(word.line, shown, "its value is missing");
        }
        if option.fate == Fate::Apply && value.as_ref().is_some_and(|value| value.odd) {
            self.now.bodiless |= option.long == "json" || option.long.starts_with("data");
            let shown = format!("--{} …", option.long);
            return self.notes.leave(word.line, shown, ODD);
        }
        let line = value.as_ref().map_or(word.line, |value| value.line);
        match option.fate {
            Fate::Quiet => {}
            Fate::Leave(why) => {
                self.now.bodiless |= matches!(option.long, "form" | "form-string" | "upload-file");
                // One that a later `--no-…` takes back is told all the same: rather no sign-in than a password in clear.
                if options::signs_in_otherwise(option.long) {
                    self.now.sign_in = Some(option.long);
                }
                self.notes.leave(word.line, shown, why);
            }
            Fate::Apply => match value {
                Some(value) => self.valued(option.long, value),
                None => self.flag(option.long, line),
            },
        }
    }

    fn flag(&mut self, name: &'static str, line: usize) {
        let now = &mut self.now;
        match name {
            "get" => now.get = true,
            "head" => now.head = true,
            "location" => now.follow = true,
            "location-trusted" => {
                now.follow = true;
                let why =
                    "redirects are followed, but credentials are never sent to another origin";
                self.notes.leave(line, "--location-trusted", why);
            }
            "fail" | "fail-with-body" => now.fail = true,
            "globoff" => now.globoff = true,
            "next" => {
                let done = std::mem::take(&mut self.now);
                self.done.push(done);
            }
            name => now.settings.push((name, String::new(), line)),
        }
    }

    fn valued(&mut self, name: &'static str, value: Word) {
        match name {
            "url" => self.now.urls.push(value),
            "header" => self.now.headers.push(value),
            "user" => self.now.user = Some(value),
            "user-agent" if value.text.is_empty() => {
                let why = "a probe always says what it is";
                self.notes.leave(value.line, "--user-agent ''", why);
            }
            "user-agent" => self.now.agent = Some(value.text),
            "referer" => self.referer(&value),
            "cookie" => self.cookie(value),
            "oauth2-bearer" => self.now.bearer = Some(value.text),
            "data" | "data-ascii" | "data-binary" => self.data(name, value),
            "data-raw" => self.add(value.text, "&"),
            "json" => {
                self.now.json = true;
                self.data(name, value);
            }
            "data-urlencode" => self.urlencode(&value),
            "url-query" => match Self::encoded(name, &value) {
                Some(text) => self.now.query.push(text),
                None => self.file(name, &value),
            },
            _ => self.literal(name, &value),
        }
    }

    /// What is no text of the step: there, nothing is filled in.
    fn literal(&mut self, name: &'static str, value: &Word) {
        let Some(written) = value.text.as_literal() else {
            let what = format!("--{name} {}", value.text.spoken());
            return self.notes.leave(
                value.line,
                what,
                "what the shell puts there is not known here",
            );
        };
        if name == "request" {
            let method = Some(written.to_owned());
            self.now.method = method.filter(|method| journey::is_method(method));
            if self.now.method.is_none() {
                let why = "this is no method: letters and `-`";
                self.notes
                    .leave(value.line, format!("--request '{written}'"), why);
            }
        } else {
            self.now
                .settings
                .push((name, written.to_owned(), value.line));
        }
    }

    fn add(&mut self, text: Text, between: &str) {
        match &mut self.now.data {
            Some(data) => {
                data.push(between);
                data.append(text);
            }
            None => self.now.data = Some(text),
        }
    }

    fn file(&mut self, name: &str, value: &Word) {
        self.now.bodiless = true;
        let written = value.text.spoken();
        // Before the `@` a value may stand that was not meant for a file.
        let shown = if written.contains('=') {
            told::row(&written)
        } else {
            written
        };
        self.notes.leave(
            value.line,
            format!("--{name} {shown}"),
            "what is in that file is not known here; write it into the step",
        );
    }

    fn data(&mut self, name: &str, value: Word) {
        if value.text.spoken().starts_with('@') {
            return self.file(name, &value);
        }
        self.add(value.text, if name == "json" { "" } else { "&" });
    }

    fn urlencode(&mut self, value: &Word) {
        match Self::encoded("data-urlencode", value) {
            Some(text) => self.add(text, "&"),
            None => self.file("data-urlencode", value),
        }
    }

    /// `content`, `=content`, `name=content`; `None` for what is read from a file.
    fn encoded(name: &str, value: &Word) -> Option<Text> {
        let escape = |text: &Text| text.map(encode).encoded("percent");
        if let (Some(raw), "url-query") = (value.text.as_literal(), name)
            && let Some(raw) = raw.strip_prefix('+')
        {
            return Some(Text::literal(raw));
        }
        let parts = value.text.split_once('=');
        let named = parts.filter(|(name, _)| !name.spoken().contains('@'));
        match named {
            Some((name, content)) if name.is_empty() => Some(escape(&content)),
            Some((name, content)) => {
                let mut text = name;
                text.push("=");
                text.append(escape(&content));
                Some(text)
            }
            None if value.text.spoken().contains('@') => None,
            None => Some(escape(&value.text)),
        }
    }

    fn referer(&mut self, value: &Word) {
        let written = value.text.spoken();
        if let Some(from) = written.strip_suffix(";auto") {
            self.notes.leave(
                value.line,
                format!("--referer {};auto", told::address(from)),
                "a referer is not set by itself",
            );
        }
        if written != ";auto" {
            self.now.referer = Some(
                value
                    .text
                    .map(|text| text.trim_end_matches(";auto").to_owned()),
            );
        }
    }

    fn cookie(&mut self, value: Word) {
        if value.text.spoken().contains('=') {
            return self.now.cookies.push(value.text);
        }
        if self.jar {
            return;
        }
        let what = format!("--cookie {}", value.text.spoken());
        self.notes.leave(
            value.line,
            what,
            "the cookies in that file are not known here",
        );
    }
}
