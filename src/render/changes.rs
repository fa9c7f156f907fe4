//! What rules do to a webhook and what they lack, in words that preview, check and refusal share.
//! Pure. Names paths and where values come from, never a value.

use crate::foreign;
use crate::pipeline::plan::{MissingValue, Plan};
use crate::pipeline::rewrite::{Change, How, Leftover, PortableWebhook};

/// What rules and retargeting changed in a webhook, in words and without any value; empty where nothing was.
pub(crate) fn changes(webhook: &PortableWebhook) -> String {
    const MOST: usize = 8;
    let changes = webhook.changes();
    let is_unread = |change: &Change| {
        let mut unread = webhook.unread().iter();
        unread.any(|unread| unread.path == change.path)
    };
    let word = |change: &Change| {
        let not_read = if is_unread(change) { ", not read" } else { "" };
        format!("{}{not_read}", change_words(change))
    };
    let mut words: Vec<String> = changes.iter().take(MOST).map(word).collect();
    if changes.len() > MOST {
        words.push(format!("and {} more", changes.len() - MOST));
    }
    words.join("; ")
}

/// One change in words, without any value.
pub(crate) fn change_words(change: &Change) -> String {
    let path = foreign::shown(&change.path.to_string());
    let how = match &change.how {
        How::Set(source) => format!("{path} from {}", foreign::shown(source)),
        How::Replaced => format!("{path} replaced"),
        How::Retargeted => format!("{path} retargeted"),
        How::NewUuid => format!("{path} new"),
        How::Renamed(from) => format!("renamed from `{}`", foreign::shown(from)),
    };
    let equal = if change.is_equal {
        " (the same as before)"
    } else {
        ""
    };
    format!("{how}{equal}")
}

/// A missing value in words: what it is, why it is missing, and who needs it.
pub(crate) fn missing_value(missing: &MissingValue, plan: &Plan) -> String {
    const MOST: usize = 5;
    let needed: Vec<String> = missing
        .needed_by
        .iter()
        .take(MOST)
        .map(|(place, path)| {
            let webhook = plan.step(*place).0;
            let id = webhook
                .source_id()
                .map_or_else(String::new, |id| format!("{id} "));
            let alias = foreign::shortened(webhook.alias(), 40);
            format!("{id}`{alias}` ({})", foreign::shown(&path.to_string()))
        })
        .collect();
    let more = match missing.needed_by.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "{}: {}; needed by {}{more}",
        missing.source,
        missing.why,
        needed.join(", ")
    )
}

/// The secrets that no rule names, as paths; `with_kind` adds what is hidden there.
pub(crate) fn leftover_words(leftover: &[Leftover], with_kind: bool) -> String {
    let words = leftover.iter().map(|left| {
        let path = foreign::shown(&left.path.to_string());
        if with_kind && path != left.kind {
            format!("{path} ({})", left.kind)
        } else {
            path
        }
    });
    words.collect::<Vec<_>>().join(", ")
}
