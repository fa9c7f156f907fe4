//! What the state machine and the loop around it tell each other: settings, events and commands.

use super::super::item_ix::ItemIx;
use super::super::observation::SeenWebhook;
use super::super::stop::StopReason;
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use crate::http::failure::Refusal;
use std::time::Duration;

/// The caller's settings.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Limits {
    pub(in super::super) settle: Duration,
    pub(in super::super) batch_size: usize,
    pub(in super::super) batch_bytes: usize,
}

/// What happened since the last command.
#[derive(Debug)]
pub(in super::super) enum Event {
    /// The push starts; there was no command yet.
    Start,
    /// The outcome of `Send`.
    Answered(RequestOutcome),
    /// The outcome of a successful observation: every webhook of the target.
    Observed(Vec<SeenWebhook>),
    /// The target could not be read; holds the reason.
    ObservationFailed(String),
    /// The outcome of `Ask`.
    Asked(Vec<(WebhookId, Presence)>),
    /// The wait is over.
    Waited,
    /// The wait would exceed the run's wait budget, so the caller did not wait.
    WaitBudgetSpent,
    /// The caller did not send the request, and will send no other; holds the reason.
    Withheld(StopReason),
    /// The user wants the run to end; the last command was not carried out, or not to its end.
    Interrupted,
}

/// The outcome of one request, as far as the response shows it.
#[derive(Debug)]
pub(in super::super) enum RequestOutcome {
    /// Status 200–299, with the rows that could be read from the response.
    Accepted(Vec<SeenWebhook>),
    /// Status 404 for a delete: the webhook may be gone already.
    NothingToDelete,
    /// No connection was established, so the server cannot have processed the request.
    NotSent { why: String, is_final: bool },
    /// Any other status.
    Refused(Refusal),
    /// There was no complete response, or none that could be read.
    Lost { why: String, is_timeout: bool },
}

/// What the caller is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum MachineCommand {
    /// Send these items in one request: all creates, all updates, or one delete.
    Send(Vec<ItemIx>),
    /// Read the target.
    Observe,
    /// Ask for each of these webhooks by its id.
    Ask(Vec<WebhookId>),
    /// Wait, and report the reason to the user.
    Wait(Duration, String),
    /// Stop: nothing is left to do.
    Finish,
}
