//! The size budget of a markdown report.

/// The number of bytes that may still be written.
pub(super) struct Budget {
    n_left: usize,
}

impl Budget {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { n_left: max_bytes }
    }

    /// Reserves `n` bytes; returns whether there was room for them.
    pub(super) fn reserve(&mut self, n: usize) -> bool {
        let fits = n <= self.n_left;
        if fits {
            self.n_left -= n;
        }
        fits
    }

    /// Appends the text if there is room for it; returns whether there was.
    pub(super) fn push(&mut self, out: &mut String, text: &str) -> bool {
        let fits = self.reserve(text.len());
        if fits {
            out.push_str(text);
        }
        fits
    }
}
