//! What every JSON document starts with, in one place: the version of its format, its kind, and the program that
//! wrote it.

use serde::{Serialize, Serializer};

/// The format version of every document: a minor version only adds members, a major one changes them.
pub const FORMAT_VERSION: &str = "1.0";

/// The part of a format's version that changes with what its members mean; `None` if there is no number.
pub(crate) fn major_version(version: &str) -> Option<u64> {
    version.split('.').next()?.parse().ok()
}

/// This program, with its version.
pub(crate) const TOOL: &str = concat!("hookferry ", env!("CARGO_PKG_VERSION"));

/// The members of a JSON document after those that all documents share.
pub trait DocumentBody: Serialize {
    /// The kind of document, such as `plan`.
    const KIND: &'static str;

    /// The program that made it, with its version: another one than this if it was read from a file.
    fn tool(&self) -> &str {
        TOOL
    }
}

impl<T: DocumentBody> DocumentBody for &T {
    const KIND: &'static str = T::KIND;

    fn tool(&self) -> &str {
        (*self).tool()
    }
}

/// A whole JSON document: what all documents share, then what its kind adds.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<T>(pub T);

impl<T: DocumentBody> Serialize for Envelope<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'e, T> {
            format_version: &'static str,
            kind: &'static str,
            tool: &'e str,
            #[serde(flatten)]
            body: &'e T,
        }
        let members = Members {
            format_version: FORMAT_VERSION,
            kind: T::KIND,
            tool: self.0.tool(),
            body: &self.0,
        };
        members.serialize(to)
    }
}
