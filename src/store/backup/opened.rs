//! Opens a file that the user named: a backup, or a plain list of webhooks.

use super::age_files::Identities;
use super::document::{self, Backup, Broken};
use super::envelope::{Shut, unwrap};
use crate::error::{Error, ErrorKind};

/// The content of an opened file.
#[derive(Debug)]
pub enum Opened {
    /// A verified backup.
    Backup(Box<Backup>),
    /// Any other text, such as an exported list.
    Text(String),
}

/// Decrypts and decompresses the bytes of a file as needed; errors refer to it by `name`.
pub fn open(bytes: Vec<u8>, identities: &Identities, name: &str) -> Result<Opened, Error> {
    let text = unwrap(bytes, identities)?.map_err(|shut| explain(&shut, name))?;
    if !document::is_meant(&text) {
        return Ok(Opened::Text(text));
    }
    let backup = document::read(&text).map_err(|broken| explain_broken(&broken, name))?;
    Ok(Opened::Backup(Box::new(backup)))
}

/// Like [`open`], but fails if the file is not a backup.
pub fn open_backup(bytes: Vec<u8>, identities: &Identities, name: &str) -> Result<Backup, Error> {
    match open(bytes, identities, name)? {
        Opened::Backup(backup) => Ok(*backup),
        Opened::Text(_) => Err(explain_broken(&Broken::OtherText, name)),
    }
}

fn explain(shut: &Shut, name: &str) -> Error {
    let name = crate::foreign::shown(name);
    let cannot = |what: &str| Error::new(ErrorKind::CannotDecrypt, format!("`{name}` {what}"));
    match shut {
        Shut::NeedsIdentity => cannot("is encrypted, and no identity was passed")
            .with_hint("pass the key file that `age-keygen` created: --identity FILE"),
        Shut::WrongIdentity => cannot(
            "is encrypted, and none of the identities passed can decrypt it",
        )
        .with_hint(
            "pass the identity of one of the recipients that it was encrypted to: --identity FILE",
        ),
        Shut::Damaged(why) => damaged(&name, why),
    }
}

fn explain_broken(broken: &Broken, name: &str) -> Error {
    let name = crate::foreign::shown(name);
    match broken {
        Broken::OtherText => Error::failed(format!("`{name}` is not a hookferry backup"))
            .with_hint("use another backup; `hookferry backup check` shows which are intact"),
        Broken::NewerFormat(version) => {
            let version = crate::foreign::shortened(version, 20);
            Error::failed(format!(
                "`{name}` has format version {version}, but this version of hookferry reads {}",
                document::FORMAT_VERSION
            ))
            .with_hint("use the version of hookferry that made it, or a newer one")
        }
        Broken::Damaged(why) => damaged(&name, why),
    }
}

/// The error for a damaged backup; `name` must already be escaped.
pub fn damaged(name: &str, why: &str) -> Error {
    Error::failed(format!("the backup `{name}` cannot be used: {why}"))
        .with_hint("use another backup; `hookferry backup check` shows which are intact")
}
