//! The bytes that are left.

/// What may still be written.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub(super) fn new(most: usize) -> Self {
        Self { left: most }
    }

    /// Takes room for so many bytes, if there is as much.
    pub(super) fn take(&mut self, n: usize) -> bool {
        let fits = n <= self.left;
        if fits {
            self.left -= n;
        }
        fits
    }

    /// Appends a text for which there is room.
    pub(super) fn push(&mut self, out: &mut String, text: &str) {
        if self.take(text.len()) {
            out.push_str(text);
        }
    }
}
