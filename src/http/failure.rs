//! The ways in which a request can fail, classified by what each proves about the server.

use super::certificate::CertificateFlaw;
use super::proxy::Proxy;
use super::server_words::ShownWords;
use crate::wording::duration_text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
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
    /// The response was complete, but not what the API returns.
    Unusable(Unusable),
    /// The response was a list of webhooks, but not the whole list of one account.
    BadList(ListProblem),
}

/// What a complete response is, if it is not what the API returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// What it is, such as `an HTML page`; texts of the server are escaped.
    pub what: String,
    /// What that tells about whoever sent it.
    pub cause: UnusableCause,
}

/// Why a response is not what the API returns, as far as the response shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnusableCause {
    /// Something other than the API answered, such as a login page.
    OtherServer,
    /// It was meant to be the API's answer, and was damaged before it arrived, or while it was written.
    Damaged,
    /// It is valid JSON, and not in the form that the API returns.
    OtherForm,
    /// It is more than hookferry takes.
    TooLarge,
}

impl Unusable {
    pub(crate) fn new(cause: UnusableCause, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            cause,
        }
    }
}

/// Why a list of webhooks is not the whole list of one account; texts of the server are escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListProblem {
    /// It came with another status than 200.
    Status(u16),
    /// Its headers announce more webhooks than it holds; the text names the header.
    Partial(String),
    /// Two of its webhooks have this id and different content.
    Twins(String),
    /// Its webhooks belong to several companies; holds two of them.
    Companies([String; 2]),
    /// It belongs to another company than an earlier list of the same run.
    OtherCompany {
        /// The company of the earlier list.
        earlier: String,
        /// The company of this list.
        now: String,
    },
}

impl ListProblem {
    /// Whether it shows that this is not the account that the user means.
    pub fn is_wrong_account(&self) -> bool {
        matches!(self, Self::Companies(_) | Self::OtherCompany { .. })
    }

    /// Whether it may pass: a list that was read while somebody changed a webhook can show both versions.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Twins(_))
    }
}

/// Writes the rest of a sentence that starts with the account.
impl fmt::Display for ListProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(206) => f.write_str("returned a partial list (206)"),
            Self::Status(status) => {
                write!(f, "returned a list with status {status} instead of 200")
            }
            Self::Partial(what) => write!(f, "returned only a part of its webhooks: {what}"),
            Self::Twins(id) => write!(f, "lists webhook {id} twice with different content"),
            Self::Companies([one, other]) => {
                write!(f, "lists webhooks of company {one} and of company {other}")
            }
            Self::OtherCompany { earlier, now } => write!(
                f,
                "shows company {now}, but this run is for company {earlier}"
            ),
        }
    }
}

/// Why no connection was established, or not even tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectFailure {
    /// The host is unreachable; the text is the system's error message.
    Host(String),
    /// The proxy is unreachable, or leads nowhere; the text is the system's or the proxy's.
    Proxy(Proxy, String),
    /// The TLS certificate was not accepted; a retry does not help.
    Certificate(CertificateFlaw),
    /// No URL can name what the request is about; a retry does not help. The text says why.
    NoUrl(&'static str),
}

/// A status outside 200–299.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What the server said, as far as it may be shown.
    #[serde(default, skip_serializing_if = "ShownWords::is_empty")]
    pub message: ShownWords,
    /// The wait that the server asked for; `None` if it named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_wait: Option<RequestedWait>,
    /// The host in `Location`; redirects are never followed. `None` also if it repeats what was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_host: Option<ShownWords>,
    /// The origin of the key, phrased to follow `the key`, such as `in HOOKFERRY_TARGET_API_KEY`.
    pub key_origin: String,
}

/// How long a server asks its clients to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedWait {
    /// From the arrival of its answer.
    pub duration: Duration,
    /// When it is over, by our clock.
    pub until: Timestamp,
}

impl fmt::Display for RequestedWait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.until.strftime("%Y-%m-%d %H:%M:%S UTC");
        write!(
            formatter,
            "until {until} ({})",
            duration_text(self.duration)
        )
    }
}

impl Failure {
    /// Blames the proxy for a connection that was not established, if requests go through one.
    pub(crate) fn through(self, proxy: Option<&Proxy>) -> Self {
        match (self, proxy) {
            (Self::NotSent(ConnectFailure::Host(cause)), Some(proxy)) => {
                Self::NotSent(ConnectFailure::Proxy(proxy.clone(), cause))
            }
            (failure, _) => failure,
        }
    }

    /// Whether the failure is transient, so that retrying a read may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NotSent(ConnectFailure::Host(_) | ConnectFailure::Proxy(..))
            | Self::Lost { .. } => true,
            Self::NotSent(ConnectFailure::Certificate(_) | ConnectFailure::NoUrl(_))
            | Self::Unusable(_)
            | Self::BadList(_) => false,
            Self::Refused(refusal) => is_transient_status(refusal.status),
        }
    }

    /// The answer, if it is a refusal because of a rate limit (429).
    pub fn throttled(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) if refusal.status == 429 => Some(refusal),
            _ => None,
        }
    }

    /// The wait that the server asked for.
    pub fn requested_wait(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => Some(refusal.requested_wait?.duration),
            _ => None,
        }
    }

    /// A description of a few words, for progress lines and logs.
    pub fn brief(&self) -> String {
        match self {
            Self::NotSent(ConnectFailure::Host(_)) => "cannot be reached".to_owned(),
            Self::NotSent(ConnectFailure::Proxy(proxy, _)) => {
                format!("cannot be reached through {proxy}")
            }
            Self::NotSent(ConnectFailure::Certificate(_)) => "certificate not accepted".to_owned(),
            Self::NotSent(ConnectFailure::NoUrl(why)) => format!("not sent: {why}"),
            Self::Lost { why, .. } => why.clone(),
            Self::Refused(refusal) if refusal.status == 429 => "rate limited (429)".to_owned(),
            Self::Refused(refusal) => format!("answered {}", refusal.status),
            Self::Unusable(unusable) => format!("unusable response: {}", unusable.what),
            Self::BadList(problem) => problem.to_string(),
        }
    }
}

/// Whether a status is transient, so that a read may be retried.
pub fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=504 | 520..=527)
}

impl Refusal {
    /// The server's response in words: `answered 422: alias too long`.
    pub fn answer(&self) -> String {
        let mut text = format!("answered {}", self.status);
        if !self.message.is_empty() {
            text.push_str(": ");
            text.push_str(self.message.as_str());
        }
        text
    }
}
