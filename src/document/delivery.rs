//! A test delivery on record.

use crate::coralogix::webhook::WebhookId;
use crate::pipeline::delivery::DeliveryStatus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::HashMap;

/// What is known of one test delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryEntry {
    /// When the entry was written: just before the test was sent, or when its result was known.
    pub at: Timestamp,
    /// The host of the account's API, normalized as locks have it.
    pub host: String,
    /// The account's company; `None` if it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The webhook's id in the account.
    pub id: WebhookId,
    /// Its alias.
    pub alias: SmolStr,
    /// Its type; `None` if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_id: Option<u64>,
    /// What is known of the test.
    #[serde(flatten)]
    pub status: DeliveryStatus,
}

/// What is known of the last test of each webhook of an account, by id.
///
/// A test that was not sent says nothing, and takes with it the entry that it was about to be.
pub fn last_deliveries<'d>(
    entries: &'d [DeliveryEntry],
    host: &str,
    company: Option<&str>,
) -> HashMap<&'d WebhookId, &'d DeliveryEntry> {
    let is_other = |theirs: Option<&str>| theirs.zip(company).is_some_and(|(a, b)| a != b);
    let of_account = entries
        .iter()
        .filter(|entry| entry.host == host && !is_other(entry.company.as_deref()));
    let mut known: HashMap<&WebhookId, Vec<&DeliveryEntry>> = HashMap::new();
    for entry in of_account {
        let before = known.entry(&entry.id).or_default();
        if matches!(entry.status, DeliveryStatus::NotSent { .. }) {
            before.pop_if(|before| before.status == DeliveryStatus::started());
        } else {
            before.push(entry);
        }
    }
    let last = known.into_iter();
    last.filter_map(|(id, entries)| Some((id, *entries.last()?)))
        .collect()
}
