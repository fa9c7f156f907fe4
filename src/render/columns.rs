//! Text in terminal columns, measured by display width, not by bytes or characters.
//! Never lets untrusted text break a line or pass for another column.

use super::page::Page;
use super::style::Meaning;
use crate::untrusted;
use console::{measure_text_width, truncate_str};

/// The display width of the text, in columns.
pub(crate) fn width(text: &str) -> usize {
    if untrusted::is_printable_ascii(text) {
        return text.len();
    }
    measure_text_width(text)
}

/// The text, padded on the right to the given width.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", padding(columns, text))
}

/// The text, padded on the left to the given width.
pub(crate) fn padded_left(text: &str, columns: usize) -> String {
    format!("{}{text}", padding(columns, text))
}

fn padding(columns: usize, text: &str) -> String {
    " ".repeat(columns.saturating_sub(width(text)))
}

/// The text, cut to the given width; ends in `…` if something was cut.
pub(crate) fn truncated(text: &str, columns: usize) -> String {
    if text.len() <= columns && untrusted::is_printable_ascii(text) {
        return text.to_owned();
    }
    truncate_str(text, columns, "…").into_owned()
}

/// The escaped text, wrapped at `columns`, all lines but the first indented; a longer word gets its own line.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let text = untrusted::escape(text);
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split(' ') {
        let needed = width(word);
        if column > 0 && column + 1 + needed > columns {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if !out.is_empty() {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += needed;
    }
    out
}

/// A table with headings, each column as wide as its widest cell; the terminal wraps lines that are too long.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: &[[String; N]],
    page: Page,
) -> String {
    let mut widths = headings.map(width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let line = |cells: &[String; N]| {
        let cells = cells.iter().zip(widths);
        let cells: Vec<String> = cells.map(|(cell, width)| padded(cell, width)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    let headings = line(&headings.map(str::to_owned));
    let mut out = page.palette.paint(Meaning::Heading, &headings);
    out.push('\n');
    for row in rows {
        out.push_str(&line(row));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{padded, truncated, width, wrapped};

    #[test]
    fn columns_are_counted_as_they_are_seen() {
        assert_eq!(width("日本"), 4);
        assert_eq!(padded("日本", 6), "日本  ");
        assert_eq!(truncated("日本語", 5), "日本…");
        assert_eq!(truncated("short", 5), "short");
    }

    #[test]
    fn lines_break_between_words_only() {
        assert_eq!(wrapped("aa bb cc", 5, 1), "aa bb\n cc");
        assert_eq!(wrapped("aaaaaaaa bb", 5, 1), "aaaaaaaa\n bb");
        assert_eq!(wrapped("a\nb\u{1b}", 20, 1), "a\\nb\\u{1b}");
    }
}
