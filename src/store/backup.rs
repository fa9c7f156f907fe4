//! Backups of an account: which of them are kept, and for how long.

pub mod retention;
