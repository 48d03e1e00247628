//! Calls itself until its stack is exhausted, before it has asked anything.

use leadsman_sdk::prelude::*;

#[probe]
fn recurses_forever(_: &Target, _: &NoSettings) -> Result<Verdict> {
    report::log(&depth(0).to_string());
    Ok(Verdict::Pass)
}

/// Something is left to do after each call, so that no compiler makes a loop of it.
#[inline(never)]
fn depth(above: u64) -> u64 {
    if above == u64::MAX {
        return 0;
    }
    std::hint::black_box(depth(above + 1)).wrapping_add(1)
}
