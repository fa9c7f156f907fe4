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

impl Page {
    /// Whether to count a group of `n` webhooks that need no attention instead of listing them.
    pub(super) fn counts(&self, n: usize) -> bool {
        n > MAX_LISTED_GROUP && self.detail == Detail::Normal
    }
}
