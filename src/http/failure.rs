//! The ways in which a request can fail, classified by what each proves about the server.

use std::time::Duration;

/// Why a request got no usable response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No connection was established, so the server never saw the request.
    NotSent(ConnectFailure),
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
pub enum ConnectFailure {
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
    /// The origin of the key, phrased to follow `the key`, such as `in HOOKFERRY_TARGET_API_KEY`.
    pub key_origin: String,
}

impl Failure {
    /// Whether the failure is transient, so that retrying a read may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NotSent(ConnectFailure::Host(_)) | Self::Lost { .. } => true,
            Self::NotSent(ConnectFailure::Certificate(_)) | Self::Unusable(_) => false,
            Self::Refused(refusal) => is_transient_status(refusal.status),
        }
    }

    /// A description of a few words, for progress lines and logs.
    pub fn brief(&self) -> String {
        match self {
            Self::NotSent(ConnectFailure::Host(_)) => "cannot be reached".to_owned(),
            Self::NotSent(ConnectFailure::Certificate(_)) => "certificate not accepted".to_owned(),
            Self::Lost { why, .. } => why.clone(),
            Self::Refused(refusal) if refusal.status == 429 => "rate limited (429)".to_owned(),
            Self::Refused(refusal) => format!("answered {}", refusal.status),
            Self::Unusable(what) => format!("unusable response: {what}"),
        }
    }
}

/// Whether a status is transient, so that a read may be retried.
fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=504 | 520..=527)
}

impl Refusal {
    /// The server's response in words: `answered 422: alias too long`.
    pub fn answer(&self) -> String {
        let mut text = format!("answered {}", self.status);
        if !self.message.is_empty() {
            text.push_str(": ");
            text.push_str(&self.message);
        }
        text
    }
}
