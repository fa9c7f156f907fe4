//! Undoing one run: what of it may be deleted or put back, judged by what the target holds now.
//! Pure decisions and a thin loop; touches nothing that the run did not write or that anybody changed since.

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

/// One webhook that a run wrote, as its record tells.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its number in the target.
    pub id: WebhookId,
    /// Its number in the source.
    pub source_id: Option<WebhookId>,
    /// Its alias and type.
    pub key: Key,
    /// What was sent.
    pub sent: Sealed,
    /// What the target kept of it where that was another content.
    pub kept: Option<Sealed>,
    /// Everything that the target showed of it when the run ended; `None` for a run that was cut off.
    pub shown: Option<Seal>,
    /// Whether the server's own answer named it; else it was found afterwards.
    pub is_acknowledged: bool,
    /// What it held before the run; `None` where the run created it.
    pub previous: Option<Previous>,
}

/// What a webhook held before a run updated it.
#[derive(Debug, Clone)]
pub struct Previous {
    /// Its sealed content.
    pub content: Sealed,
    /// The whole object to send, with its id; `None` where it is not on record.
    pub body: Option<Webhook>,
}

/// What a rollback does, or did, about one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// It is to be deleted: it is what the run created, and nobody changed it since.
    Delete,
    /// Its previous content is to be put back: it is what the run left, and nobody changed it since.
    Restore,
    /// It is gone from the target.
    Gone,
    /// It has its previous content.
    Restored,
    /// It stays as it is; the text says why.
    Keep(String),
}

impl Undo {
    /// Whether something is to be done about it.
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Delete | Self::Restore)
    }
}

/// Decides what is to be done about each webhook that a run wrote.
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

/// One webhook as the target has it now.
struct Now<'n> {
    content: Option<Content>,
    whole: &'n Webhook,
}

fn undo_one(written: &Written, now: &Now<'_>, sealer: &Sealer) -> Undo {
    let Some(content) = now.content.map(|content| sealer.content(content)) else {
        return Undo::Keep("what it holds now cannot be compared".to_owned());
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
            Undo::Keep("what it held before is not on record".to_owned())
        }
        (Some(_), true) => Undo::Restore,
        // No answer named it, so it is ours only where it is exactly what was sent.
        (None, true) if !written.is_acknowledged && !is_as_sent => Undo::Keep(
            "it was found after a lost answer and is not exactly what was sent, so it may be somebody else's".to_owned(),
        ),
        (None, true) => Undo::Delete,
    }
}

/// What a rollback came to.
#[derive(Debug)]
pub struct Undone {
    /// What was to be done about each webhook at first, in the order of the written ones.
    pub planned: Vec<Undo>,
    /// What is true of each in the end.
    pub ends: Vec<Undo>,
    /// Why it stopped before everything was tried, if it did.
    pub stop: Option<String>,
    /// The refusal that stopped it, if one did.
    pub refusal: Option<Refusal>,
    /// Whether any request was sent that could have changed the target.
    pub may_have_written: bool,
    /// What the target held when it was last read.
    pub last: Inventory,
}

/// What a rollback needs of the world besides the target.
pub struct RollbackSurroundings<'s> {
    /// How long the whole run may still wait.
    pub patience: &'s Patience,
    /// Who is told how far it has come.
    pub track: &'s dyn Track,
    /// Whether the user wants it to end.
    pub interrupt: &'s Interrupt,
}

/// The most previous bodies in one request.
const BATCH: usize = 500;

/// Carries out a rollback: deletes and restores what is due, looks again, and repeats while that brings progress.
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
            let why = "its previous content was sent, and the server keeps something else of it";
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
    /// What the server refused for good, by place, in its words.
    refused: BTreeMap<usize, String>,
    /// Whose previous content the server has taken.
    accepted: BTreeSet<usize>,
    stop: Option<String>,
    refusal: Option<Refusal>,
    may_have_written: bool,
    /// The wait that the server asked for.
    asked: Option<Duration>,
}

impl Run<'_> {
    fn has_due(&self, ends: &[Undo]) -> bool {
        let is_open = |(at, end): (usize, &Undo)| end.is_due() && !self.refused.contains_key(&at);
        ends.iter().enumerate().any(is_open)
    }

    /// Tries everything that is due once.
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

    /// Takes in a failure; `true` where this round has no use any more.
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
            // The look after the round tells what came of it.
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
            self.stop = Some("several rounds brought no progress".to_owned());
            return;
        }
        let wait = self
            .asked
            .take()
            .unwrap_or_else(|| retry::back_off(n_idle.max(1), 0.0));
        if !self.surroundings.patience.spend(wait) {
            self.stop = Some("the run has waited for as long as it may".to_owned());
            return;
        }
        self.surroundings
            .track
            .waiting("not all is undone yet", wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = self.surroundings.interrupt.requested() => self.stop = Some("it was interrupted".to_owned()),
        }
    }
}
