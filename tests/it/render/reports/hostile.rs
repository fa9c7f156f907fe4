//! Documents of unknown origin: whatever they contain, nothing becomes active, and size limits hold.

use super::{awkward, document, outcome, source, target};
use crate::support::generator::cases;
use crate::support::markup::{Token, tokens};
use hookferry::document::view::Detail;
use hookferry::document::{Envelope, OutcomeDocument, PlanDocument};
use hookferry::pipeline::plan::OnConflict;
use hookferry::render::html::html;
use hookferry::render::markdown::markdown;
use hookferry::render::page::Page;
use hookferry::render::report::Report;
use hookferry::render::style::Palette;
use hookferry::render::{outcome as outcome_text, plan as plan_text};
use hookferry::untrusted::escape;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::sample::select;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

/// Keys whose values are fixed words or identify the document format.
const FIXED: [&str; 7] = [
    "format_version",
    "kind",
    "state",
    "result",
    "planned",
    "proof",
    "on_conflict",
];

/// Texts with a meaning in Markdown, in HTML, on a site that renders Markdown, or in a terminal.
fn text() -> impl Strategy<Value = String> {
    const ODD: &[&str] = &[
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onclick='x",
        "javascript:alert(1)",
        "[a](http://x.example)",
        "![a](http://x.example/a.png)",
        "[a]: http://x.example",
        "<http://x.example>",
        "http://x.example",
        "www.x.example",
        "a@b.example",
        "@octocat",
        "#1",
        "GH-1",
        ":tada:",
        "deadbeefdeadbeef",
        "|",
        " | ",
        "`",
        "``",
        "```\n",
        "*",
        "**",
        "_",
        "~~",
        "$$",
        "\\",
        "\\|",
        "&lt;",
        "&#124;",
        "&amp",
        "-->",
        "--!>",
        "<!--",
        "]]>",
        "</style>",
        "</script>",
        "</details>",
        "</code>",
        "</table>",
        "<b>",
        "---",
        "===",
        "> ",
        "- ",
        "- [ ] ",
        "1. ",
        "# ",
        "    ",
        "\t",
        "\n",
        "\r\n",
        "\n\n",
        "[^1]",
        "{{x}}",
        "\u{1b}[2J",
        "\u{9b}31m",
        "\u{7}",
        "\0",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "é",
        "日本",
        "plain words",
        " ",
        "'",
        "\"",
        "=",
        "+1",
    ];
    let piece = prop_oneof![4 => select(ODD).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Replaces the texts and numbers of a document with the given ones, in turn.
fn overwrite(
    value: &mut Value,
    key: &str,
    texts: &mut impl Iterator<Item = String>,
    numbers: &mut impl Iterator<Item = u64>,
) {
    match value {
        Value::String(_) if FIXED.contains(&key) => {}
        Value::String(old) => *old = texts.next().unwrap(),
        Value::Number(_) => {
            // Ids and counts alike may be any number.
            if let Some(number) = numbers.next().filter(|n| n % 3 != 0) {
                *value = json!(number);
            }
        }
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| overwrite(element, key, texts, numbers)),
        Value::Object(members) => {
            for (key, value) in members {
                // `type` is free text; `kind` names the document type.
                overwrite(value, key, texts, numbers);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Both documents with these texts and numbers in them.
fn documents(texts: &[String], numbers: &[u64]) -> (PlanDocument, OutcomeDocument) {
    let change = |mut value: Value| {
        let (mut texts, mut numbers) = (
            texts.iter().cloned().cycle(),
            numbers.iter().copied().cycle(),
        );
        overwrite(&mut value, "", &mut texts, &mut numbers);
        value
    };
    let plan = change(serde_json::to_value(Envelope(awkward())).unwrap());
    let outcome = change(serde_json::to_value(Envelope(outcome())).unwrap());
    (
        serde_json::from_value(plan).unwrap(),
        serde_json::from_value(outcome).unwrap(),
    )
}

/// Asserts that the text contains no control characters and no bidirectional overrides.
#[track_caller]
fn assert_escaped(text: &str) {
    for line in text.lines() {
        assert_eq!(escape(line), line);
    }
}

const TAGS: &str = " html head meta title link style script body a header h1 fieldset legend label input span div p strong main \
section ul li nav b h2 h3 figure figcaption svg desc text rect dl dt dd form kbd select option button table caption colgroup col \
thead tr th tbody td details summary i code footer !doctype ";
const ATTRIBUTES: &str = " html lang charset http-equiv content name rel href class id hidden type value checked aria-hidden \
aria-label aria-labelledby aria-keyshortcuts aria-live role width height x y tabindex autocomplete spellcheck placeholder \
data-state scope ";

/// Asserts that a page has only known tags and attributes, no external links, and shows every alias.
#[track_caller]
fn assert_inert_page(page: &str, rows: &[(&str, String)]) {
    let tokens = tokens(page);
    let mut texts = String::new();
    for token in &tokens {
        match token {
            Token::Tag(name, attributes) => {
                assert!(
                    TAGS.contains(&format!(" {} ", name.trim_start_matches('/'))),
                    "<{name}>"
                );
                for (attribute, value) in attributes {
                    assert!(
                        ATTRIBUTES.contains(&format!(" {attribute} ")),
                        "{name} {attribute}"
                    );
                    let is_link = attribute == "href";
                    assert!(
                        !is_link
                            || value.starts_with('#')
                            || value.starts_with("data:image/svg+xml,"),
                        "{value}"
                    );
                }
            }
            Token::Text(text) => texts.push_str(text),
            Token::Comment(comment) => panic!("a comment: {comment}"),
        }
    }
    let count = |name: &str| {
        tokens
            .iter()
            .filter(|token| matches!(token, Token::Tag(tag, _) if tag == name))
            .count()
    };
    assert_eq!(
        (count("script"), count("style"), count("h1"), count("main")),
        (1, 1, 1, 1)
    );
    for (_, alias) in rows {
        assert!(texts.contains(alias.as_str()), "{alias}");
    }
}

/// What a reader of Markdown sees as text, except in code: there a site acts on words.
#[derive(Default)]
struct Words {
    text: String,
    is_code: bool,
    n_comments: usize,
}

impl Words {
    fn push(&mut self, text: &str) {
        if !self.is_code {
            self.text.push_str(text);
        }
    }

    /// Reads HTML, in which only our own elements may be.
    fn push_html(&mut self, html: &str) {
        const ALLOWED: [&str; 7] = ["code", "/code", "br", "sub", "/sub", "details", "/details"];
        for token in tokens(html) {
            match token {
                Token::Tag(name, attributes) => {
                    let is_ours = ALLOWED.contains(&name.as_str())
                        || ["summary", "/summary"].contains(&name.as_str());
                    assert!(is_ours && attributes.is_empty(), "<{name}>");
                    if let "code" | "/code" = name.as_str() {
                        self.is_code = name == "code";
                    }
                    self.push(" ");
                }
                Token::Comment(comment) => {
                    // The marker is the first.
                    assert!(self.n_comments == 0 || comment == " ", "{comment}");
                    self.n_comments += 1;
                }
                Token::Text(text) => self.push(&text),
            }
        }
    }

    /// Asserts that no word is one that a site links or replaces.
    #[track_caller]
    fn assert_inert(&self) {
        for word in self.text.split_whitespace() {
            let inner = word.trim_matches(|c: char| c.is_ascii_punctuation());
            let is_hash = inner.len() >= 7 && inner.bytes().all(|byte| byte.is_ascii_hexdigit());
            let parts: Vec<&str> = word.split(':').collect();
            let names_emoji = parts[1..].iter().rev().skip(1).any(|part| !part.is_empty());
            let is_active = word.contains(['@', '#', '<', '>', '[', ']', '`', '*', '_', '$', '~'])
                || word.contains("://")
                || word.to_ascii_lowercase().starts_with("www.")
                || word.to_ascii_uppercase().starts_with("GH-")
                || is_hash
                || names_emoji;
            assert!(!is_active, "{word}");
        }
    }
}

/// Asserts that Markdown has only our own elements, no links or images, and six cells in every table row.
#[track_caller]
fn assert_inert_markdown(text: &str) {
    assert_inert_with_every_extension(text);
    assert_inert_gfm(text, true);
    assert_inert_gfm(text, false);
}

#[track_caller]
fn assert_inert_with_every_extension(text: &str) {
    let mut words = Words::default();
    let mut n_cells = 0;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => words.push_html(&html),
            Event::Start(Tag::TableRow | Tag::TableHead) => n_cells = 0,
            Event::End(end) => {
                match end {
                    TagEnd::TableCell => n_cells += 1,
                    TagEnd::TableRow | TagEnd::TableHead => assert_eq!(n_cells, 6, "{text}"),
                    _ => {}
                }
                words.push(" ");
            }
            Event::Start(
                Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::HtmlBlock
                | Tag::List(None)
                | Tag::Item
                | Tag::Emphasis
                | Tag::Strong
                | Tag::Table(_)
                | Tag::TableCell,
            )
            | Event::Code(_) => {}
            Event::Text(text) => words.push(&text),
            Event::SoftBreak => words.push(" "),
            other => panic!("{other:?} in {text}"),
        }
    }
    words.assert_inert();
}

/// Asserts the same of another parser, which is a port of GitHub's, with GitHub's extensions or without any.
#[track_caller]
fn assert_inert_gfm(text: &str, has_extensions: bool) {
    use comrak::nodes::NodeValue;
    let mut options = comrak::Options::default();
    if has_extensions {
        options.extension.strikethrough = true;
        options.extension.table = true;
        options.extension.autolink = true;
        options.extension.tasklist = true;
        options.extension.footnotes = true;
        options.extension.alerts = true;
        options.extension.math_dollars = true;
        options.extension.math_code = true;
        options.extension.shortcodes = true;
    }
    let arena = comrak::Arena::new();
    let mut words = Words::default();
    for node in comrak::parse_document(&arena, text, &options).descendants() {
        match &node.data().value {
            NodeValue::HtmlBlock(block) => words.push_html(&block.literal),
            NodeValue::HtmlInline(html) => words.push_html(html),
            NodeValue::Text(text) => words.push(text),
            NodeValue::TableRow(_) => assert_eq!(node.children().count(), 6, "{text}"),
            NodeValue::Document
            | NodeValue::Paragraph
            | NodeValue::Heading(_)
            | NodeValue::List(_)
            | NodeValue::Item(_)
            | NodeValue::Emph
            | NodeValue::Strong
            | NodeValue::Table(_)
            | NodeValue::TableCell
            | NodeValue::SoftBreak => words.push(" "),
            NodeValue::Code(_) => {}
            other => panic!("{other:?} in {text}"),
        }
    }
    if has_extensions {
        words.assert_inert();
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn no_text_of_a_document_becomes_active_in_any_format(texts in vec(text(), 1..24), numbers in vec(any::<u64>(), 1..9), max_bytes in 0..40_000_usize) {
        let (plan, outcome) = documents(&texts, &numbers);
        for detail in [Detail::default(), Detail { shows_values: true, lists_all: true }] {
            let page = Page { palette: Palette::Plain, width: 100, detail };
            assert_escaped(&plan_text::plan(&plan, page));
            assert_escaped(&outcome_text::outcome(&outcome, page));
        }
        let planned = plan.steps.iter().map(|step| ("", escape(&step.alias))).collect::<Vec<_>>();
        let finished = outcome.webhooks.iter().map(|row| ("", escape(&row.alias))).collect::<Vec<_>>();
        for (report, rows) in [(Report::from(&plan), planned), (Report::from(&outcome), finished)] {
            let page = html(&report);
            assert_escaped(&page);
            assert_inert_page(&page, &rows);
            for max_bytes in [max_bytes, usize::MAX] {
                let text = markdown(&report, max_bytes);
                assert!(text.len() <= max_bytes);
                assert_escaped(&text);
                assert_inert_markdown(&text);
            }
        }
    }

    /// A table shows each alias character by character.
    #[test]
    fn an_alias_round_trips_through_a_markdown_table(alias in text()) {
        let mut plan = awkward();
        plan.steps.truncate(1);
        plan.steps[0].alias = alias.as_str().into();
        let report = Report::from(&plan);
        let cells = third_cells(&markdown(&report, usize::MAX));
        let expected = escape(&alias);
        let found = cells[1].trim_matches('"');
        assert_eq!(found, expected.trim_matches('"'));
    }
}

/// The text of the third cell of every table row.
fn third_cells(text: &str) -> Vec<String> {
    let (mut cells, mut column, mut cell) = (Vec::new(), 0, String::new());
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Tag::TableRow | Tag::TableHead) => column = 0,
            Event::Start(Tag::TableCell) => cell.clear(),
            Event::Text(text) | Event::Code(text) => cell.push_str(&text),
            Event::End(TagEnd::TableCell) => {
                column += 1;
                if column == 3 {
                    cells.push(std::mem::take(&mut cell));
                }
            }
            _ => {}
        }
    }
    cells
}

#[test]
fn the_essentials_fit_whatever_the_size_limit() {
    let plan = awkward();
    let report = Report::from(&plan);
    let whole = markdown(&report, usize::MAX);
    let mut previous_rows = 0;
    for max_bytes in (1500..whole.len()).step_by(250) {
        let text = markdown(&report, max_bytes);
        assert!(text.starts_with("<!-- hookferry:plan:"), "{text}");
        assert!(text.contains("7 create, 2 conflict"), "{text}");
        assert!(text.contains("Would be refused"), "{text}");
        let rows = text.lines().filter(|line| line.starts_with("| `")).count();
        assert!(rows >= previous_rows, "a larger limit shows no fewer rows");
        previous_rows = rows;
        let is_cut = rows < plan.steps.len();
        assert_eq!(is_cut, text.contains("more of these webhooks ("), "{text}");
    }
    assert!(!whole.contains("-o html"));
}

/// What an update overwrites is what somebody has to look at.
#[test]
fn updates_with_their_differences_are_cut_after_creates() {
    let plan = document(source(), target(), OnConflict::Update);
    let report = Report::from(&plan);
    let whole = markdown(&report, usize::MAX);
    let n_updates = |text: &str| {
        let rows = text.matches("| `~` update |").count();
        let details = text.matches("</code> update, ").count();
        (rows, details)
    };
    assert_eq!(n_updates(&whole), (2, 2), "{whole}");
    let mut n_without_creates = 0;
    for max_bytes in (1500..whole.len()).step_by(50) {
        let text = markdown(&report, max_bytes);
        if text.contains("| `+` create |") {
            assert_eq!(n_updates(&text), (2, 2), "{text}");
        } else {
            n_without_creates += 1;
        }
    }
    assert!(n_without_creates > 0);
}
