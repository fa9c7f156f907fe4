//! Text in columns of a terminal: measured by what is seen, not by bytes or characters.
//! Never lets foreign text break a line or pass for another column.

use super::page::Page;
use super::style::Meaning;
use crate::foreign;
use console::{measure_text_width, truncate_str};

/// How many columns the text takes.
pub(crate) fn width(text: &str) -> usize {
    if foreign::is_plain(text) {
        return text.len();
    }
    measure_text_width(text)
}

/// The text with spaces behind it, up to so many columns.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", gap(columns, text))
}

/// The text with spaces before it, up to so many columns.
pub(crate) fn padded_left(text: &str, columns: usize) -> String {
    format!("{}{text}", gap(columns, text))
}

fn gap(columns: usize, text: &str) -> String {
    " ".repeat(columns.saturating_sub(width(text)))
}

/// At most so many columns of the text, with `…` where something was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.len() <= columns && foreign::is_plain(text) {
        return text.to_owned();
    }
    truncate_str(text, columns, "…").into_owned()
}

/// The text, harmless, in lines of at most so many columns, all but the first indented; a longer word keeps a line of its own.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let text = foreign::shown(text);
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

/// Rows under their headings, each column as wide as its widest cell; a line that is too long is left to the terminal.
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
    use super::{cut, padded, width, wrapped};

    #[test]
    fn columns_are_counted_as_they_are_seen() {
        assert_eq!(width("日本"), 4);
        assert_eq!(padded("日本", 6), "日本  ");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("short", 5), "short");
    }

    #[test]
    fn lines_break_between_words_only() {
        assert_eq!(wrapped("aa bb cc", 5, 1), "aa bb\n cc");
        assert_eq!(wrapped("aaaaaaaa bb", 5, 1), "aaaaaaaa\n bb");
        assert_eq!(wrapped("a\nb\u{1b}", 20, 1), "a\\nb\\u{1b}");
    }
}
