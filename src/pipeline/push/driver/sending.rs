//! Sending: one request to the server, and what its answer is for the state machine.

use super::super::actions::{ActionRequest, bulk_body};
use super::super::item_ix::ItemIx;
use super::super::machine::RequestOutcome;
use super::super::observation::SeenWebhook;
use super::PushDriver;
use crate::coralogix::client::{AcceptedWrite, DeleteAnswer, WriteAnswer};
use crate::http::failure::{ConnectFailure, Failure};
use crate::http::server_words::SentValues;

impl PushDriver<'_, '_> {
    /// Sends the request of a batch.
    pub(super) async fn send(&mut self, batch: &[ItemIx]) -> RequestOutcome {
        self.n_requests += 1;
        let requests = batch
            .iter()
            .map(|item_ix| &self.input.requests[*item_ix].request);
        let requests: Vec<_> = requests.collect();
        let sent = || sent_values(&requests);
        let answer = if let ActionRequest::Delete(id, _) = requests[0] {
            match self.writer.delete(id, &sent).await {
                Ok(DeleteAnswer::Confirmed) => return RequestOutcome::Accepted(Vec::new()),
                Ok(DeleteAnswer::NotFound) => {
                    let step_ix = self.input.requests[batch[0]].step_ix;
                    self.server_words.insert(step_ix, "answered 404".to_owned());
                    return RequestOutcome::NothingToDelete;
                }
                Err(failure) => WriteAnswer::Failed(failure),
            }
        } else {
            let body = bulk_body(requests.iter().copied());
            self.writer.post_bulk(body, &sent).await
        };
        match answer {
            WriteAnswer::Accepted(accepted) => {
                self.note_server_words(batch, &accepted);
                let webhooks = accepted
                    .webhooks
                    .iter()
                    .filter_map(|row| SeenWebhook::from_webhook(row, &self.input.content_cache));
                RequestOutcome::Accepted(webhooks.collect())
            }
            WriteAnswer::Failed(Failure::NotSent(failure)) => match failure {
                ConnectFailure::Host(why) => RequestOutcome::NotSent {
                    why,
                    is_final: false,
                },
                ConnectFailure::Proxy(proxy, why) => RequestOutcome::NotSent {
                    why: format!("{proxy}: {why}"),
                    is_final: false,
                },
                ConnectFailure::Certificate(flaw) => RequestOutcome::NotSent {
                    why: flaw.to_string(),
                    is_final: true,
                },
                ConnectFailure::NoUrl(why) => RequestOutcome::NotSent {
                    why: why.to_owned(),
                    is_final: true,
                },
            },
            WriteAnswer::Failed(Failure::Refused(refusal)) => RequestOutcome::Refused(refusal),
            WriteAnswer::Failed(Failure::Lost { why, is_timeout }) => {
                RequestOutcome::Lost { why, is_timeout }
            }
            // The response does not show whether the server is done, so the whole settle window applies, as after a
            // timeout.
            WriteAnswer::Failed(Failure::Unusable(unusable)) => RequestOutcome::Lost {
                why: unusable.what,
                is_timeout: true,
            },
            // It says nothing about the effect in this account, and whoever answered gets no further webhook.
            WriteAnswer::Failed(Failure::BadList(problem)) => {
                let why = problem.to_string();
                self.wrong_account.get_or_insert_with(|| why.clone());
                RequestOutcome::Lost {
                    why,
                    is_timeout: true,
                }
            }
        }
    }

    /// Keeps the words of an answer that shows fewer webhooks than were sent, and forgets older ones about them.
    fn note_server_words(&mut self, batch: &[ItemIx], accepted: &AcceptedWrite) {
        let n_shown = accepted.webhooks.iter().filter(|row| row.id().is_some());
        let is_short = n_shown.count() < batch.len();
        let words = Some(&accepted.message).filter(|words| is_short && !words.is_empty());
        for step_ix in self.step_ixs_of(batch) {
            self.server_words.remove(&step_ix);
            if let Some(words) = &words {
                let words = format!("answered {}: {words}", accepted.status);
                self.server_words.insert(step_ix, words);
            }
        }
    }
}

/// What the server may repeat in its answer to a request.
fn sent_values(requests: &[&ActionRequest<'_>]) -> SentValues {
    let mut values = SentValues::default();
    let webhooks = requests.iter().flat_map(|request| request.known_webhooks());
    webhooks.for_each(|webhook| values.add_webhook(webhook));
    values
}
