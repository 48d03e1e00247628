//! The panels of the wall about runs, locations and owners, in the words of the operator's reference, and what is
//! true of them.

use serde_json::Value;

use super::super::{http, prometheus::Prometheus};

/// The values of a label, ordered.
pub(super) fn labels<'a>(found: &'a [Value], name: &str) -> Vec<&'a str> {
    let mut labels: Vec<&str> = found
        .iter()
        .filter_map(|series| http::at(series, &format!("/metric/{name}")).as_str())
        .collect();
    labels.sort_unstable();
    labels
}

fn values(found: &[Value]) -> Vec<f64> {
    let values = found
        .iter()
        .map(|series| http::at(series, "/value/1").as_str());
    values.map(|text| text.unwrap().parse().unwrap()).collect()
}

/// Waits until a query finds so many series.
fn until_found(prometheus: &mut Prometheus, query: &str, count: usize) -> Vec<Value> {
    prometheus.until(query, |found| {
        (found.len() == count).then(|| found.to_vec())
    })
}

/// 12.
pub(super) fn names_the_silent_location(prometheus: &mut Prometheus, mend: impl FnOnce()) {
    let silent = "group by (location)(leadsman_location_expected) unless on (location) group by (location)(leadsman_location_healthy == 1)";
    let found = until_found(prometheus, silent, 1);
    assert_eq!(labels(&found, "location"), ["ap-south"]);
    mend();
    until_found(prometheus, silent, 0);
}

/// Where something is down in two locations, or in all.
const DOWN: &str = "count by (check,target)(leadsman_last_outcome == 0) >= 2 or count by (check,target)(leadsman_last_outcome == 0) == count by (check,target)(leadsman_last_outcome)";

/// 1 to 4.
pub(super) fn says_what_is_down_whose_it_is_and_why(prometheus: &mut Prometheus) {
    // 1: of 908 targets in three locations, one is down in each.
    let available = "1 - sum(rate(leadsman_sli_bad_events_total{sli=\"availability\"}[5m])) / sum(rate(leadsman_sli_valid_events_total{sli=\"availability\"}[5m]))";
    let is_near = |share: f64| (0.99..1.0).contains(&share);
    prometheus.until(available, |found| {
        is_near(*values(found).first()?).then_some(())
    });

    let down = prometheus.query(DOWN);
    assert_eq!(
        (labels(&down, "check"), labels(&down, "target")),
        (vec!["t007/web"], vec!["api"])
    );
    let whose = format!(
        "({DOWN}) * on (check) group_left(team,service,tier,severity,runbook_url) topk by (check)(1, max by (check,team,service,tier,severity,runbook_url)(leadsman_check_info))"
    );
    let owner = prometheus.query(&whose);
    for (label, value) in [
        ("team", "t007"),
        ("service", "s007"),
        ("tier", "1"),
        ("severity", "critical"),
        ("runbook_url", "https://wiki.example/t007/web"),
    ] {
        assert_eq!(labels(&owner, label), [value]);
    }

    // A reason is counted from when it has been seen to rise.
    let why = "topk by (check)(3, sum by (check,reason)(increase(leadsman_run_reasons_total{outcome=\"fail\"}[15m]))) > 0";
    let reasons = until_found(prometheus, why, 1);
    assert_eq!(labels(&reasons, "check"), ["t007/web"]);
    assert_eq!(labels(&reasons, "reason"), ["http_status"]);
}

/// 5, 11 and 13.
pub(super) fn says_whose_fault_blindness_is(prometheus: &mut Prometheus) {
    let whose =
        "sum by (location,blame)(rate(leadsman_run_reasons_total{outcome=\"unknown\"}[5m])) > 0";
    let found = until_found(prometheus, whose, 6);
    assert_eq!(
        labels(&found, "blame"),
        [["policy"; 3], ["probe"; 3]].concat()
    );
    assert_eq!(
        labels(&found, "location"),
        [["ap-south"; 2], ["eu-west"; 2], ["us-east"; 2]].concat()
    );

    // Three checks of each location's hundreds cannot judge.
    let blind = "1 - sum by (location)(rate(leadsman_sli_valid_events_total{sli=\"availability\"}[10m])) / sum by (location)(rate(leadsman_ticks_total[10m]))";
    let blind = values(&until_found(prometheus, blind, 3));
    assert!(
        blind.iter().all(|share| (0.0..0.1).contains(share)),
        "{blind:?}"
    );

    let few = "count by (check)(sum by (check,location)(rate(leadsman_sli_valid_events_total{sli=\"availability\"}[10m])) > 0) < on (check) max by (check)(leadsman_check_locations)";
    until_found(prometheus, few, 0);
}

/// 14 and 15.
pub(super) fn says_that_nothing_is_late_or_missed(prometheus: &mut Prometheus) {
    let missed = "sum by (location,reason)(rate(leadsman_missed_ticks_total[5m])) / on (location) group_left sum by (location)(rate(leadsman_ticks_total[5m])) > 0";
    assert!(prometheus.query(missed).is_empty());
    let lag = "histogram_quantile(0.99, sum by (le,location)(rate(leadsman_schedule_lag_seconds_bucket[5m])))";
    let lag = values(&until_found(prometheus, lag, 3));
    assert!(lag.iter().all(|lag| (0.0..5.0).contains(lag)), "{lag:?}");
}

/// 17, 19, 21 and 22.
pub(super) fn names_what_crashes_is_slow_or_retried(prometheus: &mut Prometheus) {
    let crashing = "topk(10, sum by (probe,ending)(rate(leadsman_attempt_endings_total{ending!=\"returned\"}[15m]))) > 0";
    let found = until_found(prometheus, crashing, 1);
    assert_eq!(
        (labels(&found, "probe"), labels(&found, "ending")),
        (vec!["panics"], vec!["trapped"])
    );

    let retried = "sum by (check)(rate(leadsman_run_reasons_total{reason=\"ok_after_retry\"}[1h])) / sum by (check)(rate(leadsman_runs_total{outcome=\"pass\"}[1h])) > 0.05";
    let found = until_found(prometheus, retried, 1);
    assert_eq!(labels(&found, "check"), ["odd/flaky"]);

    let degraded = until_found(
        prometheus,
        "increase(leadsman_degraded_runs_total[15m]) > 0",
        3,
    );
    assert_eq!(labels(&degraded, "check"), ["odd/slow"; 3]);

    let refused = "sum by (check,network_class)(increase(leadsman_egress_denied_total[1h])) > 0";
    let found = until_found(prometheus, refused, 1);
    assert_eq!(
        (labels(&found, "check"), labels(&found, "network_class")),
        (vec!["odd/denied"], vec!["private"])
    );
}

/// 8 and 9.
pub(super) fn says_where_the_time_goes(prometheus: &mut Prometheus) {
    let p95 = "histogram_quantile(0.95, sum by (le,check,location)(rate(leadsman_run_duration_seconds_bucket{outcome=\"pass\",check=\"shop/web\"}[10m])))";
    let p95 = values(&until_found(prometheus, p95, 3));
    assert!(
        p95.iter().all(|seconds| (0.0..5.0).contains(seconds)),
        "{p95:?}"
    );

    let phases = "sum by (check,phase)(rate(leadsman_run_phase_seconds_sum{check=\"shop/web\"}[5m])) / sum by (check,phase)(rate(leadsman_run_phase_seconds_count{check=\"shop/web\"}[5m])) > 0";
    let phases = until_found(prometheus, phases, 5);
    assert_eq!(
        labels(&phases, "phase"),
        ["connect", "receive", "send", "tls", "wait"]
    );
}

/// 10, and what is below 18.
pub(super) fn knows_certificates_and_steps(prometheus: &mut Prometheus) {
    let ends = prometheus.query("sort((min by (check,target)(leadsman_tls_chain_valid_until_timestamp_seconds) - time())/86400 < 21)");
    assert_eq!(
        labels(&ends, "check"),
        [
            vec!["shop/cert"; 3],
            vec!["shop/checkout", "shop/invoices"],
            vec!["shop/web"; 3]
        ]
        .concat()
    );
    assert_eq!(
        labels(&ends, "target"),
        ["api", "api", "bucket", "eu", "eu", "home", "home", "shop"]
    );

    // The checkout goes through all of its steps in its two locations, and the other team's probe runs in all three.
    let steps = "count by (step)(leadsman_step_results_total{check=\"shop/checkout\",outcome=\"pass\"} > 0)";
    let steps = until_found(prometheus, &format!("{steps} == 2"), 2);
    assert_eq!(labels(&steps, "step"), ["log in", "pay"]);
    let invoices = prometheus.query("leadsman_last_outcome{check=\"shop/invoices\"} == 1");
    assert_eq!(
        labels(&invoices, "location"),
        ["ap-south", "eu-west", "us-east"]
    );
}

/// 18.
pub(super) fn names_the_failing_step(prometheus: &mut Prometheus, breaks: impl FnOnce()) {
    let failing = "topk by (check)(1, sum by (check,step)(increase(leadsman_step_results_total{outcome=\"fail\"}[15m])) > 0)";
    assert!(prometheus.query(failing).is_empty());
    breaks();
    let found = until_found(prometheus, failing, 1);
    assert_eq!(
        (labels(&found, "check"), labels(&found, "step")),
        (vec!["shop/checkout"], vec!["log in"])
    );
}
