//! The keys of checks, of templates and of `defaults`.

use crate::table::Keys;

/// What a check may hold.
pub(super) const CHECK: Keys = Keys {
    known: &[
        "use",
        "was",
        "canary",
        "probe",
        "targets",
        "settings",
        "interval",
        "cron",
        "timezone",
        "timeout",
        "retries",
        "labels",
        "locations",
        "grants",
        "limits",
        "objectives",
        "page",
        "expiry",
        "alerts",
        "maintenance",
        "depends_on",
    ],
    later: &[],
};
/// What a template may hold.
pub(in crate::section) const TEMPLATE: Keys = Keys {
    known: &[
        "extends",
        "probe",
        "settings",
        "interval",
        "cron",
        "timezone",
        "timeout",
        "retries",
        "labels",
        "locations",
        "grants",
        "limits",
        "objectives",
        "page",
        "expiry",
        "alerts",
        "maintenance",
        "depends_on",
    ],
    later: &[],
};
/// What `defaults` may hold.
pub(in crate::section) const DEFAULTS: Keys = Keys {
    known: &[
        "interval",
        "cron",
        "timezone",
        "timeout",
        "retries",
        "labels",
        "locations",
        "grants",
        "limits",
        "objectives",
        "page",
        "expiry",
        "alerts",
        "maintenance",
    ],
    later: &[],
};
/// What `grants` may hold.
pub(super) const GRANTS: Keys = Keys {
    known: &["hosts", "secrets"],
    later: &[],
};
