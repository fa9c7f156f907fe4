//! Backups of accounts: their format, their repositories, and their retention.
//! Never lists a half-written backup, never overwrites one, and never accepts a damaged one as valid.

mod age_files;
#[cfg(feature = "cloud")]
mod bucket;
pub mod check;
mod document;
mod envelope;
mod environment;
mod folder;
mod last_check;
mod name;
mod opened;
mod repository;
pub mod retention;

pub use age_files::{Identities, Protection, Recipients, recipient_lines};
pub use document::{About, Backup, FORMAT_VERSION};
pub use environment::LookUp;
pub use last_check::{LastCheck, n_masked};
pub use name::{Added, BackupName, Stored, account_name, to_the_second};
pub use opened::{Opened, damaged, open, open_backup};
pub use repository::{Repository, split_path};

use ring::digest::{SHA256, digest};

/// The SHA-256 of the bytes, in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    crate::coralogix::sealed::hex(digest(&SHA256, bytes).as_ref())
}
