//! A probe that a storage team writes for all others: an object is written, read and removed.
//!
//! It speaks to whatever takes objects by PUT, GET and DELETE without a signature: a bucket whose policy lets the
//! prober's addresses in, a gateway in front of one, a WebDAV folder.

use leadsman_sdk::prelude::*;

/// An object in a bucket.
#[derive(Debug, Settings)]
pub struct Object {
    /// The bucket.
    pub bucket: String,
    /// How large the object is: bytes, or a number of `KiB` or `MiB`, at most 1 MiB.
    #[setting(default = "4KiB")]
    pub size: String,
}

/// The largest object, in bytes.
const LARGEST: usize = 1 << 20;

/// How many random bytes an object repeats.
const SEED: u32 = 4096;

/// The object is removed, whatever else happens.
#[probe(validate = validate)]
pub fn s3(target: &Target, settings: &Object) -> Result<Verdict> {
    let size = bytes(&settings.size).map_err(Error::undecided)?;
    let url = target.join(&format!(
        "/{}/leadsman-{}",
        settings.bucket,
        context::run_id()
    ))?;
    let content: Vec<u8> = context::random(SEED)
        .into_iter()
        .cycle()
        .take(size)
        .collect();
    let written = step("write", || write(&url, &content));
    let read = written.and_then(|()| step("read", || read(&url, &content)));
    let removed = step("remove", || remove(&url));
    read.and(removed)?;
    Ok(Verdict::Pass)
}

fn validate(settings: &Object) -> Vec<Complaint> {
    let refused = bytes(&settings.size).err();
    let complaint = |why| Complaint::new("/size", why, "for example `4KiB`");
    refused.map(complaint).into_iter().collect()
}

fn bytes(text: &str) -> std::result::Result<usize, String> {
    let (number, unit) = match text.strip_suffix("KiB") {
        Some(number) => (number, 1 << 10),
        None => (
            text.strip_suffix("MiB").unwrap_or(text),
            if text.ends_with("MiB") { 1 << 20 } else { 1 },
        ),
    };
    let number: Option<usize> = number.trim().parse().ok();
    let size = number.and_then(|number| number.checked_mul(unit));
    size.filter(|size| (1..=LARGEST).contains(size))
        .ok_or_else(|| format!("`{text}` is not a size between 1 and {LARGEST} bytes"))
}

fn write(url: &str, content: &[u8]) -> Result<()> {
    let answer = http::Request::new("PUT", url).body(content).send()?;
    ensure!(
        matches!(answer.status(), 200 | 201 | 204),
        Status,
        "status",
        "a written object",
        answer.status()
    );
    Ok(())
}

fn read(url: &str, content: &[u8]) -> Result<()> {
    let answer = http::get(url).deliver_body().send()?.expect(200)?;
    let came = answer.body().unwrap_or_default();
    ensure!(
        came == content,
        Body,
        "body",
        "the object that was written",
        answer.content().excerpt()
    );
    Ok(())
}

fn remove(url: &str) -> Result<()> {
    let answer = http::Request::new("DELETE", url).send()?;
    ensure!(
        matches!(answer.status(), 200 | 204),
        Status,
        "status",
        "a removed object",
        answer.status()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use leadsman_sdk::mock::{Mock, Reply};
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_read_and_what_is_none_is_refused() {
        for (text, size) in [("1", 1), ("4KiB", 4096), ("1 MiB", 1 << 20)] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in ["", "0", "2MiB", "4 KB", "-1", "99999999999KiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_object_that_comes_back_changed_fails_and_is_removed() {
        let url = "https://s3.example/invoices/leadsman-mock-1";
        let run = Mock::new("https://s3.example")
            .settings(json!({"bucket": "invoices", "size": "16"}))
            .on("PUT", url, Reply::status(201))
            .on("GET", url, Reply::ok("something else"))
            .on("DELETE", url, Reply::status(204))
            .run(s3);
        assert_eq!(run.verdict, Verdict::Fail);
        let went: Vec<_> = run
            .steps
            .iter()
            .map(|(name, ok)| (name.as_str(), *ok))
            .collect();
        assert_eq!(
            went,
            [("write", true), ("read", false), ("remove", true)].map(|(name, ok)| (name, Some(ok)))
        );
    }
}
