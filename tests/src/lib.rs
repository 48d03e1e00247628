//! The proving ground: scripted peers and misbehaving guests.
