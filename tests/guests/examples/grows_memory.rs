//! Takes all the memory there is.

use leadsman_sdk::prelude::*;

#[probe]
fn grows_memory(_: &Target, _: &NoSettings) -> Result<Verdict> {
    let mut hoard = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}
