//! The small values of a configuration, each with its one reader.

pub(crate) mod address;
pub(crate) mod boolean;
pub(crate) mod calendar;
pub(crate) mod duration;
pub(crate) mod name;
pub(crate) mod percent;
pub(crate) mod size;
pub(crate) mod whole;
