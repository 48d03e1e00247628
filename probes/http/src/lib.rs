//! The bundled `http` probe: one exchange, and what is expected of it.

use leadsman_sdk::prelude::*;

mod expectations;
mod request;
mod settings;
mod status;

pub use settings::{BasicAuth, BearerAuth, Body, HeaderExpectation, HttpSettings};
pub use status::Statuses;

/// What this probe measures.
const MEASURES: [Measure; 4] = [
    Measure {
        name: "http_status_code",
        help: "Status of the final hop.",
        labels: &[],
    },
    Measure {
        name: "http_redirects",
        help: "Redirects that were followed.",
        labels: &[],
    },
    Measure {
        name: "http_body_bytes",
        help: "Size of the body after decompression.",
        labels: &[],
    },
    Measure {
        name: "http_last_modified_timestamp_seconds",
        help: "The Last-Modified header, in seconds since the Unix epoch.",
        labels: &[],
    },
];

/// Makes one exchange with the target.
#[probe(measures = MEASURES, validate = settings::validate)]
pub fn http(target: &Target, settings: &HttpSettings) -> Result<Verdict> {
    let response = request::build(target, settings)?.send()?;
    measure(&response);
    let mut expect = Expectations::new();
    expectations::check(settings, &response, &mut expect)?;
    expect.done()?;
    let slow = settings
        .degraded_above
        .is_some_and(|limit| response.facts().total() > limit.get());
    if slow {
        report::statement(&format!("the exchange took {:?}", response.facts().total()));
    }
    Ok(if slow {
        Verdict::Degraded
    } else {
        Verdict::Pass
    })
}

fn measure(response: &http::Response) {
    report::measure("http_status_code", f64::from(response.status()), &[]);
    for (name, fact) in [
        ("http_redirects", "redirects"),
        ("http_body_bytes", "body-bytes"),
    ] {
        let number = response
            .facts()
            .number(fact)
            .and_then(|number| u32::try_from(number).ok());
        if let Some(number) = number {
            report::measure(name, f64::from(number), &[]);
        }
    }
    if let Some(modified) = response
        .header("last-modified")
        .and_then(|text| request::http_date(&text))
    {
        report::measure("http_last_modified_timestamp_seconds", modified, &[]);
    }
}
