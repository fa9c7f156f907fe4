//! The places that a schedule names: files, folders, buckets, variables.
//! What is written by a run is absolute, because a scheduler starts a program anywhere.

use super::HeartbeatSource;
use crate::foreign::is_visible;
use crate::secret::{resembles_age_identity, resembles_vendor_key};
use crate::toml_file::{Entry, Reading};
use std::path::{Component, Path, PathBuf};

const SCHEME: &str = "s3://";

/// Where backups go.
pub(super) fn repo(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<String> {
    let form = match entry.text() {
        Some(text) if is_secret(text) => "repo holds a secret; it is the place where backups go",
        Some(text) if is_plain_path(text) && text.len() > 1 => return Some(text.to_owned()),
        Some(text) if text.strip_prefix(SCHEME).is_some_and(is_bucket) => {
            return Some(text.to_owned());
        }
        Some(text) if text.starts_with(SCHEME) => {
            "repo has the form s3://BUCKET/PREFIX, with nothing but letters, digits and . _ - in it; keys are taken from the environment"
        }
        _ => {
            "repo is an absolute folder, without `..` or invisible characters, or s3://BUCKET/PREFIX"
        }
    };
    reading.wrong(entry.value_at, form);
    None
}

/// A file that is read.
pub(super) fn file(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<PathBuf> {
    let key = entry.key();
    let form = match entry.text_not_empty() {
        Some(text) if is_secret(text) => format!("{key} holds a secret; it is the path of a file"),
        Some(text) if is_visible(text) && !text.contains("://") => {
            return Some(PathBuf::from(text));
        }
        _ => format!("{key} is the path of a file, without invisible characters"),
    };
    reading.wrong(entry.value_at, form);
    None
}

/// A file that a run writes.
pub(super) fn written_file(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<PathBuf> {
    let path = file(reading, entry)?;
    let is_file = path.file_name().is_some() && path.parent() != Some(Path::new("/"));
    if is_file && path.to_str().is_some_and(is_plain_path) {
        return Some(path);
    }
    let what = format!(
        "{} is the absolute path of a file in a folder, without `..`",
        entry.key()
    );
    reading.wrong(entry.value_at, what);
    None
}

/// The file that `node_exporter` reads.
pub(super) fn metrics_file(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<PathBuf> {
    let path = written_file(reading, entry)?;
    if path
        .extension()
        .is_some_and(|extension| extension == "prom")
    {
        return Some(path);
    }
    let what = "metrics_file ends in .prom, because node_exporter reads no other files";
    reading.wrong(entry.value_at, what);
    None
}

/// Where the heartbeat's URL is.
pub(super) fn heartbeat(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<HeartbeatSource> {
    if entry.key() == "heartbeat_url_file" {
        return file(reading, entry).map(HeartbeatSource::File);
    }
    let variable = entry.variable().filter(|name| !is_secret(name));
    if variable.is_none() {
        let what =
            "heartbeat_url_env is the name of an environment variable: letters, digits and _";
        reading.wrong(entry.value_at, what);
    }
    variable.map(|name| HeartbeatSource::Env(name.to_owned()))
}

fn is_secret(text: &str) -> bool {
    resembles_vendor_key(text) || resembles_age_identity(text)
}

/// An absolute path that means the same wherever it is written: no `.`, no `..`, nothing invisible.
fn is_plain_path(text: &str) -> bool {
    let mut components = Path::new(text).components();
    text.starts_with('/')
        && is_visible(text)
        && !text.split('/').any(|part| part == ".")
        && !components.any(|component| component == Component::ParentDir)
}

/// `BUCKET`, or `BUCKET/PREFIX`.
fn is_bucket(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
    let mut parts = prefix.strip_suffix('/').unwrap_or(prefix).split('/');
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(is_plain);
    !bucket.is_empty() && bucket.bytes().all(is_plain) && (prefix.is_empty() || parts.all(is_part))
}
