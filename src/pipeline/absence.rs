//! Proof of absence: whether webhooks that a list lacks are gone, or the list does not show everything.
//!
//! A list that lags, or that shows only the first webhooks, looks like one from which webhooks were deleted. Whoever
//! believed it would create them once more. So hookferry asks for each id that is on record and not listed.

use crate::coralogix::client::{Presence, Reader};
use crate::coralogix::webhook::WebhookId;

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

/// Asks for each of `missing` twice, and for `listed` to see that single webhooks can be read at all.
pub async fn prove_absence(
    reader: &Reader,
    missing: &[WebhookId],
    listed: Option<&WebhookId>,
) -> Absence {
    let Some(first) = missing.first() else {
        return Absence::Proven;
    };
    if missing.len() > MAX_QUESTIONS {
        let why = format!("{} webhooks on record are not listed", missing.len());
        return Absence::Unknown(first.clone(), why);
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
    match listed {
        Some(listed) if reader.presence(listed).await != Presence::There => {
            let why = "the target does not show single webhooks by id".to_owned();
            Absence::Unknown(first.clone(), why)
        }
        _ => Absence::Proven,
    }
}
