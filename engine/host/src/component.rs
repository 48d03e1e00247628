//! Loading a probe: what it imports is checked by name before any of it runs.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use leadsman_core::{
    attempt::{Assignment, Order, RunCause},
    id::{CheckId, Location, NameError, ProbeName, TargetName},
    limits::Limits,
    plan::{Complaint, ProbeDescription},
};
use wasmtime::component::Component;

use crate::{
    attempt::guest_store,
    bindings::ProbePre,
    descriptions::{self, Kept},
    engine::Sandbox,
    expressions::Expressions,
    meter::{Meter, Metered},
    placement::{self, Aside},
    secrets::Secrets,
    state::GuestState,
    trace::Trace,
    underway::Underway,
};

/// Largest component file, in bytes.
pub(crate) const LARGEST_FILE: usize = 64 << 20;

/// How long a probe may take to describe itself: an interpreter starts more slowly than Rust.
const ASKED: Duration = Duration::from_secs(5);

/// What a component may import besides this contract: bound to nothing.
const INERT: [&str; 6] = [
    "wasi:cli/",
    "wasi:io/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:filesystem/",
    "wasi:sockets/",
];

/// Why a component cannot be used as a probe.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// More bytes than allowed.
    #[error("the file has {0} bytes, a probe has at most {LARGEST_FILE}")]
    TooLarge(usize),
    /// A core module.
    #[error(
        "the file is a core WebAssembly module, not a component: build it for wasm32-wasip2, or wrap it with `wasm-tools component new`"
    )]
    CoreModule,
    /// No WebAssembly at all.
    #[error("the file does not begin like a WebAssembly component")]
    NotWasm,
    /// Machine code that an engine has compiled already.
    #[error(
        "the file is compiled code (`.cwasm`), which is never loaded, for nothing in it can be checked: give the component that it was compiled from"
    )]
    Compiled,
    /// Truncated, malformed, or using what the sandbox has switched off.
    #[error("the component cannot be compiled: {0}")]
    Malformed(String),
    /// An import that is never granted.
    #[error("the component imports `{import}`, which is never granted{hint}")]
    Import {
        /// The import's name.
        import: String,
        /// What to use instead, where there is something.
        hint: &'static str,
    },
    /// A component of another world, or of another version of this contract.
    #[error("the component does not fit the contract: {0}")]
    World(String),
    /// `describe` failed.
    #[error("the probe cannot describe itself: {0}")]
    Describe(String),
}

/// A loaded probe: compiled, checked and ready to be instantiated.
pub struct Probe {
    pub(crate) pre: ProbePre<GuestState>,
    /// What it says of itself.
    pub description: Arc<ProbeDescription>,
    /// What it imports: its capability manifest.
    pub imports: Vec<String>,
    /// Bytes of the component.
    pub(crate) size: usize,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe")
            .field("name", &self.description.name)
            .field("version", &self.description.version)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Loads a component. Blocks while it compiles: seconds when it is new, milliseconds when it is
    /// in the cache.
    pub fn load(self: &Arc<Self>, bytes: &[u8]) -> Result<Probe, LoadError> {
        recognised(bytes)?;
        let (component, kept) = self.recalled(bytes);
        let component = component?;
        let imports = self.imports(&component)?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .map_err(|error| LoadError::World(told(&error)))?;
        let pre = ProbePre::new(pre).map_err(|error| LoadError::World(told(&error)))?;
        let description = self.describe(&pre, kept)?;
        Ok(Probe {
            pre,
            description: Arc::new(description),
            imports,
            size: bytes.len(),
        })
    }

    /// The code, and what the probe has said of itself: both are read from the cache at the same time, for each
    /// takes a digest of the whole component.
    fn recalled(&self, bytes: &[u8]) -> (Result<Component, LoadError>, Kept) {
        thread::scope(|scope| {
            let recall = || self.descriptions.recall(bytes);
            let beside = thread::Builder::new().spawn_scoped(scope, recall);
            let component = self.compile(bytes);
            let kept = beside.ok().and_then(|beside| beside.join().ok());
            (component, kept.unwrap_or_else(recall))
        })
    }

    /// A malformed file must not take the daemon with it, whatever the compiler thinks of it.
    fn compile(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        match catch_unwind(AssertUnwindSafe(|| Component::new(&self.engine, bytes))) {
            Ok(Ok(component)) => Ok(component),
            Ok(Err(error)) => Err(LoadError::Malformed(told(&error))),
            Err(_) => Err(LoadError::Malformed(
                "the compiler gave up on it".to_owned(),
            )),
        }
    }

    fn imports(&self, component: &Component) -> Result<Vec<String>, LoadError> {
        let kind = component.component_type();
        let names: Vec<String> = kind
            .imports(&self.engine)
            .map(|(name, _)| name.to_owned())
            .collect();
        match names.iter().find(|name| !granted(name)) {
            None => Ok(names),
            Some(import) => Err(LoadError::Import {
                import: import.clone(),
                hint: hint(import),
            }),
        }
    }

    fn describe(
        self: &Arc<Self>,
        pre: &ProbePre<GuestState>,
        kept: Kept,
    ) -> Result<ProbeDescription, LoadError> {
        if let Some(said) = kept.said {
            return Ok(said);
        }
        let text = self
            .ask(pre, "{}", Expressions::default(), |question| {
                question.describe
            })
            .map_err(LoadError::Describe)?;
        let description = serde_json::from_str(&text).map_err(|error| {
            LoadError::Describe(format!("what it returns is not a description: {error}"))
        })?;
        if let Some(place) = kept.place {
            descriptions::keep(&place, &text);
        }
        Ok(description)
    }

    /// Asks a probe what it finds wrong with settings (JSON text).
    pub fn complaints(
        self: &Arc<Self>,
        probe: &Probe,
        settings: &str,
    ) -> Result<Vec<Complaint>, String> {
        let expressions = serde_json::from_str(settings)
            .ok()
            .and_then(|settings| Expressions::compile(&probe.description.settings, &settings).ok());
        let text = self.ask(
            &probe.pre,
            settings,
            expressions.unwrap_or_default(),
            |question| !question.describe,
        )?;
        serde_json::from_str(&text)
            .map_err(|error| format!("what `validate` returns is no list of complaints: {error}"))
    }

    /// Calls `describe` or `validate` in a store without capabilities.
    fn ask(
        self: &Arc<Self>,
        pre: &ProbePre<GuestState>,
        settings: &str,
        expressions: Expressions,
        which: fn(&Question) -> bool,
    ) -> Result<String, String> {
        let order = order(settings).map_err(|error| error.to_string())?;
        let trace = Arc::new(Trace::new(order.assignment.limits.clone(), None));
        let describes = which(&Question { describe: true });
        let (sandbox, pre, kept) = (Arc::clone(self), pre.clone(), Arc::clone(&trace));
        let meter = Arc::new(Meter::default());
        let budget = Arc::clone(&meter);
        let mut underway = Underway::new();
        let starter = underway.starter();
        let answer = async move {
            let state = GuestState::new(
                order,
                trace,
                (Arc::new(expressions), Arc::new(Secrets::default())),
                None,
                (starter, Aside::begin(true)),
            );
            let mut store = guest_store(&sandbox.engine, state, budget);
            let bindings = pre.instantiate_async(&mut store).await?;
            let check = bindings.leadsman_probe_check();
            if describes {
                check.call_describe(&mut store).await
            } else {
                check.call_validate(&mut store).await
            }
        };
        let metered = Metered::new(answer, meter, self.ticker.clone());
        let answered = placement::apart(metered, &mut underway, self.guest_thread());
        let outcome = self
            .io
            .block_on(async { tokio::time::timeout(ASKED, answered).await });
        match outcome {
            Ok(Ok(Ok(text))) => Ok(text),
            Ok(Ok(Err(error))) => Err(last_words(&kept).unwrap_or_else(|| told(&error))),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(format!("it did not answer within {} s", ASKED.as_secs())),
        }
    }
}

/// Which of the two questions is asked.
struct Question {
    describe: bool,
}

fn recognised(bytes: &[u8]) -> Result<(), LoadError> {
    if bytes.len() > LARGEST_FILE {
        return Err(LoadError::TooLarge(bytes.len()));
    }
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => Err(LoadError::CoreModule),
        Some([0, b'a', b's', b'm', _, 0, 1, 0]) => Ok(()),
        // The engine wraps what it compiles in an object file (ELF).
        Some([0x7f, b'E', b'L', b'F', ..]) => Err(LoadError::Compiled),
        _ => Err(LoadError::NotWasm),
    }
}

fn granted(import: &str) -> bool {
    import.starts_with("leadsman:") || is_inert(import)
}

/// Whether an import is there because languages link it by themselves, and does nothing: what it asks is denied or
/// empty.
pub fn is_inert(import: &str) -> bool {
    INERT.iter().any(|inert| import.starts_with(inert))
}

fn hint(import: &str) -> &'static str {
    if import.starts_with("wasi:http/") {
        "; use `leadsman:http/client`, whose phases, chain and address the host measures"
    } else {
        ""
    }
}

/// An error of the sandbox with its causes, in one line.
pub(crate) fn told(error: &wasmtime::Error) -> String {
    format!("{error:#}")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

/// What a guest printed, but for hints to its author: a panic's message.
pub(crate) fn last_words(trace: &Trace) -> Option<String> {
    let content = trace.content();
    let printed = content.log.iter().filter(|line| line.level == "output");
    let lines = printed.flat_map(|line| line.message.lines()).map(str::trim);
    let words: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with("note:"))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn order(settings: &str) -> Result<Order, NameError> {
    let assignment = Assignment {
        check: CheckId::new("describe")?,
        target: TargetName::new("none")?,
        address: String::new(),
        location: Location::new("none")?,
        probe: ProbeName::new("none")?,
        settings: settings.into(),
        labels: std::collections::BTreeMap::new(),
        timeout: u64::try_from(ASKED.as_nanos()).unwrap_or(u64::MAX),
        limits: Limits {
            cpu_ms: 2_000,
            ..Limits::default()
        },
        egress: Arc::default(),
        secrets: Vec::new(),
        written: None,
        places: None,
    };
    Ok(Order {
        assignment: Arc::new(assignment),
        slot: 0,
        run: String::new(),
        cause: RunCause::Once,
        planned_unix_ns: 0,
        attempt: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_recognised_before_it_is_compiled() {
        assert!(matches!(
            recognised(b"\0asm\x01\0\0\0"),
            Err(LoadError::CoreModule)
        ));
        assert!(matches!(recognised(b"\0asm\x0d\0\x01\0"), Ok(())));
        assert!(matches!(recognised(b"#!/bin/sh"), Err(LoadError::NotWasm)));
        assert!(matches!(recognised(b""), Err(LoadError::NotWasm)));
    }

    #[test]
    fn what_an_engine_has_compiled_already_is_never_loaded() {
        let text = wat::parse_str("(component)").unwrap();
        let engine = wasmtime::Engine::default();
        let compiled = engine.precompile_component(&text).unwrap();
        assert!(matches!(recognised(&compiled), Err(LoadError::Compiled)));
    }

    #[test]
    fn only_the_contract_and_the_inert_set_may_be_imported() {
        assert!(granted("leadsman:http/client@0.1.0"));
        assert!(granted("wasi:filesystem/types@0.2.6"));
        assert!(!granted("wasi:http/outgoing-handler@0.2.0"));
        assert!(!granted("env"));
    }
}
