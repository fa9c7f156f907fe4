//! Alert definitions as files: reads a file or a folder, writes to a new folder.
//! Never modifies its input, and never follows a link to a folder, so a cycle of links cannot trap it.

use super::disk;
use super::input::{self, Limit};
use crate::error::Error;
use crate::pipeline::idmap::{AlertFile, AlertFolder, IdMap, RewrittenAlerts, SkippedFile};
use crate::untrusted::escape;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Rewrites the webhook references of the alerts in `input` to the target's ids; writes the files to the new
/// folder `out`, if given.
///
/// # Errors
/// Where `input` holds no JSON, or `out` exists and is not empty.
pub fn apply(map: &IdMap, input: &Path, out: Option<&Path>) -> Result<RewrittenAlerts, Error> {
    if let Some(out) = out {
        check_output_folder(input, out)?;
    }
    let rewritten = map.rewrite_alerts(read(input)?);
    if rewritten.files.is_empty() {
        let input = escape(&input.display().to_string());
        return Err(Error::failed(format!("`{input}` contains no JSON"))
            .with_hint("pass a file of alert definitions, or a folder with *.json files"));
    }
    if let Some(out) = out {
        write(&rewritten, out)?;
    }
    Ok(rewritten)
}

/// Reads one file, or every `*.json` file of a folder and its subfolders.
pub fn read(input: &Path) -> Result<AlertFolder, Error> {
    let metadata = fs::metadata(input).map_err(|error| cannot("read", input, error))?;
    let mut alerts = AlertFolder::default();
    if !metadata.is_dir() {
        let name = input.file_name().map_or_else(PathBuf::new, PathBuf::from);
        let bytes = disk::read_bytes(input, "the alert definitions", Limit::Large)?;
        // Not decoded: what is not changed stays byte for byte.
        let text = String::from_utf8(bytes).map_err(|error| {
            let (shown, what) = (
                escape(&input.display().to_string()),
                encoding(error.as_bytes()),
            );
            Error::failed(format!("`{shown}` is {what}")).with_hint("save it as UTF-8")
        })?;
        alerts.files.push(AlertFile { name, text });
        return Ok(alerts);
    }
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let folder_path = input.join(&folder);
        let entries =
            fs::read_dir(&folder_path).map_err(|error| cannot("read", &folder_path, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| cannot("read", &folder_path, error))?;
            let name = folder.join(entry.file_name());
            let file_type = entry.file_type();
            if file_type
                .map_err(|error| cannot("read", &folder_path, error))?
                .is_dir()
            {
                folders.push(name);
            } else {
                add_entry(&mut alerts, input, name)?;
            }
        }
    }
    alerts.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(alerts)
}

/// Adds one directory entry that is not itself a folder.
fn add_entry(alerts: &mut AlertFolder, input: &Path, name: PathBuf) -> Result<(), Error> {
    let path = input.join(&name);
    let is_json = name
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    // Follows a link to its file. Pipes are skipped: reading one could block forever.
    let metadata = fs::metadata(&path);
    let why = match &metadata {
        Ok(about) if about.is_dir() => "a link to a folder",
        Ok(about) if !about.is_file() => "not a file",
        _ if !is_json => "not named *.json",
        Err(_) => "a broken link",
        Ok(_) => match String::from_utf8(disk::read_bytes(
            &path,
            "the alert definitions",
            Limit::Large,
        )?) {
            Ok(text) => {
                alerts.files.push(AlertFile { name, text });
                return Ok(());
            }
            Err(error) => encoding(error.as_bytes()),
        },
    };
    alerts.skipped.push(SkippedFile {
        name,
        why,
        may_hold_alerts: is_json,
    });
    Ok(())
}

/// The encoding of bytes that are not UTF-8.
fn encoding(bytes: &[u8]) -> &'static str {
    if input::is_utf16(bytes) {
        "UTF-16, as PowerShell's `>` writes it"
    } else {
        "not UTF-8"
    }
}

/// Refuses an output folder that is not empty or that lies inside the input folder.
fn check_output_folder(input: &Path, out: &Path) -> Result<(), Error> {
    let refusal = |why: &str| {
        let out = escape(&out.display().to_string());
        Error::failed(format!("cannot write to `{out}`: {why}"))
            .with_hint("pass a new folder; existing files are never overwritten")
    };
    match fs::read_dir(out) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(refusal("it is not empty"));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(refusal("it is not a folder"));
        }
        Err(error) => return Err(cannot("write to", out, error)),
    }
    let existing = if out.exists() {
        Some(out)
    } else {
        out.parent()
    };
    let existing = match existing {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let input = fs::canonicalize(input).map_err(|error| cannot("read", input, error))?;
    let existing = fs::canonicalize(existing).map_err(|error| cannot("write to", out, error))?;
    if existing.starts_with(input) {
        return Err(refusal("it is inside the input folder"));
    }
    Ok(())
}

/// Writes the rewritten files into a new or empty folder, under their original names.
pub fn write(rewritten: &RewrittenAlerts, out: &Path) -> Result<(), Error> {
    create_folder(out)?;
    for file in &rewritten.files {
        let path = out.join(&file.name);
        if let Some(folder) = path.parent() {
            create_folder(folder)?;
        }
        disk::write_new(&path, &file.repointed.text, "the alert definitions")?;
    }
    Ok(())
}

/// Creates a folder with mode 0700 and its missing parents.
fn create_folder(folder: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let result = builder.create(folder);
    result.map_err(|error| cannot("create", folder, error))
}

fn cannot(verb: &str, path: &Path, error: io::Error) -> Error {
    let path = escape(&path.display().to_string());
    Error::failed(format!("cannot {verb} `{path}`"))
        .with_source(error)
        .with_hint("check the path and its permissions")
}
