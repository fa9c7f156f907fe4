//! The additional fields of a webhook: JSON inside a string of JSON, in all the forms in which servers give it.

use super::json::{Json, Unreadable};
use std::borrow::Cow;

/// The additional fields of a webhook; missing, null, `""` and `"[]"` are one class.
pub(crate) enum Fields<'a> {
    /// There are none.
    Empty,
    /// The text of a JSON value that reads well.
    Tree(Cow<'a, str>),
    /// Text that is no JSON, or nested too deep to look into: carried, compared as text, hidden.
    Text(Cow<'a, str>),
    /// JSON in which a key occurs twice.
    Duplicate,
}

/// The additional fields looked into, beside their text; the same classes as [`Fields`].
pub(super) enum Looked<'t> {
    /// There are none.
    Empty,
    /// A JSON value that reads well.
    Tree(Json<'t>),
    /// Text that is no JSON, or nested too deep to look into.
    Text,
    /// JSON in which a key occurs twice.
    Duplicate,
}

impl<'t> Looked<'t> {
    /// Reads the text of fields, once.
    pub(super) fn into(text: &'t str) -> Self {
        if text.trim().is_empty() {
            return Self::Empty;
        }
        match Json::parse(text) {
            Ok(Json::Null) => Self::Empty,
            Ok(Json::Array(entries)) if entries.is_empty() => Self::Empty,
            Ok(tree) => Self::Tree(tree),
            Err(Unreadable::DuplicateKey) => Self::Duplicate,
            Err(Unreadable::NotJson | Unreadable::TooDeep) => Self::Text,
        }
    }
}

impl<'a> Fields<'a> {
    pub(super) fn read(text: Cow<'a, str>) -> Self {
        match Looked::into(&text) {
            Looked::Empty => Self::Empty,
            Looked::Tree(_) => Self::Tree(text),
            Looked::Text => Self::Text(text),
            Looked::Duplicate => Self::Duplicate,
        }
    }

    /// The parsed tree; `None` where the fields are empty or no JSON.
    pub(crate) fn tree(&self) -> Option<Json<'_>> {
        match self {
            Self::Tree(text) => Json::parse(text).ok(),
            Self::Empty | Self::Text(_) | Self::Duplicate => None,
        }
    }
}
