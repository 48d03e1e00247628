//! Every family that this daemon exposes. The golden list `families.txt` is an interface: a change
//! to it is announced.

use super::exposition::{Definition, Kind};

macro_rules! families {
    ($($constant:ident = $kind:ident $name:literal {$labels:literal} $help:literal;)*) => {
        $(pub(super) const $constant: Definition =
            Definition { name: $name, kind: Kind::$kind, labels: $labels, help: $help };)*

        /// Every family but those of the measures.
        #[cfg(test)]
        pub(super) const ALL: &[Definition] = &[$($constant,)*];
    };
}

families! {
    SLI_VALID = Counter "leadsman_sli_valid_events_total" {"check, target, location, sli"}
        "Runs that count for the SLI, good and bad.";
    SLI_BAD = Counter "leadsman_sli_bad_events_total" {"check, target, location, sli"}
        "Runs that burned the SLI's error budget.";
    SLI_EXCLUDED = Counter "leadsman_sli_excluded_events_total" {"check, target, location, sli"}
        "Ticks missed behind a failing run, and runs in a maintenance window: coverage is (valid + excluded) / ticks. Appears when it happens.";
    TICKS = Counter "leadsman_ticks_total" {"check, target, location"}
        "Due moments: each became a run or was missed.";
    MISSED = Counter "leadsman_missed_ticks_total" {"check, target, location, reason"}
        "Ticks that did not become runs. A reason appears when it happens.";
    RUNS = Counter "leadsman_runs_total" {"check, target, location, outcome"}
        "Runs that ended, by outcome.";
    RUN_REASONS = Counter "leadsman_run_reasons_total" {"check, target, location, outcome, reason, blame"}
        "Runs that ended, by reason and who has to act. A reason appears when it happens.";
    ATTEMPTS = Counter "leadsman_attempts_total" {"check, target, location"}
        "Attempts: a run makes one, and one more for each retry.";
    DEGRADED = Counter "leadsman_degraded_runs_total" {"check, target, location"}
        "Runs that passed, but not well enough to be silent about. Appears when it happens.";
    LAST_OUTCOME = Gauge "leadsman_last_outcome" {"check, target, location"}
        "Whether the last run passed (1) or failed (0); absent where it could not judge or is too old.";
    LAST_RUN = Gauge "leadsman_last_run_timestamp_seconds" {"check, target, location"}
        "When the last run ended; absent until the first.";
    LAST_PASS = Gauge "leadsman_last_pass_timestamp_seconds" {"check, target, location"}
        "When a run last passed; absent until the first.";
    LAST_FAILURE = Gauge "leadsman_last_failure_info" {"check, target, location, run, outcome, reason, blame"}
        "The last run while it has not passed: 1; `run` opens it in the API and on the page.";
    RUN_DURATION = Histogram "leadsman_run_duration_seconds" {"check, target, location, outcome"}
        "How long runs waited on the target, each in its last attempt, which is the latency that the SLI judges. Failing runs have native buckets only.";
    STEP_RESULTS = Counter "leadsman_step_results_total" {"check, target, location, step, outcome"}
        "Steps of the author's that ended in the last attempts of runs, by outcome.";
    STEP_DURATION = Summary "leadsman_step_duration_seconds" {"check, target, location, step"}
        "How long the author's steps took in the last attempts of runs.";
    LEAF_NOT_AFTER = Gauge "leadsman_tls_leaf_not_after_timestamp_seconds" {"check, target, location"}
        "When the presented leaf certificate ends.";
    EARLIEST_NOT_AFTER = Gauge "leadsman_tls_earliest_not_after_timestamp_seconds" {"check, target, location"}
        "When the first of the presented certificates ends.";
    CHAIN_VALID_UNTIL = Gauge "leadsman_tls_chain_valid_until_timestamp_seconds" {"check, target, location"}
        "When no chain verifies any more; absent where none verifies now.";
    RUN_PHASE = Summary "leadsman_run_phase_seconds" {"check, location, phase"}
        "How long the phases of the runs of all of a check's targets took, each run's in its last attempt. A phase appears when it is reached.";
    EGRESS_DENIED = Counter "leadsman_egress_denied_total" {"check, network_class"}
        "Operations that the policy refused, by the class of the address, or `ungranted` where a name was. Appears when it happens.";
    MEASURES_DROPPED = Counter "leadsman_measures_dropped_total" {"check, reason"}
        "Measures that were not exported: `undeclared` by the probe, or beyond the check's `series_limit`, or beyond 100 `steps`. Appears when it happens.";
    LOG_LINES_DROPPED = Counter "leadsman_log_lines_dropped_total" {"check"}
        "Log lines of runs that were not written, because the check had too many. Appears when it happens.";
    CHECK_INFO = Gauge "leadsman_check_info" {"check, probe, team, the owner's labels"}
        "What a check is: 1.";
    CHECK_INTERVAL = Gauge "leadsman_check_interval_seconds" {"check"}
        "How often the check is due; absent where a calendar says.";
    CHECK_TIMEOUT = Gauge "leadsman_check_timeout_seconds" {"check"}
        "How long one attempt may take.";
    CHECK_LOCATIONS = Gauge "leadsman_check_locations" {"check"}
        "In how many locations the check runs.";
    CHECK_PAGE_LOCATIONS = Gauge "leadsman_check_page_locations" {"check"}
        "In how many locations the budget has to burn for a page.";
    MAINTENANCE = Gauge "leadsman_check_maintenance" {"check, location"}
        "Whether the check is in a maintenance window, in which runs are no SLI events; only of checks that have windows.";
    DEPENDENCY_FAILING = Gauge "leadsman_check_dependency_failing" {"check, location, on"}
        "Whether a check that this one depends on fails at this location: it inhibits the page and changes no outcome.";
    OBJECTIVE = Gauge "leadsman_slo_objective_ratio" {"check, sli"}
        "The promised share of good events.";
    LATENCY_THRESHOLD = Gauge "leadsman_slo_latency_threshold_seconds" {"check"}
        "Up to which latency a passing run is good.";
    SERIES = Gauge "leadsman_series" {"check"}
        "How many series of this exposition are the check's, this one included.";
    ATTEMPT_ENDINGS = Counter "leadsman_attempt_endings_total" {"probe, ending"}
        "How attempts stopped. An ending appears when it happens.";
    LIMIT_HITS = Counter "leadsman_probe_limit_hits_total" {"probe, limit"}
        "How often a limit ended an attempt or cut what it said. A limit appears when it is hit.";
    LOCATION_EXPECTED = Gauge "leadsman_location_expected" {"location"}
        "Every location of the fleet: 1.";
    LOCATION_HEALTHY = Gauge "leadsman_location_healthy" {"location"}
        "Whether this location can judge.";
    WIDESPREAD = Gauge "leadsman_widespread_failure" {"location"}
        "Whether so many check-targets fail at once that one cause may be behind them: at least 10, and half of those judged. Excuses nothing.";
    SCHEDULE_LAG = Histogram "leadsman_schedule_lag_seconds" {"location"}
        "From the planned instant to the start of the first attempt.";
    RUN_OVERHEAD = Histogram "leadsman_run_overhead_seconds" {"location"}
        "What of a run was neither the target's nor the probe's own pause: queue, sandbox and guest.";
    CONFIG_INFO = Gauge "leadsman_config_info" {"location, revision"}
        "Which configuration is in force: 1.";
    RELOAD_OK = Gauge "leadsman_config_last_reload_successful" {"location"}
        "Whether every file was all right when the configuration was read last.";
    RELOAD_AT = Gauge "leadsman_config_last_reload_success_timestamp_seconds" {"location"}
        "When every file was all right last.";
    FILE_LOADED = Gauge "leadsman_config_file_last_load_successful" {"location, file, team"}
        "Whether the present content of a configuration file is in force; where not, its last good one is.";
    FILE_LOADED_AT = Gauge "leadsman_config_file_loaded_timestamp_seconds" {"location, file, team"}
        "When the content that is in force was loaded.";
    BUILD_INFO = Gauge "leadsman_build_info" {"version, commit, rustc"}
        "Which binary this is: 1.";
    RUNTIME_STALLS = Counter "leadsman_runtime_stalls_total" {"location"}
        "How often a runtime was seen standing still.";
    EVIDENCE_BYTES = Gauge "leadsman_evidence_bytes" {"location"}
        "Memory of all kept runs, near enough.";
    EVIDENCE_DROPPED = Counter "leadsman_evidence_dropped_total" {"location"}
        "Kept runs that went before their time, because all of them together had no more room.";
    WEB_INFO = Gauge "leadsman_web_info" {"location, external_url"}
        "Where the page of this location is reached, as `--web.external-url` says: 1; without it absent.";
    WEB_CLOSED = Counter "leadsman_web_connections_closed_total" {"location, why"}
        "Clients' connections that were closed on our side: `evicted` for another one, or for what took too long. A reason appears when it happens.";
    SCRAPES = Counter "leadsman_scrapes_total" {"location"}
        "Scrapes that started, this one included.";
    CPU = Counter "process_cpu_seconds_total" {""}
        "CPU time of this process.";
    RESIDENT = Gauge "process_resident_memory_bytes" {""}
        "Resident memory of this process.";
    VIRTUAL = Gauge "process_virtual_memory_bytes" {""}
        "Virtual memory of this process.";
    OPEN_FDS = Gauge "process_open_fds" {""}
        "File descriptors that this process has open.";
    MAX_FDS = Gauge "process_max_fds" {""}
        "How many file descriptors this process may have open.";
    START_TIME = Gauge "process_start_time_seconds" {""}
        "When this process started.";
}

/// Before the name of a measure.
pub(super) const MEASURE_PREFIX: &str = "leadsman_measure_";
