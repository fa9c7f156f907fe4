//! First stage: fetches all webhooks of an account, exactly as its API returns them.
//! Rejects a list that it cannot parse completely.

use crate::coralogix::client::{ListResponse, Reader};
use crate::coralogix::webhook::Webhook;
use crate::error::Error;
use crate::pipeline::cross_check::CrossCheck;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::SystemTime;

/// All webhooks of one account or file, in the order in which it lists them.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// Complete objects, with every key that the API returned.
    pub webhooks: Vec<Webhook>,
    /// Of the webhooks as read; a selection of them keeps it.
    pub(crate) company_ids: BTreeSet<String>,
    /// The server's clock at the time of the response; `None` for a file, or without a usable `Date` header.
    pub server_time: Option<SystemTime>,
    /// The account that was backed up; `None` unless the webhooks come from a backup.
    pub backup_origin: Option<BackupOrigin>,
    /// The header that announces more webhooks than the list held; `None` unless the user accepts incomplete lists.
    pub incomplete: Option<String>,
    /// What the newer API says about the list; `None` unless it was asked.
    pub cross_check: Option<CrossCheck>,
}

/// The account that a backup was taken of, and the time of the backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupOrigin {
    /// The account's name in the backup repository.
    pub account: String,
    /// The host of its API, normalized so that every host name of a region gives the same value.
    pub host: String,
    /// Its company id; `None` if the account had no webhooks.
    pub company_id: Option<String>,
    /// The time at which the account was read.
    pub time: Timestamp,
}

impl Inventory {
    /// The distinct company ids of the webhooks as read: one for a live account, none for an empty one.
    pub fn company_ids(&self) -> &BTreeSet<String> {
        &self.company_ids
    }

    /// The company id shared by all webhooks; `None` if they disagree or have none.
    pub fn common_company_id(&self) -> Option<String> {
        let mut ids = self.company_ids.iter();
        ids.next().filter(|_| ids.next().is_none()).cloned()
    }
}

impl From<ListResponse> for Inventory {
    fn from(listing: ListResponse) -> Self {
        Self {
            webhooks: listing.webhooks,
            company_ids: listing.company.into_iter().collect(),
            server_time: listing.server_time,
            backup_origin: None,
            incomplete: listing.incomplete,
            cross_check: None,
        }
    }
}

impl From<Vec<Webhook>> for Inventory {
    fn from(webhooks: Vec<Webhook>) -> Self {
        Self {
            company_ids: distinct_company_ids(&webhooks),
            webhooks,
            server_time: None,
            backup_origin: None,
            incomplete: None,
            cross_check: None,
        }
    }
}

fn distinct_company_ids(webhooks: &[Webhook]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for id in webhooks.iter().filter_map(Webhook::company_id) {
        // Nearly all webhooks share one id; skip the allocation for those.
        if !ids.contains(id.as_ref()) {
            ids.insert(id.into_owned());
        }
    }
    ids
}

/// Fetches all webhooks of an account.
pub async fn fetch(reader: &Reader) -> Result<Inventory, Error> {
    let fetched = reader.list().await.map(Inventory::from);
    fetched.map_err(|failure| failure.explain(reader.account(), LIST_ACTION))
}

/// The action that failed, for the error message.
const LIST_ACTION: &str = "list its webhooks";

/// Fetches an account in parts and folds each part into a `T` with `add_part`, so that a caller who needs little
/// of each webhook can drop the rest while the list is still arriving.
///
/// A retry starts over with a new `T`, so a failed attempt contributes nothing to the result.
pub async fn fetch_in_parts<T: Default + Send>(
    reader: &Reader,
    add_part: impl Fn(&mut T, Vec<Webhook>) + Sync,
) -> Result<T, Error> {
    let fetched = reader.list_streamed(add_part).await.map(|list| list.folded);
    fetched.map_err(|failure| failure.explain(reader.account(), LIST_ACTION))
}
