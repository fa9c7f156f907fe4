//! Persistent state: backups, run records, locks. The only module that reads and writes files.

pub mod alerts;
pub mod backup;
pub mod disk;
pub mod idmap;
pub mod lock;
pub mod runs;
mod temporary_file;
