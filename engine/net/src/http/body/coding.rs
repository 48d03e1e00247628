//! The content codings that are offered and undone (RFC 9110 §8.4.1).

use std::io;

use hyper::{HeaderMap, header};

use super::{brotli::Brotli, capped::Capped, deflate::Deflate, gzip::Gzip};

/// What is offered by `Accept-Encoding`.
pub(crate) const OFFERED: &str = "gzip, deflate, br";

/// More codings than this, one over the other, are not undone: each takes memory of its own.
const AT_MOST: usize = 3;

/// The codings of a body, in the order in which they were applied. None where one of them cannot be undone: the body
/// stays as it came then.
pub(super) fn applied(headers: &HeaderMap) -> Vec<Coding> {
    let fields = headers.get_all(header::CONTENT_ENCODING).iter();
    let names = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    let codings: Option<Vec<Coding>> = names
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"))
        .take(AT_MOST + 1)
        .map(Coding::named)
        .collect();
    codings
        .filter(|codings| codings.len() <= AT_MOST)
        .unwrap_or_default()
}

/// A body that is being undone.
#[derive(Debug)]
pub(super) enum Coding {
    Gzip(Box<Gzip>),
    Deflate(Box<Deflate>),
    Brotli(Box<Brotli>),
}

impl Coding {
    /// The coding of that name, where it can be undone.
    fn named(name: &[u8]) -> Option<Self> {
        match name.to_ascii_lowercase().as_slice() {
            b"gzip" | b"x-gzip" => Some(Self::Gzip(Box::default())),
            b"deflate" => Some(Self::Deflate(Box::default())),
            b"br" => Some(Self::Brotli(Box::default())),
            _ => None,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            Self::Deflate(_) => "deflate",
            Self::Brotli(_) => "br",
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.push(bytes),
            Self::Deflate(decoder) => decoder.push(bytes),
            Self::Brotli(decoder) => decoder.push(bytes),
        }
    }

    /// Ends the body: a stream that has no end yet is an unexpected one.
    pub(super) fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.end(),
            Self::Deflate(decoder) => decoder.end(),
            Self::Brotli(decoder) => decoder.end(),
        }
    }

    pub(super) fn undone(&self) -> &Capped {
        match self {
            Self::Gzip(decoder) => decoder.undone(),
            Self::Deflate(decoder) => &decoder.undone,
            Self::Brotli(decoder) => &decoder.undone,
        }
    }

    pub(super) fn undone_mut(&mut self) -> &mut Capped {
        match self {
            Self::Gzip(decoder) => decoder.undone_mut(),
            Self::Deflate(decoder) => &mut decoder.undone,
            Self::Brotli(decoder) => &mut decoder.undone,
        }
    }
}

/// What stands behind the end of a stream is no part of it.
pub(super) fn nothing_left(bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "something follows its end",
    ))
}
