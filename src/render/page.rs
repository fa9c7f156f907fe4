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

/// The largest group of written webhooks that is listed: nobody reads more of them.
const MAX_LISTED_WRITTEN: usize = 1000;

impl Page {
    /// The same layout, with or without every value.
    pub(super) fn with_values(self, shows_values: bool) -> Self {
        let detail = Detail {
            shows_values,
            ..self.detail
        };
        Self { detail, ..self }
    }

    /// Whether to count the webhooks that need no attention instead of listing them.
    pub(super) fn folds_quiet(&self) -> bool {
        !self.detail.lists_all
    }

    /// Whether to count a group of `n` webhooks that were written as planned instead of listing them.
    pub(super) fn counts_written(&self, n: usize) -> bool {
        n > MAX_LISTED_WRITTEN && !self.detail.lists_all
    }
}
