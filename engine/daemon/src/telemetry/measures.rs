//! What probes measure: declared names only, and so many series per check and no more.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use leadsman_core::{
    attempt::Measure,
    few::Few,
    id::ProbeName,
    plan::{Check, MeasureDescription},
};

use super::exposition::is_name;

/// How many series of measures one check may have.
const MOST_SERIES: u32 = 200;

/// Labels that every series has anyway, or that mean something to Prometheus.
const TAKEN: [&str; 5] = ["check", "target", "location", "le", "quantile"];

/// What a measure's series is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SeriesName {
    pub(super) measure: String,
    pub(super) labels: BTreeMap<String, String>,
}

/// The measures that a check's probe declares, and how many series they have become.
#[derive(Debug)]
pub(super) struct Declared {
    /// Of all checks of the probe together.
    measures: Arc<[MeasureDescription]>,
    series: AtomicU32,
}

/// The last value of each series of one check-target, and what was dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    pub(super) last: BTreeMap<SeriesName, f64>,
    pub(super) dropped: Few<&'static str, u64>,
}

impl Declared {
    pub(super) fn new(
        check: &Check,
        measures: &BTreeMap<ProbeName, Arc<[MeasureDescription]>>,
    ) -> Self {
        let first = check.assignments.first();
        let declared = first.and_then(|assignment| measures.get(&assignment.probe));
        let declared = declared.cloned();
        Self {
            measures: declared.unwrap_or_default(),
            series: AtomicU32::new(0),
        }
    }

    /// What the probe says of a measure.
    pub(super) fn get(&self, name: &str) -> Option<&MeasureDescription> {
        let declared = self.measures.iter().find(|measure| measure.name == name);
        declared.filter(|measure| is_name(&measure.name))
    }

    /// Whether a series that was taken once is declared still.
    pub(super) fn has(&self, series: &SeriesName) -> bool {
        let declared = self.get(&series.measure);
        declared.is_some_and(|declared| {
            let mut labels = series.labels.keys();
            labels.all(|name| declared.labels.contains(name))
        })
    }

    /// The series of a measure, if the probe declared it.
    fn series_of(&self, measure: &Measure) -> Option<SeriesName> {
        let declared = self.get(&measure.name)?;
        let known = |name: &String| {
            declared.labels.contains(name) && is_name(name) && !TAKEN.contains(&name.as_str())
        };
        let all_known = measure.labels.iter().all(|(name, _)| known(name));
        all_known.then(|| SeriesName {
            measure: measure.name.clone(),
            labels: measure.labels.iter().cloned().collect(),
        })
    }

    /// Whether the check may have one more series.
    pub(super) fn admits_one_more(&self) -> bool {
        let more = |count: u32| (count < MOST_SERIES).then_some(count + 1);
        self.series
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .is_ok()
    }
}

impl Measured {
    /// Takes what an attempt measured.
    pub(super) fn take(&mut self, measures: &[Measure], declared: &Declared) {
        for measure in measures {
            if let Err(reason) = self.take_one(measure, declared) {
                self.dropped.add(reason, 1);
            }
        }
    }

    fn take_one(&mut self, measure: &Measure, declared: &Declared) -> Result<(), &'static str> {
        let name = declared.series_of(measure).ok_or("undeclared")?;
        if let Some(last) = self.last.get_mut(&name) {
            *last = measure.value;
            return Ok(());
        }
        if !declared.admits_one_more() {
            return Err("series_limit");
        }
        self.last.insert(name, measure.value);
        Ok(())
    }
}
