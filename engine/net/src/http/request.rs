//! The request of one hop: what was asked, made to go out.

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Request, Uri,
    header::{self, HeaderName, HeaderValue},
    http::uri::Authority,
};
use leadsman_core::{
    egress::Destination,
    seam::{HttpCall, TlsOptions},
};
use url::{Position, Url};

use super::{
    address::{strict_url, without_user},
    body::OFFERED,
    outgoing::Outgoing,
    redirect::Next,
};
use crate::{
    fault::Fault,
    secrets::{Place, Secrets},
};

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("Leadsman/", env!("CARGO_PKG_VERSION")));

/// What is asked at the present hop.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) call: &'a HttpCall,
    pub(crate) method: Method,
    /// The URL as the guest knows it, with placeholders.
    pub(crate) url: Url,
    headers: HeaderMap,
    body: Bytes,
    /// Whether secrets may go out: not any more after a change of origin.
    secret: bool,
    /// The URL of the call, once a redirect has led on from it: most runs wait without one.
    first: Option<Box<Url>>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(call: &'a HttpCall) -> Result<Self, Fault> {
        let method = Method::from_bytes(call.method.as_bytes())
            .ok()
            .filter(|method| *method != Method::CONNECT)
            .ok_or_else(|| {
                Fault::bad_request(format!("`{}` is no method for a probe", call.method))
            })?;
        let url = strict_url(&call.url)?;
        let headers = fields(call)?;
        Ok(Self {
            call,
            method,
            url,
            headers,
            body: call.body.clone(),
            secret: true,
            first: None,
        })
    }

    /// The hop's request, secrets in place.
    pub(crate) fn request(
        &self,
        secrets: &Secrets,
        destination: &Destination<'_>,
        cookies: Option<&str>,
        h2: bool,
    ) -> Result<Request<Outgoing>, Fault> {
        let body = self.revealed_body(secrets, destination)?;
        let length = body.len();
        let mut request = Request::new(Outgoing::from(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri(secrets, destination, h2)?;
        if h2 {
            *request.version_mut() = hyper::Version::HTTP_2;
        }
        let headers = request.headers_mut();
        if !h2 && !self.headers.contains_key(header::HOST) {
            headers.insert(header::HOST, value(self.authority().as_bytes())?);
        }
        for (name, field) in &self.headers {
            if h2 && *name == header::HOST {
                // It is in the URI already, and two that differ are malformed (RFC 9113 §8.3.1).
                continue;
            }
            headers.append(name, self.revealed(secrets, field, destination)?);
        }
        if let Some(cookies) = cookies {
            let own = headers.get_all(header::COOKIE).into_iter();
            let mut all: Vec<&[u8]> = own.map(HeaderValue::as_bytes).collect();
            all.push(cookies.as_bytes());
            let joined = value(&all.join(&b"; "[..]))?;
            headers.insert(header::COOKIE, joined);
        }
        if length > 0 || matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        Ok(request)
    }

    fn uri(
        &self,
        secrets: &Secrets,
        destination: &Destination<'_>,
        h2: bool,
    ) -> Result<Uri, Fault> {
        let path = &self.url[Position::BeforePath..Position::AfterQuery];
        let path = if self.secret {
            secrets.reveal(path.as_bytes(), destination, Place::Url)?
        } else {
            path.as_bytes().into()
        };
        let uri = if h2 {
            Uri::builder()
                .scheme(self.url.scheme())
                .authority(self.addressed(secrets, destination)?)
                .path_and_query(&*path)
                .build()
        } else {
            Uri::try_from(&*path).map_err(hyper::http::Error::from)
        };
        uri.map_err(|error| Fault::bad_request(format!("`{}`: {error}", self.url)))
    }

    /// Whom an HTTP/2 request is addressed to: what HTTP/1.1 says in the `Host` field, which the guest may have set.
    fn addressed(&self, secrets: &Secrets, to: &Destination<'_>) -> Result<Authority, Fault> {
        let Some(host) = self.headers.get(header::HOST) else {
            return Authority::try_from(self.authority())
                .map_err(|error| Fault::bad_request(format!("`{}`: {error}", self.url)));
        };
        Authority::try_from(self.revealed(secrets, host, to)?.as_bytes())
            .ok()
            .filter(|authority| !authority.as_str().contains('@'))
            .ok_or_else(|| {
                Fault::bad_request(format!(
                    "`Host: {}` cannot be said over HTTP/2: write `host` or `host:port`, or `version: HTTP/1.1`",
                    String::from_utf8_lossy(host.as_bytes())
                ))
            })
    }

    fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    fn revealed(
        &self,
        secrets: &Secrets,
        field: &HeaderValue,
        to: &Destination<'_>,
    ) -> Result<HeaderValue, Fault> {
        if !self.secret || !secrets.are_in(field.as_bytes()) {
            return Ok(field.clone());
        }
        let mut revealed = value(&secrets.reveal(field.as_bytes(), to, Place::Plain)?)?;
        revealed.set_sensitive(true);
        Ok(revealed)
    }

    fn revealed_body(&self, secrets: &Secrets, to: &Destination<'_>) -> Result<Bytes, Fault> {
        if !self.secret || !secrets.are_in(&self.body) {
            return Ok(self.body.clone());
        }
        Ok(secrets
            .reveal(&self.body, to, Place::Plain)?
            .into_owned()
            .into())
    }

    /// Where to dial at the present hop instead of its own host: what the call says of the origin that it names.
    pub(crate) fn elsewhere(&self) -> Option<&'a str> {
        let is_home = |first: &Url| first.origin() == self.url.origin();
        let elsewhere = self.call.resolve_to.as_deref();
        elsewhere.filter(|_| self.first.as_deref().is_none_or(is_home))
    }

    /// How the handshake is made at the present hop. The name to judge for and the identity are meant for the host
    /// that the call names: a redirect to another host leaves them behind.
    pub(crate) fn tls(&self) -> TlsOptions {
        let tls = &self.call.tls;
        let first = self.first.as_deref().unwrap_or(&self.url);
        if first.host() == self.url.host() {
            return tls.clone();
        }
        TlsOptions {
            server_name: None,
            identity: None,
            ..tls.clone()
        }
    }

    /// The URL for people: no credentials, no fragment.
    pub(crate) fn shown_url(&self) -> String {
        self.url[..Position::AfterQuery].to_owned()
    }

    /// Turns to the next hop. A change of origin leaves credentials, cookies and secrets behind.
    pub(crate) fn follow(&mut self, next: Next, secrets: &Secrets) {
        if !next.same_origin {
            self.leave_origin(secrets);
        }
        if !next.body {
            self.body = Bytes::new();
            for name in [
                header::CONTENT_TYPE,
                header::CONTENT_ENCODING,
                header::CONTENT_LANGUAGE,
            ] {
                self.headers.remove(name);
            }
        }
        self.method = next.method;
        let left = std::mem::replace(&mut self.url, without_user(next.url));
        if self.first.is_none() {
            self.first = Some(Box::new(left));
        }
    }

    fn leave_origin(&mut self, secrets: &Secrets) {
        let secret: Vec<_> = self
            .headers
            .iter()
            .filter(|(_, field)| secrets.are_in(field.as_bytes()))
            .map(|(name, _)| name.clone())
            .collect();
        let named = [
            header::AUTHORIZATION,
            header::COOKIE,
            header::PROXY_AUTHORIZATION,
            header::HOST,
        ];
        for name in secret.iter().chain(&named) {
            self.headers.remove(name);
        }
        self.secret = false;
    }
}

/// The guest's fields; what frames the message is ours.
fn fields(call: &HttpCall) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::with_capacity(call.headers.len() + 2);
    for (name, field) in &call.headers {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Fault::bad_request(format!("`{name}` is no name of a header field")))?;
        match parsed {
            header::CONTENT_LENGTH => {}
            header::TRANSFER_ENCODING
            | header::UPGRADE
            | header::TE
            | header::TRAILER
            | header::CONNECTION => {
                return Err(Fault::bad_request(format!(
                    "`{name}` is set by the host, not by a probe"
                )));
            }
            parsed => drop(headers.append(parsed, value(field)?)),
        }
    }
    if !headers.contains_key(header::USER_AGENT) {
        headers.insert(header::USER_AGENT, USER_AGENT);
    }
    if call.decompress && !headers.contains_key(header::ACCEPT_ENCODING) {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(OFFERED));
    }
    Ok(headers)
}

fn value(bytes: &[u8]) -> Result<HeaderValue, Fault> {
    HeaderValue::from_bytes(bytes)
        .map_err(|_| Fault::bad_request("a header field's value holds a control character"))
}

/// What is offered by ALPN.
pub(crate) fn alpn(version: Option<&str>, scheme: &str) -> Result<Vec<Vec<u8>>, Fault> {
    match version {
        None => Ok(vec![b"h2".to_vec(), b"http/1.1".to_vec()]),
        Some("HTTP/2") if scheme == "http" => {
            Err(Fault::bad_request("HTTP/2 is spoken over https only"))
        }
        Some("HTTP/2") => Ok(vec![b"h2".to_vec()]),
        Some("HTTP/1.1") => Ok(vec![b"http/1.1".to_vec()]),
        Some(other) => Err(Fault::bad_request(format!(
            "`{other}` is not spoken: write `HTTP/1.1` or `HTTP/2`"
        ))),
    }
}
