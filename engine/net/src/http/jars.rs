//! Cookies: kept across the hops of one call, and across the calls of a session.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use cookie_store::{CookieStore, RawCookie};
use hyper::{HeaderMap, header};
use url::Url;

/// One jar; most exchanges never need it.
pub(crate) type Jar = Option<Box<CookieStore>>;

/// The jars of an attempt's sessions.
#[derive(Debug, Default)]
pub(crate) struct Jars(Mutex<HashMap<u32, Jar>>);

impl Jars {
    /// The `Cookie` field for a URL.
    pub(crate) fn cookies(&self, session: Option<u32>, own: &mut Jar, url: &Url) -> Option<String> {
        self.with(session, own, |jar| {
            let pairs = jar
                .as_ref()?
                .get_request_values(url)
                .map(|(name, value)| format!("{name}={value}"));
            Some(pairs.collect::<Vec<_>>().join("; ")).filter(|field| !field.is_empty())
        })
    }

    /// Keeps what an answer sets.
    pub(crate) fn learn(
        &self,
        session: Option<u32>,
        own: &mut Jar,
        headers: &HeaderMap,
        url: &Url,
    ) {
        if !headers.contains_key(header::SET_COOKIE) {
            return;
        }
        self.with(session, own, |jar| {
            let set = headers
                .get_all(header::SET_COOKIE)
                .iter()
                .filter_map(|field| RawCookie::parse(field.to_str().ok()?).ok())
                .map(RawCookie::into_owned);
            jar.get_or_insert_default().store_response_cookies(set, url);
        });
    }

    fn with<T>(&self, session: Option<u32>, own: &mut Jar, work: impl FnOnce(&mut Jar) -> T) -> T {
        match session {
            None => work(own),
            Some(number) => {
                let mut jars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                work(jars.entry(number).or_default())
            }
        }
    }
}
