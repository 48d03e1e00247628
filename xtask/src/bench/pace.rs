//! Loads: so many a second whatever becomes of them, or as many as can be done.

use std::{sync::Arc, time::Duration};

use clap::Args;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// The longest that one action may take.
const PATIENCE: Duration = Duration::from_millis(900);

/// The most actions under way at once.
const MOST: usize = 4_000;

/// How much is done, and how long at the most.
#[derive(Debug, Clone, Args)]
pub(crate) struct Pace {
    /// So many a second; without it as many as `workers` can do.
    #[arg(long)]
    rate: Option<u32>,

    /// How many do it at once where there is no rate.
    #[arg(long, default_value_t = 32)]
    workers: u32,

    /// When it ends by itself.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
}

impl Pace {
    /// Acts; an action that fails is not counted at the target, which is where it is missed.
    pub(crate) async fn keep<F>(&self, act: impl Fn() -> F + Clone + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let life = Duration::from_secs(self.seconds);
        let load = async {
            match self.rate {
                Some(rate) => open(rate, act).await,
                None => saturated(self.workers, life, act).await,
            }
        };
        // The end of its time is how it is meant to end.
        drop(timeout(life, load).await);
    }
}

/// Starts one after the other at equal distances and waits for none.
#[expect(
    clippy::infinite_loop,
    reason = "the caller drops it when its time is over"
)]
async fn open<F>(rate: u32, act: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let room = Arc::new(Semaphore::new(MOST));
    loop {
        ticks.tick().await;
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            continue;
        };
        let action = act();
        tokio::spawn(async move {
            drop(timeout(PATIENCE, action).await);
            drop(place);
        });
    }
}

async fn saturated<F>(workers: u32, life: Duration, act: impl Fn() -> F + Clone + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let end = Instant::now() + life;
    let mut all = JoinSet::new();
    for _ in 0..workers {
        let act = act.clone();
        all.spawn(async move {
            while Instant::now() < end {
                drop(timeout(PATIENCE, act()).await);
            }
        });
    }
    while all.join_next().await.is_some() {}
}
