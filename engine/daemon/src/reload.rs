//! Who asks for a reload, and who does it: one at a time, beside the runs.

use std::{sync::Arc, time::Duration};

use leadsman_runner::Changes;
use tokio::{
    signal::unix::Signal,
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use crate::{
    app::AppError,
    clock,
    configuration::Scope,
    live::{self, Live, Reloaded},
    systemd::Notifier,
    telemetry::Telemetry,
};

/// How often it is looked whether a file has changed.
const LOOK: Duration = Duration::from_secs(1);

/// What a reload answers: what it did, or why it did nothing.
pub type Answer = Result<Reloaded, String>;

/// Asks for reloads.
#[derive(Debug, Clone)]
pub struct Reloads(mpsc::Sender<oneshot::Sender<Answer>>);

/// What is asked for.
#[derive(Debug)]
pub struct Requests(mpsc::Receiver<oneshot::Sender<Answer>>);

/// Somebody who asks, and somebody who hears it.
pub fn channel() -> (Reloads, Requests) {
    let (asks, hears) = mpsc::channel(8);
    (Reloads(asks), Requests(hears))
}

impl Reloads {
    /// Reads every file again; returns when it is in force.
    pub async fn ask(&self) -> Answer {
        let (reply, answer) = oneshot::channel();
        let ended = || "the daemon is about to end".to_owned();
        self.0.send(reply).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

/// Reloads for a signal, a request, or a file that has changed.
pub struct Reloader {
    /// What is reloaded.
    pub live: Live,
    /// Who tells.
    pub telemetry: Arc<Telemetry>,
    /// How the loop is told.
    pub changes: Changes,
    /// SIGHUP.
    pub hangups: Signal,
    /// What is asked for.
    pub requests: Requests,
    /// Whether every file is watched, or discovered targets, certificates, secrets and what the machine says
    /// alone.
    pub watch: bool,
    /// The service manager is told of reloads that are asked for.
    pub notifier: Notifier,
    /// What was wrong the last time; files that stay wrong are read again at each look, and told once.
    pub told: Option<String>,
}

impl std::fmt::Debug for Reloader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloader")
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}

enum Wanted {
    Look,
    Reload(Option<oneshot::Sender<Answer>>),
}

impl Reloader {
    /// Reloads until it is dropped.
    pub async fn run(mut self) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wanted = tokio::select! {
                // Cancel-safe, all three: what is not taken stays.
                Some(reply) = self.requests.0.recv() => Wanted::Reload(Some(reply)),
                Some(()) = self.hangups.recv() => Wanted::Reload(None),
                _ = looks.tick() => Wanted::Look,
            };
            let Some(continued) = self.serve(wanted).await else {
                return;
            };
            self = continued;
        }
    }

    /// `None` once the runtime ends.
    async fn serve(mut self, wanted: Wanted) -> Option<Self> {
        let scope = match wanted {
            Wanted::Look if !self.watch => Scope::Discovery,
            Wanted::Look | Wanted::Reload(_) => Scope::Everything,
        };
        let is_look = matches!(wanted, Wanted::Look);
        if !is_look {
            self.notifier.reloading();
        }
        let (mut live, telemetry) = (self.live, Arc::clone(&self.telemetry));
        let work = spawn_blocking(move || {
            let due = !is_look || live.has_changed(scope);
            let outcome = due.then(|| live.reload(scope, &telemetry));
            live.fetch();
            (live, outcome)
        });
        let (live, outcome) = work.await.ok()?;
        self.live = live;
        if let Some(outcome) = outcome {
            let answer = self.finish(outcome, is_look).await;
            if !is_look {
                self.notifier.ready(&summary(&answer));
            }
            if let Wanted::Reload(Some(reply)) = wanted
                && reply.send(answer).is_err()
            {
                tracing::debug!("whoever asked for the reload has gone");
            }
        }
        Some(self)
    }

    async fn finish(
        &mut self,
        outcome: Result<(leadsman_runner::Change, Reloaded), AppError>,
        is_look: bool,
    ) -> Answer {
        let now = clock::now().unix_ms;
        let is_news = self.is_news(&outcome) || !is_look;
        match outcome {
            Ok((change, reloaded)) => {
                self.changes.make(change).await;
                self.live.tidy();
                self.telemetry.note_reload(reloaded.ok, now);
                if is_news {
                    say(&reloaded);
                }
                Ok(reloaded)
            }
            Err(error) => {
                self.telemetry.note_reload(false, now);
                if is_news {
                    refuse(&error);
                }
                Err(error.to_string())
            }
        }
    }

    /// Whether something has changed, or something else is wrong than the last time.
    fn is_news(&mut self, outcome: &Result<(leadsman_runner::Change, Reloaded), AppError>) -> bool {
        let (wrong, changes) = match outcome {
            Ok((_, reloaded)) => (wrong(reloaded), changes(reloaded)),
            Err(error) => (Some(error.to_string()), false),
        };
        let is_known = wrong.is_some() && self.told == wrong;
        self.told = wrong;
        changes || !is_known
    }
}

/// Everything that there is to say of files of which one is wrong.
fn wrong(reloaded: &Reloaded) -> Option<String> {
    let told = reloaded.problems.iter().chain(&reloaded.notices);
    let told = told.map(ToString::to_string);
    (!reloaded.ok).then(|| told.collect::<Vec<_>>().join("\n"))
}

/// Whether any check-target came, changed or left.
const fn changes(reloaded: &Reloaded) -> bool {
    reloaded.added + reloaded.changed + reloaded.removed > 0
}

fn refuse(error: &AppError) {
    match error {
        AppError::Configuration(problems) => live::refuse(problems),
        error => {
            tracing::error!(%error, "the configuration is not in force; the one before stays");
        }
    }
}

/// For `systemctl status`.
fn summary(answer: &Answer) -> String {
    match answer {
        Ok(reloaded) if reloaded.ok => "running; the last reload is in force".to_owned(),
        Ok(reloaded) => {
            let count = reloaded.problems.len();
            format!("running; {count} mistakes in files whose last good version is in force")
        }
        Err(_) => "running; the last reload was refused".to_owned(),
    }
}

fn say(reloaded: &Reloaded) {
    reloaded.problems.iter().for_each(live::complain);
    reloaded.notices.iter().for_each(live::notice);
    let Reloaded {
        added,
        changed,
        removed,
        seconds,
        ok,
        ..
    } = reloaded;
    tracing::info!(
        ok,
        added,
        changed,
        removed,
        seconds,
        "the configuration was read again"
    );
}
