//! What an answer is expected to be, in one line each: the answer comes back where it is so.

use std::time::Duration;

use super::Response;
use crate::{Css, Result, ensure, ensure_eq};

/// What is expected of an answer. What is not met is reported, and ends the part of the probe that it stands in.
///
/// ```
/// use leadsman_sdk::prelude::*;
///
/// fn receipt(shop: &http::Session, parts: &[Css]) -> Result<http::Response> {
///     let page = shop.get("/receipt")?.send()?.expect(200)?;
///     page.expect_header("content-type", "text/html")?.expect_css(parts)?.expect_text("Thank you")
/// }
/// ```
impl Response {
    /// The answer, if it has this status.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure_eq!(self.status, status, Status, "status");
        Ok(self)
    }

    /// The answer, if a header field of that name begins like this.
    pub fn expect_header(self, name: &str, begin: &str) -> Result<Self> {
        let is_there = self
            .headers_named(name)
            .any(|value| value.starts_with(begin));
        let got = self.header(name).unwrap_or_default();
        ensure!(is_there, Header, name, begin, got);
        Ok(self)
    }

    /// The answer, if its body contains this text.
    pub fn expect_text(self, text: &str) -> Result<Self> {
        let content = self.content();
        let is_there = content.contains(text.as_bytes());
        ensure!(is_there, Body, "body", text, content.excerpt());
        Ok(self)
    }

    /// The answer, if each of these selects something in its body.
    pub fn expect_css(self, selectors: &[Css]) -> Result<Self> {
        let content = self.content();
        for selector in selectors {
            let is_there = selector.is_match(&content)?;
            ensure!(is_there, Body, "body", selector, content.excerpt());
        }
        Ok(self)
    }

    /// The answer, if there is this text at a JSON pointer (RFC 6901) of its body.
    pub fn expect_at(self, pointer: &str, text: &str) -> Result<Self> {
        let got = self.text_at(pointer)?;
        ensure!(got == text, Body, pointer, text, got);
        Ok(self)
    }

    /// The answer, if it took no longer than this to come: all phases of the request, as the host measured them.
    pub fn expect_under(self, limit: Duration) -> Result<Self> {
        let took = self.facts().total();
        let expected = format!("under {} ms", limit.as_millis());
        let got = format!("{} ms", took.as_millis());
        ensure!(took <= limit, Duration, "under", expected, got);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{
        http::Response,
        mock::{Mock, Reply, Run},
        prelude::*,
    };

    const URL: &str = "https://t.example/";

    type Expect = fn(Response) -> Result<Response>;

    fn run(expect: Expect) -> Run {
        let page = Reply::ok("Out  of\norder")
            .header("content-type", "text/plain")
            .took(Duration::from_millis(300));
        let mock = Mock::new(URL).on("GET", URL, page);
        mock.run(|_: &Target, _: &NoSettings| {
            expect(http::get(URL).send()?)?;
            Ok(Verdict::Pass)
        })
    }

    #[test]
    fn each_says_of_a_wrong_page_what_came_instead() {
        let rows: [(Expect, [&str; 3]); 6] = [
            (|page| page.expect(204), ["status", "204", "200"]),
            (
                |page| page.expect_header("content-type", "text/html"),
                ["content-type", "text/html", "text/plain"],
            ),
            (
                |page| page.expect_header("x-shop", "open"),
                ["x-shop", "open", ""],
            ),
            (
                |page| page.expect_text("Thank you"),
                ["body", "Thank you", "Out of order"],
            ),
            (
                |page| page.expect_css(&[Css::new("h1")]),
                ["body", "h1", "Out of order"],
            ),
            (
                |page| page.expect_under(Duration::from_millis(200)),
                ["under", "under 200 ms", "300 ms"],
            ),
        ];
        for (expect, wanted) in rows {
            let run = run(expect);
            let told = run.assertions.into_iter();
            let told = told.map(|told| [told.path, told.expected, told.got]);
            assert_eq!(told.collect::<Vec<_>>(), [wanted]);
            assert_eq!(run.verdict, Verdict::Fail);
        }
    }

    #[test]
    fn a_page_that_is_as_expected_comes_back_and_nothing_is_told() {
        let expect: Expect = |page| {
            let page = page.expect(200)?.expect_header("content-type", "text/")?;
            page.expect_text("order")?
                .expect_under(Duration::from_millis(300))
        };
        let run = run(expect);
        assert_eq!((run.verdict, run.assertions), (Verdict::Pass, Vec::new()));
    }
}
