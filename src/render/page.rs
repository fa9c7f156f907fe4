//! What a text is laid out for: the width of the terminal, its colors, and how much is shown.

use super::style::Palette;
use crate::document::view::Detail;

/// How a text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// With ANSI codes or without.
    pub palette: Palette,
    /// The columns that there are.
    pub width: usize,
    /// How much is shown.
    pub detail: Detail,
}

/// Beyond this many, webhooks that need no attention are counted instead of listed.
const MOST_LISTED: usize = 50;

impl Page {
    /// Whether so many webhooks that need no attention are counted instead of listed.
    pub(super) fn counts(&self, n: usize) -> bool {
        n > MOST_LISTED && self.detail == Detail::Normal
    }
}
