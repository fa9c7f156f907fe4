//! How the simulated target processes a request, and what its response shows.

use super::super::machine::RequestOutcome;
use super::super::observation::SeenWebhook;
use super::object::Object;
use super::server::{RequestItem, Server};
use super::switches::{Bulk, Rows};
use crate::http::failure::{Refusal, RequestedWait};
use crate::http::server_words::ShownWords;
use jiff::Timestamp;
use std::time::Duration;

/// The effect of a request: the index of each webhook it wrote, with the object that was sent, and the status
/// of a refusal.
pub(super) struct Effect {
    pub(super) written: Vec<(usize, Object)>,
    pub(super) refusal: Option<u16>,
}

/// A refusal with that status.
pub(super) fn refused(status: u16, retry_after: Option<Duration>) -> RequestOutcome {
    RequestOutcome::Refused(Refusal {
        status,
        message: ShownWords::default(),
        requested_wait: retry_after.map(|duration| RequestedWait {
            duration,
            until: Timestamp::UNIX_EPOCH + duration,
        }),
        redirect_host: None,
        key_origin: String::new(),
    })
}

impl Server<'_> {
    /// Processes one bulk request.
    pub(super) fn post(&mut self, items: &[RequestItem]) -> RequestOutcome {
        self.n_calls += 1;
        let latency = self.random.below(300);
        self.pass(latency);
        self.meddle();
        let outcome = if self.is_revoked {
            refused(403, None)
        } else if self.random.percent(self.switches.faults) {
            self.fail(items)
        } else {
            self.answer(items)
        };
        self.meddle();
        outcome
    }

    /// Applies a request as far as the server's switches allow.
    pub(super) fn commit(&mut self, items: &[RequestItem]) -> Effect {
        let mut effect = Effect {
            written: Vec::new(),
            refusal: None,
        };
        if items.len() > self.switches.most_items {
            effect.refusal = Some(413);
            return effect;
        }
        if self.switches.bulk == Bulk::Atomic {
            let mut before: Vec<Object> = Vec::new();
            for item in items {
                effect.refusal = effect.refusal.or(self.verdict(item, &before));
                before.push(item.object);
            }
            if effect.refusal.is_some() {
                return effect;
            }
        }
        for item in items {
            match self.verdict(item, &[]) {
                None => effect.written.push((self.write(item), item.object)),
                Some(status) if self.switches.bulk == Bulk::StopAtBad => {
                    effect.refusal = Some(status);
                    break;
                }
                Some(status) if items.len() == 1 => effect.refusal = Some(status),
                Some(_) => {}
            }
        }
        effect
    }

    fn write(&mut self, item: &RequestItem) -> usize {
        let object = self.altered(item.object);
        match item.id.and_then(|id| self.find(id)) {
            Some(at) if item.is_delete => {
                if !self.switches.ignores_updates {
                    self.delete(at);
                }
                at
            }
            Some(at) => {
                if !self.switches.ignores_updates {
                    self.change(at, object);
                    self.redate(at);
                }
                let stored = &mut self.webhooks[at];
                stored.is_overwritten = stored.listed_in != Some(0);
                at
            }
            None => self.add(object, Some(item.object)),
        }
    }

    /// The status with which the server refuses a webhook, if it does; `before` holds the webhooks that the
    /// same request creates first.
    fn verdict(&self, item: &RequestItem, before: &[Object]) -> Option<u16> {
        if self.poison.contains(&item.object) {
            return Some(self.switches.refusal);
        }
        if let Some(id) = item.id {
            let is_there = self
                .find(id)
                .is_some_and(|at| !self.webhooks[at].is_removed);
            let status = if item.is_delete {
                404
            } else {
                self.switches.refusal
            };
            return (!is_there).then_some(status);
        }
        let key = self.altered_but_uuid(item.object).key();
        let is_taken = self
            .webhooks
            .iter()
            .any(|stored| !stored.is_removed && stored.object.key() == key)
            || before
                .iter()
                .any(|other| self.altered_but_uuid(*other).key() == key);
        (self.switches.has_clash && is_taken).then_some(409)
    }

    /// Processes a request whose response arrives.
    fn answer(&mut self, items: &[RequestItem]) -> RequestOutcome {
        let effect = self.commit(items);
        if let Some(status) = effect.refusal {
            if status >= 500 {
                self.excuse_server_error(status, 0);
            } else {
                self.excuse_refusal(&effect);
            }
            return refused(status, None);
        }
        if items[0].is_delete {
            self.excuse(self.switches.settle, 0);
            return RequestOutcome::Accepted(Vec::new());
        }
        let mut rows: Vec<SeenWebhook> = Vec::new();
        for (at, sent) in effect.written {
            let stored = self.webhooks[at].object;
            let shows_sent = self.switches.echoes || self.switches.ignores_updates;
            let shown = if shows_sent { sent } else { stored };
            rows.push(self.seen(at, shown));
        }
        match self.switches.rows {
            Rows::Whole => {}
            Rows::Reversed => rows.reverse(),
            Rows::Short => drop(rows.pop()),
            Rows::FewIds => {
                let mut n = 0;
                rows.retain(|_| {
                    n += 1;
                    n % 2 == 1
                });
            }
            Rows::Empty => rows.clear(),
            Rows::Everything => {
                let there: Vec<usize> = (0..self.webhooks.len())
                    .filter(|at| !self.webhooks[*at].is_removed)
                    .collect();
                rows = there
                    .into_iter()
                    .map(|at| self.seen(at, self.webhooks[at].object))
                    .collect();
            }
        }
        self.excuse(self.switches.settle, 0);
        RequestOutcome::Accepted(rows)
    }
}
