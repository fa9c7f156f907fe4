//! A test delivery on record.

use crate::coralogix::webhook::WebhookId;
use crate::pipeline::delivery::DeliveryStatus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

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
