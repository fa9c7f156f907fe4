//! How a request failed, and how that is told: which account, what the server said, what to do next.
//! Never shows a request body, a key, or more of a URL than its host.

use super::account::{Account, Side};
use super::scrub::scrubbed;
use crate::error::{Error, ErrorKind};
use crate::foreign;
use std::time::Duration;

/// The vendor's permission to read webhooks.
pub const MAY_READ: &str = "OUTBOUND-WEBHOOKS:READCONFIG";
/// The vendor's permission to create, change and delete webhooks.
pub const MAY_WRITE: &str = "OUTBOUND-WEBHOOKS:UPDATECONFIG";
/// The vendor's preset that has both.
pub const PRESET: &str = "OUTBOUNDWEBHOOKS";
/// The most that is shown of a server's own words.
const LONGEST_MESSAGE: usize = 200;

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
            Self::Refused(refusal) => super::retry::is_passing(refusal.status),
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

    /// The failure as the user reads it; `doing` says what was asked, such as `list webhooks`.
    pub fn explain(&self, account: &Account, doing: &str) -> Error {
        match self {
            Self::NotSent(Unreached::Host(cause)) => {
                Error::failed(format!("cannot reach {account}: {cause}")).with_hint(
                    "check the region or URL, the network, and HTTPS_PROXY if there is a proxy; nothing was sent",
                )
            }
            Self::NotSent(Unreached::Certificate(cause)) => Error::failed(format!(
                "the certificate of {account} was not accepted: {cause}"
            ))
            .with_hint("a proxy that opens TLS needs its CA: --ca-file FILE, or SSL_CERT_FILE; there is no way to switch the check off"),
            Self::Lost { why, .. } => Error::failed(format!("{account} could not {doing}: {why}"))
                .with_hint("try again; --timeout raises the wait for a slow server"),
            Self::Unusable(what) => Error::failed(format!(
                "{account} could not {doing}: the answer is {what}"
            ))
            .with_hint("check the region or URL: something else than the webhooks API answered, perhaps a proxy or a login page"),
            Self::Refused(refusal) => refusal.explain(account, doing),
        }
    }
}

impl Refusal {
    fn explain(&self, account: &Account, doing: &str) -> Error {
        let mut what = format!("{account} answered {} to {doing}", self.status);
        if let Some(host) = &self.redirect_host {
            what = format!("{what} (a redirect to {host}, which is not followed)");
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

    /// The next step for the statuses that have a usual cause.
    pub fn hint(&self, side: Side) -> Option<String> {
        let permission = match side {
            Side::Source => MAY_READ.to_owned(),
            Side::Target => format!("{MAY_READ} and {MAY_WRITE}"),
        };
        let key = &self.key_from;
        match self.status {
            401 | 403 => Some(format!(
                "the key {key} needs {permission} (preset {PRESET}); a key of another region is refused in the same way, so check that the {side}'s region is the key's"
            )),
            300..=399 => Some("give the address that the redirect points to, if you trust it: a key is never sent to another host than the one you named".to_owned()),
            404 | 405 => Some(format!(
                "check the {side}'s region or URL: the webhooks API is not at this address (for AP1, https://api.app.coralogix.in is an older one)"
            )),
            429 => Some("the account's rate limit stayed exhausted; try again later, or lower --rate".to_owned()),
            500..=599 => Some("the server failed; try again later".to_owned()),
            _ => None,
        }
    }
}

/// What the server said, from the body of an error: the API's usual places, else its text if that is short and plain.
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
