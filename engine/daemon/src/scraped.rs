//! Waiting for scrapes: of the first values, and of the last.

use std::time::Duration;

use crate::{clock, telemetry::Telemetry};

/// How long the endpoint waits for a scrape of the last values.
const LAST_SCRAPE: Duration = Duration::from_secs(15);

/// A daemon that nobody scraped within this does not wait for a scrape.
const SCRAPED_LATELY: Duration = Duration::from_mins(5);

/// How often it is looked whether a scrape has started.
const LOOK: Duration = Duration::from_millis(20);

/// How long a scrape that has started may take to be read.
const SCRAPE_ENDS: Duration = Duration::from_millis(200);

/// Keeps serving until so many scrapes have started after the last booked run, and have had time to end.
pub(crate) async fn last_scrapes(telemetry: &Telemetry, scrapes: u64) {
    if scrapes == 0 || !scraped_lately(telemetry) {
        return;
    }
    let scraped = async {
        while telemetry.awaits_scrapes(scrapes) {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(LAST_SCRAPE, scraped).await.is_err() {
        tracing::warn!(scrapes, "the last values were not scraped so often");
    }
    // Also one that had started before must be read to its end.
    tokio::time::sleep(SCRAPE_ENDS).await;
}

fn scraped_lately(telemetry: &Telemetry) -> bool {
    let since = telemetry
        .last_scrape()
        .map(|at| clock::now().unix_ms.saturating_sub(at));
    since.is_some_and(|since| u128::try_from(since).unwrap_or(0) < SCRAPED_LATELY.as_millis())
}

/// Waits until one scrape has started, and has had time to end.
pub(crate) async fn first_scrape(telemetry: &Telemetry) {
    while telemetry.scrapes_started() == 0 {
        tokio::time::sleep(LOOK).await;
    }
    tokio::time::sleep(SCRAPE_ENDS).await;
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tokio::time::Instant;

    use super::*;
    use crate::telemetry::{
        BuildInfo, TelemetrySettings,
        tests::fixture::{MS, book, check, edition, passing, plan, seats, settings},
    };

    /// Scraped at this moment, and then a run was booked.
    fn booked(clock: fn() -> SystemTime) -> Telemetry {
        let checks = vec![check("web", "http", &["home"])];
        let seats = seats(&checks);
        let settings = TelemetrySettings {
            clock,
            ..settings()
        };
        let told = (BuildInfo::default(), edition());
        let telemetry = Telemetry::new(&plan(checks), &seats, told, settings);
        telemetry.note_scrape();
        book(&telemetry, 0, &passing(120 * MS));
        telemetry
    }

    async fn waited(clock: fn() -> SystemTime) -> u64 {
        let (telemetry, began) = (booked(clock), Instant::now());
        last_scrapes(&telemetry, 1).await;
        began.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn a_scrape_of_the_last_values_is_waited_for_fifteen_seconds() {
        assert_eq!(waited(SystemTime::now).await, 15);
        assert_eq!(
            waited(|| SystemTime::now() - Duration::from_mins(4)).await,
            15
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whom_nobody_scraped_for_five_minutes_waits_for_no_scrape() {
        assert_eq!(
            waited(|| SystemTime::now() - Duration::from_secs(301)).await,
            0
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_scrape_after_the_last_run_ends_the_wait() {
        let (telemetry, began) = (booked(SystemTime::now), Instant::now());
        telemetry.note_scrape();
        last_scrapes(&telemetry, 1).await;
        assert_eq!(began.elapsed().as_secs(), 0);
    }
}
