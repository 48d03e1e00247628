//! Never returns, and never waits.

use leadsman_sdk::prelude::*;

#[probe]
fn spins_forever(_: &Target, _: &NoSettings) -> Result<Verdict> {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}
