//! What the `journey` probe can be told.

use std::collections::BTreeMap;

use leadsman_probe_actions::{dns::DnsSettings, tcp::TcpSettings};
use leadsman_sdk::{prelude::*, settings::StepName};

mod capture;
mod expect;
mod request;

pub(crate) use capture::{Capture, FROM, Source};
pub(crate) use expect::Expect;
pub(crate) use request::{Bearer, OAuth2, Request, Sign};

use crate::template::Template;

/// Steps that depend on each other.
#[derive(Debug, Settings)]
pub struct JourneySettings {
    /// What is done, in order; the first step that fails ends the journey.
    pub steps: Vec<Step>,
    /// Steps that always run at the end, each of them, whatever failed before.
    #[setting(default)]
    pub cleanup: Vec<Step>,
    /// How much of the timeout is kept back for the cleanup; at most half of it.
    #[setting(default = Timespan::from_secs(2))]
    pub cleanup_within: Timespan,
    /// Named lists of steps, for `use`.
    #[setting(default)]
    pub fragments: BTreeMap<String, Vec<Step>>,
    /// Variables that are set before the first step.
    #[setting(default)]
    pub variables: BTreeMap<String, Template>,
    /// `shared`: one cookie jar, and one connection per host, across the steps; `fresh`: new ones each time.
    #[setting(default = "shared")]
    pub connections: String,
    /// The scheme of a target that is a bare host: `https` or `http`.
    #[setting(default = "https")]
    pub scheme: String,
    /// The author's word that running it twice does no harm. Without it a journey that has sent anything but
    /// GET, HEAD, OPTIONS or TRACE is not retried.
    #[setting(default = false)]
    pub repeatable: bool,
    /// Stop after the step of this name and write the variables to the run's log; `leadsman once --step`.
    pub stop_after: Option<String>,
}

/// One step. It does exactly one of `request`, `dns`, `tcp`, `pause` and `use`.
// What is large stands apart: a step that has no DNS question carries no room for one.
#[derive(Debug, Settings)]
pub struct Step {
    /// What it is called in metrics, records and sentences; unique in the journey.
    pub name: StepName,
    /// An HTTP exchange.
    pub request: Option<Box<Request>>,
    /// A question to a DNS server; `system` where no `server` is named.
    pub dns: Option<Box<DnsSettings>>,
    /// A dialogue over a stream; with the target where no `address` is named.
    pub tcp: Option<Box<TcpSettings>>,
    /// A pause.
    pub pause: Option<Timespan>,
    /// The steps of a fragment.
    pub r#use: Option<String>,
    /// Variables of this step alone, and of the fragment that it uses.
    #[setting(default)]
    pub with: BTreeMap<String, Template>,
    /// A condition over the variables; where it is false, the step is left out.
    pub r#if: Option<Condition>,
    /// Once for each item of a captured list.
    pub each: Option<Each>,
    /// Again until something holds.
    pub until: Option<Box<Until>>,
    /// What is expected of a request's answer.
    pub expect: Option<Box<Expect>>,
    /// How long the step may take.
    pub under: Option<Timespan>,
    /// A step that took longer, and went well, makes a run that passes degraded.
    pub degraded_above: Option<Timespan>,
    /// Variables that later steps may use.
    #[setting(default)]
    pub capture: BTreeMap<String, Capture>,
}

/// A loop over a captured list.
#[derive(Debug, Settings)]
pub struct Each {
    /// The variable that holds the list.
    pub r#in: String,
    /// The variable that is one item of it.
    #[setting(default = "item")]
    pub r#as: String,
    /// How many items are visited at most.
    pub at_most: u32,
}

/// A wait for something to hold.
#[derive(Debug, Settings)]
pub struct Until {
    /// What has to hold.
    pub expect: Expect,
    /// The pause between two tries.
    #[setting(default = Timespan::from_secs(1))]
    pub every: Timespan,
    /// The deadline.
    pub within: Timespan,
}
