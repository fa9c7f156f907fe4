//! Settling: when readings of the target show what earlier requests did, and when its word that a webhook is gone
//! counts. One decision, within a run and after one.
//! Pure.

use super::observation::SeenWebhook;
use crate::coralogix::content::Content;
use crate::coralogix::webhook::WebhookId;
use std::time::Duration;

/// Minimum pause between two readings, for very short settle windows.
const MIN_PAUSE: Duration = Duration::from_millis(50);
/// Maximum pause between two readings.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// A target whose readings disagree this often after the settle window keeps changing.
const MAX_INCONCLUSIVE_READINGS: u32 = 60;

/// The readings so far after requests of unknown effect.
#[derive(Debug, Default)]
pub(super) struct Settling {
    previous: Option<ListSnapshot>,
    /// Number of readings since the settle window ended that disagreed with the one before.
    n_inconclusive: u32,
}

/// What a reading shows about requests of unknown effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The settle window is over and two readings in a row agree: the requests did what is seen, and no more.
    Settled,
    /// Read again after this pause.
    TooEarly(Duration),
    /// The target keeps changing, so readings prove nothing.
    Restless,
}

/// Snapshot of a list: two readings agree if their snapshots are equal.
type ListSnapshot = Vec<(WebhookId, Option<Content>)>;

impl Settling {
    /// Whether a reading was judged before.
    pub(super) fn has_previous(&self) -> bool {
        self.previous.is_some()
    }

    /// Judges a reading made when `left` of a settle window as long as `window` was left.
    pub(super) fn judge(
        &mut self,
        list: &[SeenWebhook],
        left: Duration,
        window: Duration,
    ) -> Reading {
        let snapshot = snapshot(list);
        let is_over = left.is_zero();
        if is_over && self.previous.as_ref() == Some(&snapshot) {
            return Reading::Settled;
        }
        // Readings within the settle window do not count: a long window takes many of them, and they are no sign
        // of trouble.
        self.n_inconclusive += u32::from(is_over);
        if self.n_inconclusive >= MAX_INCONCLUSIVE_READINGS {
            return Reading::Restless;
        }
        self.previous = Some(snapshot);
        Reading::TooEarly(pause(left, window))
    }
}

/// What the target said before about a webhook that it now says is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstWord {
    /// Nothing.
    None,
    /// It answered that the webhook is gone when it was asked for it.
    Gone,
    /// It confirmed that it deleted the webhook.
    Deleted,
}

/// Whether a webhook is gone if the target says so when `left` of the settle window since the last send is left.
pub(super) fn proves_absence(first_word: FirstWord, left: Duration) -> bool {
    match first_word {
        FirstWord::None => false,
        FirstWord::Gone => left.is_zero(),
        FirstWord::Deleted => true,
    }
}

/// Any settle window holds several readings, so that two can disagree.
fn pause(left: Duration, window: Duration) -> Duration {
    let max_pause = (window / 6).clamp(MIN_PAUSE, MAX_PAUSE);
    left.min(max_pause)
        .max(window.clamp(MIN_PAUSE, MIN_PAUSE * 5))
}

fn snapshot(list: &[SeenWebhook]) -> ListSnapshot {
    let mut snapshot: Vec<_> = list
        .iter()
        .map(|seen| (seen.id.clone(), seen.content))
        .collect();
    snapshot.sort_by(|a, b| a.0.cmp(&b.0));
    snapshot
}
