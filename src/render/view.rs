//! What text and JSON say about the same plan, said in one place so that they cannot disagree.
//! Pure; counts what it states on the real bodies instead of assuming it.

use super::columns::{counted, name};
use super::style::Palette;
use crate::coralogix::account::AccountProfile;
use crate::coralogix::kind::type_name;
use crate::coralogix::mask::{Masked, MaskedWebhook, masked_url};
use crate::coralogix::webhook::{TypeId, Webhook};
use crate::foreign;
use crate::pipeline::plan::{Notice, OnConflict, Plan, State};

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
}

impl Party {
    /// Its name: `api.eu1.coralogix.com`, or `api.eu1.coralogix.com (prod-eu, production)`.
    pub fn named(&self) -> String {
        self.with(&[])
    }

    /// Which side it is: `api.eu1.coralogix.com (company 12345)`.
    pub fn identity(&self) -> String {
        self.with(&self.company_words())
    }

    /// The side in words: `api.eu1.coralogix.com (prod-eu, production; company 12345, 14 webhooks)`.
    pub fn described(&self) -> String {
        let mut facts = self.company_words();
        facts.push(counted(self.count, "webhook"));
        self.with(&facts)
    }

    fn company_words(&self) -> Vec<String> {
        let company = self.company.iter();
        company
            .map(|company| format!("company {}", foreign::shown(company)))
            .collect()
    }

    /// The name, and in brackets what the user calls it and what is known of it.
    fn with(&self, facts: &[String]) -> String {
        let called = self.profile.as_ref().map(profile_words);
        let parts: Vec<String> = called
            .into_iter()
            .chain((!facts.is_empty()).then(|| facts.join(", ")))
            .collect();
        let name = name(&self.name);
        if parts.is_empty() {
            return name;
        }
        format!("{name} ({})", parts.join("; "))
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

/// How much a text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a decision needs; long runs of the same are counted.
    Normal,
    /// Every webhook and every difference.
    Full,
}

/// How a text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// With ANSI codes or without.
    pub palette: Palette,
    /// The columns that there are.
    pub width: usize,
    /// How much is shown.
    pub detail: Detail,
}

/// What must hold for every body that would be sent, counted on the bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invariants {
    /// How many bodies would be sent.
    pub of: usize,
    /// How many of them carry none of the source's top-level `id`.
    pub top_level_id_removed: usize,
    /// How many of them have an `integration_type` with its `id`.
    pub integration_type_id_kept: usize,
}

/// Counts the invariants of what a plan would send.
pub fn invariants(plan: &Plan) -> Invariants {
    let is_sent = |state| matches!(state, State::Create | State::Update);
    let bodies = plan.steps().filter(|(_, step)| is_sent(step.state));
    let mut invariants = Invariants {
        of: 0,
        top_level_id_removed: 0,
        integration_type_id_kept: 0,
    };
    for (webhook, _) in bodies {
        let body = webhook.bare();
        invariants.of += 1;
        invariants.top_level_id_removed += usize::from(body.raw("id").is_none());
        invariants.integration_type_id_kept += usize::from(body.has_complete_type());
    }
    invariants
}

/// What nobody can know from two readings.
pub const NOT_CHECKED: [&str; 2] = [
    "whether the target accepts each webhook",
    "whether it delivers",
];

/// A notice in words, and what a program branches on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The word for programs.
    pub code: &'static str,
    /// How many webhooks it is about.
    pub count: usize,
    /// The sentence.
    pub text: String,
    /// Whether something goes wrong unless somebody acts.
    pub is_warning: bool,
}

/// Every notice of a plan in words.
pub fn notices(plan: &Plan) -> Vec<Told> {
    let n_created = plan.counts().of(State::Create);
    let notices = plan.notices();
    notices
        .iter()
        .map(|notice| told(notice, n_created))
        .collect()
}

fn told(notice: &Notice, n_created: usize) -> Told {
    let one = |n: &usize, singular, plural| if *n == 1 { singular } else { plural };
    let (code, count, text, is_warning) = match notice {
        Notice::BothNotify(n) => {
            let targets = counted(*n, "target");
            let text = format!("the source stays active, so both accounts will notify {targets}");
            ("both-notify", *n, text, false)
        }
        Notice::LogsFlowBack(n) => {
            let text = format!(
                "{} {} the source account's ingest key or host, so {} logs flow back to the source account: set payload.privateKey by a rule, and say --retarget where the region changes",
                counted(*n, "SendLog webhook"),
                one(n, "keeps", "keep"),
                one(n, "its", "their"),
            );
            ("logs-flow-back", *n, text, true)
        }
        Notice::OldLogEndpoint(n) => {
            let text = format!(
                "{} to an endpoint that the vendor is switching off (api.…/api/v1/logs): --retarget turns it into the region's ingress host",
                counted_verb(*n, "SendLog webhook", "sends", "send"),
            );
            ("old-log-endpoint", *n, text, true)
        }
        Notice::DeadOnArrival(n) => {
            let text = format!(
                "{} will probably not deliver: Microsoft has retired {}",
                counted(*n, "microsoft_teams connector"),
                one(n, "it", "them"),
            );
            ("dead-on-arrival", *n, text, true)
        }
        Notice::AlertsNeedNewIds => {
            let text = "alerts refer to webhooks by id: point them at the new ids with the id map";
            ("alerts-need-new-ids", n_created, text.to_owned(), false)
        }
    };
    Told {
        code,
        count,
        text,
        is_warning,
    }
}

fn counted_verb(n: usize, noun: &str, singular: &str, plural: &str) -> String {
    let verb = if n == 1 { singular } else { plural };
    format!("{} {verb}", counted(n, noun))
}

/// Why applying a plan would write nothing, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What stands in the way.
    pub why: String,
    /// The ways out, the most likely first.
    pub ways_out: Vec<&'static str>,
}

/// The refusal that applying the plan would meet, if any.
pub fn refusal(plan: &Plan) -> Option<Refusal> {
    let n_refusing = plan.n_refusing();
    if n_refusing == 0 {
        return None;
    }
    let counts = plan.counts();
    let is_in_the_way = |state| plan.is_refusing(state);
    let mut parts: Vec<String> = State::ALL
        .into_iter()
        .filter(|state| is_in_the_way(*state) && counts.of(*state) > 0)
        .map(|state| state_count(state, counts.of(state)))
        .collect();
    let mut ways_out = Vec::new();
    let n_missing = plan.missing_values().len();
    if n_missing > 0 {
        parts.push(format!(
            "{} that could not be read",
            counted(n_missing, "value")
        ));
        ways_out
            .push("a missing value: make it readable; `hookferry rules check` tells whether it is");
    }
    if parts.len() == usize::from(n_missing > 0) {
        let why = format!("nothing would be written, because of {}", parts.join(", "));
        return Some(Refusal { why, ways_out });
    }
    if is_in_the_way(State::Conflict) && counts.of(State::Conflict) > 0 {
        ways_out.push(
            "a conflict: `--on-conflict update` gives the target's webhook the source's content",
        );
    }
    if counts.of(State::Ambiguous) > 0 {
        ways_out.push("an ambiguous one: rename or remove the copies in one of the accounts");
    }
    if counts.of(State::Blocked) > 0 {
        ways_out.push("a blocked one: repair it in the source, or write a rule for it");
    }
    ways_out.push("any of them: leave it out with `--name '!ALIAS'`, or leave all of them alone with `--on-conflict skip`");
    let why = format!("nothing would be written, because of {}", parts.join(", "));
    Some(Refusal { why, ways_out })
}

/// How many are in a state, in words: `2 to create`, `1 conflict`.
pub(crate) fn state_count(state: State, n: usize) -> String {
    match state {
        State::Create | State::Update => format!("{n} to {}", state.word()),
        State::Conflict => counted(n, state.word()),
        State::Unchanged | State::Ambiguous | State::Blocked => format!("{n} {}", state.word()),
    }
}

/// The word for a policy on the command line and in JSON.
pub fn policy_word(on_conflict: OnConflict) -> &'static str {
    match on_conflict {
        OnConflict::Fail => "fail",
        OnConflict::Skip => "skip",
        OnConflict::Update => "update",
    }
}

/// What a type is called; a webhook without one says so.
pub(crate) fn kind_name(type_id: Option<TypeId>) -> String {
    type_id.map_or_else(|| "(no type)".to_owned(), type_name)
}

/// Where a webhook leads, masked: its url, else its fields.
pub(crate) fn leads_to(webhook: &Webhook) -> String {
    match url(webhook) {
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
