//! The wording of rule changes, missing values and leftover secrets, shared by `plan` and `rules check`.
//! Pure. Names paths and where values come from, never a value.

use crate::document::{
    ChangeDocument, LeftoverDocument, MissingDocument, NeededDocument, StepDocument,
};
use crate::untrusted;

/// The changes that rules and retargeting made to a webhook, without any value; empty if there are none.
pub(crate) fn changes_text(step: &StepDocument) -> String {
    const MAX_LISTED: usize = 8;
    let is_unread = |change: &ChangeDocument| {
        let mut unread = step.unread.iter();
        unread.any(|unread| unread.path == change.path)
    };
    let word = |change: &ChangeDocument| {
        let not_read = if is_unread(change) { ", not read" } else { "" };
        format!("{}{not_read}", change_text(change))
    };
    let mut words: Vec<String> = step.changes.iter().take(MAX_LISTED).map(word).collect();
    if step.changes.len() > MAX_LISTED {
        words.push(format!("and {} more", step.changes.len() - MAX_LISTED));
    }
    words.join("; ")
}

/// One change in words, without any value.
pub(crate) fn change_text(change: &ChangeDocument) -> String {
    let path = untrusted::escape(&change.path);
    let from = untrusted::escape(change.from.as_deref().unwrap_or_default());
    let how = match change.how.as_str() {
        "set" => format!("{path} from {from}"),
        "replace" => format!("{path} replaced"),
        "retarget" => format!("{path} retargeted"),
        "new_uuid" => format!("{path} new"),
        "rename" => format!("renamed from `{from}`"),
        other => format!("{path} changed ({})", untrusted::escape(other)),
    };
    let equal = if change.equal {
        " (same value as before)"
    } else {
        ""
    };
    format!("{how}{equal}")
}

/// A missing value in words: its source, the reason, and the webhooks that need it.
pub(crate) fn missing_value_text(missing: &MissingDocument) -> String {
    const MAX_LISTED: usize = 5;
    let needed_text = |needed: &NeededDocument| {
        let id = needed
            .source_id
            .as_ref()
            .map_or_else(String::new, |id| format!("{id} "));
        let alias = untrusted::escape_truncated(&needed.alias, 40);
        format!("{id}`{alias}` ({})", untrusted::escape(&needed.path))
    };
    let all: Vec<String> = missing
        .needed_by
        .iter()
        .take(MAX_LISTED)
        .map(needed_text)
        .collect();
    let more = match missing.needed_by.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "{}: {}; needed by {}{more}",
        missing.from,
        missing.why,
        all.join(", ")
    )
}

/// The paths of the secrets that no rule covers; `with_kind` adds the kind of each secret.
pub(crate) fn leftover_text(leftover: &[LeftoverDocument], with_kind: bool) -> String {
    let words = leftover.iter().map(|left| {
        let path = untrusted::escape(&left.path);
        if with_kind && path != left.hidden {
            format!("{path} ({})", untrusted::escape(&left.hidden))
        } else {
            path
        }
    });
    words.collect::<Vec<_>>().join(", ")
}
