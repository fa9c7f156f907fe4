//! What hookferry asks the vendor's newer API: the summaries of all webhooks, as a second witness of the list, and test
//! deliveries.
//! Summaries that it cannot use are never an error: an account may lack this API, or the key the permission.

use super::{NO_URL, Reader, Request, Writer};
use crate::coralogix::summary::{Summary, parse_summaries};
use crate::coralogix::webhook::Webhook;
use crate::http::failure::{ConnectFailure, Failure};
use crate::http::server_words::{SentValues, ShownWords};
use reqwest::Method;
use serde::Deserialize;

/// The vendor's name of the permission to list summaries.
const SUMMARY_PERMISSION: &str = "OUTBOUND-WEBHOOKS:READSUMMARY";

impl Reader {
    /// Reads the summaries of all webhooks of the account.
    ///
    /// # Errors
    /// Why nothing can be said, as a clause.
    pub async fn summaries(&self) -> Result<Vec<Summary>, String> {
        let url = self.account.endpoint.summaries_url();
        let read = self.with_retries(async |attempt| {
            let mut body = Vec::new();
            let mut on_chunk = |bytes: &[u8]| body.extend_from_slice(bytes);
            self.read(&url, attempt, &mut on_chunk).await?;
            Ok(body)
        });
        let body = read.await.map_err(|failure| silence(&failure))?;
        parse_summaries(&body)
            .ok_or_else(|| "the newer API's response has another shape than documented".to_owned())
    }
}

/// Why the newer API says nothing.
fn silence(failure: &Failure) -> String {
    match failure {
        Failure::Refused(refusal) if matches!(refusal.status, 404 | 410) => {
            format!(
                "the account has no newer API at this address ({})",
                refusal.status
            )
        }
        Failure::Refused(refusal) if matches!(refusal.status, 401 | 403) => format!(
            "the newer API refused the key ({}); it needs {SUMMARY_PERMISSION}",
            refusal.status
        ),
        other => format!("the newer API failed: {}", other.brief()),
    }
}

/// What the newer API says about a test delivery.
#[derive(Debug)]
pub enum DeliveryAnswer {
    /// The destination accepted it.
    Delivered,
    /// The destination refused it, or could not be reached.
    Failed {
        /// The HTTP status of the destination; `None` if the answer has none.
        http_status: Option<u16>,
        /// Its words, as far as they may be shown.
        words: ShownWords,
    },
    /// A success of another shape than documented.
    OtherShape,
}

/// `TestOutgoingWebhookResponse` in the vendor's `OpenAPI` description.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum TestResponse {
    Success {},
    Failure(TestFailure),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestFailure {
    error_message: Option<String>,
    display_message: Option<String>,
    /// A number, or a string of digits.
    status_code: Option<serde_json::Value>,
}

impl Writer {
    /// Sends a test delivery of one webhook, by its id in the newer API. The call is a GET, and acts all the same: it is
    /// sent once and never again. An answer may repeat the values of the webhook, so its words are held against them.
    ///
    /// # Errors
    /// Any answer outside 200–299, and none; [`Failure`] tells what that proves.
    pub async fn deliver_test(
        &self,
        uuid: &str,
        webhook: &Webhook,
    ) -> Result<DeliveryAnswer, Failure> {
        let sent = || {
            let mut sent = SentValues::default();
            sent.add_webhook(webhook);
            sent
        };
        let Some(url) = self.reader().account.endpoint.delivery_test_url(uuid) else {
            return Err(Failure::NotSent(ConnectFailure::NoUrl(NO_URL)));
        };
        let mut body = Vec::new();
        let mut on_chunk = |bytes: &[u8]| body.extend_from_slice(bytes);
        let request = Request {
            method: Method::GET,
            url: &url,
            body: None,
            sent: &sent,
        };
        self.write(request, &mut on_chunk).await?;
        Ok(match serde_json::from_slice(&body) {
            Ok(TestResponse::Success {}) => DeliveryAnswer::Delivered,
            Ok(TestResponse::Failure(failure)) => {
                failure.into_answer(&self.reader().with_key(sent()))
            }
            Err(_) => DeliveryAnswer::OtherShape,
        })
    }
}

impl TestFailure {
    /// The answer, with what the destination said as far as it repeats nothing of `sent`.
    fn into_answer(self, sent: &SentValues) -> DeliveryAnswer {
        let status = self.status_code.map(|status| match status {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        });
        let is_text = |text: &String| !text.trim().is_empty();
        let words = self.display_message.filter(is_text).or(self.error_message);
        DeliveryAnswer::Failed {
            // 0 is the number that a server leaves unset.
            http_status: status
                .and_then(|text| text.parse().ok())
                .filter(|status| *status != 0),
            words: sent.show(&words.unwrap_or_default()),
        }
    }
}
