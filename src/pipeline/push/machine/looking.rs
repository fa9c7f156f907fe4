//! Observing: what an observation of the target proves about the open items, and what happens to the rest.
//! Pure. Never resends an item whose effect on the target is still unknown.

use super::super::adopt::{Adoption, adopt, print_of};
use super::super::fate::{Fate, Proof, Stop};
use super::super::observation::Seen;
use super::sending::batches;
use super::{
    Aim, Command, Doubt, LONGEST_PAUSE, Look, MOST_LOOKS, MOST_REFUSED, Machine, Phase,
    SHORTEST_PAUSE,
};
use crate::coralogix::retry::{self, MOST_ATTEMPTS};
use crate::coralogix::webhook::WebhookId;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

impl Machine {
    /// Processes an observation after an uncertain request.
    ///
    /// The observation is conclusive if it explains every item of the batch, if the server is known to be
    /// done with the request, or if the settle window is over and the previous observation agrees. Otherwise
    /// the machine waits and observes again.
    pub(super) fn looked(&mut self, now: Duration, mut look: Look, list: &[Seen]) -> Command {
        let is_create = matches!(self.wants[look.batch[0]].aim, Aim::Create);
        let seen = if is_create {
            self.see_creates(&look.batch, list)
        } else {
            self.see_updates(&look.batch, list, &look.doubt)
        };
        self.is_lagging |= self.shows_lag(&look, &seen, list);
        self.glimpse(list);
        let is_explained = seen.unresolved.is_empty() && seen.adopted.len() == look.batch.len();
        let print = print_of(list);
        let is_settled = look
            .until
            .is_none_or(|until| now >= until && look.previous.as_ref() == Some(&print));
        if is_explained || is_settled {
            return self.conclude(now, look.batch, look.doubt, seen, is_create);
        }
        // Observations within the settle window do not count: a long window takes many of them, and they are
        // no sign of trouble.
        if look.until.is_none_or(|until| now >= until) {
            look.n += 1;
        }
        if look.n >= MOST_LOOKS {
            self.stop = Some(Stop::NoProgress("the target keeps changing".to_owned()));
            return self.close(now);
        }
        let left = look.until.unwrap_or(now).saturating_sub(now);
        let pause = left.min(longest_pause(self.limits.settle));
        let pause = pause.max(self.limits.settle.clamp(SHORTEST_PAUSE, SHORTEST_PAUSE * 5));
        let why = match &look.doubt {
            Doubt::Lost(why) => format!("{why}, checking the target"),
            _ => "the response does not show what was written, checking the target".to_owned(),
        };
        look.previous = Some(print);
        self.phase = Phase::Looking(look);
        Command::Wait(pause, why)
    }

    /// Remembers the ids that are new in the target, so that no later request is credited with them.
    fn glimpse(&mut self, list: &[Seen]) {
        let (baseline, accounted) = (&self.baseline, &self.accounted);
        let new = list
            .iter()
            .map(|seen| &seen.id)
            .filter(|id| !baseline.contains(id) && !accounted.contains(id));
        self.glimpsed.extend(new.cloned());
    }

    /// Whether the list lags behind the target's responses: it lacks a webhook that is attributed to an item,
    /// or shows only now what an accepted request wrote before the previous observation.
    fn shows_lag(&self, look: &Look, seen: &Adoption, list: &[Seen]) -> bool {
        let is_answered = matches!(look.doubt, Doubt::Accepted);
        if is_answered && look.previous.is_some() && !seen.adopted.is_empty() {
            return true;
        }
        let listed: HashSet<&WebhookId> = list.iter().map(|seen| &seen.id).collect();
        self.accounted.iter().any(|id| !listed.contains(id))
    }

    /// Matches the creates of a batch with the ids that are new in the target.
    pub(super) fn see_creates(&self, batch: &[usize], list: &[Seen]) -> Adoption {
        // An id that is attributed to another item, or known not to be ours, cannot be one of these creates.
        let is_new = |seen: &&Seen| {
            !self.baseline.contains(&seen.id)
                && !self.accounted.contains(&seen.id)
                && !self.appeared.contains(&seen.id)
        };
        let newcomers = list.iter().filter(is_new).cloned().collect();
        adopt(self.sent(batch), newcomers, self.began)
    }

    /// Compares the webhooks that a batch updates with their desired and previous content.
    pub(super) fn see_updates(
        &mut self,
        batch: &[usize],
        list: &[Seen],
        doubt: &Doubt,
    ) -> Adoption {
        let by_id: HashMap<&WebhookId, &Seen> = list.iter().map(|seen| (&seen.id, seen)).collect();
        let mut adoption = Adoption::default();
        for at in batch {
            let want = &self.wants[*at];
            let Aim::Update { id, previous } = &want.aim else {
                continue;
            };
            let Some(seen) = by_id.get(id).copied() else {
                self.ended(*at, Fate::Vanished(id.clone()));
                continue;
            };
            match seen.content {
                Some(content) if content == want.content => {
                    adoption.adopted.push((*at, seen.clone()));
                }
                Some(content) if content == **previous => {}
                // The server accepted the update, so this is our content as the server altered it.
                _ if matches!(doubt, Doubt::Accepted) => {
                    adoption.adopted.push((*at, seen.clone()));
                }
                _ => {
                    let why =
                        format!("webhook {id} has neither its previous nor the desired content");
                    adoption.unresolved.push((*at, why));
                }
            }
        }
        adoption
    }

    /// Concludes an uncertain request once its effect is known as well as it can be: gives the items that
    /// were written their final status and decides about the rest.
    pub(super) fn conclude(
        &mut self,
        now: Duration,
        batch: Vec<usize>,
        doubt: Doubt,
        seen: Adoption,
        is_create: bool,
    ) -> Command {
        let is_progress = !seen.adopted.is_empty();
        let is_unresolved = !seen.unresolved.is_empty();
        self.may_have_written |= is_progress || is_unresolved;
        if is_create {
            self.created(seen.adopted, Proof::Observed);
        } else {
            for (at, row) in seen.adopted {
                self.updated(at, row.content, Proof::Observed);
            }
        }
        self.appeared
            .extend(seen.others.iter().map(|other| other.id.clone()));
        for (at, why) in seen.unresolved {
            self.ended(at, Fate::Unresolved(why));
        }
        if is_unresolved && is_create {
            self.stop = Some(Stop::Unresolved);
            return self.close(now);
        }
        self.yield_to(&seen.others);
        if is_progress {
            self.progress();
        } else if matches!(doubt, Doubt::Lost(_) | Doubt::Throttled(_)) {
            // Any other response leads to smaller batches, so those rounds end by themselves.
            self.n_idle_rounds += 1;
        }
        self.carry_on(now, batch, doubt)
    }

    /// Gives up items that somebody else created during the run: theirs stays, ours is not sent.
    pub(super) fn yield_to(&mut self, others: &[Seen]) {
        for other in others {
            let is_same = |at: &usize| {
                self.fates[*at].is_none()
                    && !self.is_open[*at]
                    && matches!(self.wants[*at].aim, Aim::Create)
                    && Some(&self.wants[*at].key) == other.key.as_ref()
            };
            let is_equal = |at: &usize| other.content == Some(self.wants[*at].content);
            let same: Vec<usize> = (0..self.wants.len()).filter(is_same).collect();
            if let Some(at) = same.iter().copied().find(is_equal) {
                self.ended(at, Fate::Appeared(other.id.clone()));
                self.accounted.insert(other.id.clone());
            } else if let Some(at) = same.first() {
                self.ended(*at, Fate::Unresolved(format!(
                    "somebody else created webhook {} with this alias and type, but other content, during the run",
                    other.id
                )));
            }
        }
    }

    /// Decides about the items of a batch that were not written: resends them, alone or in smaller batches,
    /// ends them, or stops the run, depending on why the effect was uncertain.
    pub(super) fn carry_on(&mut self, now: Duration, batch: Vec<usize>, doubt: Doubt) -> Command {
        let was_alone = batch.len() == 1;
        let rest: Vec<usize> = batch
            .into_iter()
            .filter(|at| self.fates[*at].is_none())
            .collect();
        let is_stuck = self.n_idle_rounds >= MOST_ATTEMPTS;
        match doubt {
            Doubt::Closed(refusal) => {
                self.put_back(rest);
                self.stop = Some(Stop::Refused(refusal));
                return self.close(now);
            }
            _ if rest.is_empty() => {}
            Doubt::Lost(why) if is_stuck => return self.give_up(now, why),
            Doubt::Throttled(_) if is_stuck => {
                // The server refused them and an observation did not find them: certainly not written.
                self.put_back(rest);
                return self.give_up(now, "rate limited (429)".to_owned());
            }
            Doubt::Lost(why) => {
                self.put_back(rest);
                let wait = retry::back_off(self.n_idle_rounds.max(1), 0.0);
                return self.wait(wait, format!("{why}, resending what did not arrive"));
            }
            Doubt::Throttled(asked) => {
                self.put_back(rest);
                let wait = asked.unwrap_or_else(|| retry::back_off(self.n_idle_rounds.max(1), 0.0));
                return self.wait(wait, "rate limited (429)".to_owned());
            }
            Doubt::Rejected(refusal) | Doubt::TooLarge(refusal) if was_alone => {
                return self.refuse(now, rest[0], Fate::Refused(refusal.into()));
            }
            Doubt::Accepted if was_alone => return self.refuse(now, rest[0], Fate::Ignored),
            // A run sends an accepted update once: if that changed nothing, a second one would not either.
            Doubt::Accepted if self.update_id(rest[0]).is_some() => {
                for at in rest {
                    self.ended(at, Fate::Ignored);
                    self.is_open[at] = false;
                }
            }
            Doubt::TooLarge(_) => {
                self.limits.batch_size = rest.len().div_ceil(2);
                self.put_back(rest);
                let queued = std::mem::take(&mut self.queue);
                for batch in queued {
                    self.queue.extend(batches(&self.wants, &batch, self.limits));
                }
            }
            Doubt::Rejected(_) | Doubt::Accepted => {
                let (left, right) = rest.split_at(rest.len().div_ceil(2));
                let (left, right) = (left.to_vec(), right.to_vec());
                self.put_back(right);
                self.put_back(left);
            }
        }
        self.send_next(now)
    }

    /// Ends an item that the server refused or ignored; too many refusals in a row stop the run.
    pub(super) fn refuse(&mut self, now: Duration, at: usize, fate: Fate) -> Command {
        self.ended(at, fate);
        self.is_open[at] = false;
        self.n_refused += 1;
        if self.n_refused >= MOST_REFUSED {
            self.stop = Some(Stop::TooManyRefused(self.n_refused));
            return self.close(now);
        }
        self.send_next(now)
    }

    /// Stops the run: the target cannot be read any more, so the effect of the last request stays unknown.
    pub(super) fn blind(&mut self, look: Look, why: String) -> Command {
        self.stop = Some(match look.doubt {
            // A write that was refused because of its key or URL had no effect, even if reading fails too.
            Doubt::Closed(refusal) => {
                self.put_back(look.batch);
                Stop::Refused(refusal)
            }
            _ => Stop::Blind(why),
        });
        Command::Finish
    }

    /// Stops the run, but leaves open items open, so that the final observation can still find them.
    pub(super) fn give_up(&mut self, now: Duration, why: String) -> Command {
        self.stop = Some(Stop::NoProgress(why));
        self.close(now)
    }

    /// Processes the final observation: looks for the items that are still open, and within the settle window
    /// waits for a list that lags behind the responses.
    pub(super) fn closed(
        &mut self,
        now: Duration,
        until: Duration,
        looks: u32,
        list: &[Seen],
    ) -> Command {
        let (creates, updates): (Vec<usize>, Vec<usize>) = (0..self.wants.len())
            .filter(|at| self.is_open[*at] && self.fates[*at].is_none())
            .partition(|at| matches!(self.wants[*at].aim, Aim::Create));
        let seen = self.see_creates(&creates, list);
        self.appeared
            .extend(seen.others.iter().map(|other| other.id.clone()));
        self.created(seen.adopted, Proof::Observed);
        let changed = self.see_updates(&updates, list, &Doubt::Lost(String::new()));
        for (at, row) in changed.adopted {
            self.updated(at, row.content, Proof::Observed);
        }
        for (at, why) in seen.unresolved.into_iter().chain(changed.unresolved) {
            self.ended(at, Fate::Unresolved(why));
        }
        let listed: HashSet<&WebhookId> = list.iter().map(|seen| &seen.id).collect();
        let is_lagging = self.accounted.iter().any(|id| !listed.contains(id));
        if is_lagging && now < until {
            self.phase = Phase::Closing {
                until,
                looks: looks + 1,
            };
            let pause = Duration::from_millis(250) * 2u32.pow(looks.min(4));
            return Command::Wait(
                pause,
                "created webhooks are not listed yet, checking again".to_owned(),
            );
        }
        Command::Finish
    }
}

/// Maximum pause between observations: any settle window holds several of them, so that two can disagree.
fn longest_pause(settle: Duration) -> Duration {
    (settle / 6).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}
