//! The input of the renderers: a plan with both of its sides, and the wording that they share.
//! Pure. Shared wording exists once, so that text and JSON cannot disagree.

use super::PartyDocument;
use crate::coralogix::account::AccountProfile;
use crate::coralogix::kind::type_name;
use crate::coralogix::mask::{Masked, MaskedWebhook, mask_url};
use crate::coralogix::webhook::{TypeId, Webhook};
use crate::pipeline::cross_check::CrossCheck;
use crate::pipeline::plan::Plan;
use crate::untrusted;
use crate::untrusted::name_cell;
use crate::wording::counted;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The name of standard input.
pub const STDIN_NAME: &str = "standard input";

/// The source or the target, described for the reader.
#[derive(Debug, Clone)]
pub struct Party {
    /// The host of an account, or the name of a file.
    pub name: String,
    /// The account's company id; `None` if it is unknown.
    pub company_id: Option<String>,
    /// Number of webhooks that it holds, selected or not.
    pub n_webhooks: usize,
    /// The profile by which the user named the account; `None` if it was named in another way.
    pub profile: Option<AccountProfile>,
    /// Whether it is a live account instead of a file or a backup.
    pub is_live: bool,
    /// Whether it is restored from, as a backup.
    pub is_backup: bool,
    /// The header that announces more webhooks than were read; `None` unless the user accepts that.
    pub incomplete: Option<String>,
    /// What the newer API says about its list; `None` unless it was asked.
    pub cross_check: Option<CrossCheck>,
}

impl Party {
    /// The name, with the profile if there is one: `api.eu1.coralogix.com (prod-eu, production)`.
    pub fn display_name(&self) -> String {
        PartyDocument::from(self).display_name()
    }

    /// The name and company id: `api.eu1.coralogix.com (company 12345)`.
    pub fn identity(&self) -> String {
        PartyDocument::from(self).identity()
    }

    /// All known facts: `api.eu1.coralogix.com (prod-eu, production; company 12345, 14 webhooks)`.
    pub fn description(&self) -> String {
        PartyDocument::from(self).description()
    }
}

/// A profile with its label: `prod-eu, production`.
pub(crate) fn profile_text(profile: &AccountProfile) -> String {
    let label = profile.label.as_deref().map(untrusted::escape);
    let words = std::iter::once(untrusted::escape(&profile.name)).chain(label);
    words.collect::<Vec<_>>().join(", ")
}

/// A plan with its source and target.
#[derive(Debug, Clone, Copy)]
pub struct PlanView<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The source of the webhooks.
    pub source: &'a Party,
    /// The target of the webhooks.
    pub target: &'a Party,
}

impl PlanView<'_> {
    /// What the source is to the target.
    pub fn source_relation(&self) -> SourceRelation {
        match (self.plan.is_same_account(), self.source.is_live) {
            (true, _) => SourceRelation::OwnBackup,
            (false, true) => SourceRelation::LiveAccount,
            (false, false) => SourceRelation::Copy,
        }
    }
}

/// What the source of a plan is to its target, which decides what a reader has to know about the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceRelation {
    /// Another account, which stays active.
    LiveAccount,
    /// A file or a backup of another account, which may be active.
    Copy,
    /// A backup of the target itself.
    OwnBackup,
}

/// The level of detail of a text; by default, what a decision needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Detail {
    /// Whether to show every value of new webhooks, and every difference in full (`--diff`).
    pub shows_values: bool,
    /// Whether to list webhooks that need no attention, and every one of many (`--all`), instead of counting them.
    pub lists_all: bool,
}

/// The name of a type; `(no type)` if there is none.
pub(crate) fn kind_name(type_id: Option<TypeId>) -> SmolStr {
    type_id.map_or(SmolStr::new_static("(no type)"), type_name)
}

/// The destination of a webhook, masked: its url, else its fields.
pub(crate) fn destination(webhook: &Webhook, url: Option<&Masked>) -> String {
    match url {
        Some(url) => url.to_string(),
        None => fields_summary(&webhook.masked()),
    }
}

/// The masked url of a webhook; `None` if it has none.
pub(crate) fn url(webhook: &Webhook) -> Option<Masked> {
    let url = webhook.url();
    (!url.is_empty()).then(|| mask_url(&url))
}

/// The masked fields of a webhook on one line; headers and payloads only as their number of keys.
pub(crate) fn fields_summary(masked: &MaskedWebhook) -> String {
    // A uuid means nothing to the reader.
    let is_shown = |entry: &&Masked| {
        let uuid = ("name".to_owned(), Masked::Text("uuid".to_owned()));
        !matches!(entry, Masked::Object(members) if members.contains(&uuid))
    };
    let field = |entry: &Masked| match entry {
        Masked::Object(members) => {
            let member = |key: &str| members.iter().find(|(name, _)| name == key).map(|(_, v)| v);
            match (member("name"), member("value")) {
                (Some(Masked::Text(field)), Some(Masked::Object(keys))) => {
                    format!("{} ({})", name_cell(field), counted(keys.len(), "key"))
                }
                (Some(Masked::Text(field)), Some(value)) => format!("{} {value}", name_cell(field)),
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
