//! What the engine concludes from a run: outcome, reason and blame.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a run counts as. Only [`Outcome::Pass`] and [`Outcome::Fail`] are valid events of an SLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The target is well.
    Pass,
    /// The target is not well.
    Fail,
    /// We could not judge: coverage goes down, nobody's budget burns.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Fail, Self::Unknown];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// Who has to act. Derived from the reason, never set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// Nobody: the run passed.
    Nobody,
    /// The service's owner.
    Target,
    /// The probe's author.
    Probe,
    /// Who wrote the policy or the configuration.
    Policy,
    /// Who runs this prober.
    Prober,
}

impl Blame {
    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Target => "target",
            Self::Probe => "probe",
            Self::Policy => "policy",
            Self::Prober => "prober",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $outcome:ident, $blame:ident;)*) => {
        /// The closed, label-safe set of causes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The label's value.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The outcome that the reason has.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome,)* }
            }

            const fn usual_blame(self) -> Blame {
                match self { $(Self::$name => Blame::$blame,)* }
            }
        }
    };
}

reasons! {
    /// Everything expected was seen.
    Ok = "ok", Pass, Nobody;
    /// A later attempt passed.
    OkAfterRetry = "ok_after_retry", Pass, Nobody;
    /// Good enough to count as available, not good enough to be silent about.
    Degraded = "degraded", Pass, Nobody;

    /// The name does not exist.
    DnsNxdomain = "dns_nxdomain", Fail, Target;
    /// The name has no such records.
    DnsNodata = "dns_nodata", Fail, Target;
    /// A DNS server failed.
    DnsServfail = "dns_servfail", Fail, Target;
    /// A DNS server refused.
    DnsRefused = "dns_refused", Fail, Target;
    /// A DNS server did not answer.
    DnsTimeout = "dns_timeout", Fail, Target;
    /// A DNS server answered nonsense.
    DnsError = "dns_error", Fail, Target;
    /// The records are not the expected ones.
    DnsAnswerMismatch = "dns_answer_mismatch", Fail, Target;
    /// The response code is not an expected one.
    DnsRcode = "dns_rcode", Fail, Target;
    /// The connection was refused.
    ConnectRefused = "connect_refused", Fail, Target;
    /// The connection was not made in time.
    ConnectTimeout = "connect_timeout", Fail, Target;
    /// The host cannot be reached.
    HostUnreachable = "host_unreachable", Fail, Target;
    /// The connection was reset.
    ConnectionReset = "connection_reset", Fail, Target;
    /// The certificate has expired.
    TlsExpired = "tls_expired", Fail, Target;
    /// The certificate is not valid yet.
    TlsNotYetValid = "tls_not_yet_valid", Fail, Target;
    /// The certificate is for other names.
    TlsNameMismatch = "tls_name_mismatch", Fail, Target;
    /// The certificate leads to no trusted root.
    TlsUnknownIssuer = "tls_unknown_issuer", Fail, Target;
    /// The chain is bad in another way.
    TlsBadCertificate = "tls_bad_certificate", Fail, Target;
    /// The handshake failed.
    TlsHandshake = "tls_handshake", Fail, Target;
    /// The handshake was not made in time.
    TlsTimeout = "tls_timeout", Fail, Target;
    /// The protocol version or its absence is not the expected one.
    TlsVersion = "tls_version", Fail, Target;
    /// The status is not an expected one.
    HttpStatus = "http_status", Fail, Target;
    /// A header is not as expected.
    HttpHeader = "http_header", Fail, Target;
    /// The body is not as expected.
    HttpBody = "http_body", Fail, Target;
    /// The protocol's version is not an expected one.
    HttpVersion = "http_version", Fail, Target;
    /// The answer breaks the protocol.
    HttpProtocol = "http_protocol", Fail, Target;
    /// Too many redirects.
    RedirectLoop = "redirect_loop", Fail, Target;
    /// The target redirects to where the policy does not let it.
    RedirectDenied = "redirect_denied", Fail, Target;
    /// The answer did not come in time.
    ResponseTimeout = "response_timeout", Fail, Target;
    /// The answer ended before its end.
    ResponseTruncated = "response_truncated", Fail, Target;
    /// The answer is larger than allowed.
    ResponseTooLarge = "response_too_large", Fail, Target;
    /// An expectation of the probe was not met.
    Assertion = "assertion", Fail, Target;
    /// It took longer than expected.
    TooSlow = "too_slow", Fail, Target;
    /// A step of the author's failed.
    StepFailed = "step_failed", Fail, Target;
    /// The run's time ended while it waited on the target.
    Deadline = "deadline", Fail, Target;
    /// The probe stopped after the target had answered: it crashed on what came.
    ProbeError = "probe_error", Fail, Probe;

    /// Our resolver is down.
    ResolverDown = "resolver_down", Unknown, Prober;
    /// This machine has no route, or a canary has failed too.
    LocalNetwork = "local_network", Unknown, Prober;
    /// This machine has no port left.
    PortExhausted = "port_exhausted", Unknown, Prober;
    /// This process has no descriptor left.
    FdExhausted = "fd_exhausted", Unknown, Prober;
    /// Another errno on our side.
    LocalResources = "local_resources", Unknown, Prober;
    /// Our own overhead would have decided.
    ProberOverload = "prober_overload", Unknown, Prober;
    /// A secret cannot be had.
    SecretUnavailable = "secret_unavailable", Unknown, Policy;
    /// The host failed.
    Internal = "internal", Unknown, Prober;
    /// The probe stopped before the target had answered anything.
    ProbeTrap = "probe_trap", Unknown, Probe;
    /// The probe used more memory than its limit.
    ProbeMemory = "probe_memory", Unknown, Probe;
    /// The probe used more CPU than its limit.
    ProbeCpu = "probe_cpu", Unknown, Probe;
    /// The probe ran out of time without waiting on the target.
    ProbeDeadline = "probe_deadline", Unknown, Probe;
    /// The probe reached another hard limit.
    ProbeLimit = "probe_limit", Unknown, Probe;
    /// The probe says what cannot be, or what the host did not observe.
    ProbeOutputInvalid = "probe_output_invalid", Unknown, Probe;
    /// The probe cannot be loaded.
    ProbeLoad = "probe_load", Unknown, Probe;
    /// The probe itself says that it cannot judge.
    ProbeUndecided = "probe_undecided", Unknown, Probe;
    /// The policy refuses the destination.
    EgressDenied = "egress_denied", Unknown, Policy;
    /// The policy refuses a private or special address.
    EgressPrivate = "egress_private", Unknown, Policy;
}

impl Reason {
    /// Who has to act.
    pub const fn blame(self) -> Blame {
        self.usual_blame()
    }

    /// The reason of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.as_str() == name)
    }
}

/// What a run came to: a reason, and a sentence that is never a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// The cause, from which outcome and blame follow.
    pub reason: Reason,
    /// What happened, for people.
    pub sentence: Arc<str>,
}

impl Conclusion {
    /// A conclusion.
    pub fn new(reason: Reason, sentence: impl Into<Arc<str>>) -> Self {
        Self {
            reason,
            sentence: sentence.into(),
        }
    }

    /// The reason's outcome.
    pub const fn outcome(&self) -> Outcome {
        self.reason.outcome()
    }

    /// The reason's blame.
    pub const fn blame(&self) -> Blame {
        self.reason.blame()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every reason means: budgets burn and people are paged by it. A test elsewhere that asserts a reason
    /// has asserted this outcome and this blame.
    const MEANT: [(&str, &str, &str); 56] = [
        ("ok", "pass", "nobody"),
        ("ok_after_retry", "pass", "nobody"),
        ("degraded", "pass", "nobody"),
        ("dns_nxdomain", "fail", "target"),
        ("dns_nodata", "fail", "target"),
        ("dns_servfail", "fail", "target"),
        ("dns_refused", "fail", "target"),
        ("dns_timeout", "fail", "target"),
        ("dns_error", "fail", "target"),
        ("dns_answer_mismatch", "fail", "target"),
        ("dns_rcode", "fail", "target"),
        ("connect_refused", "fail", "target"),
        ("connect_timeout", "fail", "target"),
        ("host_unreachable", "fail", "target"),
        ("connection_reset", "fail", "target"),
        ("tls_expired", "fail", "target"),
        ("tls_not_yet_valid", "fail", "target"),
        ("tls_name_mismatch", "fail", "target"),
        ("tls_unknown_issuer", "fail", "target"),
        ("tls_bad_certificate", "fail", "target"),
        ("tls_handshake", "fail", "target"),
        ("tls_timeout", "fail", "target"),
        ("tls_version", "fail", "target"),
        ("http_status", "fail", "target"),
        ("http_header", "fail", "target"),
        ("http_body", "fail", "target"),
        ("http_version", "fail", "target"),
        ("http_protocol", "fail", "target"),
        ("redirect_loop", "fail", "target"),
        ("redirect_denied", "fail", "target"),
        ("response_timeout", "fail", "target"),
        ("response_truncated", "fail", "target"),
        ("response_too_large", "fail", "target"),
        ("assertion", "fail", "target"),
        ("too_slow", "fail", "target"),
        ("step_failed", "fail", "target"),
        ("deadline", "fail", "target"),
        ("probe_error", "fail", "probe"),
        ("resolver_down", "unknown", "prober"),
        ("local_network", "unknown", "prober"),
        ("port_exhausted", "unknown", "prober"),
        ("fd_exhausted", "unknown", "prober"),
        ("local_resources", "unknown", "prober"),
        ("prober_overload", "unknown", "prober"),
        ("secret_unavailable", "unknown", "policy"),
        ("internal", "unknown", "prober"),
        ("probe_trap", "unknown", "probe"),
        ("probe_memory", "unknown", "probe"),
        ("probe_cpu", "unknown", "probe"),
        ("probe_deadline", "unknown", "probe"),
        ("probe_limit", "unknown", "probe"),
        ("probe_output_invalid", "unknown", "probe"),
        ("probe_load", "unknown", "probe"),
        ("probe_undecided", "unknown", "probe"),
        ("egress_denied", "unknown", "policy"),
        ("egress_private", "unknown", "policy"),
    ];

    #[test]
    fn every_reason_has_the_outcome_and_the_blame_that_are_written_here() {
        let meant: Vec<_> = Reason::ALL
            .iter()
            .map(|reason| {
                let (outcome, blame) = (reason.outcome(), reason.blame());
                (reason.as_str(), outcome.as_str(), blame.as_str())
            })
            .collect();
        assert_eq!(meant, MEANT);
    }

    #[test]
    fn a_conclusion_has_the_outcome_and_the_blame_of_its_reason() {
        for reason in Reason::ALL {
            let conclusion = Conclusion::new(*reason, "");
            assert_eq!(
                (conclusion.outcome(), conclusion.blame()),
                (reason.outcome(), reason.blame())
            );
        }
    }

    #[test]
    fn names_are_label_safe_and_lead_back() {
        for reason in Reason::ALL {
            assert!(
                reason
                    .as_str()
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '_')
            );
            assert_eq!(Reason::named(reason.as_str()), Some(*reason));
        }
    }

    #[test]
    fn the_outcome_and_the_blame_never_contradict_each_other() {
        for reason in Reason::ALL {
            match reason.outcome() {
                Outcome::Pass => assert_eq!(reason.blame(), Blame::Nobody),
                Outcome::Fail => assert!(matches!(reason.blame(), Blame::Target | Blame::Probe)),
                Outcome::Unknown => {
                    assert!(!matches!(reason.blame(), Blame::Nobody | Blame::Target));
                }
            }
        }
    }
}
