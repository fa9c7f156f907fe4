//! What the templates of schedules do with text besides the escaping of their language.
#![expect(
    unreachable_pub,
    reason = "the functions that the attribute makes are public, whatever these are"
)]

use crate::untrusted;
use askama::filters::Safe;
use askama::{Result, Values};

/// A word of a POSIX shell, in a command that a comment tells to type.
#[askama::filter_fn]
pub(super) fn shell(text: impl AsRef<str>, _: &dyn Values) -> Result<Safe<String>> {
    let text = untrusted::escape(text.as_ref());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:,@+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Ok(Safe(text));
    }
    Ok(Safe(format!("'{}'", text.replace('\'', r#"'"'"'"#))))
}

/// An argument of a unit's command, where `$` starts a variable, unlike in the path of the program.
#[askama::filter_fn]
pub(super) fn argument(text: impl AsRef<str>, _: &dyn Values) -> Result<String> {
    Ok(text.as_ref().replace('$', "$$"))
}
