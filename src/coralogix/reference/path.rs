//! The path of a reference in its document, as people read it.

use super::super::json;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Segments shown at either end; nobody reads the middle of a path deeper than that.
const SHOWN_SEGMENTS: usize = 24;
/// Characters shown of a key: a long one is part of the path of every reference inside.
const SHOWN_KEY_CHARS: usize = 80;

/// One step from a container to what it holds.
#[derive(Debug, Clone)]
pub(super) enum Segment<'t> {
    Key(Cow<'t, str>),
    Index(usize),
}

impl Segment<'_> {
    /// The key; `None` for an index.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Index(_) => None,
        }
    }
}

/// Writes a path; the middle of a very deep one is elided.
pub(super) fn shown<'s, 't: 's>(
    n_segments: usize,
    segment: impl Fn(usize) -> Option<Segment<'t>> + 's,
) -> String {
    let mut path = String::new();
    let is_elided = n_segments > 2 * SHOWN_SEGMENTS;
    let (first, last) = if is_elided {
        (0..SHOWN_SEGMENTS, n_segments - SHOWN_SEGMENTS..n_segments)
    } else {
        (0..n_segments, 0..0)
    };
    // Only those that are shown are looked at: there may be as many references as segments.
    for ix in first.chain(last) {
        if is_elided && ix == n_segments - SHOWN_SEGMENTS {
            path.push('…');
        }
        match segment(ix) {
            Some(Segment::Key(key)) => push_key(&mut path, &key),
            Some(Segment::Index(index)) => {
                // Writing to a string cannot fail.
                let _ = write!(path, "[{index}]");
            }
            None => {}
        }
    }
    path
}

fn push_key(path: &mut String, key: &str) {
    let key = match key.char_indices().nth(SHOWN_KEY_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &key[..end])),
        None => Cow::Borrowed(key),
    };
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !key.is_empty() && key.chars().all(is_plain) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&key);
    } else {
        path.push('[');
        path.push_str(&json::encode_string(&key));
        path.push(']');
    }
}
