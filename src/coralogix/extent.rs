//! How much there is inside a JSON text, before it is taken apart: its tree and the paths in it can take far more memory
//! than the text itself.

use super::scan::Scanner;

/// The most values inside a webhook's fields, or inside one of its other values.
const MAX_VALUES: usize = 100_000;
/// A text has at most this many bytes of paths for each of its own, or [`FEW_PATH_BYTES`]: a long key that encloses many
/// values is part of the path of each.
const MAX_PATH_BYTES_PER_BYTE: usize = 64;
const FEW_PATH_BYTES: usize = 1 << 20;
/// Texts up to this size cannot have much inside.
const SMALL_TEXT_BYTES: usize = 2 << 10;
/// What the index of a list's element adds to a path, with its dot.
const INDEX_BYTES: usize = 6;

/// Whether a JSON text has more inside than hookferry takes apart; it then counts as unreadable.
pub(super) fn is_too_large(text: &str) -> bool {
    if text.len() <= SMALL_TEXT_BYTES {
        return false;
    }
    let extent = Extent::of(text);
    let max_path_bytes = FEW_PATH_BYTES.max(text.len() * MAX_PATH_BYTES_PER_BYTE);
    extent.n_values > MAX_VALUES || extent.path_bytes > max_path_bytes
}

/// What a JSON text holds; of a text that is not JSON, something.
#[derive(Default)]
struct Extent {
    n_values: usize,
    /// The bytes of the paths of all values together.
    path_bytes: usize,
    /// The length of the path of each open list or object.
    open: Vec<usize>,
    /// What the next value's key or index adds to that path.
    part_bytes: usize,
}

impl Extent {
    fn of(text: &str) -> Self {
        let mut extent = Self::default();
        let mut scanner = Scanner::new(text);
        while let Some(byte) = scanner.peek() {
            if extent.take(byte, &mut scanner).is_none() {
                break;
            }
        }
        extent
    }

    /// Takes the token that starts with that byte; `None` if it is not JSON.
    fn take(&mut self, byte: u8, scanner: &mut Scanner<'_>) -> Option<()> {
        match byte {
            b'"' => {
                let token = scanner.next_string().ok()?;
                if scanner.consume(b':') {
                    self.part_bytes = token.len();
                } else {
                    self.add_value();
                }
            }
            b'{' | b'[' => {
                let path_bytes = self.add_value();
                self.open.push(path_bytes);
                self.part_bytes = INDEX_BYTES;
                scanner.consume(byte);
            }
            b'}' | b']' => {
                self.open.pop();
                scanner.consume(byte);
            }
            b',' => {
                self.part_bytes = INDEX_BYTES;
                scanner.consume(byte);
            }
            _ => {
                scanner.next_value().ok()?;
                self.add_value();
            }
        }
        Some(())
    }

    /// Counts a value; returns the length of its path.
    fn add_value(&mut self) -> usize {
        let path_bytes = self.open.last().unwrap_or(&0) + self.part_bytes;
        self.n_values += 1;
        self.path_bytes += path_bytes;
        path_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, MAX_VALUES, is_too_large};

    #[test]
    fn values_and_their_paths_are_counted() {
        for (text, n_values, path_bytes) in [
            ("1", 1, 0),
            ("[]", 1, 0),
            ("[1, [2, null]]", 5, 6 + 6 + 12 + 12),
            (
                "{\"a,\\\"{\": {\"b\": \"x\"}, \"c\": [true]}",
                5,
                7 + 10 + 3 + 9,
            ),
        ] {
            let extent = Extent::of(text);
            let found = (extent.n_values, extent.path_bytes);
            assert_eq!(found, (n_values, path_bytes), "{text}");
        }
    }

    #[test]
    fn what_takes_far_more_memory_than_its_text_is_too_large() {
        let list = |n: usize| format!("[{}]", vec!["1"; n].join(","));
        assert!(!is_too_large(&list(MAX_VALUES - 1)));
        assert!(is_too_large(&list(MAX_VALUES)));
        let under_key = |length: usize, n| format!("{{\"{}\":{}}}", "k".repeat(length), list(n));
        assert!(!is_too_large(&under_key(60, 50_000)));
        assert!(is_too_large(&under_key(30_000, 10_000)));
        let deep = format!(
            "{}1{}",
            "{\"a long key of a payload\":".repeat(127),
            "}".repeat(127)
        );
        assert!(!is_too_large(&deep));
    }
}
