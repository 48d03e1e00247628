//! Checks of parts that are all right.

use std::sync::Arc;

use leadsman_core::{
    attempt::Assignment,
    egress::{Egress, HostPattern},
    id::{CheckId, Location, ProbeName},
    places::Places,
    plan::Check,
};

use super::{Shared, common::Common};
use crate::{
    layers::Origins,
    section::{care, settings::Text, targets::Target},
    tree::Node,
};

/// A check whose parts are all right.
pub(super) struct Draft<'a> {
    pub(super) id: CheckId,
    pub(super) probe: ProbeName,
    pub(super) common: Common,
    pub(super) targets: Vec<Target<'a>>,
    pub(super) settings: Vec<Text>,
    pub(super) places: Option<Arc<Places>>,
    pub(super) steps: Vec<String>,
    pub(super) was: Vec<CheckId>,
    pub(super) canary: bool,
    pub(super) origins: Origins,
}

impl Shared<'_> {
    fn within(&self, probe: &ProbeName) -> Option<Arc<[HostPattern]>> {
        let may = self.platform.probes.may(probe)?;
        Some(Arc::clone(&may.hosts))
    }

    /// What the probe may at most, against what the check has for it.
    fn bound(&self, draft: &Draft<'_>, check: &Node) {
        if let Some(may) = self.platform.probes.may(&draft.probe) {
            let targets = draft
                .targets
                .iter()
                .filter_map(|target| target.pattern.as_ref());
            let hosts: Vec<_> = targets.chain(&draft.common.hosts).collect();
            let place = (check, self.notes);
            may.judge(draft.probe.as_str(), &hosts, &draft.common.secrets, place);
        }
    }

    /// The check that runs here; `None` where it runs elsewhere.
    pub(super) fn assemble(&self, draft: Draft<'_>, check: &Node) -> Option<Check> {
        self.bound(&draft, check);
        let here = self.platform.places.here.as_ref()?;
        if !draft.common.locations.contains(here) {
            return None;
        }
        let pairs = draft.targets.iter().zip(&draft.settings);
        let assignments = pairs
            .map(|(target, settings)| Arc::new(self.assignment(&draft, target, settings, here)))
            .collect();
        let mut alerts = draft.common.alerts;
        alerts.runbook = alerts
            .runbook
            .map(|text| care::runbook_of(&text, &draft.id));
        Some(Check {
            id: draft.id,
            team: self.owner.team.clone(),
            labels: draft.common.labels,
            rule: draft.common.timing.rule,
            retry: draft.common.timing.retry,
            objectives: draft.common.objectives,
            locations: draft.common.locations,
            assignments,
            steps: draft.steps,
            was: draft.was,
            depends_on: draft.common.depends_on,
            canary: draft.canary,
            page: draft.common.page,
            expiry: draft.common.expiry,
            alerts,
            maintenance: draft.common.maintenance,
            origins: draft.origins.map,
        })
    }

    fn assignment(
        &self,
        draft: &Draft<'_>,
        target: &Target<'_>,
        settings: &Text,
        here: &Location,
    ) -> Assignment {
        Assignment {
            check: draft.id.clone(),
            target: target.name.clone(),
            address: target.address.clone(),
            location: here.clone(),
            probe: draft.probe.clone(),
            settings: Arc::clone(&settings.complete),
            written: Some(Arc::clone(&settings.written)),
            labels: target.labels.clone(),
            timeout: u64::try_from(draft.common.timing.timeout.as_nanos()).unwrap_or(u64::MAX),
            limits: draft.common.limits.clone(),
            egress: Arc::new(Egress {
                rules: Arc::clone(&self.platform.network.rules),
                grants: draft.common.hosts.clone(),
                target: target.pattern.clone(),
                within: self.within(&draft.probe),
            }),
            secrets: draft.common.secrets.clone(),
            places: draft.places.clone(),
        }
    }
}
