//! Opens a file that the user named: a backup, or a plain list of webhooks.

use super::age_keys::Identities;
use super::age_keys::missing_identity;
use super::document::{self, Backup, DocumentError};
use super::envelope::{EnvelopeError, unpack};
use crate::error::{Error, ErrorKind};

/// The content of an opened file.
#[derive(Debug)]
pub enum OpenedFile {
    /// A verified backup.
    Backup(Box<Backup>),
    /// Any other text, such as an exported list.
    Text(String),
}

/// Decrypts and decompresses the bytes of a file as needed; errors refer to it by `name`.
pub fn open(bytes: Vec<u8>, identities: &Identities, name: &str) -> Result<OpenedFile, Error> {
    let text = unpack(bytes, identities)?.map_err(|shut| envelope_error(&shut, name, false))?;
    if !document::claims_to_be_backup(&text) {
        return Ok(OpenedFile::Text(text));
    }
    let backup = document::parse(&text).map_err(|broken| document_error(&broken, name))?;
    Ok(OpenedFile::Backup(Box::new(backup)))
}

/// Like [`open`], but fails if the file is not a backup.
pub fn open_backup(bytes: Vec<u8>, identities: &Identities, name: &str) -> Result<Backup, Error> {
    let text = unpack(bytes, identities)?.map_err(|shut| envelope_error(&shut, name, true))?;
    document::parse(&text).map_err(|broken| document_error(&broken, name))
}

/// `is_backup`: whether the file is known to be one; nothing else is called a backup.
fn envelope_error(shut: &EnvelopeError, name: &str, is_backup: bool) -> Error {
    let path = name;
    let name = crate::untrusted::escape(path);
    match shut {
        EnvelopeError::NeedsIdentity => missing_identity(path),
        EnvelopeError::WrongIdentity => Error::new(
            ErrorKind::CannotDecrypt,
            format!("`{name}` is encrypted, and none of the identities passed can decrypt it"),
        )
        .with_hint(
            "pass the identity of one of the recipients that it was encrypted to: --identity FILE",
        ),
        EnvelopeError::Damaged(why) if is_backup => {
            damaged_error(&name, why)
        }
        EnvelopeError::Damaged(why) => {
            Error::failed(format!("the file `{name}` cannot be used: {why}")).with_hint(
                "--from takes a backup, or the JSON array that `hookferry export` or the API's GET returns",
            )
        }
    }
}

fn document_error(broken: &DocumentError, name: &str) -> Error {
    let name = crate::untrusted::escape(name);
    match broken {
        DocumentError::NotABackup => Error::failed(format!("`{name}` is not a hookferry backup"))
            .with_hint("use another backup; `hookferry backup check` shows which are intact"),
        DocumentError::UnsupportedVersion(version) => {
            let version = crate::untrusted::escape_truncated(version, 20);
            Error::failed(format!(
                "`{name}` has format version {version}, but this version of hookferry reads {}",
                document::FORMAT_VERSION
            ))
            .with_hint("use the version of hookferry that made it, or a newer one")
        }
        DocumentError::Damaged(why) => damaged_error(&name, why),
    }
}

/// The error for a damaged backup; `name` must already be escaped.
pub fn damaged_error(name: &str, why: &str) -> Error {
    Error::failed(format!("the backup `{name}` cannot be used: {why}"))
        .with_hint("use another backup; `hookferry backup check` shows which are intact")
}
