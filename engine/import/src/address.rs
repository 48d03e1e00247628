//! Addresses: the origin, the path, and a query as it was written.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

use crate::{text::Text, yaml::Node};

/// What stands for itself in a query: RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A second-level name under which others register theirs, in two letters' zones (`co.uk`).
const SHARED: [&str; 8] = ["co", "com", "org", "net", "ac", "gov", "edu", "or"];

/// `text` as a query or a form writes it.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// What a query or a form means by `raw`; `None` where that is no text.
pub(crate) fn decode(raw: &str) -> Option<String> {
    let spaced = raw.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// `scheme://host`, with the port where it is not the scheme's own; `None` for what is not HTTP, and for hosts that a grant
/// would not name.
pub(crate) fn origin(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let plain = host.strip_suffix('.').unwrap_or(host);
    let named = !plain.contains(['*', '%']) && !plain.split('.').any(str::is_empty);
    let web = matches!(url.scheme(), "http" | "https") && url.port() != Some(0);
    (named && web).then(|| url.origin().ascii_serialization())
}

/// The part of a host that its owner registered, roughly: addresses stand for themselves.
pub(crate) fn site(url: &Url) -> String {
    let Some(Host::Domain(name)) = url.host() else {
        return url.host_str().unwrap_or_default().to_owned();
    };
    let labels: Vec<&str> = name.trim_end_matches('.').rsplit('.').collect();
    let shared = matches!(labels.as_slice(), [top, second, _, ..] if top.len() == 2 && SHARED.contains(second));
    let kept = labels.into_iter().take(if shared { 3 } else { 2 });
    let kept: Vec<&str> = kept.collect();
    kept.into_iter().rev().collect::<Vec<_>>().join(".")
}

/// An address in the parts that a request is made of.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) origin: String,
    pub(crate) path: Text,
    pub(crate) query: Vec<Param>,
    /// A user and a password that stand in it.
    pub(crate) login: Option<(String, String)>,
}

/// Takes an address apart; templates may stand behind the host.
pub(crate) fn place(text: &Text) -> Result<Place, String> {
    let (address, words) = text.words();
    let url = Url::parse(&address).map_err(|error| error.to_string())?;
    let Some(origin) = origin(&url) else {
        return Err(format!(
            "`{}://{}` is no address of the web",
            url.scheme(),
            url.host_str().unwrap_or_default()
        ));
    };
    if words.iter().any(|(word, _)| origin.contains(word.as_str())) {
        return Err("its host is only known when it runs".to_owned());
    }
    let mut path = Text::restore(url.path(), &words);
    let raw = url.query().unwrap_or_default();
    let query = query(raw, &words);
    if query.is_none() && !raw.is_empty() {
        path.push("?");
        path.append(Text::restore(raw, &words));
    }
    let part = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let signed_in = !url.username().is_empty() || url.password().is_some();
    let login = (
        part(url.username()),
        part(url.password().unwrap_or_default()),
    );
    Ok(Place {
        origin,
        path,
        query: query.unwrap_or_default(),
        login: signed_in.then_some(login),
    })
}

/// The parameters of `raw` with their templates; none of these may stand in a name.
pub(crate) fn query(raw: &str, words: &[(String, String)]) -> Option<Vec<Param>> {
    let mut params = params(raw)?;
    for param in &mut params {
        if words
            .iter()
            .any(|(word, _)| param.name.contains(word.as_str()))
        {
            return None;
        }
        param.value.fill(words);
    }
    Some(params)
}

/// One parameter of a query or a form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) value: Text,
    /// Whether its value was written as it is, so that it may stand in the path again.
    bare: bool,
}

impl Param {
    pub(crate) fn new(name: impl Into<String>, value: Text) -> Self {
        Self {
            name: name.into(),
            value,
            bare: false,
        }
    }

    /// For a place that escapes nothing: literal parts are escaped here, templates by their encoder.
    fn written(&self) -> String {
        let value = self.value.map(encode).encoded("percent");
        format!("{}={}", encode(&self.name), value.written())
    }
}

/// The parameters of `raw`; `None` where they do not say all that `raw` says.
pub(crate) fn params(raw: &str) -> Option<Vec<Param>> {
    raw.split('&')
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            let (name, decoded) = (decode(name)?, decode(value)?);
            let bare = decoded == value && encode(&name) == name;
            (!name.is_empty()).then(|| Param {
                name,
                value: Text::literal(&decoded),
                bare,
            })
        })
        .collect()
}

/// Whether each name stands there once, so that a mapping says the same.
pub(crate) fn unique(params: &[Param]) -> bool {
    let mut names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).all(|pair| pair.first() != pair.last())
}

/// The parameters as a mapping.
pub(crate) fn mapping(params: &[Param]) -> Node {
    Node::map(
        params
            .iter()
            .map(|param| (&param.name, Node::text(param.value.written()))),
    )
}

/// The parameters in one text.
pub(crate) fn joined(params: &[Param]) -> String {
    let parts: Vec<String> = params.iter().map(Param::written).collect();
    parts.join("&")
}

/// Whether they read well within the path.
pub(crate) fn bare(params: &[Param]) -> bool {
    params
        .iter()
        .all(|param| param.bare && param.value.as_literal().is_some())
}

/// The parameters as they were written, where [`bare`].
pub(crate) fn plain(params: &[Param]) -> String {
    let part = |param: &Param| format!("{}={}", param.name, param.value.written());
    params.iter().map(part).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_what_its_owner_registered() {
        for (url, expected) in [
            ("https://api.shop.example/x", "shop.example"),
            ("https://a.b.shop.co.uk", "shop.co.uk"),
            ("http://127.0.0.1:80", "127.0.0.1"),
            ("http://localhost", "localhost"),
        ] {
            assert_eq!(site(&Url::parse(url).unwrap()), expected);
        }
    }

    #[test]
    fn a_query_is_parted_only_where_its_parts_say_it_all() {
        assert_eq!(params("a=1&b=x%20y+z").unwrap()[1].value.written(), "x y z");
        for raw in ["flag", "a=%ff", "=1"] {
            assert_eq!(params(raw), None, "{raw}");
        }
        assert!(!unique(&params("a=1&a=2").unwrap()));
    }
}
