//! Holds the list of an account against the summaries of the vendor's newer API. Pure.
//!
//! A list can be cut without saying so; a second list of the same webhooks shows that. What it names and the list lacks
//! contradicts the list. What it lacks proves nothing: the list shows the webhook itself.

use crate::coralogix::summary::Summary;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::fetch::Inventory;
use std::collections::HashSet;

/// What the newer API says about the list of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrossCheck {
    /// It says nothing that the list can be held against; holds the reason, as a clause.
    NotChecked(String),
    /// Its summaries, compared with the list.
    Checked(Comparison),
}

/// A list compared with summaries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Number of webhooks that both have.
    pub n_common: usize,
    /// Webhooks that the list lacks, although it can hold their type.
    pub unlisted: Vec<Summary>,
    /// Webhooks of types that the list may leave out by design.
    pub newer_types: Vec<Summary>,
    /// Webhooks of the list without a summary.
    pub unsummarized: Vec<WebhookId>,
}

impl CrossCheck {
    /// Compares the list of an account with the answer of the newer API.
    pub fn compare(inventory: &Inventory, summaries: Result<Vec<Summary>, String>) -> Self {
        let summaries = match summaries {
            Ok(summaries) => summaries,
            Err(why) => return Self::NotChecked(why),
        };
        let listed: HashSet<WebhookId> =
            inventory.webhooks.iter().filter_map(Webhook::id).collect();
        let summarized: HashSet<&WebhookId> = summaries.iter().map(|summary| &summary.id).collect();
        let n_common = summarized.iter().filter(|id| listed.contains(id)).count();
        // Numbers of another kind, or a key that sees none: nothing to hold the list against.
        if n_common == 0 && !listed.is_empty() {
            let why = "the newer API lists none of the account's webhooks by its number";
            return Self::NotChecked(why.to_owned());
        }
        let unsummarized = inventory.webhooks.iter().filter_map(Webhook::id);
        let unsummarized = unsummarized.filter(|id| !summarized.contains(id));
        let mut comparison = Comparison {
            n_common,
            unsummarized: unsummarized.collect(),
            ..Comparison::default()
        };
        for summary in summaries {
            if listed.contains(&summary.id) {
                continue;
            }
            if summary.has_listed_type() {
                comparison.unlisted.push(summary);
            } else {
                comparison.newer_types.push(summary);
            }
        }
        Self::Checked(comparison)
    }

    /// The webhooks that the newer API names and the list lacks, although it can hold their type.
    pub fn unlisted(&self) -> &[Summary] {
        match self {
            Self::NotChecked(_) => &[],
            Self::Checked(comparison) => &comparison.unlisted,
        }
    }

    /// Whether one of the two readings lacks webhooks that the other has: both change while they are read, so reading
    /// both again may settle it.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NotChecked(_) => false,
            Self::Checked(comparison) => {
                !comparison.unlisted.is_empty() || !comparison.unsummarized.is_empty()
            }
        }
    }
}
