//! Backups of accounts: their format, their repositories, and their retention.
//! Never lists a half-written backup, never overwrites one, and never accepts a damaged one as valid.

mod age_keys;
pub mod check;
mod document;
mod envelope;
mod environment;
mod folder;
mod last_check;
mod name;
#[cfg(feature = "cloud")]
mod object_store_repository;
mod open_file;
mod repository;
pub mod retention;

pub use age_keys::{Identities, Protection, Recipients, recipient_lines};
pub use document::{Backup, BackupMetadata, FORMAT_VERSION};
pub use environment::EnvLookup;
pub use last_check::LastCheck;
pub use name::{
    AddedBackup, BackupName, StoredBackup, account_folder_name, count_masked, truncate_to_second,
};
pub use open_file::{OpenedFile, damaged_error, open, open_backup};
pub use repository::{Repository, split_path};

use ring::digest::{SHA256, digest};

/// The SHA-256 of the bytes, in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    crate::coralogix::digest::to_hex(digest(&SHA256, bytes).as_ref())
}
