//! How a request failed, and the error message for it: which account, what the server said, what to do next.
//! Never shows a request body, a key, or more of a URL than its host.

use super::account::{Account, Side};
use super::scrub::scrubbed;
use crate::error::{Error, ErrorKind};
use crate::foreign;
use std::time::Duration;

/// The vendor's name of the permission to read webhooks.
pub const MAY_READ: &str = "OUTBOUND-WEBHOOKS:READCONFIG";
/// The vendor's name of the permission to create, change and delete webhooks.
pub const MAY_WRITE: &str = "OUTBOUND-WEBHOOKS:UPDATECONFIG";
/// The vendor's permission preset that contains both.
pub const PRESET: &str = "OUTBOUNDWEBHOOKS";
/// The most characters of a server's message that are shown.
const LONGEST_MESSAGE: usize = 200;

/// Why a request got no usable response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No connection was established, so the server never saw the request.
    NotSent(Unreached),
    /// The connection ended before the response was complete; the server may have processed the request.
    Lost {
        /// What happened, such as `connection lost`.
        why: String,
        /// Whether our own timeout ended the connection, so that the server may still be processing the request.
        is_timeout: bool,
    },
    /// The server answered with a status outside 200–299.
    Refused(Refusal),
    /// The response was complete, but not what the API returns; the text names what it was, such as `an HTML page`.
    Unusable(String),
}

/// Why no connection was established.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreached {
    /// The host is unreachable; the text is the system's error message.
    Host(String),
    /// The TLS certificate was not accepted; a retry does not help.
    Certificate(String),
}

/// A status outside 200–299.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The server's message: at most 200 characters, scrubbed of secrets and escaped; empty if there was none.
    pub message: String,
    /// The wait that the server asked for (`Retry-After`), capped.
    pub retry_after: Option<Duration>,
    /// The host in `Location`; redirects are never followed.
    pub redirect_host: Option<String>,
    /// Where the key came from, phrased to follow `the key`: `in HOOKFERRY_SOURCE_API_KEY`.
    pub key_from: String,
}

impl Failure {
    /// Whether the failure is transient, so that retrying a read may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NotSent(Unreached::Host(_)) | Self::Lost { .. } => true,
            Self::NotSent(Unreached::Certificate(_)) | Self::Unusable(_) => false,
            Self::Refused(refusal) => super::retry::is_passing(refusal.status),
        }
    }

    /// A description of a few words, for progress lines and logs.
    pub fn brief(&self) -> String {
        match self {
            Self::NotSent(Unreached::Host(_)) => "cannot be reached".to_owned(),
            Self::NotSent(Unreached::Certificate(_)) => "certificate not accepted".to_owned(),
            Self::Lost { why, .. } => why.clone(),
            Self::Refused(refusal) if refusal.status == 429 => "rate limited (429)".to_owned(),
            Self::Refused(refusal) => format!("answered {}", refusal.status),
            Self::Unusable(what) => format!("unusable response: {what}"),
        }
    }

    /// The error that the user reads; `doing` names the request, such as `list its webhooks`.
    pub fn explain(&self, account: &Account, doing: &str) -> Error {
        match self {
            Self::NotSent(Unreached::Host(cause)) => {
                Error::failed(format!("cannot reach {account}: {cause}")).with_hint(
                    "check the region or URL, the network, and HTTPS_PROXY if you use a proxy; nothing was sent",
                )
            }
            Self::NotSent(Unreached::Certificate(cause)) => Error::failed(format!(
                "the certificate of {account} was not accepted: {cause}"
            ))
            .with_hint("behind a proxy that intercepts TLS, pass its CA with --ca-file FILE or SSL_CERT_FILE; certificate checks cannot be disabled"),
            Self::Lost { why, .. } => Error::failed(format!("{account} failed to {doing}: {why}"))
                .with_hint("try again; for a slow server, pass a longer --timeout"),
            Self::Unusable(what) => Error::failed(format!(
                "{account} failed to {doing}: the response is {what}"
            ))
            .with_hint("check the region or URL: something other than the webhooks API answered, perhaps a proxy or a login page"),
            Self::Refused(refusal) => refusal.explain(account, doing),
        }
    }
}

impl Refusal {
    fn explain(&self, account: &Account, doing: &str) -> Error {
        let mut what = format!("{account} answered {} to a request to {doing}", self.status);
        if let Some(host) = &self.redirect_host {
            what = format!("{what} (a redirect to {host}, not followed)");
        }
        if !self.message.is_empty() {
            what = format!("{what}: {}", self.message);
        }
        let kind = match self.status {
            401 | 403 => ErrorKind::Authentication,
            _ => ErrorKind::Failed,
        };
        let error = Error::new(kind, what);
        match self.hint(account.side) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// The next step for statuses with a usual cause; `None` for all others.
    pub fn hint(&self, side: Side) -> Option<String> {
        let permission = match side {
            Side::Source => MAY_READ.to_owned(),
            Side::Target => format!("{MAY_READ} and {MAY_WRITE}"),
        };
        let key = &self.key_from;
        match self.status {
            401 | 403 => Some(format!(
                "the key {key} needs {permission} (preset {PRESET}); a key from another region gets the same answer, so check that the key belongs to the {side}'s region"
            )),
            300..=399 => Some("if you trust the host that the redirect points to, pass its address instead: hookferry sends a key only to the host that you named".to_owned()),
            404 | 405 => Some(format!(
                "check the {side}'s region or URL: the webhooks API is not at this address (AP1 also has an older address, https://api.app.coralogix.in)"
            )),
            429 => Some("the account's rate limit is still exhausted; try again later, or pass a lower --rate".to_owned()),
            500..=599 => Some("the server failed; try again later".to_owned()),
            _ => None,
        }
    }
}

/// The server's message from an error body: the API's usual JSON keys, else the body itself; scrubbed and shortened.
pub(super) fn server_words(body: &str, account: &Account) -> String {
    let trimmed = body.trim();
    let words = match serde_json::from_str::<serde_json::Value>(trimmed) {
        Ok(json) => json_words(&json).unwrap_or_default(),
        Err(_) if trimmed.starts_with('<') => "an HTML page".to_owned(),
        Err(_) => trimmed.to_owned(),
    };
    let words = scrubbed(&words, &[account.key.expose()]);
    foreign::shortened(&words, LONGEST_MESSAGE)
}

fn json_words(json: &serde_json::Value) -> Option<String> {
    let places = [
        "/message",
        "/error/message",
        "/error",
        "/detail",
        "/errors/0/message",
    ];
    let found = places
        .iter()
        .find_map(|place| json.pointer(place).and_then(serde_json::Value::as_str))
        .or_else(|| json.as_str());
    found.map(str::to_owned)
}
