//! Untrusted text in HTML: the only way in.

use crate::coralogix::mask::Masked;
use crate::foreign;
use crate::render::report::pieces;
use std::fmt;

/// A text as content or inside a quoted attribute: control and bidirectional characters shown, markup escaped.
pub(super) struct Text<'t>(pub(super) &'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = foreign::shown(self.0);
        let mut rest = shown.as_str();
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

/// A sentence with its words between backticks as code.
pub(super) struct Sentence<'t>(pub(super) &'t str);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (piece, is_code) in pieces(self.0) {
            if is_code {
                write!(f, "<code>{}</code>", Text(piece))?;
            } else {
                write!(f, "{}", Text(piece))?;
            }
        }
        Ok(())
    }
}

/// A masked value on one line, what is hidden set apart from what is there.
pub(super) struct Value<'v>(pub(super) &'v Masked);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Masked::Hidden(_) => write!(f, "<i>{}</i>", Text(&self.0.to_string())),
            Masked::Array(elements) => {
                f.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{}", Self(element))?;
                }
                f.write_str("]")
            }
            Masked::Object(members) => {
                f.write_str("{")?;
                for (at, (key, value)) in members.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{}: {}", Text(key), Value(value))?;
                }
                f.write_str("}")
            }
            plain => write!(f, "{}", Text(&plain.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sentence, Text, Value};
    use crate::coralogix::mask::Masked;

    #[test]
    fn nothing_foreign_is_markup() {
        assert_eq!(
            Text("<a href=\"x\" title='&'>\u{202e}é").to_string(),
            "&lt;a href=&quot;x&quot; title=&#39;&amp;&#39;&gt;\\u{202e}é"
        );
        assert_eq!(
            Sentence("pass `<b>` & go").to_string(),
            "pass <code>&lt;b&gt;</code> &amp; go"
        );
    }

    #[test]
    fn what_is_hidden_cannot_be_imitated() {
        let text = |text: &str| Masked::Text(text.to_owned());
        let members = vec![
            ("<k>".to_owned(), text("<i>(key)</i>")),
            ("h".to_owned(), Masked::hidden("key")),
        ];
        assert_eq!(
            Value(&Masked::Array(vec![Masked::Object(members)])).to_string(),
            "[{&lt;k&gt;: &quot;&lt;i&gt;(key)&lt;/i&gt;&quot;, h: <i>(key)</i>}]"
        );
    }
}
