//! The document of a backup: JSON that says of itself which account it shows, when, and how to check it.
//!
//! Its last member is `webhooks`, on lines of its own, the array as the account's API gave it; `sha256` is over
//! these lines, so that everybody can check it with the usual tools.

use crate::coralogix::webhook::{Webhook, list_to_wire, parse_list};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The form of the document: readers accept every one with the same number before the dot.
pub const FORMAT_VERSION: &str = "1.0";
/// What the document calls itself.
const KIND: &str = "backup";

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The program that made it.
    pub tool: String,
    /// The name under which the account's backups are kept.
    pub account: String,
    /// The profile by which the account was named.
    pub profile: Option<String>,
    /// The host of the account's API, the same for every host of one region.
    pub host: String,
    /// The account's company id; `None` where it was empty.
    pub company_id: Option<String>,
    /// When it was read.
    pub time: Timestamp,
    /// How many webhooks it holds.
    pub count: usize,
}

/// A backup that was read and found whole.
#[derive(Debug, Clone)]
pub struct Backup {
    /// What it says of itself.
    pub about: About,
    /// The webhooks as the account gave them.
    pub webhooks: Vec<Webhook>,
}

/// Why a text is no backup that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// It is something else.
    OtherText,
    /// A newer version wrote it: in which form.
    NewerFormat(String),
    /// It is not as it was made: why.
    Damaged(String),
}

#[derive(Serialize)]
struct Head<'a> {
    format_version: &'a str,
    kind: &'a str,
    #[serde(flatten)]
    about: &'a About,
    salt: &'a str,
    sha256: &'a str,
}

#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(flatten)]
    about: About,
    sha256: String,
    #[serde(borrow)]
    webhooks: &'a RawValue,
}

/// Only what tells whether the rest can be understood.
#[derive(Deserialize)]
struct Version {
    format_version: String,
    kind: String,
}

/// The document of a backup; the salt is random, so that nobody can guess at the content by its digest.
pub(super) fn write(about: &About, webhooks: &[Webhook], salt: &str) -> String {
    let mut array = String::new();
    list_to_wire(webhooks, &mut array);
    let head = Head {
        format_version: FORMAT_VERSION,
        kind: KIND,
        about,
        salt,
        sha256: &super::sha256(array.as_bytes()),
    };
    let head = serde_json::to_string_pretty(&head)
        .expect("a head has texts for keys and no number that JSON lacks");
    let head = head.trim_end_matches(['\n', '}']);
    format!("{head},\n  \"webhooks\":\n{array}}}\n")
}

/// Whether a text could be meant as a backup: an object that says so.
pub(super) fn is_meant(text: &str) -> bool {
    text.trim_start().starts_with('{') && version(text).is_some()
}

fn version(text: &str) -> Option<Version> {
    let version: Version = serde_json::from_str(text).ok()?;
    (version.kind == KIND).then_some(version)
}

/// Reads a document and checks it against all that it says of itself.
pub(super) fn read(text: &str) -> Result<Backup, Broken> {
    let version = version(text).ok_or(Broken::OtherText)?;
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if major(&version.format_version) != major(FORMAT_VERSION) {
        return Err(Broken::NewerFormat(version.format_version));
    }
    let damaged = |why: &str| Broken::Damaged(why.to_owned());
    let whole: Whole<'_> =
        serde_json::from_str(text).map_err(|_| damaged("it lacks a part that every backup has"))?;
    let array = format!("{}\n", whole.webhooks.get());
    if super::sha256(array.as_bytes()) != whole.sha256 {
        return Err(damaged(
            "its webhooks are not those that were backed up: the SHA-256 differs",
        ));
    }
    let webhooks = parse_list(array).map_err(|_| damaged("its webhooks are no list of objects"))?;
    if webhooks.len() != whole.about.count {
        return Err(damaged("it does not hold as many webhooks as it says"));
    }
    Ok(Backup {
        about: whole.about,
        webhooks,
    })
}
