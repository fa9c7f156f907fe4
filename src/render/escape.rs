//! Text in the files that templates make: whatever a template does not treat otherwise passes the escaper of its
//! language, which `askama.toml` chooses by the template's extension.
//!
//! No escaper lets a control or bidirectional character pass.

use crate::untrusted;
use askama::Template;
use askama::filters::Escaper;
use std::fmt::{self, Write};

/// The text of a filled file, which ends in a newline, as the template does: askama takes it away.
pub(super) fn fill_file(template: &impl Template) -> String {
    fill(template) + "\n"
}

/// The text of a filled template.
pub(super) fn fill(template: &impl Template) -> String {
    let text = template.render();
    text.expect("neither our filters nor writing to a string can fail")
}

/// Writes the text with some characters replaced; it can come in any number of parts.
fn write_replacing(
    mut dest: impl Write,
    text: &str,
    replacement: impl Fn(char) -> Option<&'static str>,
) -> fmt::Result {
    for character in untrusted::escape(text).chars() {
        match replacement(character) {
            Some(replacement) => dest.write_str(replacement)?,
            None => dest.write_char(character)?,
        }
    }
    Ok(())
}

/// Content of an element, or inside a quoted attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Html;

impl Escaper for Html {
    fn write_escaped_str<W: Write>(&self, dest: W, text: &str) -> fmt::Result {
        write_replacing(dest, text, |character| match character {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            '"' => Some("&quot;"),
            '\'' => Some("&#39;"),
            _ => None,
        })
    }
}

/// Anywhere in markdown, as entities, which markdown never takes for its own syntax.
///
/// Sites still act on words, so text that is not ours is code besides (`render/markdown/text.rs`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Markdown;

impl Escaper for Markdown {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        for character in untrusted::escape(text).chars() {
            match character {
                // Some parsers decode entities before they look for addresses; a comment interrupts the match.
                '@' => dest.write_str("<!-- -->&#64;")?,
                _ if character.is_ascii_punctuation() => {
                    write!(dest, "&#{};", u32::from(character))?;
                }
                _ => dest.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Inside the double quotes of a YAML scalar, which then is a string, whatever the text looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Yaml;

impl Escaper for Yaml {
    fn write_escaped_str<W: Write>(&self, dest: W, text: &str) -> fmt::Result {
        write_replacing(dest, text, yaml)
    }
}

fn yaml(character: char) -> Option<&'static str> {
    match character {
        '\\' => Some(r"\\"),
        '"' => Some(r#"\""#),
        _ => None,
    }
}

/// The same in a workflow, where `${{` starts an expression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Workflow;

impl Escaper for Workflow {
    fn write_escaped_str<W: Write>(&self, dest: W, text: &str) -> fmt::Result {
        write_replacing(dest, text, |character| match character {
            '$' => Some("${{ '$' }}"),
            _ => yaml(character),
        })
    }
}

/// Inside the double quotes of a word of a unit file; a command's arguments need the filter `argument` besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit;

impl Escaper for Unit {
    fn write_escaped_str<W: Write>(&self, dest: W, text: &str) -> fmt::Result {
        write_replacing(dest, text, |character| match character {
            '%' => Some("%%"),
            '\\' => Some(r"\\"),
            '"' => Some(r#"\""#),
            _ => None,
        })
    }
}

/// Inside the single quotes of a word of a crontab's command, where `%` would end the command.
///
/// Writes no backslash for the shell, because implementations of cron disagree about its meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crontab;

impl Escaper for Crontab {
    fn write_escaped_str<W: Write>(&self, dest: W, text: &str) -> fmt::Result {
        write_replacing(dest, text, |character| match character {
            '%' => Some(r"\%"),
            '\'' => Some(r#"'"'"'"#),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Crontab, Html, Unit, Workflow, Yaml};
    use askama::filters::Escaper;

    fn escaped(escaper: impl Escaper, text: &str) -> String {
        let mut out = String::new();
        let _ = escaper.write_escaped_str(&mut out, text);
        out
    }

    #[test]
    fn each_language_has_its_own_escapes() {
        assert_eq!(
            escaped(Html, "<a href=\"x\" title='&'>é"),
            "&lt;a href=&quot;x&quot; title=&#39;&amp;&#39;&gt;é"
        );
        assert_eq!(escaped(Yaml, r#"a"b\c: #d"#), r#"a\"b\\c: #d"#);
        assert_eq!(escaped(Workflow, "a${{ b }}"), "a${{ '$' }}{{ b }}");
        assert_eq!(escaped(Unit, r#"/a%b "c\"#), r#"/a%%b \"c\\"#);
        assert_eq!(escaped(Crontab, "/a%b 'c"), r#"/a\%b '"'"'c"#);
    }

    #[test]
    fn nothing_invisible_passes() {
        assert_eq!(escaped(Crontab, "a\nb\u{202e}"), r"a\nb\u{202e}");
        assert_eq!(escaped(Yaml, "a\nb\u{202e}"), r"a\\nb\\u{202e}");
    }
}
