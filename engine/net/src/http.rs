//! One HTTP exchange, redirects included.

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode, header};
use leadsman_core::{
    egress::Via,
    facts::{Hop, HttpFacts},
    failure::{Failure, FailureKind},
    seam::{HttpCall, HttpReply},
};
use tokio::time::Instant;

mod address;
mod body;
mod connection;
pub(crate) mod jars;
mod outgoing;
mod redirect;
mod request;

pub(crate) use address::plain_host;
pub(crate) use connection::Kept;

use address::Place;
use body::Content;
use connection::{Connection, Key};
use redirect::Next;
use request::Asked;

use crate::{Session, connector::Route, fault::Fault, secrets::Secrets, trace::Trace, wire::Wire};

/// How much of a redirect's own body is read for the sake of keeping its connection.
const REDIRECT_BODY: u64 = 64 << 10;

/// One hop: what is asked, where, and who chose that.
#[derive(Clone, Copy)]
struct Step<'a> {
    asked: &'a Asked<'a>,
    place: &'a Place,
    via: Via,
    limit: Instant,
}

/// A final answer.
struct Final {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Session {
    pub(crate) async fn http(&self, call: &HttpCall) -> Result<HttpReply, Failure> {
        let limit = self.limit(call.timeout);
        let outcome = Trace::start()
            .run(limit, async |trace| self.exchange(trace, call, limit).await)
            .await;
        match outcome {
            Ok((last, facts)) => Ok(HttpReply {
                status: last.status.as_u16(),
                headers: self.shown(&last.headers),
                body: self.secrets.hide(last.body),
                facts,
            }),
            Err(mut failure) => {
                failure.message = self.secrets.hide_text(failure.message);
                Err(failure)
            }
        }
    }

    fn shown(&self, headers: &HeaderMap) -> Vec<(String, Bytes)> {
        headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    self.secrets.hide(Bytes::copy_from_slice(value.as_bytes())),
                )
            })
            .collect()
    }

    async fn exchange(
        &self,
        trace: &mut Trace,
        call: &HttpCall,
        limit: Instant,
    ) -> Result<Final, Fault> {
        let mut asked = Asked::new(call)?;
        let mut own_jar = jars::Jar::default();
        let mut via = Via::Call;
        loop {
            let place = Place::of(&asked.url)?;
            let step = Step {
                asked: &asked,
                place: &place,
                via,
                limit,
            };
            let (mut connection, content) = self.hop(trace, &step, &mut own_jar).await?;
            let (head, incoming) = content.into_parts();
            self.jars
                .learn(call.session, &mut own_jar, &head.headers, &asked.url);
            self.note(trace, &asked, &head);
            let next = redirect::next(&asked, head.status, &head.headers)?;
            let cap = if next.is_some() {
                REDIRECT_BODY
            } else {
                call.max_body
            };
            let mut content = Content::new(&head.headers, call.decompress && next.is_none(), cap);
            let wanted = next.is_none() || call.session.is_some();
            let read = if wanted {
                connection.read(incoming, &mut content).await
            } else {
                Ok(())
            };
            note_body(trace, &content);
            let complete = wanted && read.is_ok();
            if next.is_none() {
                read?;
            }
            if complete && call.session.is_some() {
                self.keep(call.session, connection).await;
            }
            trace.end_hop();
            match next {
                None => {
                    return Ok(Final {
                        status: head.status,
                        headers: head.headers,
                        body: content.finish()?,
                    });
                }
                Some(next) => via = follow_on(&self.secrets, trace, &mut asked, next)?,
            }
        }
    }

    /// Finds or opens a connection, sends the request and reads the answer's head.
    async fn hop(
        &self,
        trace: &mut Trace,
        step: &Step<'_>,
        own_jar: &mut jars::Jar,
    ) -> Result<(Connection, hyper::Response<hyper::body::Incoming>), Fault> {
        let Step {
            asked, place, via, ..
        } = *step;
        let destination = place.destination();
        self.egress.admits(&destination, via)?;
        let cookies = self.jars.cookies(asked.call.session, own_jar, &asked.url);
        let key = Key::new(asked, place);
        trace.facts.reused = false;
        if let Some(mut kept) = self.take_kept(asked.call.session, &key).await {
            trace.facts.reused = true;
            trace.facts.remote = Some(kept.remote);
            trace.facts.tls.clone_from(&kept.tls);
            let request = asked.request(
                &self.secrets,
                &destination,
                cookies.as_deref(),
                kept.is_h2(),
            )?;
            trace.exchange(kept.tap());
            match kept.send(request).await {
                Ok(response) => return Ok((kept, response)),
                // The other side closed it, and not a byte of an answer has come.
                Err(error) if kept.tap().heard().is_none() && error.may_repeat(&asked.method) => {
                    trace.abandon();
                }
                Err(error) => return Err(error.into()),
            }
            trace.facts.reused = false;
        }
        // On its own: what waits for an answer does not hold what it took to connect.
        let mut connection = Box::pin(self.connect(trace, step, key)).await?;
        let request = asked.request(
            &self.secrets,
            &destination,
            cookies.as_deref(),
            connection.is_h2(),
        )?;
        trace.exchange(connection.tap());
        let response = connection.send(request).await?;
        Ok((connection, response))
    }

    async fn connect(
        &self,
        trace: &mut Trace,
        step: &Step<'_>,
        key: Key,
    ) -> Result<Connection, Fault> {
        let Step {
            asked,
            place,
            via,
            limit,
        } = *step;
        let call = asked.call;
        let elsewhere = key.elsewhere.as_deref();
        let instead = elsewhere
            .map(|text| Place::instead(text, place))
            .transpose()?;
        let route = Route {
            destination: place.destination(),
            via,
            family: call.family,
            instead: instead.as_ref().map(Place::destination),
            limit,
        };
        let alpn = request::alpn(call.version.as_deref(), place.scheme)?;
        trace.facts.tls = None;
        let tcp = self.network.dial(trace, &self.egress, &route).await?;
        let remote = trace
            .facts
            .remote
            .unwrap_or_else(|| ([0, 0, 0, 0], 0).into());
        if place.scheme == "http" {
            return Connection::http1(Wire::plain(tcp), remote, None, key).await;
        }
        let shake = (self.network.tls()).handshake(trace, tcp, &place.host, &key.tls, alpn);
        let stream = Box::pin(shake).await?;
        let agreed_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if call.version.as_deref() == Some("HTTP/2") && !agreed_h2 {
            return Err(Fault::new(
                FailureKind::HttpProtocol,
                "the target does not offer HTTP/2",
            ));
        }
        let (wire, tls) = (Wire::encrypted(stream), trace.facts.tls.clone());
        if agreed_h2 {
            Connection::http2(wire, remote, tls, key, &self.tasks).await
        } else {
            Connection::http1(wire, remote, tls, key).await
        }
    }

    fn note(&self, trace: &mut Trace, asked: &Asked<'_>, head: &hyper::http::response::Parts) {
        let remote = trace.facts.remote;
        let http = trace.facts.http.get_or_insert_default();
        let url = self.secrets.hide_text(asked.shown_url());
        head_facts(http, head);
        http.final_url.clone_from(&url);
        http.hops.push(Hop {
            url,
            status: head.status.as_u16(),
            remote,
            phases: leadsman_core::phase::Phases::default(),
        });
    }
}

fn head_facts(http: &mut HttpFacts, head: &hyper::http::response::Parts) {
    http.status = head.status.as_u16();
    let version = match head.version {
        hyper::Version::HTTP_10 => "HTTP/1.0",
        hyper::Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    };
    version.clone_into(&mut http.version);
    http.content_length = head
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
}

fn note_body(trace: &mut Trace, content: &Content) {
    if let Some(http) = &mut trace.facts.http {
        http.wire_bytes = content.wire_bytes();
        http.body_bytes = content.body_bytes();
    }
}

fn follow_on(
    secrets: &Secrets,
    trace: &mut Trace,
    asked: &mut Asked<'_>,
    next: Next,
) -> Result<Via, Fault> {
    let hops = trace.facts.http.as_ref().map_or(0, |http| http.hops.len());
    if hops > usize::from(asked.call.max_redirects) {
        return Err(Fault::new(
            FailureKind::RedirectLimit,
            format!(
                "more than {} redirects; the last one leads to {}",
                asked.call.max_redirects, next.url
            ),
        ));
    }
    asked.follow(next, secrets);
    Ok(Via::Redirect)
}
