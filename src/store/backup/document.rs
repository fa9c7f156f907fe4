//! The backup document: self-describing JSON with the account, the time, and a checksum.
//!
//! Its last member, `webhooks`, is the array exactly as the account's API returned it, on lines of its own.
//! `sha256` covers these lines, so anybody can verify it with standard tools.

use crate::coralogix::webhook::{Webhook, list_to_wire, parse_list};
use crate::document::major_version;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version of the document format; readers accept any version with the same major number.
pub const FORMAT_VERSION: &str = "1.0";
/// The value of the member `kind`.
const KIND: &str = "backup";

/// The metadata of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMetadata {
    /// The program that made the backup, with its version.
    pub tool: String,
    /// The account's folder name in the repository.
    pub account: String,
    /// The profile that named the account; `None` if the user passed a region, domain, or URL.
    pub profile: Option<String>,
    /// The host of the account's API, the same for every host of one region.
    pub host: String,
    /// The account's company id; `None` if the account was empty and so showed none.
    pub company_id: Option<String>,
    /// When the account was read.
    pub time: Timestamp,
    /// The number of webhooks.
    pub count: usize,
}

/// A backup whose checksum and count are verified.
#[derive(Debug, Clone)]
pub struct Backup {
    /// The metadata.
    pub metadata: BackupMetadata,
    /// The webhooks exactly as the account's API returned them.
    pub webhooks: Vec<Webhook>,
}

/// Why a text is not a usable backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DocumentError {
    /// The text is not a backup document.
    NotABackup,
    /// The document has this newer format version.
    UnsupportedVersion(String),
    /// The document differs from what was written, for this reason.
    Damaged(String),
}

#[derive(Serialize)]
struct BackupDocumentHead<'a> {
    format_version: &'a str,
    kind: &'a str,
    #[serde(flatten)]
    metadata: &'a BackupMetadata,
    salt: &'a str,
    sha256: &'a str,
}

#[derive(Deserialize)]
struct ParsedDocument<'a> {
    #[serde(flatten)]
    about: BackupMetadata,
    sha256: String,
    #[serde(borrow)]
    webhooks: &'a RawValue,
}

/// The members that decide whether the rest can be parsed.
#[derive(Deserialize)]
struct DocumentVersion {
    format_version: String,
    kind: String,
}

/// Writes a backup document. The salt is random, so that nobody can confirm a guess at the content by its digest.
pub(super) fn write(metadata: &BackupMetadata, webhooks: &[Webhook], salt: &str) -> String {
    let mut array = String::new();
    list_to_wire(webhooks, &mut array);
    let header = BackupDocumentHead {
        format_version: FORMAT_VERSION,
        kind: KIND,
        metadata,
        salt,
        sha256: &super::sha256(array.as_bytes()),
    };
    let head = serde_json::to_string_pretty(&header)
        .expect("a head has texts for keys and no number that JSON lacks");
    let head = head.trim_end_matches(['\n', '}']);
    format!("{head},\n  \"webhooks\":\n{array}}}\n")
}

/// Whether a text claims to be a backup: an object with the right `kind`.
pub(super) fn claims_to_be_backup(text: &str) -> bool {
    text.trim_start().starts_with('{') && version(text).is_some()
}

fn version(text: &str) -> Option<DocumentVersion> {
    let version: DocumentVersion = serde_json::from_str(text).ok()?;
    (version.kind == KIND).then_some(version)
}

/// Parses a document and verifies its version, checksum, and count.
pub(super) fn parse(text: &str) -> Result<Backup, DocumentError> {
    let version = version(text).ok_or(DocumentError::NotABackup)?;
    if major_version(&version.format_version) != major_version(FORMAT_VERSION) {
        return Err(DocumentError::UnsupportedVersion(version.format_version));
    }
    let damaged = |why: &str| DocumentError::Damaged(why.to_owned());
    let document: ParsedDocument<'_> = serde_json::from_str(text)
        .map_err(|_| damaged("a required member is missing or malformed"))?;
    let array = format!("{}\n", document.webhooks.get());
    if super::sha256(array.as_bytes()) != document.sha256 {
        return Err(damaged(
            "its webhooks were changed after the backup: the SHA-256 does not match",
        ));
    }
    let webhooks =
        parse_list(array).map_err(|_| damaged("its webhooks are not a list of objects"))?;
    if webhooks.len() != document.about.count {
        return Err(damaged("the number of webhooks differs from its `count`"));
    }
    Ok(Backup {
        metadata: document.about,
        webhooks,
    })
}
