//! What binds a saved plan to what it was made of: both accounts, their contents, the rules, the options, a time.
//! Pure. Holds no secret, and nothing that could be tried out without the API key that sealed it.

mod moved;

pub use moved::{ChangedField, Moved, MovedWebhook, Promise, What};

use super::plan::Plan;
use super::rewrite::rule::Unmatched;
use super::strip::{Stripped, StrippedWebhook};
use crate::coralogix::account::{ApiKey, Side};
use crate::coralogix::content::Fingerprint;
use crate::coralogix::sealed::Sealer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// What a saved plan is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// When the plan was made.
    pub created: Timestamp,
    /// Until when it may be applied.
    pub valid_until: Timestamp,
    /// Where the webhooks come from; the selected ones, as they were read.
    pub source: BoundSide,
    /// Where they go; all that it holds, as they were read.
    pub target: BoundSide,
    /// Which of the source's webhooks are meant.
    pub selection: BoundSelection,
    /// What becomes of secrets that no rule names.
    pub unmatched_secret: Unmatched,
    /// At which region the vendor's hosts are pointed: a code, or `target`.
    pub retarget: Option<String>,
    /// The rules file.
    pub rules: Option<BoundRules>,
    /// Whose API key made the seals.
    pub sealed_with: Side,
    /// The salt of the seals.
    pub salt: String,
    /// What tells whether another API key is at hand.
    pub check: String,
    /// The seal of the whole document, taken while this is empty.
    pub seal: String,
}

/// One side of a saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundSide {
    /// How it can be read again.
    #[serde(flatten)]
    pub place: BoundPlace,
    /// The profile by which the account was named, which knows its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The company id, where it showed one.
    pub company_id: Option<String>,
    /// The seal of the account's API key, by which an account without a company id is known again.
    pub key: Option<String>,
    /// What it held.
    pub webhooks: Vec<BoundWebhook>,
}

/// How a side can be read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BoundPlace {
    /// A live account: the base URL of its API.
    Url(String),
    /// A file.
    File(String),
    /// It came on standard input, and has to be given again as a file.
    Stdin(bool),
}

/// One webhook of a side, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundWebhook {
    /// Its id in its account.
    pub id: Option<String>,
    /// Its name there.
    pub alias: SmolStr,
    /// Its type as the vendor numbers it.
    pub type_id: Option<u64>,
    /// The seal of everything but what the server owns.
    pub seal: String,
    /// The short seal of each value by its path, to name what changed.
    pub fields: BTreeMap<SmolStr, SmolStr>,
    /// For a webhook of the source: the seal of what is wanted in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
}

/// Which of the source's webhooks are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundSelection {
    /// Types, by number.
    pub types: Vec<u64>,
    /// Patterns of the alias; a leading `!` leaves out.
    pub names: Vec<String>,
    /// Ids.
    pub ids: Vec<String>,
}

/// The rules file of a saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundRules {
    /// Its name as the user gave it.
    pub file: String,
    /// The seal of its text.
    pub seal: String,
}

/// The plan and what it was made of, as they are now.
pub struct Made<'m> {
    /// The selected webhooks of the source, as they were read.
    pub source: &'m Stripped,
    /// The source's company id.
    pub source_company: Option<String>,
    /// The source's API key; none for a file.
    pub source_key: Option<&'m ApiKey>,
    /// All webhooks of the target, as they were read.
    pub target: &'m Stripped,
    /// The target's company id.
    pub target_company: Option<String>,
    /// The target's API key.
    pub target_key: &'m ApiKey,
    /// The plan.
    pub plan: &'m Plan,
    /// The name of the rules file and what tells its text from others.
    pub rules: Option<(String, Fingerprint)>,
}

/// What somebody decided about a plan, and how both sides can be read again.
#[derive(Debug, Clone)]
pub struct Decided {
    /// When the plan was made.
    pub created: Timestamp,
    /// Until when it may be applied.
    pub valid_until: Timestamp,
    /// How the source can be read again, and the profile by which it was named.
    pub source: (BoundPlace, Option<String>),
    /// The same of the target.
    pub target: (BoundPlace, Option<String>),
    /// Which of the source's webhooks are meant.
    pub selection: BoundSelection,
    /// What becomes of secrets that no rule names.
    pub unmatched_secret: Unmatched,
    /// At which region the vendor's hosts are pointed.
    pub retarget: Option<String>,
}

impl Made<'_> {
    /// Whose API key seals: the source's where there is one, because whoever has it knows the secrets already.
    pub fn sealed_with(&self) -> (Side, &ApiKey) {
        match self.source_key {
            Some(key) => (Side::Source, key),
            None => (Side::Target, self.target_key),
        }
    }
}

impl Binding {
    /// Binds a plan to what it was made of; the seal of the whole is left to be filled in.
    pub fn of(made: &Made<'_>, decided: Decided, sealer: &Sealer) -> Self {
        let mut source = side(
            made.source,
            decided.source,
            made.source_company.clone(),
            sealer,
        );
        source.key = made.source_key.map(|key| sealer.key(key).to_string());
        for (bound, (wanted, _)) in source.webhooks.iter_mut().zip(made.plan.steps()) {
            bound.wanted = Some(sealer.carried(wanted.bare()).to_string());
        }
        let mut target = side(
            made.target,
            decided.target,
            made.target_company.clone(),
            sealer,
        );
        target.key = Some(sealer.key(made.target_key).to_string());
        let rules = made.rules.as_ref().map(|(file, text)| BoundRules {
            file: file.clone(),
            seal: sealer.fingerprint(*text).to_string(),
        });
        Self {
            created: decided.created,
            valid_until: decided.valid_until,
            source,
            target,
            selection: decided.selection,
            unmatched_secret: decided.unmatched_secret,
            retarget: decided.retarget,
            rules,
            sealed_with: made.sealed_with().0,
            salt: sealer.salt(),
            check: sealer.check(),
            seal: String::new(),
        }
    }
}

fn side(
    webhooks: &Stripped,
    (place, profile): (BoundPlace, Option<String>),
    company_id: Option<String>,
    sealer: &Sealer,
) -> BoundSide {
    let webhooks = webhooks.webhooks().iter();
    BoundSide {
        place,
        profile,
        company_id,
        key: None,
        webhooks: webhooks
            .map(|webhook| BoundWebhook::of(webhook, sealer))
            .collect(),
    }
}

impl BoundWebhook {
    fn of(webhook: &StrippedWebhook, sealer: &Sealer) -> Self {
        Self {
            id: webhook.id().map(|id| id.as_str().to_owned()),
            alias: webhook.alias().clone(),
            type_id: webhook.type_id().map(|type_id| type_id.0),
            seal: sealer.carried(webhook.bare()).to_string(),
            fields: sealer.places(webhook.bare()),
            wanted: None,
        }
    }
}
