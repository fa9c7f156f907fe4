//! Reads the locations that a schedule names: files, folders, buckets and variables.
//! Files that a run writes must be absolute paths, because a scheduler may start the program in any folder.

use super::HeartbeatSource;
use crate::secret::{resembles_age_identity, resembles_vendor_key};
use crate::toml_file::{TableEntry, TomlReader};
use crate::untrusted::is_visible;
use std::path::{Component, Path, PathBuf};

const S3_SCHEME: &str = "s3://";

/// Reads `repo`, the backup repository.
pub(super) fn read_repo(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<String> {
    let problem = match entry.text() {
        Some(text) if resembles_secret(text) => {
            "repo contains a secret; it must be where to store backups"
        }
        Some(text) if is_normalized_absolute(text) && text.len() > 1 => {
            return Some(text.to_owned());
        }
        Some(text) if text.strip_prefix(S3_SCHEME).is_some_and(is_bucket_path) => {
            return Some(text.to_owned());
        }
        Some(text) if text.starts_with(S3_SCHEME) => {
            "repo must have the format s3://BUCKET/PREFIX, with only letters, digits and . _ - in it; the credentials come from the environment"
        }
        _ => {
            "repo must be an absolute folder, without `..` or invisible characters, or s3://BUCKET/PREFIX"
        }
    };
    reader.report(entry.value_offset, problem);
    None
}

/// Reads the path of a file that a run reads.
pub(super) fn read_file_path(
    reader: &mut TomlReader<'_>,
    entry: &TableEntry<'_>,
) -> Option<PathBuf> {
    let key = entry.key();
    let problem = match entry.as_non_empty_str() {
        Some(text) if resembles_secret(text) => {
            format!("{key} contains a secret; it must be the path of a file")
        }
        Some(text) if is_visible(text) && !text.contains("://") => {
            return Some(PathBuf::from(text));
        }
        _ => format!("{key} must be the path of a file, without invisible characters"),
    };
    reader.report(entry.value_offset, problem);
    None
}

/// Reads the path of a file that a run writes.
pub(super) fn read_output_path(
    reader: &mut TomlReader<'_>,
    entry: &TableEntry<'_>,
) -> Option<PathBuf> {
    let path = read_file_path(reader, entry)?;
    let is_file = path.file_name().is_some() && path.parent() != Some(Path::new("/"));
    if is_file && path.to_str().is_some_and(is_normalized_absolute) {
        return Some(path);
    }
    let what = format!(
        "{} must be the absolute path of a file in a folder, without `..`",
        entry.key()
    );
    reader.report(entry.value_offset, what);
    None
}

/// Reads `metrics_file`, the file for `node_exporter`.
pub(super) fn read_metrics_path(
    reader: &mut TomlReader<'_>,
    entry: &TableEntry<'_>,
) -> Option<PathBuf> {
    let path = read_output_path(reader, entry)?;
    if path
        .extension()
        .is_some_and(|extension| extension == "prom")
    {
        return Some(path);
    }
    let what = "metrics_file must end in .prom, because node_exporter reads no other files";
    reader.report(entry.value_offset, what);
    None
}

/// Reads where the heartbeat URL is.
pub(super) fn read_heartbeat_source(
    reader: &mut TomlReader<'_>,
    entry: &TableEntry<'_>,
) -> Option<HeartbeatSource> {
    if entry.key() == "heartbeat_url_file" {
        return read_file_path(reader, entry).map(HeartbeatSource::File);
    }
    let variable = entry
        .as_variable_name()
        .filter(|name| !resembles_secret(name));
    if variable.is_none() {
        let what =
            "heartbeat_url_env must be the name of an environment variable: letters, digits and _";
        reader.report(entry.value_offset, what);
    }
    variable.map(|name| HeartbeatSource::Env(name.to_owned()))
}

fn resembles_secret(text: &str) -> bool {
    resembles_vendor_key(text) || resembles_age_identity(text)
}

/// Whether a path is absolute, normalized (no `.` or `..`) and free of invisible characters, so that it means
/// the same in every file that it is written into.
fn is_normalized_absolute(text: &str) -> bool {
    let mut components = Path::new(text).components();
    text.starts_with('/')
        && is_visible(text)
        && !text.split('/').any(|part| part == ".")
        && !components.any(|component| component == Component::ParentDir)
}

/// Whether a text is `BUCKET` or `BUCKET/PREFIX`.
fn is_bucket_path(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
    let mut parts = prefix.strip_suffix('/').unwrap_or(prefix).split('/');
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(is_plain);
    !bucket.is_empty() && bucket.bytes().all(is_plain) && (prefix.is_empty() || parts.all(is_part))
}
