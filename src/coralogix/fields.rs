//! The `integration_type_fields` of a webhook: JSON inside a JSON string, in every format that servers return.

use super::json::{Json, JsonError};
use std::borrow::Cow;

/// The `integration_type_fields` of a webhook as text, classified; missing, null, `""` and `"[]"` are all `Empty`.
pub(crate) enum Fields<'a> {
    Empty,
    /// The text of a JSON value that parses.
    Tree(Cow<'a, str>),
    /// Text that is not JSON, or too deep or too large to parse: carried as is, compared as text, hidden.
    Text(Cow<'a, str>),
    /// JSON in which an object has the same key twice.
    DuplicateKey,
}

/// The parsed fields, without their text; the same variants as [`Fields`].
pub(super) enum ParsedFields<'t> {
    Empty,
    Tree(Json<'t>),
    /// Text that is not JSON, or too deep or too large to parse.
    Text,
    /// JSON in which an object has the same key twice.
    DuplicateKey,
}

impl<'t> ParsedFields<'t> {
    pub(super) fn parse(text: &'t str) -> Self {
        if text.trim().is_empty() {
            return Self::Empty;
        }
        match Json::parse(text) {
            Ok(Json::Null) => Self::Empty,
            Ok(Json::Array(entries)) if entries.is_empty() => Self::Empty,
            Ok(tree) => Self::Tree(tree),
            Err(JsonError::DuplicateKey) => Self::DuplicateKey,
            Err(JsonError::NotJson | JsonError::TooDeep | JsonError::TooLarge) => Self::Text,
        }
    }
}

impl<'a> Fields<'a> {
    pub(super) fn classify(text: Cow<'a, str>) -> Self {
        match ParsedFields::parse(&text) {
            ParsedFields::Empty => Self::Empty,
            ParsedFields::Tree(_) => Self::Tree(text),
            ParsedFields::Text => Self::Text(text),
            ParsedFields::DuplicateKey => Self::DuplicateKey,
        }
    }

    /// Parses the tree; `None` if the fields are empty or not readable JSON.
    pub(crate) fn tree(&self) -> Option<Json<'_>> {
        match self {
            Self::Tree(text) => Json::parse(text).ok(),
            Self::Empty | Self::Text(_) | Self::DuplicateKey => None,
        }
    }
}
