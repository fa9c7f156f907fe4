//! An account as a client addresses it: its side (source or target), the endpoint of its API, and its API key.
//! The key has no `Display`, no `Serialize`, and a `Debug` without content.

use super::endpoint::Endpoint;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The role of an account in a run: source or target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The account that webhooks are copied from; hookferry never writes to it.
    Source,
    /// The account that webhooks are copied to.
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

/// What a command does with an account; decides which permissions a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It also creates, changes or deletes webhooks.
    Write,
}

/// An API key; its memory is wiped on drop.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Wraps a key; `None` if it is empty or holds anything but visible ASCII, because it goes into a header.
    pub fn new(text: &str) -> Option<Self> {
        let usable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        usable.then(|| Self(SecretString::from(text)))
    }

    /// The secret text: for the `Authorization` header, and for removing the key from a server's messages.
    pub(in crate::coralogix) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether both keys are the same, compared in constant time.
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

/// What a profile of the config file states about an account, apart from its address and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountProfile {
    /// The profile's name in the config file.
    pub name: String,
    /// The user's own description of the account, if any.
    pub label: Option<String>,
    /// The company id that the account must have, if the profile states one.
    pub company_id: Option<String>,
    /// The undocumented keys that do not count when webhooks of the account are compared.
    pub ignore_keys: Vec<String>,
}

/// One account as a client addresses it.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its role in this run.
    pub side: Side,
    /// What the command does with it.
    pub access: Access,
    /// The endpoint of its API.
    pub endpoint: Endpoint,
    /// The API key that authenticates every request.
    pub key: ApiKey,
    /// Where the key came from, phrased to follow `the key`: `in HOOKFERRY_SOURCE_API_KEY`.
    pub key_origin: String,
    /// If the key stands in for the one that the profile names: why that one is not used.
    pub key_stands_in_because: Option<String>,
    /// How to use the environment's other key instead, where the command could: the end of a hint.
    pub key_alternative: Option<String>,
    /// The profile that named the account; `None` if the user gave a region, domain or URL.
    pub profile: Option<AccountProfile>,
}

impl Account {
    /// Creates an account without a profile, whose key came from its side's environment variable; a target is written to.
    pub fn new(side: Side, endpoint: Endpoint, key: ApiKey) -> Self {
        Self {
            side,
            access: match side {
                Side::Source => Access::Read,
                Side::Target => Access::Write,
            },
            endpoint,
            key,
            key_origin: format!("in {}", side.key_variable()),
            key_stands_in_because: None,
            key_alternative: None,
            profile: None,
        }
    }

    /// The undocumented keys that the account's profile leaves out of comparisons.
    pub fn ignore_keys(&self) -> &[String] {
        let profile = self.profile.as_ref();
        profile.map_or(&[], |profile| &profile.ignore_keys)
    }
}

/// The account's name in messages: `target api.us1.coralogix.com`, then the profile in parentheses if it has one.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.side, self.endpoint.host())?;
        match &self.profile {
            Some(profile) => write!(f, " ({})", profile.name),
            None => Ok(()),
        }
    }
}
