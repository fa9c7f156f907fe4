//! Renders the `backup` commands: create, list, check, and forget.
//! Pure. Shows nothing of a backup's content; `list` shows that, masked.

pub mod check;
pub mod create;
pub mod forget;
pub mod list;

use crate::error::{Error, ExitCode};
use crate::store::backup::StoredBackup;
use crate::store::backup::check::is_future;
use jiff::Timestamp;
use serde::Serialize;

/// Formats a time in UTC to the minute.
fn format_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Formats how long ago a time was, in its largest unit: `3 d`, `5 h`, `12 min`; `now` below a minute.
fn format_age(time: Timestamp, now: Timestamp) -> String {
    if is_future(time, now) {
        return "in the future".to_owned();
    }
    let age = now.duration_since(time);
    match (age.as_hours(), age.as_mins()) {
        (48.., _) => format!("{} d", age.as_hours() / 24),
        (1.., _) => format!("{} h", age.as_hours()),
        (_, 1..) => format!("{} min", age.as_mins()),
        _ => "now".to_owned(),
    }
}

/// Formats a size in bytes: `812 B`, `12 KiB`, `3.4 MiB`.
#[expect(
    clippy::cast_precision_loss,
    reason = "it is shown with one digit after the point"
)]
fn format_size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = KIB * 1024;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        _ => format!("{:.1} MiB", bytes as f64 / MIB as f64),
    }
}

/// How many webhooks a backup has, and how many of them are masked: `12`, `12 (3 masked)`.
fn webhooks_cell(backup: &StoredBackup) -> String {
    let name = &backup.name;
    match name.masked {
        0 => name.count.to_string(),
        masked => format!("{} ({masked} masked)", name.count),
    }
}

/// How a backup is protected, in one word.
fn protection_word(backup: &StoredBackup) -> &'static str {
    if backup.name.is_encrypted {
        "encrypted"
    } else {
        "plaintext"
    }
}

/// A backup as every document shows it.
#[derive(Serialize)]
struct BackupDocument<'a> {
    account: &'a str,
    path: &'a str,
    time: Timestamp,
    count: usize,
    masked: usize,
    size: u64,
    encrypted: bool,
}

impl<'a> BackupDocument<'a> {
    fn new(stored: &'a StoredBackup, path: &'a str) -> Self {
        Self {
            account: &stored.account,
            path,
            time: stored.name.time,
            count: stored.name.count,
            masked: stored.name.masked,
            size: stored.size,
            encrypted: stored.name.is_encrypted,
        }
    }
}

/// An error as a member of a document.
#[derive(Serialize)]
pub(super) struct FailureDocument<'e> {
    exit_code: ExitCode,
    error: String,
    hint: Option<&'e str>,
}

impl<'e> From<&'e Error> for FailureDocument<'e> {
    fn from(error: &'e Error) -> Self {
        Self {
            exit_code: error.kind().exit_code(),
            error: error.to_string(),
            hint: error.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{format_age, format_size};
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn lengths_and_sizes_read_well() {
        let now: Timestamp = "2026-11-26T03:17:09Z".parse().expect("a time");
        let ago = |ago: SignedDuration| format_age(now - ago, now);
        assert_eq!(ago(SignedDuration::from_secs(59)), "now");
        assert_eq!(ago(SignedDuration::from_mins(61)), "1 h");
        assert_eq!(ago(SignedDuration::from_hours(47)), "47 h");
        assert_eq!(ago(SignedDuration::from_hours(48)), "2 d");
        assert_eq!(ago(SignedDuration::from_mins(-5)), "now");
        assert_eq!(ago(SignedDuration::from_hours(-5)), "in the future");
        assert_eq!(format_size(1023), "1023 B");
        assert_eq!(format_size(1025), "2 KiB");
        assert_eq!(format_size(5 * 1024 * 1024 + 300_000), "5.3 MiB");
    }
}
