//! Where the cut-over of a run stands: what is done, what is left, and the command for it.
//!
//! A copy is done when the target's pagers ring for the target's alerts. The steps say only what is on record on this
//! machine; nothing is read for them.

use super::OutcomeDocument;
use super::delivery::{DeliveryEntry, last_deliveries};
use super::outcome::{NextSteps, next_steps};
use super::run::RunRecord;
use super::view::SourceRelation;
use crate::coralogix::kind::WebhookType;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::pipeline::delivery::{DeliveryStatus, is_quiet};
use crate::pipeline::idmap::Direction;
use crate::pipeline::outcome::FinalStatus;
use crate::untrusted;
use crate::wording::{counted, counted_with_verb, one_or_many};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// The most webhooks that a step names.
const MAX_NAMED: usize = 5;

/// One step of the cut-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutOverStep {
    /// Which step it is.
    pub step: CutOverStage,
    /// How far it is.
    pub state: CutOverState,
    /// What is known of it, as a clause.
    pub text: String,
    /// The command that takes it further; `None` if there is none, or nothing is left to do.
    pub command: Option<String>,
}

/// The steps of a cut-over, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutOverStage {
    /// The webhooks are in the target.
    Copied,
    /// They are there as they were sent.
    Verified,
    /// Their destinations accept a test.
    Tested,
    /// The alerts refer to them.
    Alerts,
    /// Those of the source no longer notify.
    Source,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutOverState {
    /// Nothing is left to do.
    Done,
    /// Something is left to do, or nobody has recorded that it is done.
    Open,
    /// Something went wrong.
    Attention,
}

impl CutOverStage {
    /// The word for it, as every output shows it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Verified => "verified",
            Self::Tested => "tested",
            Self::Alerts => "alerts",
            Self::Source => "source",
        }
    }
}

impl CutOverState {
    /// The word for it, as every output shows it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Open => "open",
            Self::Attention => "check",
        }
    }
}

impl OutcomeDocument {
    /// The same document with the steps of the run's cut-over: only the first as long as the copy is incomplete, and none
    /// for a run that wrote nothing, that a later run continued, that a rollback has undone, or that was a rehearsal.
    #[must_use]
    pub fn with_cut_over(self, record: &RunRecord, deliveries: &[DeliveryEntry]) -> Self {
        let is_undone = record.rolled_back.is_some() || record.is_rollback_open();
        let is_continued = record.continued_by().is_some();
        let is_rehearsal = record.header.is_rehearsal;
        if record.written().next().is_none() || is_undone || is_continued || is_rehearsal {
            return self;
        }
        let mut cut_over = vec![copied(&self, record)];
        if record.is_complete() {
            cut_over.push(verified(&self, record));
            cut_over.push(tested(record, deliveries));
            cut_over.extend(alerts(&self, record));
            cut_over.extend(source(&self, record));
        }
        Self {
            cut_over,
            next_steps: next_steps(record, &self.webhooks, NextSteps::BesideCutOver),
            ..self
        }
    }
}

fn copied(outcome: &OutcomeDocument, record: &RunRecord) -> CutOverStep {
    let there = outcome.webhooks.iter();
    let n_there = there
        .filter(|item| item.result.is_in_both_accounts())
        .count();
    let n_left_alone = outcome.with_status(FinalStatus::Skipped).count();
    let left_alone = match n_left_alone {
        0 => String::new(),
        n => format!("; {n} left alone, as planned"),
    };
    let is_source_whole = !record.header.notices.iter().any(|notice| {
        let codes = ["incomplete-source", "unlisted-webhooks", "newer-types"];
        codes.contains(&notice.code.as_str())
    });
    let (state, again) = if record.is_complete() && is_source_whole {
        (CutOverState::Done, "")
    } else if record.is_complete() {
        let more = "; the source has more that hookferry did not read, as a warning says";
        (CutOverState::Attention, more)
    } else {
        let again = "; run the same migration again, which sends only what is missing";
        (CutOverState::Attention, again)
    };
    let text = format!(
        "{n_there} of {} {} in the target{left_alone}{again}",
        counted(outcome.webhooks.len(), "webhook"),
        one_or_many(n_there, "is", "are")
    );
    CutOverStep {
        step: CutOverStage::Copied,
        state,
        text,
        command: None,
    }
}

fn verified(outcome: &OutcomeDocument, record: &RunRecord) -> CutOverStep {
    let step = |state, text, command| CutOverStep {
        step: CutOverStage::Verified,
        state,
        text,
        command,
    };
    let verify = || Some(record.verify_command().to_string());
    let Some(read_back) = &outcome.read_back else {
        let text = "the run did not read the target back".to_owned();
        return step(CutOverState::Open, text, verify());
    };
    if read_back.missing + read_back.duplicated > 0 {
        let text = format!(
            "{} missing and {} duplicated when the run read the target back",
            read_back.missing, read_back.duplicated
        );
        return step(CutOverState::Attention, text, verify());
    }
    if read_back.altered > 0 {
        let text = format!(
            "the server altered {}{}; test these first: {}",
            counted(read_back.altered, "webhook"),
            altered_risk(outcome),
            names(
                outcome
                    .webhooks
                    .iter()
                    .filter(|item| !item.altered.is_empty())
                    .map(|item| &item.alias)
            )
        );
        return step(CutOverState::Attention, text, None);
    }
    let text = format!(
        "read back after writing: {} as sent",
        counted_with_verb(read_back.verified, "webhook", "is", "are")
    );
    step(CutOverState::Done, text, None)
}

/// Why it may matter that the server altered webhooks.
fn altered_risk(outcome: &OutcomeDocument) -> &'static str {
    let mut differences = outcome.webhooks.iter().flat_map(|item| &item.altered);
    if differences.any(|difference| difference.path == "url") {
        ", and a url that was decoded or shortened may be dead"
    } else {
        ""
    }
}

fn tested(record: &RunRecord, deliveries: &[DeliveryEntry]) -> CutOverStep {
    let written: Vec<_> = record.written().collect();
    // Older tests are of what was there before the run.
    let mut last = last_deliveries(deliveries, &record.canonical_host(), record.company());
    last.retain(|_, entry| entry.at >= record.header.started_at);
    let of = |code: &str| {
        let results = written
            .iter()
            .filter_map(|(_, webhook)| last.get(webhook.id));
        let results = results.filter(|entry| entry.status.code() == code);
        results.copied().collect::<Vec<_>>()
    };
    let delivered = of(DeliveryStatus::Delivered.code()).len();
    let doubtful: Vec<&DeliveryEntry> = [of("failed"), of("unknown")].concat();
    let n_written = counted(written.len(), "webhook");
    let text = match delivered + doubtful.len() {
        0 => format!("no test of its {n_written} is on record"),
        _ => format!("{delivered} of {n_written} delivered a test"),
    };
    let named = if doubtful.is_empty() {
        String::new()
    } else {
        let aliases = doubtful.iter().map(|entry| &entry.alias);
        format!("; failed or unknown: {}", names(aliases))
    };
    let state = match (doubtful.is_empty(), delivered == written.len()) {
        (false, _) => CutOverState::Attention,
        (true, true) => CutOverState::Done,
        (true, false) => CutOverState::Open,
    };
    let is_delivered = |id: &WebhookId| {
        let entry = last.get(id);
        entry.is_some_and(|entry| entry.status == DeliveryStatus::Delivered)
    };
    let untested = written
        .iter()
        .filter(|(_, webhook)| !is_delivered(webhook.id));
    let types = untested.filter_map(|(step_ix, _)| record.header.steps[step_ix.get()].type_id);
    CutOverStep {
        step: CutOverStage::Tested,
        state,
        text: format!("{text}{named}"),
        command: deliver_test_command(record, &types.collect()),
    }
}

/// Tests what no test has reached, as long as nobody is paged by it; else only shows what a test would do. What was
/// delivered is left out by the command itself.
fn deliver_test_command(record: &RunRecord, untested: &BTreeSet<u64>) -> Option<String> {
    let quiet = untested.iter().copied().filter(|id| is_quiet(*id));
    let quiet: Vec<u64> = quiet.collect();
    let (chosen, is_dry_run) = match (quiet.is_empty(), untested.first()) {
        (true, first) => (vec![*first?], true),
        (false, _) => (quiet, false),
    };
    let name = |id: &u64| {
        let documented = WebhookType::from_id(TypeId(*id));
        documented.map_or_else(|| id.to_string(), |documented| documented.name.to_owned())
    };
    let names: Vec<String> = chosen.iter().map(name).collect();
    let command = record.deliver_test_command(&names.join(","));
    let command = if is_dry_run {
        command.word("--dry-run")
    } else {
        command
    };
    Some(command.to_string())
}

/// The alerts; `None` if the run created no webhook, so that none has a new id.
fn alerts(outcome: &OutcomeDocument, record: &RunRecord) -> Option<CutOverStep> {
    outcome.with_status(FinalStatus::Created).next()?;
    let applied = |direction| {
        let applied = record.applied_maps.iter();
        let applied = applied.filter(move |applied| applied.direction() == direction);
        applied.fold((0, 0, 0), |(references, files, left), applied| {
            (
                references + applied.references,
                files + applied.files,
                left + applied.unresolved,
            )
        })
    };
    let (references, files, left) = applied(Direction::ToTarget);
    let (turned_back, ..) = applied(Direction::ToSource);
    let (state, text) = if references == 0 {
        let text =
            "the id map is not on record as applied, so alerts may refer to the source's numbers";
        (CutOverState::Open, text.to_owned())
    } else {
        let mut text = format!(
            "the id map was applied to {} in {}",
            counted(references, "reference"),
            counted(files, "file")
        );
        if turned_back > 0 {
            text = format!(
                "{text}, and {} turned back",
                counted_with_verb(turned_back, "reference", "was", "were")
            );
        }
        if left > 0 {
            text = format!("{text}; {left} could not be resolved");
        }
        let state = match (turned_back, left) {
            (0, 0) => CutOverState::Done,
            (0, _) => CutOverState::Attention,
            _ => CutOverState::Open,
        };
        (
            state,
            format!("{text}; import what it wrote, if that is not done"),
        )
    };
    let has_map = state == CutOverState::Open && record.id_map_refusal().is_none();
    Some(CutOverStep {
        step: CutOverStage::Alerts,
        state,
        text,
        command: has_map.then(|| record.apply_id_map_command().to_string()),
    })
}

/// The source; `None` if no live account notifies beside the target.
fn source(outcome: &OutcomeDocument, record: &RunRecord) -> Option<CutOverStep> {
    if record.header.source_relation != SourceRelation::LiveAccount {
        return None;
    }
    let both = outcome.webhooks.iter();
    let both = both.filter(|item| item.result.is_in_both_accounts());
    let ids: Vec<SmolStr> = both
        .filter_map(|item| item.source_id.as_ref())
        .map(|id| SmolStr::new(id.as_str()))
        .collect();
    Some(CutOverStep {
        step: CutOverStage::Source,
        state: CutOverState::Open,
        text: format!(
            "{} still active there unless somebody disabled {} since, so both accounts notify: {}",
            counted_with_verb(ids.len(), "webhook", "is", "are"),
            one_or_many(ids.len(), "it", "them"),
            names(ids.iter())
        ),
        command: None,
    })
}

/// The first names, escaped, and how many more there are.
fn names<'n>(names: impl Iterator<Item = &'n SmolStr>) -> String {
    let names: Vec<&SmolStr> = names.collect();
    let shown = names.iter().take(MAX_NAMED);
    let shown: Vec<String> = shown
        .map(|name| untrusted::escape_truncated(name, 40))
        .collect();
    match names.len().saturating_sub(MAX_NAMED) {
        0 => shown.join(", "),
        n => format!("{} and {n} more", shown.join(", ")),
    }
}
