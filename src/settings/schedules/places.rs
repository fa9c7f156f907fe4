//! Reads the locations that a schedule names: files, folders, buckets and variables.
//! Files that a run writes must be absolute paths, because a scheduler may start the program in any folder.

use super::HeartbeatSource;
use crate::foreign::is_visible;
use crate::secret::{resembles_age_identity, resembles_vendor_key};
use crate::toml_file::{Entry, Reading};
use std::path::{Component, Path, PathBuf};

const SCHEME: &str = "s3://";

/// Reads `repo`, the backup repository.
pub(super) fn repo(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<String> {
    let form = match entry.text() {
        Some(text) if is_secret(text) => {
            "repo contains a secret; it must be where to store backups"
        }
        Some(text) if is_plain_path(text) && text.len() > 1 => return Some(text.to_owned()),
        Some(text) if text.strip_prefix(SCHEME).is_some_and(is_bucket) => {
            return Some(text.to_owned());
        }
        Some(text) if text.starts_with(SCHEME) => {
            "repo must have the format s3://BUCKET/PREFIX, with only letters, digits and . _ - in it; the credentials come from the environment"
        }
        _ => {
            "repo must be an absolute folder, without `..` or invisible characters, or s3://BUCKET/PREFIX"
        }
    };
    reading.wrong(entry.value_at, form);
    None
}

/// Reads the path of a file that a run reads.
pub(super) fn file(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<PathBuf> {
    let key = entry.key();
    let form = match entry.text_not_empty() {
        Some(text) if is_secret(text) => {
            format!("{key} contains a secret; it must be the path of a file")
        }
        Some(text) if is_visible(text) && !text.contains("://") => {
            return Some(PathBuf::from(text));
        }
        _ => format!("{key} must be the path of a file, without invisible characters"),
    };
    reading.wrong(entry.value_at, form);
    None
}

/// Reads the path of a file that a run writes.
pub(super) fn written_file(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<PathBuf> {
    let path = file(reading, entry)?;
    let is_file = path.file_name().is_some() && path.parent() != Some(Path::new("/"));
    if is_file && path.to_str().is_some_and(is_plain_path) {
        return Some(path);
    }
    let what = format!(
        "{} must be the absolute path of a file in a folder, without `..`",
        entry.key()
    );
    reading.wrong(entry.value_at, what);
    None
}

/// Reads `metrics_file`, the file for `node_exporter`.
pub(super) fn metrics_file(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<PathBuf> {
    let path = written_file(reading, entry)?;
    if path
        .extension()
        .is_some_and(|extension| extension == "prom")
    {
        return Some(path);
    }
    let what = "metrics_file must end in .prom, because node_exporter reads no other files";
    reading.wrong(entry.value_at, what);
    None
}

/// Reads where the heartbeat URL is.
pub(super) fn heartbeat(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<HeartbeatSource> {
    if entry.key() == "heartbeat_url_file" {
        return file(reading, entry).map(HeartbeatSource::File);
    }
    let variable = entry.variable().filter(|name| !is_secret(name));
    if variable.is_none() {
        let what =
            "heartbeat_url_env must be the name of an environment variable: letters, digits and _";
        reading.wrong(entry.value_at, what);
    }
    variable.map(|name| HeartbeatSource::Env(name.to_owned()))
}

fn is_secret(text: &str) -> bool {
    resembles_vendor_key(text) || resembles_age_identity(text)
}

/// Whether a path is absolute, normalized (no `.` or `..`) and free of invisible characters, so that it means
/// the same in every file that it is written into.
fn is_plain_path(text: &str) -> bool {
    let mut components = Path::new(text).components();
    text.starts_with('/')
        && is_visible(text)
        && !text.split('/').any(|part| part == ".")
        && !components.any(|component| component == Component::ParentDir)
}

/// Whether a text is `BUCKET` or `BUCKET/PREFIX`.
fn is_bucket(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
    let mut parts = prefix.strip_suffix('/').unwrap_or(prefix).split('/');
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(is_plain);
    !bucket.is_empty() && bucket.bytes().all(is_plain) && (prefix.is_empty() || parts.all(is_part))
}
