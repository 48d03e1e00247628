//! The cleanup: each of its steps runs, whatever failed before.

use std::time::Duration;

use leadsman_sdk::prelude::*;

use super::{Course, Walk};
use crate::{settings::Step, validate::texts};

impl Walk<'_> {
    /// Walks the cleanup; the first thing that goes wrong is what it comes to.
    pub(super) fn clean(&mut self) -> Course {
        self.reserve = Duration::ZERO;
        let settings = self.settings;
        let mut worst = Course::Passed;
        for (index, step) in settings.cleanup.iter().enumerate() {
            if let Some(missing) = self.missing(step) {
                let name = &step.name;
                report::log(&format!(
                    "cleanup step `{name}` is left out: `{missing}` is not set"
                ));
                continue;
            }
            let course = self.step(step, &format!("/cleanup/{index}"));
            if worst == Course::Passed {
                worst = course;
            }
        }
        worst
    }

    /// A variable that the step needs and that was never set: there is nothing to clean up.
    fn missing(&self, step: &Step) -> Option<String> {
        let own = |name: &str| step.with.contains_key(name);
        let listed = step.each.as_ref().map(|each| each.r#in.as_str());
        let unset = listed.filter(|list| self.variables.get(list).is_none());
        let items = step.each.as_ref().map(|each| each.r#as.as_str());
        let named = texts::of(step).into_iter().find_map(|text| {
            let missing = self.variables.missing(&text.text);
            missing
                .into_iter()
                .find(|name| !own(name) && Some(name.as_str()) != items)
        });
        unset.map(str::to_owned).or(named)
    }
}
