//! Rollback of one run: deletes what the run created and restores what it updated.
//!
//! Pure decisions, based on what the target holds now, and a thin I/O loop. A rollback never touches a
//! webhook that the run did not write, or that anybody changed since.

use super::fetch::{Inventory, fetch};
use super::push::Track;
use super::strip::{Key, strip};
use crate::coralogix::client::{WriteAnswer, Writer};
use crate::coralogix::content::Content;
use crate::coralogix::retry::{self, MOST_ATTEMPTS, Patience};
use crate::coralogix::sealed::{Seal, Sealed, Sealer};
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::http::failure::{Failure, Refusal};
use crate::interrupt::Interrupt;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// One webhook that a run wrote, according to its run record.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its id in the target.
    pub id: WebhookId,
    /// Its id in the source, if known.
    pub source_id: Option<WebhookId>,
    /// Its alias and type.
    pub key: Key,
    /// Keyed digest of the content that was sent.
    pub sent: Sealed,
    /// Keyed digest of the content that the target stored, if the server altered it.
    pub kept: Option<Sealed>,
    /// Keyed digest of everything the target showed of it when the run ended; `None` if the run was cut off.
    pub shown: Option<Seal>,
    /// Whether the response to the run's own request named it; if not, a later observation found it.
    pub is_acknowledged: bool,
    /// Its content before the run updated it; `None` if the run created it.
    pub previous: Option<Previous>,
}

/// The content of a webhook before a run updated it.
#[derive(Debug, Clone)]
pub struct Previous {
    /// Keyed digest of the content.
    pub content: Sealed,
    /// The whole object to send, with its id; `None` if the run record does not hold it.
    pub body: Option<Webhook>,
}

/// What a rollback will do about one webhook, or the state that it left it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// To delete: the run created it, and nobody changed it since.
    Delete,
    /// To restore to its previous content: the run updated it, and nobody changed it since.
    Restore,
    /// The target does not have it any more.
    Gone,
    /// It has its previous content again.
    Restored,
    /// It stays as it is; holds the reason.
    Keep(String),
}

impl Undo {
    /// Whether the rollback still has to write to the target for it.
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Delete | Self::Restore)
    }
}

/// Decides what to do about each webhook that a run wrote, in the order of `written`.
pub fn rollback(written: &[Written], target: &Inventory, sealer: &Sealer) -> Vec<Undo> {
    let stripped = strip(target.clone());
    let by_id: HashMap<&WebhookId, Now<'_>> = stripped
        .webhooks()
        .iter()
        .zip(&target.webhooks)
        .filter_map(|(stripped, whole)| {
            let content = stripped.content();
            Some((stripped.id()?, Now { content, whole }))
        })
        .collect();
    let decide = |written: &Written| match by_id.get(&written.id) {
        None => Undo::Gone,
        Some(now) => undo_one(written, now, sealer),
    };
    written.iter().map(decide).collect()
}

/// One webhook as the target holds it now.
struct Now<'n> {
    content: Option<Content>,
    whole: &'n Webhook,
}

fn undo_one(written: &Written, now: &Now<'_>, sealer: &Sealer) -> Undo {
    let Some(content) = now.content.map(|content| sealer.content(content)) else {
        return Undo::Keep("its current content cannot be compared".to_owned());
    };
    let is_untouched = written
        .shown
        .is_none_or(|shown| sealer.shown(now.whole, now.content) == shown);
    let is_as_sent = content == written.sent;
    let is_as_left = is_untouched && (is_as_sent || Some(content) == written.kept);
    match (&written.previous, is_as_left) {
        (Some(previous), _) if content == previous.content => Undo::Restored,
        (_, false) => Undo::Keep("it was changed after the run".to_owned()),
        (Some(Previous { body: None, .. }), true) => {
            Undo::Keep("its previous content is not in the run record".to_owned())
        }
        (Some(_), true) => Undo::Restore,
        // No response named it, so only exactly the content that was sent proves that it is ours.
        (None, true) if !written.is_acknowledged && !is_as_sent => Undo::Keep(
            "it was found after a lost response and differs from what was sent, so it may belong to somebody else".to_owned(),
        ),
        (None, true) => Undo::Delete,
    }
}

/// The result of a rollback.
#[derive(Debug)]
pub struct Undone {
    /// The first decision about each webhook, in the order of `written`.
    pub planned: Vec<Undo>,
    /// The final state of each webhook, in the same order.
    pub ends: Vec<Undo>,
    /// Why the rollback stopped early; `None` if it tried everything.
    pub stop: Option<String>,
    /// The refusal that stopped it, if that was the reason.
    pub refusal: Option<Refusal>,
    /// Whether any request may have changed the target.
    pub may_have_written: bool,
    /// The last successful reading of the target.
    pub last: Inventory,
}

/// Everything a rollback needs besides the run record and the target.
pub struct RollbackSurroundings<'s> {
    /// How long the whole run may still wait.
    pub patience: &'s Patience,
    /// Receives progress and wait reports.
    pub track: &'s dyn Track,
    /// Signals that the user wants the rollback to end.
    pub interrupt: &'s Interrupt,
}

/// Maximum number of webhooks restored in one request.
const BATCH: usize = 500;

/// Carries out a rollback: deletes and restores what is due, reads the target again, and repeats while that
/// makes progress.
pub async fn undo(
    written: &[Written],
    first: &Inventory,
    sealer: &Sealer,
    writer: &Writer,
    surroundings: RollbackSurroundings<'_>,
) -> Undone {
    let planned = rollback(written, first, sealer);
    let mut run = Run {
        written,
        writer,
        surroundings,
        refused: BTreeMap::new(),
        accepted: BTreeSet::new(),
        stop: None,
        refusal: None,
        may_have_written: false,
        asked: None,
    };
    let mut ends = planned.clone();
    let mut last = first.clone();
    let mut n_idle = 0;
    while run.has_due(&ends) && run.stop.is_none() {
        run.round(&ends).await;
        let before = ends.iter().filter(|end| end.is_due()).count();
        match fetch(writer.reader()).await {
            Ok(look) => {
                ends = rollback(written, &look, sealer);
                last = look;
            }
            Err(error) => {
                run.stop = Some(format!("the target cannot be read: {error}"));
                break;
            }
        }
        let after = ends.iter().filter(|end| end.is_due()).count();
        n_idle = if after < before { 0 } else { n_idle + 1 };
        if run.has_due(&ends) && run.stop.is_none() {
            run.pause(n_idle).await;
        }
    }
    for (at, why) in &run.refused {
        if ends[*at].is_due() {
            ends[*at] = Undo::Keep(why.clone());
        }
    }
    for at in &run.accepted {
        if matches!(ends[*at], Undo::Keep(_)) {
            let why = "the server accepted its previous content, but stored something else";
            ends[*at] = Undo::Keep(why.to_owned());
        }
    }
    Undone {
        planned,
        ends,
        stop: run.stop,
        refusal: run.refusal,
        may_have_written: run.may_have_written,
        last,
    }
}

struct Run<'r> {
    written: &'r [Written],
    writer: &'r Writer,
    surroundings: RollbackSurroundings<'r>,
    /// Webhooks that the server refused for good: index in `written`, and the reason in the server's words.
    refused: BTreeMap<usize, String>,
    /// Webhooks whose previous content the server accepted: index in `written`.
    accepted: BTreeSet<usize>,
    stop: Option<String>,
    refusal: Option<Refusal>,
    may_have_written: bool,
    /// The wait that the server asked for in its last 429.
    asked: Option<Duration>,
}

impl Run<'_> {
    fn has_due(&self, ends: &[Undo]) -> bool {
        let is_open = |(at, end): (usize, &Undo)| end.is_due() && !self.refused.contains_key(&at);
        ends.iter().enumerate().any(is_open)
    }

    /// Tries once to delete or restore each webhook that is due.
    async fn round(&mut self, ends: &[Undo]) {
        let open = |wanted: Undo| -> Vec<usize> {
            let is_it = |at: &usize| ends[*at] == wanted && !self.refused.contains_key(at);
            (0..ends.len()).filter(is_it).collect()
        };
        let (deletes, restores) = (open(Undo::Delete), open(Undo::Restore));
        let total = deletes.len() + restores.len();
        for (done, at) in deletes.iter().enumerate() {
            self.surroundings.track.progress(done, total);
            if self.is_over() {
                return;
            }
            let answer = self.writer.delete(&self.written[*at].id).await;
            self.may_have_written |= !matches!(answer, Err(Failure::NotSent(_)));
            if let Err(failure) = answer
                && self.failed(failure, &[*at])
            {
                return;
            }
        }
        for batch in restores.chunks(BATCH) {
            if self.is_over() {
                return;
            }
            let answer = self.writer.post_bulk(self.bodies(batch)).await;
            self.may_have_written |= !matches!(answer, WriteAnswer::Failed(Failure::NotSent(_)));
            match answer {
                WriteAnswer::Accepted(_) => self.accepted.extend(batch),
                WriteAnswer::Failed(failure) => {
                    if self.failed(failure, batch) {
                        return;
                    }
                }
            }
        }
    }

    fn bodies(&self, batch: &[usize]) -> String {
        let mut out = String::from("[");
        for (n, at) in batch.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            let previous = self.written[*at].previous.as_ref();
            if let Some(body) = previous.and_then(|previous| previous.body.as_ref()) {
                body.to_wire(&mut out);
            }
        }
        out.push(']');
        out
    }

    fn is_over(&mut self) -> bool {
        if self.surroundings.interrupt.signal().is_some() {
            self.stop = Some("it was interrupted".to_owned());
        }
        self.stop.is_some()
    }

    /// Processes a failed request; returns `true` if the rest of this round is pointless.
    fn failed(&mut self, failure: Failure, places: &[usize]) -> bool {
        match failure {
            Failure::Refused(refusal) if refusal.status == 429 => {
                self.asked = refusal.retry_after;
                true
            }
            Failure::Refused(refusal)
                if matches!(refusal.status, 300..=399 | 401 | 403 | 405 | 407) =>
            {
                self.stop = Some(format!("the target answered {}", refusal.status));
                self.refusal = Some(refusal);
                true
            }
            Failure::Refused(refusal)
                if (400..=499).contains(&refusal.status) && refusal.status != 408 =>
            {
                let why = format!(
                    "the target answered {}: {}",
                    refusal.status, refusal.message
                );
                let why = why.trim_end_matches(": ").to_owned();
                self.refused
                    .extend(places.iter().map(|at| (*at, why.clone())));
                false
            }
            // The reading after the round shows the effect of the request.
            other => {
                self.surroundings
                    .track
                    .waiting(&other.brief(), Duration::ZERO);
                true
            }
        }
    }

    async fn pause(&mut self, n_idle: u32) {
        if n_idle >= MOST_ATTEMPTS {
            self.stop = Some("several rounds made no progress".to_owned());
            return;
        }
        let wait = self
            .asked
            .take()
            .unwrap_or_else(|| retry::back_off(n_idle.max(1), 0.0));
        if !self.surroundings.patience.spend(wait) {
            self.stop = Some("the rollback used up its wait budget".to_owned());
            return;
        }
        self.surroundings
            .track
            .waiting("some webhooks are not undone yet", wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = self.surroundings.interrupt.requested() => self.stop = Some("it was interrupted".to_owned()),
        }
    }
}
