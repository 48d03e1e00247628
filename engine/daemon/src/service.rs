//! A daemon at work: it listens, dispatches, reloads, and drains.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use leadsman_core::{
    id::Location,
    widespread::{Announcement, Announcer, Failing},
};
use leadsman_host::{Pulse, Roster};
use leadsman_runner::{Control, Entry, Runner};
use tokio::{
    signal::unix::Signal,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    access::Access,
    app::AppError,
    args, clock,
    live::Live,
    reload::{Reloader, Reloads, Requests},
    scraped::{first_scrape, last_scrapes},
    serve::{self, Server},
    sink::Told,
    stop::Stop,
    systemd::Notifier,
    telemetry::Telemetry,
    web::{self, Health},
};

/// How often the daemon looks whether many targets fail at once.
const LOOK: Duration = Duration::from_secs(5);

/// Whether the daemon is well: independent of what its checks find.
#[derive(Debug, Default)]
pub(crate) struct State {
    ready: AtomicBool,
}

impl Health for State {
    fn healthy(&self) -> bool {
        true
    }

    fn ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}

/// Everything that the daemon is made of, built and not yet announced.
pub(crate) struct Service {
    pub(crate) arguments: args::Run,
    pub(crate) access: Arc<Access>,
    /// Sockets that the service manager has opened.
    pub(crate) given: Vec<std::net::TcpListener>,
    /// Whether the runtimes turn.
    pub(crate) pulse: Pulse,
    pub(crate) location: Location,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) state: Arc<State>,
    pub(crate) live: Live,
    pub(crate) entries: Vec<Entry>,
    pub(crate) concurrent: u32,
    pub(crate) reloads: Reloads,
    pub(crate) requests: Requests,
}

impl Service {
    /// Serves until it is stopped, and until everything has been told.
    pub(crate) async fn serve(mut self) -> Result<(), AppError> {
        let _endpoint = self.listen().await?;
        let mut stop = Stop::new()?;
        let notifier = Notifier::from_env();
        let _beats = beats(notifier, self.pulse.clone());
        let _announcements = announcements(Arc::clone(&self.telemetry));
        if self.arguments.wait_for_first_scrape {
            tracing::info!("holding the first tick until the first scrape");
            notifier.ready("holding the first tick until the first scrape");
            tokio::select! { () = first_scrape(&self.telemetry) => {}, () = stop.asked() => return Ok(()) }
        }
        let control = Control::default();
        let (telemetry, state) = (Arc::clone(&self.telemetry), Arc::clone(&self.state));
        let (grace, scrapes) = (self.arguments.grace, self.arguments.wait_for_scrapes);
        let (runner, reloader) = self.runner(stop.take_hangups()?, notifier);
        let mut running = std::pin::pin!(runner.run(&control));
        let mut reloading = JoinSet::new();
        reloading.spawn(reloader.run());
        state.ready.store(true, Ordering::Relaxed);
        notifier.ready("running");
        tokio::select! { () = &mut running => {}, () = stop.asked() => {} }
        stop.same_signal().await;
        state.ready.store(false, Ordering::Relaxed);
        notifier.stopping("no new ticks; waiting for the runs under way");
        control.drain();
        tracing::info!(
            "no new ticks; waiting for the runs under way, and for a scrape of their results"
        );
        let drained = async {
            if tokio::time::timeout(grace, running).await.is_err() {
                tracing::warn!(?grace, "runs were cut that had not ended within the grace");
            }
            last_scrapes(&telemetry, scrapes).await;
        };
        tokio::select! {
            () = drained => tracing::info!("drained"),
            () = stop.asked() => tracing::warn!("stopped at once by a second signal"),
        }
        Ok(())
    }

    /// Opens the endpoints; they close when what is returned is dropped.
    async fn listen(&mut self) -> Result<JoinSet<()>, AppError> {
        let listeners =
            serve::listeners(&self.arguments.listen, std::mem::take(&mut self.given)).await;
        let health: Arc<dyn Health> = Arc::<State>::clone(&self.state);
        let prefix = self.arguments.prefix();
        let (telemetry, reloads) = (Arc::clone(&self.telemetry), self.lifecycle());
        let router = web::router(telemetry, health, reloads, &prefix);
        let server = Server::new(Arc::clone(&self.access));
        let (location, targets) = (self.location.as_str(), self.entries.len());
        let mut endpoints = JoinSet::new();
        for listener in listeners.map_err(AppError::Listen)? {
            let base = server
                .base(&listener)
                .map_err(|error| AppError::Start(error.to_string()))?;
            tracing::info!(location, targets, "serving {base}{prefix}/metrics");
            endpoints.spawn(serve::serve(Arc::clone(&server), listener, router.clone()));
        }
        Ok(endpoints)
    }

    /// Reloads over HTTP, where they are allowed.
    fn lifecycle(&self) -> Option<Reloads> {
        self.arguments.lifecycle.then(|| self.reloads.clone())
    }

    fn runner(self, hangups: Signal, notifier: Notifier) -> (Runner<Roster, Told>, Reloader) {
        let told = Arc::new(Told {
            telemetry: Arc::clone(&self.telemetry),
            vacancies: self.live.vacancies(),
        });
        let capacity = usize::try_from(self.concurrent).unwrap_or(usize::MAX);
        let life = u64::try_from(clock::unix_ns() / 1_000_000).unwrap_or(0);
        let roster = Arc::clone(self.live.roster());
        let (runner, changes) =
            Runner::new((roster, told), self.entries, capacity, clock::now, life);
        let reloader = Reloader {
            live: self.live,
            telemetry: self.telemetry,
            changes,
            hangups,
            requests: self.requests,
            watch: self.arguments.watch,
            notifier,
            told: None,
        };
        (runner, reloader)
    }
}

/// Says in the log when many targets begin to fail at once, and when they no longer do. It ends with what is
/// returned.
fn announcements(telemetry: Arc<Telemetry>) -> JoinSet<()> {
    let mut announcing = JoinSet::new();
    announcing.spawn(async move {
        let mut announcer = Announcer::default();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let seen = telemetry.failing();
            let Failing { failing, judged } = seen;
            match announcer.look(seen) {
                Some(Announcement::Began) => tracing::warn!(
                    failing,
                    judged,
                    "many targets fail at once: look for one cause first; each of them still counts"
                ),
                Some(Announcement::Ended) => {
                    tracing::info!(failing, judged, "no longer do many targets fail at once");
                }
                None => {}
            }
        }
    });
    announcing
}

/// Tells the service manager that the daemon is alive, as often as it asks for: from the runtime that
/// dispatches, and only while no runtime stands still. It ends with what is returned.
fn beats(notifier: Notifier, pulse: Pulse) -> JoinSet<()> {
    let mut beating = JoinSet::new();
    if let Some(period) = notifier.beat() {
        beating.spawn(async move {
            let mut beats = interval(period);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                beats.tick().await;
                if pulse.is_beating() {
                    notifier.alive();
                }
            }
        });
    }
    beating
}

#[cfg(test)]
mod tests;
