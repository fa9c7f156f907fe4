//! Matching: which rows of a reading show the webhooks of the items that were sent.
//! Pure. `adopt` pairs creates with new rows; updates and deletes have an id.

use super::super::adopt::{Adoption, Candidates, CreationTime, adopt, find_copies};
use super::super::item_ix::ItemIx;
use super::super::named::resembles;
use super::super::observation::{RowsById, SeenWebhook};
use super::super::status::ItemStatus;
use super::{Action, Existing, Machine};
use crate::coralogix::birth::IdentityMatch;
use crate::coralogix::webhook::WebhookId;
use crate::untrusted;
use foldhash::HashSet;
use std::collections::BTreeMap;

impl Machine {
    /// Matches creates with the ids that are new in the target.
    ///
    /// An id that an observation showed before an item was first sent cannot be that item. So the items sent last,
    /// which have the fewest candidates, are matched first.
    pub(super) fn match_creates(&self, creates: &[ItemIx], list: &[SeenWebhook]) -> Adoption {
        let mut by_request: BTreeMap<u32, Vec<ItemIx>> = BTreeMap::new();
        for item_ix in creates {
            let request = self.items[*item_ix]
                .first_request()
                .unwrap_or(self.n_requests);
            by_request.entry(request).or_default().push(*item_ix);
        }
        let Candidates {
            new_in_target: mut left,
            doubtful,
            copies,
        } = self.candidates(list);
        let creation_time = CreationTime {
            from: self.started,
            until: None,
        };
        let mut adoption = Adoption::default();
        for (request, item_ixs) in by_request.into_iter().rev() {
            let was_seen_before = |seen: &SeenWebhook| {
                let first_seen = self.first_seen.get(&seen.id);
                self.seen_transiently.may_hold(seen)
                    && first_seen.is_some_and(|n_requests| *n_requests < request)
            };
            let (earlier, new_in_target) = left.into_iter().partition(was_seen_before);
            let candidates = Candidates {
                new_in_target,
                doubtful: doubtful.clone(),
                copies: copies.clone(),
            };
            let found = adopt(self.sent_items(&item_ixs), candidates, creation_time);
            adoption.adopted.extend(found.adopted);
            adoption.unresolved.extend(found.unresolved);
            left = earlier;
            left.extend(found.others);
        }
        adoption.others = left;
        adoption
    }

    /// The rows of a list that creates may have made.
    ///
    /// A webhook that is attributed to another item, or known not to be ours, cannot be one of them.
    fn candidates(&self, list: &[SeenWebhook]) -> Candidates {
        let mut candidates = Candidates::default();
        for seen in list {
            if self.attributed.may_hold(seen) || self.new_in_target.may_hold(seen) {
                continue;
            }
            match self.baseline.compare(seen) {
                Some(IdentityMatch::Same) => {}
                Some(IdentityMatch::Another) if self.may_be_updated(seen) => {
                    candidates.doubtful.push(seen.clone());
                }
                Some(IdentityMatch::Unknown) => candidates.doubtful.push(seen.clone()),
                Some(IdentityMatch::Another) | None => candidates.new_in_target.push(seen.clone()),
            }
        }
        self.leave_out_respelled(&mut candidates.new_in_target);
        let new = &candidates.new_in_target;
        let desired = self.items.values().map(|state| state.item.content.whole);
        candidates.copies = find_copies(new, desired);
        candidates
    }

    /// Leaves out webhooks that an answer may have named in another spelling, such as 7 as "007".
    fn leave_out_respelled(&self, new_in_target: &mut Vec<SeenWebhook>) {
        if new_in_target.is_empty() {
            return;
        }
        let named: HashSet<_> = self
            .attributed
            .ids()
            .filter_map(WebhookId::decimal)
            .collect();
        new_in_target.retain(|seen| {
            let is_named = seen.id.decimal().is_some_and(|id| named.contains(&id));
            // A number that the server gave anew is the same id, with another birth.
            !is_named || self.attributed.get(&seen.id).is_some()
        });
    }

    /// Whether a row of a later birth may be a webhook that an update of ours reached and the server dated anew.
    fn may_be_updated(&self, seen: &SeenWebhook) -> bool {
        self.items.values().any(|state| {
            state.known_id() == Some(&seen.id)
                && !state.is_delete()
                && state.first_request().is_some()
                && !matches!(state.status(), Some(ItemStatus::Vanished(_)))
        })
    }

    /// Compares the webhooks that a batch updates with their desired and previous content.
    pub(super) fn match_updates(&mut self, batch: &[ItemIx], list: &[SeenWebhook]) -> Adoption {
        let by_id = RowsById::new(list);
        let mut adoption = Adoption::default();
        for item_ix in batch {
            let item = &self.items[*item_ix].item;
            let Action::Update(existing) = &item.action else {
                continue;
            };
            let Existing { id, previous } = &**existing;
            let Some(webhook) = by_id.get(id) else {
                // A list that pads its ids from now on does not show that the webhook is gone.
                let is_respelled = |seen: &&SeenWebhook| id.is_equal_only_in_digits(&seen.id);
                match list.iter().find(is_respelled) {
                    Some(seen) => {
                        let listed = untrusted::escape(&seen.id.to_json());
                        let why = format!("the target lists {listed}, which may be webhook {id}");
                        adoption.unresolved.push((*item_ix, why));
                    }
                    None => self.end_in_doubt(*item_ix, ItemStatus::Vanished(id.clone())),
                }
                continue;
            };
            if self.baseline.is_replaced(webhook) && !self.is_accepted_as_desired(*item_ix, webhook)
            {
                match self.why_unresolved_update(*item_ix, webhook) {
                    Some(why) => adoption.unresolved.push((*item_ix, why)),
                    None => self.end_in_doubt(*item_ix, ItemStatus::Vanished(id.clone())),
                }
                continue;
            }
            match webhook.content {
                Some(content) if content == item.content => {
                    adoption.adopted.push((*item_ix, webhook.clone()));
                }
                Some(content) if content == *previous && self.reborn.contains(id) => {
                    let why = format!("an earlier list showed another webhook as {id}");
                    adoption.unresolved.push((*item_ix, why));
                }
                Some(content) if content == *previous => {
                    // What the server itself changes on an update that it accepts does not matter.
                    if !self.items[*item_ix].is_accepted() && !item.is_as_before(webhook) {
                        let why = format!("somebody changed webhook {id} during the run");
                        adoption.unresolved.push((*item_ix, why));
                    }
                }
                // The server accepted the update, so this is our content as the server altered it.
                _ if self.items[*item_ix].is_accepted() => {
                    adoption.adopted.push((*item_ix, webhook.clone()));
                }
                _ => {
                    let why =
                        format!("webhook {id} has neither its previous nor the desired content");
                    adoption.unresolved.push((*item_ix, why));
                }
            }
        }
        adoption
    }

    /// Whether a row shows what an accepted update sent: then a later date is the server's, who dates updates anew.
    pub(super) fn is_accepted_as_desired(&self, item_ix: ItemIx, seen: &SeenWebhook) -> bool {
        self.items[item_ix].is_accepted() && seen.content == Some(self.items[item_ix].item.content)
    }

    /// Why it is unknown whether an update took effect whose id has a later birth; `None` if the row has nothing of it.
    fn why_unresolved_update(&self, item_ix: ItemIx, seen: &SeenWebhook) -> Option<String> {
        let item = &self.items[item_ix].item;
        let is_desired = seen.content == Some(item.content);
        (is_desired || resembles(&item.key, item.url, seen)).then(|| {
            format!(
                "webhook {} resembles what was sent, but was created anew during the run",
                seen.id
            )
        })
    }

    /// Finds deletes of a batch whose webhook somebody has changed since the run began.
    pub(super) fn match_deletes(&self, batch: &[ItemIx]) -> Adoption {
        let mut adoption = Adoption::default();
        for item_ix in batch {
            let item = &self.items[*item_ix].item;
            let Action::Delete(existing) = &item.action else {
                continue;
            };
            let id = &existing.id;
            if self.reborn.contains(id) {
                continue;
            }
            if self.items[*item_ix].was_changed {
                let why = format!("webhook {id} was changed before it could be deleted");
                adoption.unresolved.push((*item_ix, why));
            }
        }
        adoption
    }
}
