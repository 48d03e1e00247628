//! Golden phases, laws over random instants, and the days on which clocks change.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn timetable(rule: &Rule) -> Timetable {
    let (check, target) = (
        CheckId::new("shop/web").unwrap(),
        TargetName::new("home").unwrap(),
    );
    Timetable::new(rule, &check, &target, &Location::new("eu-west").unwrap()).unwrap()
}

fn every(seconds: u64) -> Timetable {
    timetable(&Rule::Every(Duration::from_secs(seconds)))
}

fn berlin(expression: &str) -> Timetable {
    timetable(&Rule::Cron {
        expression: expression.to_owned(),
        zone: "Europe/Berlin".to_owned(),
    })
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn fires(timetable: &Timetable, from: &str, until: &str) -> Vec<String> {
    let (mut now, end) = (at(from), at(until));
    let mut fired = Vec::new();
    while let Some(next) = timetable.next_after(now).filter(|next| *next < end) {
        fired.push(Timestamp::from_millisecond(next).unwrap().to_string());
        now = next;
    }
    fired
}

#[test]
fn the_phase_is_golden_because_a_restart_must_keep_it() {
    assert_eq!(every(60).phase_ms, 29_444);
    assert_eq!(every(60).next_after(0), Some(29_444));
    assert_eq!(every(3_600).phase_ms, 449_444);
}

#[test]
fn phases_spread_over_the_period() {
    let (target, location) = (TargetName::new("t").unwrap(), Location::new("l").unwrap());
    let rule = Rule::Every(Duration::from_mins(1));
    let mut tenths = [0_u32; 10];
    for index in 0..1_000 {
        let check = CheckId::new(&format!("team/{index}")).unwrap();
        let phase = Timetable::new(&rule, &check, &target, &location)
            .unwrap()
            .phase_ms;
        tenths[usize::try_from(phase / 6_000).unwrap()] += 1;
    }
    assert!(
        tenths.iter().all(|count| (60..=140).contains(count)),
        "{tenths:?}"
    );
}

#[test]
fn a_fixed_time_in_the_gap_of_spring_runs_once_and_in_the_fold_of_autumn_once() {
    let daily = berlin("30 2 * * *");
    let spring = fires(&daily, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z");
    assert_eq!(spring.len(), 1, "{spring:?}");
    let autumn = fires(&daily, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
    assert_eq!(autumn.len(), 1, "{autumn:?}");
}

#[test]
fn every_quarter_of_an_hour_follows_real_time_on_the_days_on_which_clocks_change() {
    let quarters = berlin("*/15 * * * *");
    assert_eq!(
        fires(&quarters, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z").len(),
        4 * 23 - 1
    );
    assert_eq!(
        fires(&quarters, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z").len(),
        4 * 25 - 1
    );
}

#[test]
fn a_long_period_runs_soon_after_it_is_loaded_and_a_short_one_waits_for_its_tick() {
    let loaded = at("2026-11-22T12:00:00Z");
    assert_eq!(every(60).soon_after_load(loaded), None);
    let soon = every(86_400).soon_after_load(loaded).unwrap();
    assert!((loaded..loaded + SOON_MS).contains(&soon));
    assert!(berlin("0 8 * * *").soon_after_load(loaded).is_some());
}

#[test]
fn a_tick_may_be_late_by_half_a_period_and_by_half_a_minute_at_most() {
    for (seconds, latest) in [
        (1, 500),
        (10, 5_000),
        (60, 30_000),
        (61, 30_000),
        (3_600, 30_000),
    ] {
        assert_eq!(every(seconds).lateness_ms(), latest, "{seconds} s");
    }
    // The period of a calendar is its smallest gap.
    for (expression, latest) in [
        ("* * * * * *", 500),
        ("*/7 * * * * *", 2_000),
        ("*/10 * * * * *", 5_000),
        ("0,50 0 * * * *", 25_000),
        ("30 */15 * * * *", 30_000),
        ("* * * * *", 30_000),
        ("0 8 * * *", 30_000),
    ] {
        assert_eq!(berlin(expression).lateness_ms(), latest, "{expression}");
    }
}

#[test]
fn bad_rules_say_what_is_wrong() {
    assert!(matches!(cron("61 * * * *"), Err(RuleError::Cron { .. })));
    let rule = Rule::Cron {
        expression: "* * * * *".to_owned(),
        zone: "Mars/Olympus".to_owned(),
    };
    let (check, target) = (CheckId::new("c").unwrap(), TargetName::new("t").unwrap());
    let location = Location::new("l").unwrap();
    assert_eq!(
        Timetable::new(&rule, &check, &target, &location).unwrap_err(),
        RuleError::Zone("Mars/Olympus".to_owned())
    );
    let zero = Rule::Every(Duration::ZERO);
    assert_eq!(
        Timetable::new(&zero, &check, &target, &location).unwrap_err(),
        RuleError::Period
    );
}

#[test]
fn the_smallest_gap_of_a_calendar_is_found_in_its_ticks() {
    for (expression, seconds) in [
        ("* * * * * *", 1),
        ("*/7 * * * * *", 4),
        ("0,50 * * * * *", 10),
        ("0,50 0 * * * *", 50),
        ("* * * * *", 60),
        ("*/15 * * * *", 900),
        ("0,50 * * * *", 600),
        ("59 23 15 * *", 28 * 86_400),
        ("0 8 * * MON-FRI", 86_400),
        ("0 0 1 1 *", 365 * 86_400),
        ("0 0 29 2 *", 1_461 * 86_400),
    ] {
        let gap = smallest_gap(&cron(expression).unwrap());
        assert_eq!(gap, Some(Duration::from_secs(seconds)), "{expression}");
    }
    assert_eq!(smallest_gap(&cron("0 0 31 2 *").unwrap()), None);
}

#[test]
fn a_calendar_without_a_tick_never_comes() {
    for (expression, comes) in [
        ("0 0 31 2 *", false),
        ("0 0 30 2 *", false),
        ("0 0 31 4,6,9,11 *", false),
        ("0 0 29 2 *", true),
        ("0 8 * * MON-FRI", true),
    ] {
        let cron = cron(expression).unwrap();
        assert_eq!(ever_comes(&cron), comes, "{expression}");
    }
}

proptest! {
    #[test]
    fn ticks_are_a_period_apart_and_strictly_later(seconds in 1_u64..100_000, now in 0_i64..4_000_000_000_000) {
        let timetable = every(seconds);
        let next = timetable.next_after(now).unwrap();
        let period = i64::try_from(seconds).unwrap() * 1_000;
        prop_assert!(next > now && next - now <= period);
        prop_assert_eq!(timetable.next_after(next), Some(next + period));
        prop_assert_eq!(timetable.next_after(next - 1), Some(next));
    }

    #[test]
    fn counting_agrees_with_walking(seconds in 1_u64..1_000, from in 0_i64..2_000_000_000_000, span in 0_i64..1_000_000) {
        let timetable = every(seconds);
        let (mut walked, mut now) = (0, from);
        while let Some(next) = timetable.next_after(now).filter(|next| *next <= from + span) {
            walked += 1;
            now = next;
        }
        prop_assert_eq!(timetable.count_between(from, from + span, u64::MAX), walked);
    }

    #[test]
    fn a_calendar_never_stands_still(now in 1_700_000_000_000_i64..1_900_000_000_000) {
        for expression in ["*/15 * * * *", "30 2 * * *", "0 8 * * MON-FRI", "0 0 29 2 *"] {
            prop_assert!(berlin(expression).next_after(now).unwrap() > now);
        }
    }
}
