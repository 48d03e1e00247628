//! Each file in `examples` is one probe that misbehaves in one way.
