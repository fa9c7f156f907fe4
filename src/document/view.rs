//! What text and JSON say about the same plan, said in one place so that they cannot disagree.
//! Pure; counts what it states on the real bodies instead of assuming it.

use super::PartyDocument;
use crate::coralogix::account::AccountProfile;
use crate::coralogix::kind::type_name;
use crate::coralogix::mask::{Masked, MaskedWebhook, masked_url};
use crate::coralogix::webhook::{TypeId, Webhook};
use crate::foreign;
use crate::foreign::name;
use crate::pipeline::plan::Plan;
use crate::pipeline::push::Applied;
use crate::pipeline::verify::Verdict;
use crate::wording::counted;
use smol_str::SmolStr;

/// One of the two sides as it is named to the reader.
#[derive(Debug, Clone)]
pub struct Party {
    /// The host of an account, or the name of a file.
    pub name: String,
    /// The account's company id, where it is known.
    pub company: Option<String>,
    /// How many webhooks it holds in all, selected or not.
    pub count: usize,
    /// The profile by which it was named.
    pub profile: Option<AccountProfile>,
    /// Whether it is a backup, and no account that is still active.
    pub is_backup: bool,
}

impl Party {
    /// Its name: `api.eu1.coralogix.com`, or `api.eu1.coralogix.com (prod-eu, production)`.
    pub fn named(&self) -> String {
        PartyDocument::from(self).named()
    }

    /// Which side it is: `api.eu1.coralogix.com (company 12345)`.
    pub fn identity(&self) -> String {
        PartyDocument::from(self).identity()
    }

    /// The side in words: `api.eu1.coralogix.com (prod-eu, production; company 12345, 14 webhooks)`.
    pub fn described(&self) -> String {
        PartyDocument::from(self).described()
    }
}

/// A profile and what it is for: `prod-eu, production`.
pub(crate) fn profile_words(profile: &AccountProfile) -> String {
    let label = profile.label.as_deref().map(foreign::shown);
    let words = std::iter::once(foreign::shown(&profile.name)).chain(label);
    words.collect::<Vec<_>>().join(", ")
}

/// A plan and the two sides that it stands between.
#[derive(Debug, Clone, Copy)]
pub struct PlanView<'a> {
    /// What has to happen.
    pub plan: &'a Plan,
    /// Where the webhooks come from.
    pub source: &'a Party,
    /// Where they go.
    pub target: &'a Party,
}

/// A plan that was carried out, and what was found afterwards.
#[derive(Debug, Clone, Copy)]
pub struct OutcomeView<'a> {
    /// The plan and its two sides.
    pub plan: PlanView<'a>,
    /// What was done.
    pub applied: &'a Applied,
    /// What was found; `None` where the target could not be read at the end.
    pub verdict: Option<&'a Verdict>,
    /// The id of the run record; none where there was nothing to record.
    pub run: Option<&'a str>,
    /// Earlier runs that were cut off, and for which this one has accounted.
    pub continues: &'a [String],
    /// What a command has to say to find the record: nothing, or ` --state-dir DIR`.
    pub state_flag: &'a str,
    /// Whether the target is an account embedded in this program, which is gone when the run is over.
    pub is_rehearsal: bool,
}

/// How much a text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a decision needs; long runs of the same are counted.
    Normal,
    /// Every webhook and every difference.
    Full,
}

/// What a type is called; a webhook without one says so.
pub(crate) fn kind_name(type_id: Option<TypeId>) -> SmolStr {
    type_id.map_or(SmolStr::new_static("(no type)"), type_name)
}

/// Where a webhook with that masked url leads, masked: the url, else its fields.
pub(crate) fn leads_to(webhook: &Webhook, url: Option<&Masked>) -> String {
    match url {
        Some(url) => url.to_string(),
        None => fields_summary(&webhook.masked()),
    }
}

/// The url of a webhook alone, masked; `None` where there is none.
pub(crate) fn url(webhook: &Webhook) -> Option<Masked> {
    let url = webhook.url();
    (!url.is_empty()).then(|| masked_url(&url))
}

/// The fields of a webhook on one line, masked; a header or payload as the number of their keys.
pub(crate) fn fields_summary(masked: &MaskedWebhook) -> String {
    // A uuid names nothing that a reader knows.
    let is_shown = |entry: &&Masked| {
        let uuid = ("name".to_owned(), Masked::Text("uuid".to_owned()));
        !matches!(entry, Masked::Object(members) if members.contains(&uuid))
    };
    let field = |entry: &Masked| match entry {
        Masked::Object(members) => {
            let of = |key: &str| members.iter().find(|(name, _)| name == key).map(|(_, v)| v);
            match (of("name"), of("value")) {
                (Some(Masked::Text(field)), Some(Masked::Object(keys))) => {
                    format!("{} ({})", name(field), counted(keys.len(), "key"))
                }
                (Some(Masked::Text(field)), Some(value)) => format!("{} {value}", name(field)),
                _ => entry.to_string(),
            }
        }
        other => other.to_string(),
    };
    match &masked.fields {
        None => String::new(),
        Some(Masked::Array(entries)) => entries
            .iter()
            .filter(is_shown)
            .map(field)
            .collect::<Vec<_>>()
            .join(", "),
        Some(other) => other.to_string(),
    }
}
