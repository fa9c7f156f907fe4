//! What an earlier run left open: sends of which nobody knows what came of them, because the run was killed or cut off.
//! Waits until the target cannot change by them any more, and then accounts for them, before anything new is planned.

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

/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The shortest pause between two looks.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// Looks after the settle window that do not agree, after which nobody can tell what is going on.
const MOST_LOOKS: u32 = 60;

/// What one earlier run sent and did not account for.
#[derive(Debug)]
pub struct Leftover {
    /// The sends, by their place in that run's plan.
    pub sends: Vec<LeftSend>,
    /// Ids that cannot be one of them: the target had them before, or they are accounted for.
    pub known: HashSet<WebhookId>,
    /// The target's clock before that run's first write.
    pub began: Option<Timestamp>,
    /// The target's clock when nothing of that run could take effect any more.
    pub ended: Option<Timestamp>,
}

/// One webhook that an earlier run sent.
#[derive(Debug)]
pub struct LeftSend {
    /// Its place in that run's plan.
    pub place: usize,
    /// By what it is matched.
    pub key: Key,
    /// What was sent.
    pub content: Sealed,
    /// The webhook that it was to update; a create without one.
    pub updates: Option<WebhookId>,
}

/// What a look at the target says about a send that an earlier run left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// It arrived, as that webhook, which now has that content.
    Arrived(WebhookId, Option<Sealed>),
    /// It did not arrive.
    Returned,
    /// It cannot be told whether it arrived; the text says why.
    Unresolved(String),
}

/// Says of each open send of an earlier run what a reading of the target proves, by its place in that run's plan.
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
        // What an update left behind is plain to see: the plan that is made next compares it anyway.
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

/// How long to look, and who is told about it.
pub struct Settling<'s> {
    /// When the earlier run's requests cannot take effect any more, as far as anybody can tell.
    pub until: Instant,
    /// How long the whole run may still wait.
    pub patience: &'s Patience,
    /// Who is told.
    pub track: &'s dyn Track,
}

/// Looks at a target until two looks agree and the time is over; gives the last look.
pub async fn settle(
    reader: &Reader,
    first: Inventory,
    settling: Settling<'_>,
) -> Result<Inventory, Error> {
    let window = settling.until.saturating_duration_since(Instant::now());
    let longest = (window / 6).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    // Said once: the single looks are of no interest.
    let why = "looking what an earlier run brought";
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
            "{} keeps changing, so it is not known what arrived of an earlier run",
            reader.account()
        ),
    )
    .with_hint(
        "nothing was written; run the same command again when nobody else works on the target",
    ))
}

fn print(inventory: &Inventory) -> Vec<(WebhookId, Option<Content>)> {
    print_of(Observation::of(&inventory.webhooks).seen())
}
