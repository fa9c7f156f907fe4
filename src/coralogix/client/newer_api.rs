//! What hookferry asks the vendor's newer API: the summaries of all webhooks, as a second witness of the list.
//! An answer that it cannot use is never an error: an account may lack this API, or the key the permission.

use super::Reader;
use crate::coralogix::summary::{Summary, parse_summaries};
use crate::http::failure::Failure;

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
