//! What templates do with text besides escaping, as `{{ text|filter }}`.
#![expect(
    unreachable_pub,
    clippy::inline_always,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the attribute makes methods and types of these functions, and prescribes the result"
)]

use super::markdown::text;
use crate::proposal;
use crate::untrusted;
use askama::filters::Safe;
use askama::{Result, Values};

/// A name as a cell of its own: quoted if its spaces could pass for the end.
#[askama::filter_fn]
pub(super) fn cell(name: impl AsRef<str>, _: &dyn Values) -> Result<String> {
    Ok(untrusted::name_cell(name.as_ref()))
}

/// Markdown: an untrusted text as code.
#[askama::filter_fn]
pub(super) fn code(untrusted: impl AsRef<str>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(text::code(untrusted.as_ref())))
}

/// Markdown: a sentence that may hold untrusted text.
#[askama::filter_fn]
pub(super) fn sentence(untrusted: impl AsRef<str>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(text::sentence(untrusted.as_ref())))
}

/// Markdown: code in a block of HTML, in which markdown means nothing.
#[askama::filter_fn]
pub(super) fn code_html(untrusted: impl AsRef<str>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(text::code_html(untrusted.as_ref())))
}

/// Markdown: a sentence in a block of HTML.
#[askama::filter_fn]
pub(super) fn sentence_html(untrusted: impl AsRef<str>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(text::sentence_html(untrusted.as_ref())))
}

/// Markdown: a part of the marker comment, which it cannot end.
#[askama::filter_fn]
pub(super) fn marker(name: impl AsRef<str>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(text::marker_part(name.as_ref())))
}

/// Schedules: a word of a POSIX shell, in a command that a comment tells to type.
#[askama::filter_fn]
pub(super) fn shell(word: impl AsRef<str>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(proposal::quoted(word.as_ref())))
}

/// Schedules: an argument of a unit's command, where `$` starts a variable, unlike in the path of the program.
#[askama::filter_fn]
pub(super) fn argument(text: impl AsRef<str>, _: &dyn Values) -> Result<String> {
    Ok(text.as_ref().replace('$', "$$"))
}
