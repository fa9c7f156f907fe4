//! What the template of the page does with text besides escaping.
#![expect(
    unreachable_pub,
    reason = "the functions that the attribute makes are public, whatever these are"
)]

use crate::untrusted::name_cell;
use askama::{Result, Values};

/// A name as a cell of its own: quoted if its spaces could pass for the end.
#[askama::filter_fn]
pub(super) fn cell(name: impl AsRef<str>, _: &dyn Values) -> Result<String> {
    Ok(name_cell(name.as_ref()))
}
