//! A guided run of everything on a recorded bus.
