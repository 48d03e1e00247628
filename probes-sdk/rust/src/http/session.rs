//! A session: one cookie jar, and one connection per host, across requests.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use super::{Request, raw};
use crate::{Result, Target, context, ensure};

/// Requests to a target that share cookies and connections. A clone shares them too.
///
/// ```
/// use leadsman_sdk::prelude::*;
///
/// fn buy(target: &Target) -> Result<()> {
///     let shop = http::Session::of(target);
///     let cart = shop.post("/cart")?.json(&serde_json::json!({"item": "tea"})).send()?.expect(201)?;
///     let cart: serde_json::Value = cart.json()?;
///     shop.delete(&format!("/cart/{}", cart["id"].as_str().unwrap_or_default()))?.send()?.expect(204)?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Session {
    number: u32,
    base: Target,
    is_repeatable: bool,
    token: Option<String>,
    reserve: Duration,
}

impl Session {
    /// A new session; its paths are the target's.
    pub fn of(target: &Target) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            base: target.clone(),
            is_repeatable: false,
            token: None,
            reserve: Duration::ZERO,
        }
    }

    /// Sends a bearer token with each request for a path of the target from here on; to absolute URLs it does not go.
    ///
    /// ```
    /// use leadsman_sdk::prelude::*;
    ///
    /// fn signed_in(shop: http::Session) -> Result<http::Session> {
    ///     let answer = shop.post("/session")?.basic("synthetic", "shop-password")?.send()?.expect(201)?;
    ///     Ok(shop.bearer(secrets::seal(&answer.text_at("/token")?)?))
    /// }
    /// ```
    #[must_use]
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The author's word that sending any of its requests again does no harm ([`Request::repeatable`]).
    #[must_use]
    pub const fn repeatable(mut self, is_repeatable: bool) -> Self {
        self.is_repeatable = is_repeatable;
        self
    }

    /// Keeps this much of the attempt back, at most half of what is left now: whatever its requests have for a timeout, they
    /// end in time for it. What cleans up has it, by a clone that keeps nothing back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use leadsman_sdk::prelude::*;
    ///
    /// fn read(target: &Target) -> Result<http::Response> {
    ///     let shop = http::Session::of(target).reserve(Duration::from_secs(2));
    ///     let receipt = shop.get("/receipt")?.send();
    ///     let cleanup = shop.clone().reserve(Duration::ZERO);
    ///     cleanup.delete("/order")?.send()?.expect(204)?;
    ///     Ok(receipt?)
    /// }
    /// ```
    #[must_use]
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = if reserve.is_zero() {
            reserve
        } else {
            reserve.min(context::remaining() / 2)
        };
        self
    }

    /// A request for a path of the target, or for an absolute URL.
    pub fn request(&self, method: &str, path: &str) -> Result<Request> {
        if !self.reserve.is_zero() {
            let has_time = context::remaining() > self.reserve;
            let got = "none beside what is kept back";
            ensure!(has_time, Duration, "reserve", "time for the request", got);
        }
        if is_absolute(path) {
            return Ok(self.join(Request::new(method, path)));
        }
        let request = self.join(Request::new(method, self.base.join(path)?));
        Ok(match &self.token {
            Some(token) => request.bearer(token),
            None => request,
        })
    }

    /// A request that shares this session.
    pub fn join(&self, request: Request) -> Request {
        let mut request = request.session(self.number);
        request.reserve = self.reserve;
        if self.is_repeatable {
            request.repeatable(true)
        } else {
            request
        }
    }

    /// A GET.
    pub fn get(&self, path: &str) -> Result<Request> {
        self.request("GET", path)
    }

    /// A POST.
    pub fn post(&self, path: &str) -> Result<Request> {
        self.request("POST", path)
    }

    /// A PUT.
    pub fn put(&self, path: &str) -> Result<Request> {
        self.request("PUT", path)
    }

    /// A DELETE.
    pub fn delete(&self, path: &str) -> Result<Request> {
        self.request("DELETE", path)
    }

    /// The value of a cookie that would be sent to a path of the target, or to an absolute URL.
    pub fn cookie(&self, path: &str, name: &str) -> Option<String> {
        let request = self.get(path).ok()?;
        raw::cookie(self.number, &request.url, name)
    }
}

/// Whether it begins with a scheme (RFC 3986 §3.1): a path may have a URL in its query.
fn is_absolute(path: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    path.split_once("://")
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.chars().all(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::net::types::Value;

    /// How long a request may take, in milliseconds.
    fn allowed(request: Request) -> Option<u64> {
        let options = request.into_raw().options;
        options.into_iter().find_map(|(name, value)| match value {
            Value::Number(number) if name == "timeout" => Some(number / 1_000_000),
            _ => None,
        })
    }

    #[test]
    fn time_is_kept_back_from_every_request_but_those_of_a_clone_that_cleans_up() {
        let seconds = Duration::from_secs;
        // An attempt of the mock has ten seconds.
        let shop = Session::of(&Target::new("https://shop.example")).reserve(seconds(2));
        let get = || shop.get("/").unwrap();
        assert_eq!(allowed(get()), Some(8_000));
        assert_eq!(allowed(get().timeout(seconds(3))), Some(3_000));
        assert_eq!(allowed(get().timeout(seconds(9))), Some(8_000));
        let greedy = shop.clone().reserve(seconds(60));
        assert_eq!(allowed(greedy.get("/").unwrap()), Some(5_000));
        let cleanup = shop.clone().reserve(Duration::ZERO);
        assert_eq!(allowed(cleanup.get("/").unwrap()), None);
    }

    #[test]
    fn a_token_goes_to_the_target_and_nowhere_else() {
        let shop = Session::of(&Target::new("https://shop.example")).bearer("abc");
        let sent = |path: &str| shop.get(path).unwrap().headers;
        let token = ("authorization".to_owned(), b"Bearer abc".to_vec());
        assert_eq!(sent("/orders"), [token]);
        assert_eq!(sent("https://elsewhere.example/orders"), []);
    }

    #[test]
    fn a_path_with_a_url_in_its_query_is_a_path() {
        let shop = Session::of(&Target::new("https://shop.example"));
        let url = |path: &str| shop.get(path).unwrap().url;
        assert_eq!(
            url("/login?next=https://shop.example/orders"),
            "https://shop.example/login?next=https://shop.example/orders"
        );
        assert_eq!(
            url("https://elsewhere.example/"),
            "https://elsewhere.example/"
        );
    }
}
