//! The benchmark's loads, each for a few seconds, on programs that count which code they run.

use super::{
    Bench,
    configuration::Load,
    contender::{self, Target},
    figures, journeys,
    plain::Protocol,
};
use crate::failure::Failure;

/// What is run by turns.
const LOADS: [Load; 5] = [
    Load::of(Protocol::Http),
    Load {
        protocol: Protocol::Http,
        expects: true,
    },
    Load::of(Protocol::Https),
    Load::of(Protocol::Dns),
    Load::of(Protocol::Tcp),
];

/// How long plain Rust runs, in seconds: it ends by itself, for a program that is killed writes nothing.
const PLAIN: u64 = 4;

/// All of them. Plain Rust learns too, for it is built like what is shipped.
pub(super) async fn run(bench: &Bench) -> Result<(), Failure> {
    let mut target = Target::start(bench).await?;
    for load in LOADS {
        println!("==> {load:?}");
        let count = usize::try_from(figures::RATE)?;
        let kept = figures::ours(bench, &mut target, load, count, bench.window()).await?;
        if kept.failed > 0.0 {
            return Err(Failure::new(format!("{} runs did not pass", kept.failed)));
        }
        let pace = (Some(figures::RATE), Some(PLAIN));
        let mut plain = contender::native(bench, &target.places, load, pace)?;
        plain.wait(figures::ENDS).await?;
    }
    journeys::cost(bench).map(drop)
}
