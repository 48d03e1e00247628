//! Cutting, and how much was cut: nothing goes without being counted.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How much of an attempt is not in what is kept of it. Small, because each kept record has one; a count that would
/// be too large for it stays at its highest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cut {
    /// Lines of the log that are gone.
    pub log_lines: u16,
    /// Header fields that are gone.
    pub header_fields: u16,
    /// Lines of the log, names and values of header fields, and bodies of which only the beginning is there.
    pub shortened: u16,
}

impl Cut {
    /// Whether all of it is there.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Cuts a text at a character's boundary.
    pub(super) fn text(&mut self, text: &mut String, most: usize) {
        self.shorten(text.len() > most);
        text.truncate(text.floor_char_boundary(most));
        text.shrink_to_fit();
    }

    /// Cuts bytes; what is kept is a copy of its own.
    pub(super) fn bytes(&mut self, bytes: &mut Bytes, most: usize) {
        self.shorten(bytes.len() > most);
        let most = bytes.len().min(most);
        *bytes = Bytes::copy_from_slice(bytes.get(..most).unwrap_or_default());
    }

    fn shorten(&mut self, is_long: bool) {
        self.shortened = self.shortened.saturating_add(is_long.into());
    }
}

/// Cuts a list, and counts what is gone of it.
pub(super) fn list<T>(items: &mut Vec<T>, most: usize, gone: &mut u16) {
    let more = items.len().saturating_sub(most);
    *gone = gone.saturating_add(u16::try_from(more).unwrap_or(u16::MAX));
    items.truncate(most);
    items.shrink_to_fit();
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            log_lines,
            header_fields,
            shortened,
        } = self;
        write!(
            f,
            "not kept: {log_lines} log lines and {header_fields} header fields; cut short: {shortened} texts and bodies"
        )
    }
}
