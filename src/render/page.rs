//! The layout of text output: the width and colors of the terminal, and the level of detail.

use super::style::Palette;
use crate::document::view::Detail;

/// The layout of a text.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Whether to use ANSI codes.
    pub palette: Palette,
    /// The available width, in columns.
    pub width: usize,
    /// The level of detail.
    pub detail: Detail,
}

/// The largest group of webhooks that need no attention whose webhooks are listed; larger groups are counted.
const MAX_LISTED_GROUP: usize = 50;
/// The largest group of written webhooks that is listed, for the same reason: nobody reads more of them.
const MAX_LISTED_WRITTEN: usize = 1000;

impl Page {
    /// Whether to count a group of `n` webhooks that need no attention instead of listing them.
    pub(super) fn counts(&self, n: usize) -> bool {
        n > MAX_LISTED_GROUP && self.detail == Detail::Normal
    }

    /// Whether to count a group of `n` webhooks that were written as planned instead of listing them.
    pub(super) fn counts_written(&self, n: usize) -> bool {
        n > MAX_LISTED_WRITTEN && self.detail == Detail::Normal
    }
}
