//! What is kept: the only place that reads and writes files.

pub mod disk;
pub mod lock;
pub mod runs;
