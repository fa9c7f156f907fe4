//! Which account is meant: the side it stands on, where its API lives, and the key that opens it.
//! The key has no `Display`, no `Serialize`, and a `Debug` without content.

use super::endpoint::Endpoint;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The two roles an account can have; always named in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Where webhooks are read; nothing is ever written there.
    Source,
    /// Where webhooks are created.
    Target,
}

impl Side {
    /// The environment variable that holds this side's key.
    pub fn key_variable(self) -> &'static str {
        match self {
            Self::Source => "HOOKFERRY_SOURCE_API_KEY",
            Self::Target => "HOOKFERRY_TARGET_API_KEY",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// An API key; wiped from memory when dropped.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// A key whose text may be sent in a header; `None` where it is empty or holds spaces or control characters.
    pub fn new(text: &str) -> Option<Self> {
        let usable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        usable.then(|| Self(SecretString::from(text)))
    }

    /// The text, for the `Authorization` header and for taking it out of a server's words.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether two sides were given the same key, compared in constant time.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let digest =
            |key: &Self| ring::digest::digest(&ring::digest::SHA256, key.expose().as_bytes());
        let (mine, theirs) = (digest(self), digest(other));
        let mut difference = 0;
        for (left, right) in mine.as_ref().iter().zip(theirs.as_ref()) {
            difference |= left ^ right;
        }
        difference == 0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// What a profile says of an account besides its address and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountProfile {
    /// The name by which the user calls it.
    pub name: String,
    /// What it is for, in the user's words.
    pub label: Option<String>,
    /// The company that it has to belong to.
    pub company_id: Option<String>,
}

/// One account as a client addresses it.
#[derive(Debug, Clone)]
pub struct Account {
    /// The role it has in this run.
    pub side: Side,
    /// Where its API lives.
    pub endpoint: Endpoint,
    /// The key that opens it.
    pub key: ApiKey,
    /// Where the key was taken from, in words that follow `the key`: `in HOOKFERRY_SOURCE_API_KEY`.
    pub key_from: String,
    /// The profile by which it was named.
    pub profile: Option<AccountProfile>,
}

impl Account {
    /// An account that no profile names, with the key of its side's variable.
    pub fn new(side: Side, endpoint: Endpoint, key: ApiKey) -> Self {
        Self {
            side,
            endpoint,
            key,
            key_from: format!("in {}", side.key_variable()),
            profile: None,
        }
    }
}

/// How messages name the account: `target api.us1.coralogix.com`, followed by the profile where it has one.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.side, self.endpoint.host())?;
        match &self.profile {
            Some(profile) => write!(f, " ({})", profile.name),
            None => Ok(()),
        }
    }
}
