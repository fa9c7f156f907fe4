//! First stage: an account's webhooks, all of them, as its API gives them.
//! Never passes on a list that was not understood whole.

use crate::coralogix::client::{Listing, Reader};
use crate::coralogix::webhook::Webhook;
use crate::error::Error;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::SystemTime;

/// Everything one account holds, in the order of its answer.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// The webhooks.
    pub webhooks: Vec<Webhook>,
    /// The account's clock when it answered; unknown for a file.
    pub server_time: Option<SystemTime>,
    /// Which account it shows, where it was read from a backup.
    pub backed_up: Option<BackedUp>,
}

/// The account that a backup shows, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The name under which its backups are kept.
    pub account: String,
    /// The host of its API, the same for every host of one region.
    pub host: String,
    /// Its company id; `None` where it was empty.
    pub company_id: Option<String>,
    /// When it was read.
    pub time: Timestamp,
}

impl Inventory {
    /// The company ids that the webhooks carry: one for a live account, none for an empty one.
    pub fn company_ids(&self) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for id in self.webhooks.iter().filter_map(Webhook::company_id) {
            // Nearly all carry the same.
            if !ids.contains(id.as_ref()) {
                ids.insert(id.into_owned());
            }
        }
        ids
    }

    /// The company id that all webhooks agree on; `None` where they do not, or carry none.
    pub fn company(&self) -> Option<String> {
        let mut ids = self.company_ids().into_iter();
        ids.next().filter(|_| ids.next().is_none())
    }
}

impl From<Listing> for Inventory {
    fn from(listing: Listing) -> Self {
        Self {
            server_time: listing.server_time,
            ..listing.webhooks.into()
        }
    }
}

impl From<Vec<Webhook>> for Inventory {
    fn from(webhooks: Vec<Webhook>) -> Self {
        Self {
            webhooks,
            server_time: None,
            backed_up: None,
        }
    }
}

/// Reads the whole account.
pub async fn fetch(reader: &Reader) -> Result<Inventory, Error> {
    let read = reader.list().await.map(Inventory::from);
    read.map_err(|failure| failure.explain(reader.account(), LISTING))
}

/// What could not be done where reading fails.
const LISTING: &str = "list its webhooks";

/// The same for who needs only something of each webhook, and drops the rest of it while the list is still coming in.
///
/// Gives what `add` has made of all parts; a failed attempt leaves nothing behind.
pub async fn fetch_by_parts<T: Default + Send>(
    reader: &Reader,
    add: impl Fn(&mut T, Vec<Webhook>) + Sync,
) -> Result<T, Error> {
    let read = reader.list_by_parts(add).await.map(|(made, _)| made);
    read.map_err(|failure| failure.explain(reader.account(), LISTING))
}
