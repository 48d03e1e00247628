//! Settings and the JSON Schema of the probe that they are for.

pub(crate) mod coerce;
pub(crate) mod finding;
pub(crate) mod judge;
pub(crate) mod resources;
pub(crate) mod shape;
