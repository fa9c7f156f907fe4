//! Writes the commands that the program proposes, so that they can be pasted into a shell as they stand.

use crate::untrusted;

/// A word of a POSIX shell: as it stands if it means itself there, else in single quotes; escaped like all untrusted text.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:,@+".contains(&byte);
    let text = untrusted::escape(text);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text;
    }
    quoted(&text)
}

/// A word in single quotes, for one that is only an example of what to type there.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", untrusted::escape(text).replace('\'', r#"'"'"'"#))
}
