//! Test deliveries: what the test of a webhook does, and what is known of one afterwards. Pure.
//!
//! A test that was sent cannot be taken back, so none is ever repeated, and whatever does not prove its result leaves it
//! unknown.

use crate::coralogix::client::DeliveryAnswer;
use crate::coralogix::webhook::TypeId;
use crate::http::failure::Failure;
use crate::pipeline::push::StopReason;
use serde::{Deserialize, Serialize};

/// What is known of one test delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum DeliveryStatus {
    /// The destination accepted it.
    Delivered,
    /// The destination refused it, or could not be reached; holds its answer.
    Failed {
        /// The HTTP status of the destination; `None` if it gave none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http_status: Option<u16>,
        /// Its words, as far as they may be shown.
        why: String,
    },
    /// It was sent, and nobody knows what became of it.
    Unknown {
        /// Why.
        why: String,
    },
    /// It was not sent.
    NotSent {
        /// Why.
        why: String,
    },
}

impl DeliveryStatus {
    /// Every code, in the order in which results are shown.
    pub const CODES: [&'static str; 4] = ["delivered", "failed", "unknown", "not sent"];

    /// The code of the status.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
            Self::NotSent { .. } => "not sent",
            Self::Delivered => "delivered",
        }
    }

    /// What there is to say about it; `None` if it was delivered.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Delivered => None,
            Self::Failed { why, .. } | Self::Unknown { why } | Self::NotSent { why } => Some(why),
        }
    }

    /// The status before a test is sent: what remains of it if nothing more is recorded.
    pub fn started() -> Self {
        Self::Unknown {
            why: "the test was about to be sent, and no answer is on record".to_owned(),
        }
    }
}

/// What follows from the answer to one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// What is known of the test.
    pub status: DeliveryStatus,
    /// Why no other test can succeed.
    pub stop: Option<StopReason>,
}

/// Draws the conclusion from the answer to one test.
pub fn conclude(answer: Result<DeliveryAnswer, Failure>) -> Conclusion {
    let mut stop = None;
    let not_sent = |why: String| DeliveryStatus::NotSent { why };
    let status = match answer {
        Ok(DeliveryAnswer::Delivered) => DeliveryStatus::Delivered,
        Ok(DeliveryAnswer::Failed { http_status, words }) => {
            let words = words.as_str();
            DeliveryStatus::Failed {
                http_status,
                why: match http_status {
                    Some(status) if words.is_empty() => format!("answered {status}"),
                    Some(status) => format!("answered {status}: {words}"),
                    None if words.is_empty() => "no reason was given".to_owned(),
                    None => words.to_owned(),
                },
            }
        }
        Ok(DeliveryAnswer::OtherShape) => DeliveryStatus::Unknown {
            why: "the newer API accepted the test, and its answer does not say what became of it"
                .to_owned(),
        },
        Err(Failure::Refused(refusal)) if matches!(refusal.status, 401 | 403) => {
            let status = not_sent(format!("the newer API {}", refusal.answer()));
            stop = Some(StopReason::Refused(refusal));
            status
        }
        // A server that failed may have sent it before.
        Err(Failure::Refused(refusal))
            if (400..500).contains(&refusal.status) && refusal.status != 408 =>
        {
            not_sent(format!("the newer API {}", refusal.answer()))
        }
        Err(failure @ Failure::NotSent(_)) => not_sent(failure.brief()),
        Err(failure) => DeliveryStatus::Unknown {
            why: format!("{}, so it may have been delivered", failure.brief()),
        },
    };
    Conclusion { status, stop }
}

/// What the test of a webhook of this type does, as a clause after `it`.
pub fn effect(type_id: Option<TypeId>) -> &'static str {
    match type_id.map(|TypeId(id)| id) {
        Some(0 | 5) => "posts a message in its channel",
        Some(1) => "sends a request to its url, with whatever effect that has there",
        Some(2) => "opens an incident, and pages whoever is on call",
        Some(3) => "sends a log to the account of its key",
        Some(4) => "sends an e-mail to everybody in its group",
        Some(6) => "opens an issue in its project",
        Some(7) => "opens an alert, and notifies whoever is on call",
        Some(8) => "opens an incident",
        _ => "does something that hookferry does not know",
    }
}

/// Whether the test of a webhook of this type only leaves a message in a channel, so that nobody is paged and nothing else
/// happens.
pub fn is_quiet(type_id: u64) -> bool {
    matches!(type_id, 0 | 5)
}
