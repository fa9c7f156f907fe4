//! Proof of absence: whether webhooks that a list lacks are gone, or the list does not show everything.
//!
//! A list that lags, or that shows only the first webhooks, looks like one from which webhooks were deleted. Whoever
//! believed it would create them once more. So hookferry asks for each id that is on record and not listed.

use crate::coralogix::client::{Presence, Reader};
use crate::coralogix::webhook::WebhookId;
use crate::untrusted;
use std::collections::{HashMap, HashSet};

/// The most ids to ask for: a target that lacks more of what is on record is not understood.
const MAX_QUESTIONS: usize = 500;

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

/// Asks for each of `missing` twice, and for one of `listed` to see that single webhooks can be read at all.
///
/// An id of the list that is equal only in its digits, such as `"007"` to `7`, leaves open whether the webhook exists.
pub(crate) async fn prove_absence(
    reader: &Reader,
    missing: &[WebhookId],
    listed: &HashSet<WebhookId>,
) -> Absence {
    let Some(first) = missing.first() else {
        return Absence::Proven;
    };
    if missing.len() > MAX_QUESTIONS {
        let why = format!("{} webhooks on record are not listed", missing.len());
        return Absence::Unknown(first.clone(), why);
    }
    if let Some((id, other)) = find_equal_digits(missing, listed) {
        let why = format!(
            "the target lists {}, which may be the same webhook",
            other.to_json()
        );
        return Absence::Unknown(id.clone(), untrusted::escape(&why));
    }
    for _ in 0..2 {
        for id in missing {
            match reader.presence(id).await {
                Presence::Gone => {}
                Presence::There => return Absence::Disproven(id.clone()),
                Presence::Unknown(why) => return Absence::Unknown(id.clone(), why),
            }
        }
    }
    // A server that answers 404 for each single webhook says nothing about these.
    match listed.iter().next() {
        Some(listed) if reader.presence(listed).await != Presence::There => {
            let why = "the target does not show single webhooks by id".to_owned();
            Absence::Unknown(first.clone(), why)
        }
        _ => Absence::Proven,
    }
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
