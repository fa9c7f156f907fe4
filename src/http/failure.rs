//! How a request can fail, by what the failure proves about the server.

use std::time::Duration;

/// Why a request brought no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No connection was established, so the server saw nothing of it.
    NotSent(Unreached),
    /// The connection ended before the answer was whole; the server may have done the work.
    Lost {
        /// What happened, in a few words.
        why: String,
        /// Whether the server may still be at work: nothing ended the connection but our own patience.
        is_timeout: bool,
    },
    /// The server answered with another status than success.
    Refused(Refusal),
    /// The answer was whole and not what the API gives; the text says what it was.
    Unusable(String),
}

/// Why no connection was established.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreached {
    /// The host could not be reached; the text is the system's word for it.
    Host(String),
    /// Its certificate was not accepted; trying again does not help.
    Certificate(String),
}

/// A status outside 200–299.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What the server said: at most 200 harmless characters, or nothing.
    pub message: String,
    /// The wait that the server asked for.
    pub retry_after: Option<Duration>,
    /// The host that a redirect pointed to; it is never followed.
    pub redirect_host: Option<String>,
    /// Where the key was taken from, in words that follow `the key`.
    pub key_from: String,
}

impl Failure {
    /// Whether reading again may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NotSent(Unreached::Host(_)) | Self::Lost { .. } => true,
            Self::NotSent(Unreached::Certificate(_)) | Self::Unusable(_) => false,
            Self::Refused(refusal) => is_passing(refusal.status),
        }
    }

    /// The failure in a few words, for a progress line.
    pub fn brief(&self) -> String {
        match self {
            Self::NotSent(Unreached::Host(_)) => "cannot be reached".to_owned(),
            Self::NotSent(Unreached::Certificate(_)) => "certificate not accepted".to_owned(),
            Self::Lost { why, .. } => why.clone(),
            Self::Refused(refusal) if refusal.status == 429 => "rate limited (429)".to_owned(),
            Self::Refused(refusal) => format!("answered {}", refusal.status),
            Self::Unusable(what) => format!("answered {what}"),
        }
    }
}

/// Whether a read that was answered with this status may be tried again.
pub fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=504 | 520..=527)
}

impl Refusal {
    /// Status and words: `answered 422: alias too long`.
    pub fn answer(&self) -> String {
        let mut text = format!("answered {}", self.status);
        if !self.message.is_empty() {
            text.push_str(": ");
            text.push_str(&self.message);
        }
        text
    }
}
