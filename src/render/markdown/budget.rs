//! The size budget of a markdown report.

/// The number of bytes that may still be written.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub(super) fn new(most: usize) -> Self {
        Self { left: most }
    }

    /// Reserves `n` bytes; returns whether there was room for them.
    pub(super) fn take(&mut self, n: usize) -> bool {
        let fits = n <= self.left;
        if fits {
            self.left -= n;
        }
        fits
    }

    /// Appends the text if there is room for it.
    pub(super) fn push(&mut self, out: &mut String, text: &str) {
        if self.take(text.len()) {
            out.push_str(text);
        }
    }
}
