//! The sandbox's own copy of the documented webhook types; it must never use the client's table.

use super::object::{Object, to_raw};

/// `(label, icon)` by type id, as the page lists them.
const KINDS: [(&str, &str); 9] = [
    ("Slack", "/assets/settings/slack-48.png"),
    ("WebHook", "/assets/webhook.png"),
    ("PagerDuty", "/assets/settings/pagerDuty.png"),
    ("SendLog", "/assets/invite.png"),
    ("Email Group", "/assets/email-group.png"),
    ("Microsoft Teams", "/assets/settings/teams.png"),
    ("Jira", "/assets/settings/jira.png"),
    ("Opsgenie", "/assets/settings/opsgenie.png"),
    ("Demisto", "/assets/settings/demisto.png"),
];

pub(super) fn is_documented(id: u64) -> bool {
    usize::try_from(id).is_ok_and(|index| index < KINDS.len())
}

/// The `integration_type` block that a list shows for a documented type.
pub(super) fn integration_type_block(id: u64) -> Option<Object> {
    let (label, icon) = KINDS.get(usize::try_from(id).ok()?)?;
    let mut block = Object::default();
    block.push("label", to_raw(label));
    block.push("icon", to_raw(icon));
    block.push("id", to_raw(&id));
    Some(block)
}
