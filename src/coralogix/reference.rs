//! References to webhooks in the files where people keep alerts: finds them in each kind of file, and rewrites them.
//! Never changes a byte outside a reference that it replaces, and never guesses what a reference means.
//!
//! A module for each kind of file finds the sites; `keys` decides what a key refers to, [`repoint()`] what becomes of
//! each site.

mod json;
mod keys;
mod operator;
mod path;
mod repoint;
mod spelling;
mod terraform;

pub use repoint::{
    Correspondence, Found, Repointed, RewrittenReference, UnresolvedReference, WebhookName, repoint,
};
pub use spelling::Spelling;

use serde::Serialize;
use std::ffi::OsStr;
use std::fmt;
use std::ops::Range;
use std::path::Path;

/// What a file is written in, which its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Alerts as JSON, as an API or `kubectl` prints them: `*.json`.
    Json,
    /// Terraform's JSON syntax: `*.tf.json`.
    TerraformJson,
    /// Terraform: `*.tf`.
    Terraform,
    /// Resources of the vendor's Kubernetes operator: `*.yaml`, `*.yml`.
    Operator,
}

impl FileKind {
    /// The kind of a file of that name; `None` if its name is that of no file with alerts.
    pub fn of(name: &Path) -> Option<Self> {
        let name = name.file_name().and_then(OsStr::to_str)?;
        let name = name.to_ascii_lowercase();
        let mut extensions = name.rsplit('.');
        match (extensions.next()?, extensions.next()?) {
            ("json", "tf") => Some(Self::TerraformJson),
            ("json", _) => Some(Self::Json),
            ("tf", _) => Some(Self::Terraform),
            ("yaml" | "yml", _) => Some(Self::Operator),
            _ => None,
        }
    }

    /// Its language, for messages.
    pub fn language(self) -> &'static str {
        match self {
            Self::Json | Self::TerraformJson => "JSON",
            Self::Terraform => "Terraform",
            Self::Operator => "YAML",
        }
    }
}

/// A text is not what its name says, so no reference in it can be located reliably.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// What is wrong, in a few words; may quote the file.
    pub why: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.why)
    }
}

/// What a reference names its webhook by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceKind {
    /// The number of the legacy API.
    Id,
    /// The alias.
    Alias,
    /// Perhaps the number: the key is right, but nothing says that it belongs to an alert.
    PossibleId,
}

/// Why a reference was left unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnresolvedReason {
    /// The id map does not have it.
    NotMapped,
    /// The id map has several webhooks for it.
    Ambiguous,
    /// The value cannot be a webhook's id or alias, such as an object or a fraction.
    NotAnId,
    /// An expression, whose value only Terraform knows.
    Expression,
    /// A number or text that is not written on one line, or has a tag.
    NotPlain,
    /// It depends on a YAML anchor, which other places share.
    Anchor,
    /// The same key comes twice in one YAML mapping.
    DuplicateKey,
    /// The key is inside a longer text, such as a heredoc.
    InsideText,
    /// The id map has the number, but nothing says that it is that of a webhook.
    OutsideAlert,
    /// It is a UUID of the newer API, which no id map has.
    NewerApiId,
}

/// Where a file refers to a webhook.
#[derive(Debug)]
struct ReferenceSite {
    /// Its path in the document, such as `alertDefs[3].integrationId`.
    path: String,
    /// The byte range of the value; for one that is no literal, at least its first byte.
    bytes: Range<usize>,
    value: SiteValue,
}

/// What stands at a reference's site.
#[derive(Debug)]
enum SiteValue {
    /// The id or alias itself.
    Literal {
        kind: ReferenceKind,
        /// Decoded.
        text: String,
        spelling: Spelling,
    },
    /// A reference to a resource, which follows the webhook by itself.
    Resource,
    /// Nothing that can be replaced.
    Unresolved(UnresolvedReason),
}

/// Finds every reference, in document order.
fn find(kind: FileKind, text: &str) -> Result<Vec<ReferenceSite>, Malformed> {
    // No parser but that of JSON takes a byte order mark for what it is.
    let body = text.trim_start_matches('\u{feff}');
    let start = text.len() - body.len();
    let mut sites = match kind {
        FileKind::Json | FileKind::TerraformJson => json::find(kind, body),
        FileKind::Terraform => terraform::find(body),
        FileKind::Operator => operator::find(body),
    }?;
    for site in &mut sites {
        site.bytes = site.bytes.start + start..site.bytes.end + start;
    }
    sites.sort_by_key(|site| site.bytes.start);
    Ok(sites)
}
