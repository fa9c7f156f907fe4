//! Untrusted text in HTML: the only way in.

use crate::coralogix::mask::Masked;
use crate::render::report::split_code;
use crate::untrusted;
use std::fmt;

/// A text as content or inside a quoted attribute: control and bidirectional characters shown, markup escaped.
pub(super) struct EscapedText<'t>(pub(super) &'t str);

impl fmt::Display for EscapedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = untrusted::escape(self.0);
        let mut rest = escaped.as_str();
        while let Some(position) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..position])?;
            f.write_str(match rest.as_bytes()[position] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[position + 1..];
        }
        f.write_str(rest)
    }
}

/// A sentence with its words between backticks as code.
pub(super) struct SentenceHtml<'t>(pub(super) &'t str);

impl fmt::Display for SentenceHtml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (piece, is_code) in split_code(self.0) {
            if is_code {
                write!(f, "<code>{}</code>", EscapedText(piece))?;
            } else {
                write!(f, "{}", EscapedText(piece))?;
            }
        }
        Ok(())
    }
}

/// A masked value on one line, what is hidden set apart from what is there.
pub(super) struct MaskedHtml<'v>(pub(super) &'v Masked);

impl fmt::Display for MaskedHtml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Masked::Hidden(_) => write!(f, "<i>{}</i>", EscapedText(&self.0.to_string())),
            Masked::Array(elements) => {
                f.write_str("[")?;
                for (ix, element) in elements.iter().enumerate() {
                    let comma = if ix > 0 { ", " } else { "" };
                    write!(f, "{comma}{}", Self(element))?;
                }
                f.write_str("]")
            }
            Masked::Object(members) => {
                f.write_str("{")?;
                for (ix, (key, value)) in members.iter().enumerate() {
                    let comma = if ix > 0 { ", " } else { "" };
                    write!(f, "{comma}{}: {}", EscapedText(key), MaskedHtml(value))?;
                }
                f.write_str("}")
            }
            plain => write!(f, "{}", EscapedText(&plain.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EscapedText, MaskedHtml, SentenceHtml};
    use crate::coralogix::mask::Masked;

    #[test]
    fn untrusted_text_is_never_markup() {
        assert_eq!(
            EscapedText("<a href=\"x\" title='&'>\u{202e}é").to_string(),
            "&lt;a href=&quot;x&quot; title=&#39;&amp;&#39;&gt;\\u{202e}é"
        );
        assert_eq!(
            SentenceHtml("pass `<b>` & go").to_string(),
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
            MaskedHtml(&Masked::Array(vec![Masked::Object(members)])).to_string(),
            "[{&lt;k&gt;: &quot;&lt;i&gt;(key)&lt;/i&gt;&quot;, h: <i>(key)</i>}]"
        );
    }
}
