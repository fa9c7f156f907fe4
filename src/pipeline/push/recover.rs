//! Recovery of open sends: webhooks that an earlier run sent before it was killed or cut off, so that nobody
//! knows whether they were written.
//!
//! Before the next run plans anything, it waits until those requests can no longer change the target, and
//! then decides for each webhook whether it was written.

use super::Track;
use super::adopt::{Sent, adopt, print_of};
use super::observation::{Observation, Seen};
use crate::coralogix::client::Reader;
use crate::coralogix::content::Content;
use crate::coralogix::retry::Patience;
use crate::coralogix::sealed::{Sealed, Sealer};
use crate::coralogix::webhook::WebhookId;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::{Inventory, fetch};
use crate::pipeline::strip::Key;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

/// Maximum pause between two observations.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Minimum pause between two observations.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// The run gives up after this many observations past the settle window that disagree with each other.
const MOST_LOOKS: u32 = 60;

/// The open sends of one earlier run.
#[derive(Debug)]
pub struct Leftover {
    /// The open sends, in the order of that run's plan.
    pub sends: Vec<LeftSend>,
    /// Ids that cannot come from an open send: they are in the baseline, or attributed to another webhook.
    pub known: HashSet<WebhookId>,
    /// The target's clock before that run's first write, if known.
    pub began: Option<Timestamp>,
    /// When that run's requests could no longer take effect, by the target's clock, if known.
    pub ended: Option<Timestamp>,
}

/// One webhook that an earlier run sent, with unknown effect.
#[derive(Debug)]
pub struct LeftSend {
    /// Its step index in that run's plan.
    pub place: usize,
    /// Its alias and type, which match it with a webhook of the target.
    pub key: Key,
    /// Keyed digest of the content that was sent.
    pub content: Sealed,
    /// The id of the webhook that it updates; `None` for a create.
    pub updates: Option<WebhookId>,
}

/// What a reading of the target proves about one open send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// It was written: the id in the target, and the content stored there now, if that can be compared.
    Arrived(WebhookId, Option<Sealed>),
    /// It was not written.
    Returned,
    /// Whether it was written is unknown; holds the reason.
    Unresolved(String),
}

/// Decides what a reading of the target proves about each open send of an earlier run.
///
/// Returns each send's step index in that run's plan with the decision.
pub fn recover(left: &Leftover, target: &Observation, sealer: &Sealer) -> Vec<(usize, Recovered)> {
    let seal = |content: Content| sealer.content(content);
    let seen = target.seen();
    let by_id: HashMap<&WebhookId, &Seen> = seen.iter().map(|seen| (&seen.id, seen)).collect();
    let (creates, updates): (Vec<&LeftSend>, Vec<&LeftSend>) =
        left.sends.iter().partition(|send| send.updates.is_none());
    let is_newcomer = |seen: &&Seen| {
        let is_later =
            matches!((seen.created_at, left.ended), (Some(made), Some(end)) if made > end);
        !left.known.contains(&seen.id) && !is_later
    };
    let in_seals = |seen: &Seen| Seen {
        content: seen.content.map(|content| seal(content).as_content()),
        ..seen.clone()
    };
    let newcomers = seen.iter().filter(is_newcomer).map(in_seals).collect();
    let sent = creates.iter().map(|send| Sent {
        want: send.place,
        key: send.key.clone(),
        content: send.content.as_content(),
    });
    let adoption = adopt(sent.collect(), newcomers, left.began);
    let content_of = |id: &WebhookId| by_id.get(id).and_then(|seen| seen.content).map(seal);
    let mut found: HashMap<usize, Recovered> = HashMap::new();
    for (place, seen) in adoption.adopted {
        let content = content_of(&seen.id);
        found.insert(place, Recovered::Arrived(seen.id, content));
    }
    for (place, why) in adoption.unresolved {
        found.entry(place).or_insert(Recovered::Unresolved(why));
    }
    for send in updates {
        let Some(id) = &send.updates else { continue };
        // Any other content counts as not written: the next plan compares the webhook anyway.
        if content_of(id) == Some(send.content) {
            let arrived = Recovered::Arrived(id.clone(), Some(send.content));
            found.insert(send.place, arrived);
        }
    }
    let of = |send: &LeftSend| {
        let recovered = found.remove(&send.place);
        (send.place, recovered.unwrap_or(Recovered::Returned))
    };
    left.sends.iter().map(of).collect()
}

/// How long `settle` observes the target.
pub struct Settling<'s> {
    /// End of the settle window of the earlier run's requests: from then on they cannot take effect.
    pub until: Instant,
    /// How long the whole run may still wait.
    pub patience: &'s Patience,
    /// Receives a report of the wait.
    pub track: &'s dyn Track,
}

/// Observes a target until the settle window is over and two observations in a row agree. Returns the last.
///
/// # Errors
///
/// Fails if the target cannot be read, if it keeps changing, or if the wait budget is spent.
pub async fn settle(
    reader: &Reader,
    first: Inventory,
    settling: Settling<'_>,
) -> Result<Inventory, Error> {
    let window = settling.until.saturating_duration_since(Instant::now());
    let longest = (window / 6).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    // Reported once: the single observations are of no interest.
    let why = "checking what an earlier run wrote";
    settling.track.waiting(why, window.max(SHORTEST_PAUSE));
    let mut last = print(&first);
    drop(first);
    let mut n_late = 0;
    while n_late < MOST_LOOKS {
        let left = settling.until.saturating_duration_since(Instant::now());
        let pause = left.clamp(SHORTEST_PAUSE, longest);
        if !settling.patience.spend(pause) {
            break;
        }
        tokio::time::sleep(pause).await;
        let is_over = Instant::now() >= settling.until;
        let look = fetch(reader).await?;
        let print = print(&look);
        if is_over && print == last {
            return Ok(look);
        }
        last = print;
        n_late += u32::from(is_over);
    }
    Err(Error::new(
        ErrorKind::Failed,
        format!(
            "{} keeps changing, so it is unknown what an earlier run wrote",
            reader.account()
        ),
    )
    .with_hint(
        "nothing was written; run the same command again when nobody else is changing the target",
    ))
}

fn print(inventory: &Inventory) -> Vec<(WebhookId, Option<Content>)> {
    print_of(Observation::of(&inventory.webhooks).seen())
}
