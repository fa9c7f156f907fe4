//! The client that may write. It sends each request once; what its answers prove is decided in `pipeline::push`.

use super::{NO_URL, Reader, Request};
use crate::coralogix::answer::parse_written_webhooks;
use crate::coralogix::failure::accepted_words;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::http::failure::{ConnectFailure, Failure};
use crate::http::server_words::{SentValues, ShownWords};
use crate::http::transport::{Answer, ChunkSink};
use reqwest::Method;
use std::sync::atomic::Ordering;

/// The read-write client of one account; created only for the target of a run that may write.
///
/// Does not wait after a 429: its callers do, before they send anything else, reads included.
pub struct Writer {
    reader: Reader,
}

/// The answer to a write that the server accepted.
#[derive(Debug)]
pub struct AcceptedWrite {
    /// The status, 200–299.
    pub status: u16,
    /// The webhooks parsed from the response, possibly none.
    pub webhooks: Vec<Webhook>,
    /// What the server said beside them, as far as it may be shown.
    pub message: ShownWords,
}

/// The result of a write request.
#[derive(Debug)]
pub enum WriteAnswer {
    /// The server answered 200–299.
    Accepted(AcceptedWrite),
    /// Anything else; [`Failure`] tells what that proves about the write.
    Failed(Failure),
}

impl Writer {
    /// Creates a client that may write to the reader's account and shares the reader's connections.
    pub fn new(reader: Reader) -> Self {
        // What is written depends on what the target holds, so only its whole list will do.
        Self {
            reader: reader.accepting_incomplete(false),
        }
    }

    /// The read-only client of the same account.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Creates webhooks, or updates those that carry an `id`, in one request to the vendor's `/integrations-bulk`.
    ///
    /// Sends the request once, without retries. A success status means accepted even if the body does not parse, but
    /// webhooks of another company than the account's show that something else answered. `sent` collects what the
    /// server knows with it and may repeat.
    pub async fn post_bulk(
        &self,
        body: String,
        sent: &(dyn Fn() -> SentValues + Sync),
    ) -> WriteAnswer {
        match self.send_write(body, sent).await {
            Ok(accepted) => WriteAnswer::Accepted(accepted),
            Err(failure) => WriteAnswer::Failed(failure),
        }
    }

    /// Sends a request that may change the account.
    pub(super) async fn write(
        &self,
        request: Request<'_>,
        on_chunk: ChunkSink<'_>,
    ) -> Result<Answer, Failure> {
        self.reader.has_written.store(true, Ordering::Relaxed);
        self.reader.send(request, 1, on_chunk).await
    }

    async fn send_write(
        &self,
        body: String,
        sent: &(dyn Fn() -> SentValues + Sync),
    ) -> Result<AcceptedWrite, Failure> {
        let reader = &self.reader;
        let url = reader.account.endpoint.bulk_url();
        let mut whole = Vec::new();
        let mut on_chunk = |bytes: &[u8]| whole.extend_from_slice(bytes);
        let request = Request {
            method: Method::POST,
            url: &url,
            body: Some(body),
            sent,
        };
        let answer = self.write(request, &mut on_chunk).await?;
        let status = answer.status.as_u16();
        let webhooks = parse_written_webhooks(&whole);
        // Nearly every answer is nothing but webhooks, and has no room for words.
        let is_all_webhooks = webhooks.iter().all(|webhook| webhook.id().is_some());
        let message = if is_all_webhooks && !webhooks.is_empty() {
            ShownWords::default()
        } else {
            accepted_words(&String::from_utf8_lossy(&whole), &reader.with_key(sent()))
        };
        for company in webhooks.iter().flat_map(Webhook::company_ids) {
            reader.refuse_other_company(Some(&company))?;
        }
        Ok(AcceptedWrite {
            status,
            webhooks,
            message,
        })
    }

    /// Deletes one webhook; a 404 is no failure. Sends nothing if no URL can name the webhook. `sent` collects what the
    /// server knows of it and may repeat.
    pub async fn delete(
        &self,
        id: &WebhookId,
        sent: &(dyn Fn() -> SentValues + Sync),
    ) -> Result<DeleteAnswer, Failure> {
        let Some(url) = self.reader.account.endpoint.webhook_url(id.as_str()) else {
            return Err(Failure::NotSent(ConnectFailure::NoUrl(NO_URL)));
        };
        let request = Request {
            method: Method::DELETE,
            url: &url,
            body: None,
            sent,
        };
        match self.write(request, &mut |_| {}).await {
            Err(Failure::Refused(refusal)) if refusal.status == 404 => Ok(DeleteAnswer::NotFound),
            other => other.map(|_| DeleteAnswer::Confirmed),
        }
    }
}

/// How a server answered a request to delete a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteAnswer {
    /// With a success.
    Confirmed,
    /// With a 404: the webhook may be gone already.
    NotFound,
}
