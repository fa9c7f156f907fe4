//! What a text is laid out for: the width of the terminal, its colors, and how much is shown.

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

/// The longest group of webhooks that needs no attention and is still listed.
const MOST_LISTED: usize = 50;

impl Page {
    /// Whether so many webhooks that need no attention are counted instead of listed.
    pub(super) fn counts(&self, n: usize) -> bool {
        n > MOST_LISTED && self.detail == Detail::Normal
    }
}
