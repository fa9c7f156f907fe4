//! Which keys refer to a webhook: the one table for all kinds of files.

use super::{FileKind, ReferenceKind};

/// What the value under a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It names a webhook.
    Names(ReferenceKind),
    /// It is a list whose elements each name a webhook by alias.
    ListOfAliases,
    /// It points at a resource, which follows the webhook by itself.
    Resource,
    /// It names a webhook by its UUID in the newer API.
    NewerApiId,
}

/// The keys for a webhook's number: those of the vendor's APIs, and the latter also Terraform's.
const ID_KEYS: [&str; 2] = ["integrationId", "integration_id"];
/// The keys for a webhook's alias in the groups of notifications of older APIs.
const ALIAS_KEYS: [&str; 2] = ["integrationName", "integration_name"];
/// What in Terraform says, outside of resources, that a webhook's number belongs to an alert: the blocks and attributes
/// for notifications of all versions of the provider, by which modules and local values are known.
const ALERT_PARENTS: [&str; 5] = [
    "webhooks_settings",
    "notification_group",
    "notifications_group",
    "notifications",
    "notification",
];

/// What in YAML, which is written by many programs, says that a webhook's number belongs to an alert.
const NOTIFICATION_PARENTS: [&str; 6] = [
    "integrationType",
    "integration_type",
    "integration",
    "webhooks",
    "notifications",
    "notification",
];

/// Whether a value of Terraform belongs to an alert: to its resource, or to no resource and to something named so.
fn is_in_alert<'k>(parents: impl Iterator<Item = &'k str>) -> bool {
    let parents: Vec<&str> = parents.collect();
    match parents.as_slice() {
        [.., kind, "resource" | "data"] => *kind == "coralogix_alert",
        parents => parents.iter().any(|parent| ALERT_PARENTS.contains(parent)),
    }
}

/// What the value under `key` is; `None` if it refers to no webhook.
///
/// `parents` are the keys above it, the nearest first, without indexes.
pub(super) fn meaning<'k>(
    kind: FileKind,
    key: &str,
    mut parents: impl Iterator<Item = &'k str>,
) -> Option<Meaning> {
    let is_terraform = matches!(kind, FileKind::Terraform | FileKind::TerraformJson);
    match key {
        _ if ID_KEYS.contains(&key) => {
            let is_certain = match kind {
                FileKind::Json => true,
                FileKind::Operator => parents.any(|parent| NOTIFICATION_PARENTS.contains(&parent)),
                FileKind::Terraform | FileKind::TerraformJson => {
                    key == "integration_id" && is_in_alert(parents)
                }
            };
            Some(Meaning::Names(if is_certain {
                ReferenceKind::Id
            } else {
                ReferenceKind::PossibleId
            }))
        }
        _ if ALIAS_KEYS.contains(&key) => {
            let is_notification = |parent: &str| matches!(parent, "notifications" | "notification");
            (parents.next().is_some_and(is_notification))
                .then_some(Meaning::Names(ReferenceKind::Alias))
        }
        "integrations" => {
            (parents.next() == Some("notifications")).then_some(Meaning::ListOfAliases)
        }
        "resourceRef" => (parents.next() == Some("integrationRef")).then_some(Meaning::Resource),
        "id" | "name" => {
            let (parent, above, top) = (parents.next()?, parents.next()?, parents.next());
            if parent == "backendRef" && above == "integrationRef" {
                return Some(Meaning::Names(if key == "id" {
                    ReferenceKind::Id
                } else {
                    ReferenceKind::Alias
                }));
            }
            let is_data = is_terraform && above == "coralogix_webhook" && top == Some("data");
            is_data.then_some(if key == "id" {
                Meaning::NewerApiId
            } else {
                Meaning::Names(ReferenceKind::Alias)
            })
        }
        _ => None,
    }
}

/// Whether a text that is a value, such as a heredoc, holds a key for a webhook's number, and a digit.
pub(super) fn may_hold_reference(text: &str) -> bool {
    ID_KEYS.iter().any(|key| {
        let after = text.split_once(key).map(|(_, after)| after);
        after.is_some_and(|after| after.bytes().any(|byte| byte.is_ascii_digit()))
    })
}
