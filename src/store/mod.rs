//! What is kept: the only place that reads and writes files.

pub mod alerts;
pub mod backup;
pub mod disk;
mod half_written;
pub mod idmap;
pub mod lock;
pub mod runs;
