//! A file that a user named, opened as whatever it is: a backup, or a plain list of webhooks.

use super::age_files::Identities;
use super::document::{self, Backup, Broken};
use super::envelope::{Shut, unwrap};
use crate::error::{Error, ErrorKind};

/// What a file turned out to be.
#[derive(Debug)]
pub enum Opened {
    /// A backup, found whole.
    Backup(Box<Backup>),
    /// Some other text, such as an exported list.
    Text(String),
}

/// Opens the bytes of a file: decrypts and expands where that is needed; `name` is what a message calls it.
pub fn open(bytes: Vec<u8>, identities: &Identities, name: &str) -> Result<Opened, Error> {
    let text = unwrap(bytes, identities)?.map_err(|shut| explain(&shut, name))?;
    if !document::is_meant(&text) {
        return Ok(Opened::Text(text));
    }
    let backup = document::read(&text).map_err(|broken| explain_broken(&broken, name))?;
    Ok(Opened::Backup(Box::new(backup)))
}

/// Opens what has to be a backup.
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
        Shut::NeedsIdentity => cannot("is encrypted, and no identity is given")
            .with_hint("name the file that `age-keygen` made: --identity FILE"),
        Shut::WrongIdentity => cannot("is encrypted to others than the identities given")
            .with_hint(
                "give the identity of one of those to whom it was encrypted: --identity FILE",
            ),
        Shut::Damaged(why) => damaged(&name, why),
    }
}

fn explain_broken(broken: &Broken, name: &str) -> Error {
    let name = crate::foreign::shown(name);
    match broken {
        Broken::OtherText => Error::failed(format!("`{name}` is no backup of hookferry's"))
            .with_hint("use another one; `hookferry backup check` says which are whole"),
        Broken::NewerFormat(version) => {
            let version = crate::foreign::shortened(version, 20);
            Error::failed(format!(
                "`{name}` has format {version}, and this version of hookferry reads {}",
                document::FORMAT_VERSION
            ))
            .with_hint("use the version that made it, or a newer one")
        }
        Broken::Damaged(why) => damaged(&name, why),
    }
}

/// A backup that is not as it was made; the name has to be harmless already.
pub fn damaged(name: &str, why: &str) -> Error {
    Error::failed(format!("the backup `{name}` cannot be used: {why}"))
        .with_hint("use another one; `hookferry backup check` says which are whole")
}
