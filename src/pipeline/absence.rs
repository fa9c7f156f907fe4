//! Proof of absence: whether webhooks that a list lacks are gone, or the list does not show everything.
//!
//! A list that lags, or that shows only the first webhooks, looks like one from which webhooks were deleted. Whoever
//! believed it would create them once more. So hookferry asks for each id that is on record and not listed.

use crate::coralogix::client::{Presence, Reader};
use crate::coralogix::webhook::WebhookId;
use crate::untrusted;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

/// Ids in one round of questions. A list that lacks more of what is on record lags, or is no list of everything.
const ROUND: usize = 50;
/// Why a run waits before it asks for webhooks once more.
pub(super) const WHY_WAIT: &str = "the list lacks webhooks on record";
/// Why it stays unknown whether a webhook exists if the wait budget does not cover the questions.
pub(super) const TOO_LONG: &str = "finding that out takes longer than --max-wait allows";

/// What is known of webhooks that a list lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// None of them exists.
    Proven,
    /// This one exists, so the list does not show everything.
    Disproven(WebhookId),
    /// Whether this one exists is unknown; holds the reason.
    Unknown(WebhookId, String),
}

/// Asks for each of `missing` twice, the second time when the settle window since the last send is over, and for one of
/// `listed` to see that single webhooks can be read at all. Asks in rounds, as long as the wait budget lasts.
///
/// `settle_left` is what is left of that window. An id of the list that is equal only in its digits, such as `"007"` to
/// `7`, leaves open whether the webhook exists.
pub(crate) async fn prove_absence(
    reader: &Reader,
    missing: &[WebhookId],
    listed: &HashSet<WebhookId>,
    settle_left: Duration,
) -> Absence {
    let Some(first) = missing.first() else {
        return Absence::Proven;
    };
    if let Some((id, other)) = find_equal_digits(missing, listed) {
        let why = format!(
            "the target lists {}, which may be the same webhook",
            other.to_json()
        );
        return Absence::Unknown(id.clone(), untrusted::escape(&why));
    }
    let settles_at = Instant::now() + settle_left;
    let too_long = |id: &WebhookId| Absence::Unknown(id.clone(), TOO_LONG.to_owned());
    if missing.len() > ROUND && !wait_until(reader, settles_at).await {
        return too_long(first);
    }
    let mut rounds = missing.chunks(ROUND).peekable();
    let mut is_checked = false;
    while let Some(round) = rounds.next() {
        let started = Instant::now();
        if let Some(answer) = find_not_gone(reader, round).await {
            return answer;
        }
        if !wait_until(reader, settles_at).await {
            return too_long(&round[0]);
        }
        if let Some(answer) = find_not_gone(reader, round).await {
            return answer;
        }
        if !std::mem::replace(&mut is_checked, true) && !shows_by_id(reader, listed).await {
            let why = "the target does not show single webhooks by id".to_owned();
            return Absence::Unknown(first.clone(), why);
        }
        // The next round takes about as long as this one.
        if let Some(next) = rounds.peek()
            && !reader.spend_wait(started.elapsed())
        {
            return too_long(&next[0]);
        }
    }
    Absence::Proven
}

/// Asks for each id once; `None` if all are gone.
async fn find_not_gone(reader: &Reader, ids: &[WebhookId]) -> Option<Absence> {
    for id in ids {
        match reader.presence(id).await {
            Presence::Gone => {}
            Presence::There => return Some(Absence::Disproven(id.clone())),
            Presence::Unknown(why) => return Some(Absence::Unknown(id.clone(), why)),
        }
    }
    None
}

/// A server that answers 404 for each single webhook says nothing about any. True if the list is empty, too.
async fn shows_by_id(reader: &Reader, listed: &HashSet<WebhookId>) -> bool {
    match listed.iter().next() {
        Some(listed) => reader.presence(listed).await == Presence::There,
        None => true,
    }
}

/// Waits until a moment, unless it is over; `false` if the wait budget does not allow that.
async fn wait_until(reader: &Reader, until: Instant) -> bool {
    let left = until.saturating_duration_since(Instant::now());
    left.is_zero() || reader.wait(WHY_WAIT, left).await
}

/// An id of `missing` that `listed` shows with the same digits in another spelling, and that spelling.
fn find_equal_digits<'i>(
    missing: &'i [WebhookId],
    listed: &'i HashSet<WebhookId>,
) -> Option<(&'i WebhookId, &'i WebhookId)> {
    let numbers = missing.iter().filter_map(|id| Some((id.decimal()?, id)));
    let by_number: HashMap<_, _> = numbers.collect();
    listed.iter().find_map(|other| {
        let id = by_number.get(&other.decimal()?)?;
        id.is_equal_only_in_digits(other).then_some((*id, other))
    })
}
