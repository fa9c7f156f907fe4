//! Persistent state: backups, run records, locks. The only module that reads and writes files.

pub mod alerts;
pub mod backup;
pub mod deliveries;
pub mod disk;
pub mod idmap;
pub mod input;
pub mod lock;
pub mod runs;
pub mod state_folder;
mod temporary_file;
