//! Text in terminal columns, measured by display width, not by bytes or characters.
//! Never lets untrusted text break a line or pass for another column.

use super::page::Page;
use super::style::Meaning;
use crate::proposal;
use crate::untrusted;
use console::{measure_text_width, truncate_str};

/// A heading with both sides, on one line or two.
pub(crate) fn from_to(title: &str, source: &str, target: &str, page: Page) -> String {
    let source = format!("{title}{source}");
    let target = format!("-> {target}");
    if width(&source) + 1 + width(&target) <= page.width {
        return format!("{source} {target}");
    }
    let indent = title.len().saturating_sub("-> ".len());
    let room = page.width.saturating_sub(indent);
    format!(
        "{}\n{}{}",
        wrapped(&source, page.width, title.len()),
        " ".repeat(indent),
        wrapped(&target, room, title.len())
    )
}

/// What separates the columns of a table.
pub(crate) const GAP: &str = "  ";

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

/// The text, shortened to the given width at the end of a word; ends in `…` if anything was left out.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let ends = text.match_indices(' ').map(|(at, _)| text[..at].trim_end());
    let mut ends = ends.rev();
    match ends.find(|start| !start.is_empty() && width(start) + 2 <= columns) {
        Some(start) => format!("{start} …"),
        None => truncated(text, columns),
    }
}

/// An indented line of our own, wrapped at `columns`.
pub(crate) fn indented(text: &str, columns: usize) -> String {
    const INDENT: usize = 2;
    let room = columns.saturating_sub(INDENT);
    format!("{}{}", " ".repeat(INDENT), wrapped(text, room, 2 * INDENT))
}

/// Two texts, each cut to the given width where they begin to differ, so that they differ in what is left of them.
pub(crate) fn truncated_to_differ(texts: [&str; 2], columns: usize) -> [String; 2] {
    if texts.iter().all(|text| width(text) <= columns) {
        return texts.map(str::to_owned);
    }
    let [one, other] = texts;
    let equal = one.char_indices().zip(other.chars());
    let n_equal = equal
        .take_while(|((_, left), right)| left == right)
        .last()
        .map_or(0, |((at, character), _)| at + character.len_utf8());
    // The difference itself takes most of the room, and what precedes it shows where it is.
    if width(&one[..n_equal]) < columns / 2 {
        return texts.map(|text| truncated(text, columns));
    }
    let before = one[..n_equal].char_indices().rev();
    let start = before
        .map(|(at, _)| at)
        .take_while(|at| width(&one[*at..n_equal]) <= columns / 3)
        .last()
        .unwrap_or(n_equal);
    texts.map(|text| truncated(&format!("…{}", &text[start..]), columns))
}

/// The escaped text, wrapped at `columns`, all lines but the first indented; a longer word gets its own line, and so does
/// a command of this program: a line break within it would be pasted with it.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let text = untrusted::escape(text);
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for word in unbreakable(&text) {
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

/// The words of a text; a command, in a code span or at the end, counts as one.
fn unbreakable(text: &str) -> impl Iterator<Item = &str> {
    let (prose, command) = match proposal::split_at_end(text) {
        Some((prose, command)) => (prose.trim_end(), Some(command)),
        None => (text, None),
    };
    let mut rest = Some(prose);
    let words = std::iter::from_fn(move || {
        let text = rest?;
        let mut end = text.find(' ').unwrap_or(text.len());
        if text[..end].ends_with("`hookferry") {
            // From the end of the span on, the next space is the end of the word.
            let span_end = text[end..].find('`').map_or(end, |length| end + length);
            end = text[span_end..]
                .find(' ')
                .map_or(text.len(), |length| span_end + length);
        }
        rest = text.get(end + 1..);
        Some(&text[..end])
    });
    words.chain(command)
}

/// A table with headings, each column as wide as its widest cell; where that is too wide for the page, a block for each
/// row, with a cell on each line.
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
    if widths.iter().sum::<usize>() + (N - 1) * GAP.len() > page.width {
        return blocks(headings, rows, page);
    }
    let line = |cells: &[String; N]| {
        let cells = cells.iter().zip(widths);
        let cells: Vec<String> = cells.map(|(cell, width)| padded(cell, width)).collect();
        cells.join(GAP).trim_end().to_owned()
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

/// Each row as a block of lines: its first cell, and below it every other cell with its heading.
fn blocks<const N: usize>(headings: [&str; N], rows: &[[String; N]], page: Page) -> String {
    let label_width = headings.iter().skip(1).map(|heading| width(heading)).max();
    let mut out = String::new();
    for row in rows {
        out.push_str(&page.palette.paint(Meaning::Heading, &row[0]));
        out.push('\n');
        for (heading, cell) in headings.iter().zip(row).skip(1) {
            let label = padded(heading, label_width.unwrap_or(0));
            out.push_str(format!("  {label}  {cell}").trim_end());
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{indented, padded, shortened, truncated, truncated_to_differ, width, wrapped};
    use proptest::prelude::{prop_assert, prop_assert_ne, proptest};

    #[test]
    fn columns_are_counted_as_they_are_seen() {
        assert_eq!(width("日本"), 4);
        assert_eq!(padded("日本", 6), "日本  ");
        assert_eq!(truncated("日本語", 5), "日本…");
        assert_eq!(truncated("short", 5), "short");
    }

    #[test]
    fn a_line_ends_with_a_whole_word() {
        assert_eq!(shortened("aa bb cc", 8), "aa bb cc");
        assert_eq!(shortened("aa bb cc", 7), "aa bb …");
        assert_eq!(shortened("aa  bb cc", 6), "aa …");
        assert_eq!(shortened("aaaaaaaa bb", 5), "aaaa…");
        assert_eq!(indented("aa bb cc", 7), "  aa bb\n    cc");
    }

    #[test]
    fn lines_break_between_words_only() {
        assert_eq!(wrapped("aa bb cc", 5, 1), "aa bb\n cc");
        assert_eq!(wrapped("aaaaaaaa bb", 5, 1), "aaaaaaaa\n bb");
        assert_eq!(wrapped("a\nb\u{1b}", 20, 1), "a\\nb\\u{1b}");
    }

    #[test]
    fn commands_are_not_broken() {
        assert_eq!(
            wrapped("undo it: hookferry rollback latest --chain", 12, 1),
            "undo it:\n hookferry rollback latest --chain"
        );
        assert_eq!(
            wrapped("a (`hookferry idmap show latest` shows it) b", 12, 1),
            "a\n (`hookferry idmap show latest`\n shows it) b"
        );
        assert_eq!(wrapped("an `hookferry end", 8, 1), "an\n `hookferry\n end");
    }

    #[test]
    fn two_texts_are_cut_where_they_begin_to_differ() {
        let cut = |one: &str, other: &str| truncated_to_differ([one, other], 12);
        assert_eq!(cut("abc", "abd"), ["abc", "abd"]);
        assert_eq!(cut("abcdefghijklmnop", "xbc"), ["abcdefghijk…", "xbc"]);
        let long = "https://hooks.example/";
        assert_eq!(
            cut(&format!("{long}one"), &format!("{long}another")),
            ["…ple/one", "…ple/another"]
        );
        assert_eq!(cut(long, &format!("{long}x")), ["…ple/", "…ple/x"]);
    }

    proptest! {
        #[test]
        fn what_is_left_of_two_texts_differs_and_fits(
            equal in "[a-c日é]{0,40}",
            one in "[a-c日é]{0,20}",
            other in "[a-c日é]{0,20}",
            columns in 8..40_usize,
        ) {
            let (one, other) = (format!("{equal}{one}"), format!("{equal}{other}"));
            let [left, right] = truncated_to_differ([&one, &other], columns);
            prop_assert!(width(&left) <= columns && width(&right) <= columns);
            if one != other {
                prop_assert_ne!(left, right);
            }
        }
    }
}
