//! The journey as its own recording tells it.
