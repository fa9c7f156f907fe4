//! Persistent state: backups, run records, locks. The only module that reads and writes files.

pub mod alerts;
pub mod backup;
pub mod disk;
mod half_written;
pub mod idmap;
pub mod lock;
pub mod runs;
