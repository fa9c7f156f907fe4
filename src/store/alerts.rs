//! Files with alerts: reads a file or a folder, writes to a new file or folder, all or nothing.
//! Never modifies its input, and never follows a link to a folder, so a cycle of links cannot trap it.

use super::disk;
use super::input::{self, Limit};
use crate::coralogix::reference::FileKind;
use crate::error::Error;
use crate::pipeline::idmap::{AlertFile, AlertFolder, RewrittenAlerts, SkippedFile};
use crate::untrusted::escape;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What files are called in messages.
const WHAT: &str = "the alerts";

/// Folders of other programs: copies of what lies elsewhere, and nobody's alerts.
const OTHER_PROGRAMS: [(&str, &str); 2] = [
    (".git", "a folder of Git"),
    (".terraform", "a folder of Terraform"),
];

/// Reads one file, or every file of a folder and its subfolders whose name tells that it may hold alerts.
///
/// # Errors
/// Where anything cannot be read, and where there is no such file.
pub fn read(input: &Path) -> Result<AlertFolder, Error> {
    let metadata = fs::metadata(input).map_err(|error| cannot("read", input, error))?;
    let alerts = if metadata.is_dir() {
        read_folder(input)?
    } else {
        AlertFolder {
            files: vec![read_file(input)?],
            skipped: Vec::new(),
        }
    };
    if alerts.files.is_empty() {
        let input = escape(&input.display().to_string());
        return Err(Error::failed(format!("`{input}` contains no alerts"))
            .with_hint("pass a file, or a folder with *.json, *.tf, *.yaml or *.yml"));
    }
    Ok(alerts)
}

/// A file that the user named; JSON unless its name tells otherwise.
fn read_file(path: &Path) -> Result<AlertFile, Error> {
    let name = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
    let bytes = disk::read_bytes(path, WHAT, Limit::Large)?;
    // Not decoded: what is not changed stays byte for byte.
    let text = String::from_utf8(bytes).map_err(|error| {
        let (shown, what) = (
            escape(&path.display().to_string()),
            encoding(error.as_bytes()),
        );
        Error::failed(format!("`{shown}` is {what}")).with_hint("save it as UTF-8")
    })?;
    let kind = FileKind::of(&name).unwrap_or(FileKind::Json);
    Ok(AlertFile { name, kind, text })
}

fn read_folder(input: &Path) -> Result<AlertFolder, Error> {
    let mut alerts = AlertFolder::default();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let folder_path = input.join(&folder);
        let entries =
            fs::read_dir(&folder_path).map_err(|error| cannot("read", &folder_path, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| cannot("read", &folder_path, error))?;
            let name = folder.join(entry.file_name());
            let file_type = entry.file_type();
            let is_folder = file_type
                .map_err(|error| cannot("read", &folder_path, error))?
                .is_dir();
            let other = OTHER_PROGRAMS
                .iter()
                .find(|(other, _)| is_folder && entry.file_name() == *other);
            match other {
                Some((_, why)) => alerts.skipped.push(SkippedFile {
                    name,
                    why,
                    may_hold_alerts: false,
                }),
                None if is_folder => folders.push(name),
                None => add_entry(&mut alerts, input, name)?,
            }
        }
    }
    alerts.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(alerts)
}

/// Adds one directory entry that is not itself a folder.
fn add_entry(alerts: &mut AlertFolder, input: &Path, name: PathBuf) -> Result<(), Error> {
    let path = input.join(&name);
    let kind = FileKind::of(&name);
    // Follows a link to its file. Pipes are skipped: reading one could block forever.
    let metadata = fs::metadata(&path);
    let why = match (&metadata, kind) {
        (Ok(about), _) if about.is_dir() => "a link to a folder",
        (Ok(about), _) if !about.is_file() => "not a file",
        (_, None) => "not named *.json, *.tf, *.yaml or *.yml",
        (Err(_), _) => "a broken link",
        (Ok(_), Some(kind)) => {
            match String::from_utf8(disk::read_bytes(&path, WHAT, Limit::Large)?) {
                Ok(text) => {
                    alerts.files.push(AlertFile { name, kind, text });
                    return Ok(());
                }
                Err(error) => encoding(error.as_bytes()),
            }
        }
    };
    alerts.skipped.push(SkippedFile {
        name,
        why,
        may_hold_alerts: kind.is_some() || metadata.is_ok_and(|about| about.is_dir()),
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

/// Where rewritten alerts go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A file that does not exist yet.
    File(PathBuf),
    /// A folder that does not exist yet.
    NewFolder(PathBuf),
    /// A folder that is empty.
    EmptyFolder(PathBuf),
}

impl Output {
    /// What `out` is for this input: a file for a file, unless `out` is a folder or ends like one.
    ///
    /// # Errors
    /// Where `out` exists and is no empty folder, or lies inside the input folder.
    pub fn choose(input: &Path, out: &Path) -> Result<Self, Error> {
        let refusal = |why: &str| {
            let out = escape(&out.display().to_string());
            Error::failed(format!("cannot write to `{out}`: {why}"))
                .with_hint("pass a new path; existing files are never overwritten")
        };
        let ends_like_folder = out.to_string_lossy().ends_with(std::path::is_separator);
        let output = match fs::read_dir(out) {
            Ok(mut entries) => match entries.next() {
                Some(_) => return Err(refusal("it is not empty")),
                None => Self::EmptyFolder(out.to_owned()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A broken link would be one, too.
                if fs::symlink_metadata(out).is_ok() {
                    return Err(refusal("it already exists"));
                }
                let metadata = fs::metadata(input).map_err(|error| cannot("read", input, error))?;
                if metadata.is_dir() || ends_like_folder {
                    Self::NewFolder(out.to_owned())
                } else {
                    Self::File(out.to_owned())
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                let exists = fs::symlink_metadata(out).is_ok();
                return Err(refusal(if exists {
                    "it already exists"
                } else {
                    "it would be inside a file"
                }));
            }
            Err(error) => return Err(cannot("write to", out, error)),
        };
        refuse_inside(input, out).map_or(Ok(output), |error| Err(refusal(error)))
    }

    /// The path.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::NewFolder(path) | Self::EmptyFolder(path) => path,
        }
    }

    /// Writes the rewritten files, under their original names if to a folder: all of them, or nothing.
    ///
    /// # Errors
    /// Where anything cannot be written.
    pub fn write(&self, alerts: &RewrittenAlerts) -> Result<(), Error> {
        match self {
            Self::File(path) => {
                create_parents(path)?;
                let text = alerts
                    .files
                    .first()
                    .map(|file| file.repointed.text.as_str());
                disk::write_new(path, text.unwrap_or_default(), WHAT)
            }
            Self::NewFolder(path) => {
                create_parents(path)?;
                let folder = disk::NewFolder::create_in(parent(path), WHAT)?;
                write_files(alerts, folder.path())?;
                // Only an existing path, such as `..`, has no name.
                let name = path.file_name().unwrap_or_default();
                folder.publish(name).map(drop)
            }
            Self::EmptyFolder(path) => {
                let folder = disk::NewFolder::create_in(path, WHAT)?;
                write_files(alerts, folder.path())?;
                move_entries(folder.path(), path)
            }
        }
    }
}

/// Why the output must not lie where it does: `None` if it may.
fn refuse_inside(input: &Path, out: &Path) -> Option<&'static str> {
    let mut existing = out;
    while !existing.exists() && existing != Path::new(".") {
        existing = parent(existing);
    }
    let input = fs::canonicalize(input).ok()?;
    let existing = fs::canonicalize(existing).ok()?;
    (input.is_dir() && existing.starts_with(input)).then_some("it is inside the input folder")
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn create_parents(path: &Path) -> Result<(), Error> {
    create_folder(parent(path))
}

fn write_files(alerts: &RewrittenAlerts, folder: &Path) -> Result<(), Error> {
    for file in &alerts.files {
        let path = folder.join(&file.name);
        create_parents(&path)?;
        disk::write_new(&path, &file.repointed.text, WHAT)?;
    }
    Ok(())
}

/// Moves everything from a complete folder into another one, and back if that fails.
fn move_entries(from: &Path, to: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(from).map_err(|error| cannot("read", from, error))?;
    let mut moved = Vec::new();
    for entry in entries {
        let name = entry
            .map_err(|error| cannot("read", from, error))?
            .file_name();
        if let Err(error) = fs::rename(from.join(&name), to.join(&name)) {
            for name in moved {
                let _ = fs::rename(to.join(&name), from.join(&name));
            }
            return Err(cannot("write to", to, error));
        }
        moved.push(name);
    }
    disk::sync_folder(to)
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
