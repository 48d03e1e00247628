//! What an attempt leaves behind: written by the guest's calls, read when the attempt is over.
//!
//! It lives outside the store, because a run that is cut drops its store and must still be told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use leadsman_core::{
    attempt::{Cause, LogLine, Measure, Named, Operation, Step},
    limits::{Limit, Limits},
    phase::Nanos,
    places::Places,
    seam::{Answer, Call},
};
use leadsman_net::Secrets;
use tokio::time::Instant;

use crate::state::unix_now;

/// Longest text kept of one assertion, statement or step detail, in bytes.
const LONGEST_TEXT: usize = 1024;

/// Longest line kept of what a guest prints, in bytes.
const LONGEST_LINE: usize = 16 << 10;

/// The record of one attempt while it is being written.
#[derive(Debug)]
pub(crate) struct Trace {
    /// When the guest's instance started, on both clocks: the base of every offset.
    began: OnceLock<(Instant, i64)>,
    limits: Limits,
    places: Option<Arc<Places>>,
    content: Mutex<Content>,
}

/// What is in it.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) causes: Vec<Named>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) steps: Vec<Step>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) truncated: BTreeMap<Limit, u64>,
    pub(crate) host_calls: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) unrepeatable: bool,
    /// What hides the values that became secrets while the guest ran.
    pub(crate) hidden: Option<Arc<Secrets>>,
    about: Option<String>,
    slept: Nanos,
    asleep_since: Option<Nanos>,
    log_bytes: usize,
    open_steps: Vec<usize>,
    /// The step that was opened with a request.
    carried: Option<usize>,
}

impl Trace {
    /// An empty record of an attempt whose guest has not started.
    pub(crate) fn new(limits: Limits, places: Option<Arc<Places>>) -> Self {
        Self {
            began: OnceLock::new(),
            limits,
            places,
            content: Mutex::default(),
        }
    }

    /// The guest's instance starts now, unless it has already.
    pub(crate) fn start(&self) -> Instant {
        self.began.get_or_init(|| (Instant::now(), unix_now())).0
    }

    /// When the guest's instance started: the moment, and nanoseconds since the Unix epoch.
    pub(crate) fn started(&self) -> Option<(Instant, i64)> {
        self.began.get().copied()
    }

    /// Nanoseconds since the guest's instance started.
    pub(crate) fn at(&self) -> Nanos {
        let since = |(began, _): &(Instant, i64)| began.elapsed().as_nanos();
        u64::try_from(self.began.get().map_or(0, since)).unwrap_or(u64::MAX)
    }

    /// The content; a panic elsewhere does not make it unreadable.
    pub(crate) fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An operation begins; its index is returned.
    pub(crate) fn begin(&self, call: Arc<Call>) -> usize {
        let started = self.at();
        let mut content = self.content();
        let step = content.open_steps.last().copied();
        content.operations.push(Operation {
            started,
            ended: None,
            step,
            call,
            answer: None,
        });
        content.operations.len() - 1
    }

    /// The operation has ended.
    pub(crate) fn end(&self, index: usize, answer: Arc<Answer>) {
        let ended = self.at();
        if let Some(operation) = self.content().operations.get_mut(index) {
            operation.ended = Some(ended);
            operation.answer = Some(answer);
        }
    }

    /// Whether an operation is under way.
    pub(crate) fn is_waiting(&self) -> bool {
        self.content()
            .operations
            .iter()
            .any(|operation| operation.ended.is_none())
    }

    /// The guest asks to wait from now on.
    pub(crate) fn fall_asleep(&self) {
        let now = self.at();
        self.content().asleep_since = Some(now);
    }

    /// It has waited.
    pub(crate) fn wake_up(&self) {
        let now = self.at();
        let mut content = self.content();
        content.slept = content.slept_until(now);
        content.asleep_since = None;
    }

    /// What the next causes are about, by its pointer into the settings.
    pub(crate) fn about(&self, pointer: &str) {
        let places = self.places.as_ref().filter(|_| !pointer.is_empty());
        self.content().about = places.and_then(|places| places.of(pointer));
    }

    /// No further attempt may be made.
    pub(crate) fn forbid_repetition(&self) {
        self.content().unrepeatable = true;
    }

    /// From now on, and in all that is kept already, these are hidden.
    pub(crate) fn hide(&self, secrets: Arc<Secrets>) {
        self.content().hidden = Some(secrets);
    }

    /// Keeps a cause.
    pub(crate) fn because(&self, cause: Cause) {
        let mut content = self.content();
        if content.causes.len() >= index(self.limits.causes) {
            content.cut(Limit::Causes);
            return;
        }
        let named = Named {
            cause,
            step: content.open_steps.last().copied(),
            setting: content.about.clone(),
        };
        content.causes.push(named);
    }

    /// Keeps a measure.
    pub(crate) fn measure(&self, measure: Measure) {
        let mut content = self.content();
        if content.measures.len() < index(self.limits.measures) {
            content.measures.push(measure);
        } else {
            content.cut(Limit::Measures);
        }
    }

    /// Keeps a line of the log.
    pub(crate) fn log(&self, level: &str, message: &str) {
        let at = self.at();
        let mut content = self.content();
        let full = content.log.len() >= index(self.limits.log_lines)
            || content.log_bytes.saturating_add(message.len()) > index(self.limits.log_bytes);
        if full {
            content.cut(Limit::Log);
            return;
        }
        content.log_bytes += message.len();
        content.log.push(LogLine {
            at,
            level: level.to_owned(),
            message: message.to_owned(),
        });
    }

    /// Keeps what the guest prints.
    pub(crate) fn print(&self, text: &str) {
        if !self.continued(text) {
            self.log("output", text);
        }
    }

    /// Guests print a line in several writes: they are put together again, within the limit of what is logged.
    fn continued(&self, text: &str) -> bool {
        let most = index(self.limits.log_bytes);
        let mut content = self.content();
        let left = most.saturating_sub(content.log_bytes);
        let Some(line) = content.log.last_mut().filter(|line| is_open(line)) else {
            return false;
        };
        let room = left.min(LONGEST_LINE.saturating_sub(line.message.len()));
        let end = text.floor_char_boundary(room);
        let kept = text.get(..end).unwrap_or_default();
        line.message.push_str(kept);
        content.log_bytes += kept.len();
        if kept.len() < text.len() {
            content.cut(Limit::Log);
        }
        true
    }

    /// Opens a step; `None` where there are too many.
    pub(crate) fn open(&self, name: &str) -> Option<usize> {
        let started = self.at();
        let mut content = self.content();
        if content.steps.len() >= index(self.limits.steps) {
            content.cut(Limit::Steps);
            return None;
        }
        content.steps.push(Step {
            name: shortened(name),
            started,
            ended: None,
            ok: None,
            detail: String::new(),
        });
        let opened = content.steps.len() - 1;
        content.open_steps.push(opened);
        Some(opened)
    }

    /// Opens a step with a request. The one before that was opened so has gone well.
    pub(crate) fn carry(&self, name: &str) {
        self.end_carried(true, "");
        let opened = self.open(name);
        self.content().carried = opened;
    }

    /// Closes the step that was opened with a request, where one is open.
    pub(crate) fn end_carried(&self, ok: bool, detail: &str) {
        let carried = self.content().carried.take();
        if let Some(step) = carried {
            self.close(step, Some(ok), detail);
        }
    }

    /// Closes a step.
    pub(crate) fn close(&self, step: usize, ok: Option<bool>, detail: &str) {
        let ended = self.at();
        let mut content = self.content();
        content.open_steps.retain(|open| *open != step);
        if let Some(step) = content
            .steps
            .get_mut(step)
            .filter(|step| step.ended.is_none())
        {
            step.ended = Some(ended);
            step.ok = ok;
            step.detail = shortened(detail);
        }
    }
}

impl Content {
    /// How long the guest asked to wait, a wait that has not ended included.
    pub(crate) fn slept_until(&self, now: Nanos) -> Nanos {
        let asleep = self
            .asleep_since
            .map_or(0, |since| now.saturating_sub(since));
        self.slept.saturating_add(asleep)
    }

    /// Counts that a soft limit cut something.
    pub(crate) fn cut(&mut self, limit: Limit) {
        *self.truncated.entry(limit).or_default() += 1;
    }
}

fn index(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Whether more of it may come: printed, and not yet at its end.
fn is_open(line: &LogLine) -> bool {
    line.level == "output" && !line.message.ends_with('\n')
}

/// The text, cut at a character's boundary.
pub(crate) fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let cut: String = text
        .char_indices()
        .take_while(|(at, _)| *at < LONGEST_TEXT)
        .map(|(_, c)| c)
        .collect();
    format!("{cut}… ({} bytes)", text.len())
}

#[cfg(test)]
mod tests {
    use leadsman_core::seam::HttpCall;

    use super::*;

    fn get() -> Arc<Call> {
        Arc::new(Call::Http(Box::new(HttpCall::get("http://t/"))))
    }

    fn said() -> Cause {
        Cause::Statement {
            message: "so".to_owned(),
        }
    }

    #[test]
    fn what_is_printed_piece_by_piece_is_one_line_and_has_no_more_bytes_than_what_is_logged() {
        let limits = Limits {
            log_bytes: 11,
            ..Limits::default()
        };
        let trace = Trace::new(limits, None);
        trace.start();
        for piece in ["one", " two", " três", "\n", "four"] {
            trace.print(piece);
        }
        let content = trace.content();
        let lines: Vec<&str> = content.log.iter().map(|line| &*line.message).collect();
        // The half of a letter is none, and its place is left for the end of the line.
        assert_eq!(lines, ["one two tr\n"]);
        assert_eq!(content.truncated[&Limit::Log], 2);
    }

    #[test]
    fn a_step_that_a_request_opens_holds_it_and_ends_with_the_next_or_when_it_is_said() {
        let trace = Trace::new(Limits::default(), None);
        trace.start();
        trace.carry("one");
        trace.begin(get());
        trace.carry("two");
        trace.begin(get());
        trace.because(said());
        trace.end_carried(false, "no");
        trace.because(said());
        trace.begin(get());
        // There is none to close any more.
        trace.end_carried(true, "");
        let content = trace.content();
        let steps = content
            .steps
            .iter()
            .map(|step| (step.name.as_str(), step.ok, step.detail.as_str()));
        assert_eq!(
            steps.collect::<Vec<_>>(),
            [("one", Some(true), ""), ("two", Some(false), "no")]
        );
        let operations = content.operations.iter().map(|operation| operation.step);
        assert_eq!(operations.collect::<Vec<_>>(), [Some(0), Some(1), None]);
        let causes = content.causes.iter().map(|cause| cause.step);
        assert_eq!(causes.collect::<Vec<_>>(), [Some(1), None]);
    }
}
