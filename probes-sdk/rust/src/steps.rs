//! What the host knows of the open steps. A step is told with the first request in it, and its good end with the
//! next: so a step that passes costs no crossing of its own.

use std::cell::RefCell;
#[cfg(target_family = "wasm")]
use std::io::Write as _;

use crate::raw::probe::report as raw;

/// A step whose part is running.
enum Open {
    /// The host has not heard of it: nothing has happened in it.
    Untold(String),
    /// A request opened it.
    Carried,
    /// It was opened for itself.
    Told(raw::Step),
}

#[derive(Default)]
struct Steps {
    open: Vec<Open>,
    /// A step that a request opened has ended well, and the host has not heard of it.
    passed: bool,
}

thread_local! {
    static STEPS: RefCell<Steps> = RefCell::default();
}

/// A step begins.
pub(crate) fn begin(name: &str) {
    STEPS.with_borrow_mut(|steps| {
        steps.tell_open();
        // A request opens one step at a time: what is inside of that one is told apart.
        let inside = steps.open.iter().any(|open| matches!(open, Open::Carried));
        steps.open.push(Open::Untold(name.to_owned()));
        if inside {
            steps.tell_open();
        }
    });
}

/// The innermost step ends; `wrong` says what went wrong.
pub(crate) fn end(wrong: Option<&str>) {
    STEPS.with_borrow_mut(|steps| steps.end(wrong));
}

/// Before anything but a request of which it matters in which step it happens.
pub(crate) fn settle() {
    STEPS.with_borrow_mut(|steps| {
        steps.tell_passed();
        steps.tell_open();
    });
}

/// Before a request: the name of the step that it opens.
pub(crate) fn carried() -> Option<String> {
    STEPS.with_borrow_mut(|steps| {
        let Some(Open::Untold(name)) = steps.open.last_mut() else {
            steps.tell_passed();
            return None;
        };
        let name = std::mem::take(name);
        steps.passed = false;
        steps.open.pop();
        steps.open.push(Open::Carried);
        Some(name)
    })
}

/// What ended well is told before a panic ends the guest: else the host takes that step for the one that failed. The
/// usual hook is not kept beside it: what it adds is no use here, and each of its entries has a place in every sandbox.
#[cfg(target_family = "wasm")]
pub(crate) fn tell_before_a_panic() {
    std::panic::set_hook(Box::new(panicked));
}

#[cfg(target_family = "wasm")]
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    STEPS.with(|steps| {
        if let Ok(mut steps) = steps.try_borrow_mut() {
            steps.tell_passed();
        }
    });
    // Where nobody takes what is printed, nobody can be told that.
    drop(std::io::stderr().write_all(format!("{panic}\n").as_bytes()));
}

/// Forgets what a run left behind that ended in a panic.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn forget() {
    STEPS.with_borrow_mut(|steps| *steps = Steps::default());
}

impl Steps {
    fn tell_passed(&mut self) {
        if std::mem::take(&mut self.passed) {
            raw::end_step(true, "");
        }
    }

    fn tell_open(&mut self) {
        if let Some(open @ Open::Untold(_)) = self.open.last_mut() {
            let told = match open {
                Open::Untold(name) => raw::Step::new(name),
                Open::Carried | Open::Told(_) => return,
            };
            *open = Open::Told(told);
        }
    }

    fn end(&mut self, wrong: Option<&str>) {
        let carried = matches!(self.open.last(), Some(Open::Carried));
        if !carried {
            self.tell_passed();
            self.tell_open();
        }
        match (self.open.pop(), wrong) {
            (Some(Open::Carried), None) => self.passed = true,
            (Some(Open::Carried), Some(wrong)) => raw::end_step(false, wrong),
            (Some(Open::Told(step)), wrong) => step.finish(wrong.is_none(), wrong.unwrap_or("")),
            (Some(Open::Untold(_)) | None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests;
