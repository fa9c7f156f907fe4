//! The outcome of a run, as every output format shows it and the run record keeps it.

use super::cut_over::CutOverStep;
use super::run::entry::RemarkRow;
use super::run::{ItemRecord, RunRecord, StepRow};
use super::view::{SourceRelation, kind_name};
use super::{DifferenceDocument, DocumentBody, NoticeDocument, PartyDocument, SelectionDocument};
use crate::coralogix::account::{Access, Side};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::error::Error;
use crate::pipeline::idmap::{IdMap, IdPair};
use crate::pipeline::outcome::FinalStatus;
use crate::pipeline::plan::{StepIx, StepState};
use crate::pipeline::push::{ItemStatus, Proof, StopReason};
use crate::pipeline::verify::{ItemVerdict, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use smol_str::SmolStr;
use std::collections::HashSet;

/// The outcome of a run: the final status of every selected webhook, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeDocument {
    /// Name and version of the program that made it; the [envelope](super::Envelope) shows it.
    #[serde(skip_serializing)]
    pub tool: String,
    /// The id of the run record; `None` if there was nothing to record.
    pub run: Option<String>,
    /// Ids of the earlier runs that this run continued, the oldest first.
    pub continues: Vec<String>,
    /// The source of the webhooks.
    pub source: PartyDocument,
    /// The target, as it was before the run.
    pub target: PartyDocument,
    /// How many of the source's webhooks were selected.
    pub selection: SelectionDocument,
    /// One entry per selected webhook, in source order.
    pub webhooks: Vec<ItemOutcomeDocument>,
    /// Number of webhooks by status code, and `total`.
    pub summary: Map<String, Value>,
    /// The result of the final read-back; `None` if the target was not read.
    pub read_back: Option<ReadBackDocument>,
    /// The reason why the run ended early; `None` if it did not.
    pub stopped: Option<StopDocument>,
    /// Whether the read-back found every planned write in the target exactly once.
    pub complete: bool,
    /// Whether any request may have changed the target.
    pub may_have_written: bool,
    /// Notes and warnings for the reader.
    pub notices: Vec<NoticeDocument>,
    /// Number of write requests sent.
    pub requests: usize,
    /// Ids that are new in the target and that this run did not create.
    pub appeared_in_target: Vec<WebhookId>,
    /// Source id and target id of every webhook that both accounts now have, also if a conflict was skipped.
    pub id_map: Vec<IdPair>,
    /// What to do next, the most urgent first.
    #[serde(default)]
    pub next_steps: Vec<String>,
    /// Where the cut-over stands, as far as records show it.
    #[serde(default)]
    pub cut_over: Vec<CutOverStep>,
}

impl DocumentBody for OutcomeDocument {
    const KIND: &'static str = "outcome";

    fn tool(&self) -> &str {
        &self.tool
    }
}

/// The final status of one selected webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemOutcomeDocument {
    /// The final status.
    pub result: FinalStatus,
    /// Its alias in the target.
    pub alias: SmolStr,
    /// The name of its type, such as `slack`.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// The vendor's number of its type; `None` if it has no type.
    pub type_id: Option<u64>,
    /// Its id in the source; `None` if the source, such as a file, has none.
    pub source_id: Option<WebhookId>,
    /// Its id in the target; `None` if it has none or the id is unknown.
    pub target_id: Option<WebhookId>,
    /// The evidence that it was written; `None` if this run did not write it.
    pub proof: Option<Proof>,
    /// The state of its plan step.
    pub planned: StepState,
    /// The reason for the status, or the server's response; `None` if the status says it all.
    pub why: Option<String>,
    /// Places that the server altered: `source` is what was sent, `target` is what the target holds.
    pub altered: Vec<DifferenceDocument>,
}

/// Results of the final read-back of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field counts what its name says")]
pub struct ReadBackDocument {
    pub verified: usize,
    pub altered: usize,
    pub missing: usize,
    pub duplicated: usize,
}

/// The reason why a run ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopDocument {
    /// A stable code for programs, such as `unreachable`.
    pub code: String,
    /// The reason in words.
    pub text: String,
}

impl OutcomeDocument {
    /// The document of a run, from its record; of a run that has not ended, as far as its record goes.
    pub fn new(record: &RunRecord) -> Self {
        let header = &record.header;
        let footer = record.footer.as_deref();
        let webhooks = item_outcomes(record);
        Self {
            tool: header.tool.clone(),
            run: (!record.id().is_empty()).then(|| record.id().to_owned()),
            continues: header.continues.clone(),
            source: header.source.clone(),
            target: header.target.clone(),
            selection: SelectionDocument {
                matched: webhooks.len(),
                of: header.source.webhooks,
            },
            summary: summary_members(&webhooks),
            read_back: footer.and_then(|footer| footer.read_back),
            stopped: StopDocument::of_record(record),
            complete: record.is_complete(),
            may_have_written: record.may_have_written(),
            notices: header.notices.clone(),
            requests: record.n_requests(),
            appeared_in_target: footer.map_or_else(Vec::new, |footer| footer.new_in_target.clone()),
            id_map: id_map(record, &webhooks),
            next_steps: next_steps(record, &webhooks, NextSteps::All),
            cut_over: Vec::new(),
            webhooks,
        }
    }

    /// The id map; fails if one source id has two target ids, as only a damaged source can have it.
    pub fn to_id_map(&self) -> Result<IdMap, Error> {
        IdMap::new(self.id_map.clone())
    }

    /// The webhooks with the given final status.
    pub fn with_status(&self, status: FinalStatus) -> impl Iterator<Item = &ItemOutcomeDocument> {
        self.webhooks
            .iter()
            .filter(move |webhook| webhook.result == status)
    }

    /// Whether the plan had no creates and no updates.
    pub fn had_nothing_to_write(&self) -> bool {
        let is_change = |item: &ItemOutcomeDocument| {
            matches!(item.planned, StepState::Create | StepState::Update)
        };
        !self.webhooks.iter().any(is_change)
    }

    /// Number of webhooks in each status, without the statuses that none has.
    pub fn counts(&self) -> Vec<(FinalStatus, usize)> {
        let count = |status| (status, self.with_status(status).count());
        let all = FinalStatus::ALL.into_iter().map(count);
        all.filter(|(_, n)| *n > 0).collect()
    }
}

/// The id pairs of a run, except those that nothing but an answer shows, and no content: the target may show another
/// webhook by such an id.
fn id_map(record: &RunRecord, webhooks: &[ItemOutcomeDocument]) -> Vec<IdPair> {
    let unsure: HashSet<StepIx> = record.unsure_ids().collect();
    let webhooks = record.header.steps.iter().zip(webhooks).enumerate();
    let sure = webhooks.filter(|(ix, _)| !unsure.contains(&StepIx::from(*ix)));
    sure.filter_map(|(_, (row, item))| item.id_pair(row))
        .collect()
}

/// The outcome of every step of a run, in plan order.
fn item_outcomes(record: &RunRecord) -> Vec<ItemOutcomeDocument> {
    let footer = record.footer.as_deref();
    let altered = footer.map_or(&[][..], |footer| &footer.altered);
    let remarks = footer.map_or(&[][..], |footer| &footer.remarks);
    // Both are in plan order, and have rows for few steps.
    let (mut altered, mut remarks) = (altered.iter().peekable(), remarks.iter().peekable());
    let steps = record.header.steps.iter().zip(&record.items).enumerate();
    let to_outcome = |(step_ix, (row, item)): (usize, (&StepRow, &ItemRecord))| {
        let altered = altered.next_if(|row| row.step_ix.get() == step_ix);
        let remark = remarks.next_if(|row| row.step_ix.get() == step_ix);
        ItemOutcomeDocument {
            altered: altered.map_or_else(Vec::new, |row| row.differences.clone()),
            ..ItemOutcomeDocument::new(row, &item.status, remark)
        }
    };
    steps.map(to_outcome).collect()
}

impl ItemOutcomeDocument {
    fn new(row: &StepRow, status: &ItemStatus, remark: Option<&RemarkRow>) -> Self {
        let result = FinalStatus::new(row.state, status);
        let is_write = matches!(row.state, StepState::Create | StepState::Update);
        let (target_id, why) = match result {
            _ if is_write => {
                let remark = remark.map(|row| row.why.clone());
                (status.any_target_id(), status.reason().or(remark))
            }
            FinalStatus::Skipped => (row.target_id(), Some(row.details().reason.clone())),
            _ => (row.target_id(), None),
        };
        Self {
            result,
            alias: row.alias.clone(),
            kind: kind_name(row.type_id.map(TypeId)),
            type_id: row.type_id,
            source_id: row.source_id.clone(),
            target_id: target_id.cloned(),
            proof: status.written().map(|(_, proof)| proof),
            planned: row.state,
            why,
            altered: Vec::new(),
        }
    }

    /// Its ids in both accounts; `None` if one of them does not have it.
    fn id_pair(&self, row: &StepRow) -> Option<IdPair> {
        // With one counterpart, a skipped webhook is in both accounts, too.
        let is_conflict = self.planned == StepState::Conflict;
        if !self.result.is_in_both_accounts() && !is_conflict {
            return None;
        }
        Some(IdPair {
            source_id: self.source_id.clone()?,
            target_id: self.target_id.clone()?,
            kind: self.kind.clone(),
            alias: self.alias.clone(),
            source_alias: row.source_alias().into(),
            result: SmolStr::new_static(self.result.code()),
        })
    }
}

impl StopDocument {
    /// Why a run ended early, as far as its record shows; `None` if it did not.
    fn of_record(record: &RunRecord) -> Option<Self> {
        let (code, text) = if let Some(footer) = &record.footer {
            let stop = footer.stop.as_ref()?;
            (stop.code(), stop.sentence("the target"))
        } else {
            let end = match record.continued_by() {
                Some(later) => format!("; run {later} continued it"),
                None => ", unless it is still working".to_owned(),
            };
            let text = format!("it was cut off before it could record the rest{end}");
            ("cut-off", text)
        };
        Some(Self {
            code: code.to_owned(),
            text,
        })
    }
}

impl ReadBackDocument {
    /// Counts the verdicts of a read-back.
    pub(super) fn from_verdict(verdict: &Verdict) -> Self {
        Self {
            verified: verdict.count(|verdict| *verdict == ItemVerdict::Verified),
            altered: verdict.count(|verdict| matches!(verdict, ItemVerdict::Altered(_))),
            missing: verdict.count(|verdict| *verdict == ItemVerdict::Missing),
            duplicated: verdict.count(|verdict| matches!(verdict, ItemVerdict::Duplicated(_))),
        }
    }
}

fn summary_members(webhooks: &[ItemOutcomeDocument]) -> Map<String, Value> {
    let count = |status: FinalStatus| {
        let n = webhooks.iter().filter(|item| item.result == status).count();
        (status.code().to_owned(), n.into())
    };
    let mut members: Map<String, Value> = FinalStatus::ALL.into_iter().map(count).collect();
    members.insert("total".to_owned(), webhooks.len().into());
    members
}

/// Which next steps a document has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NextSteps {
    All,
    /// Those that the steps of the cut-over do not have.
    BesideCutOver,
}

/// What to do next, the most urgent first.
pub(super) fn next_steps(
    record: &RunRecord,
    webhooks: &[ItemOutcomeDocument],
    which: NextSteps,
) -> Vec<String> {
    let (header, is_complete) = (&record.header, record.is_complete());
    let has_any =
        |statuses: &[FinalStatus]| webhooks.iter().any(|item| statuses.contains(&item.result));
    let mut steps = Vec::new();
    let stop = record
        .footer
        .as_deref()
        .and_then(|footer| footer.stop.as_ref());
    if let Some(StopReason::Refused(refusal)) = stop {
        steps.extend(refusal.hint(Side::Target, Access::Write));
    }
    if has_any(&[FinalStatus::Refused, FinalStatus::Ignored]) {
        steps.push(
            "fix refused and ignored webhooks in the source, or exclude them with `--name '!ALIAS'`"
                .to_owned(),
        );
    }
    let is_unsure = has_any(&[
        FinalStatus::Unresolved,
        FinalStatus::NotSeen,
        FinalStatus::Duplicated,
    ]);
    // What a run that was cut off left open, the next one finds out.
    if is_unsure && record.footer.is_some() {
        steps.push(
            "check the unresolved, not seen and duplicated webhooks in the target; delete surplus copies by hand"
                .to_owned(),
        );
    }
    if !is_complete {
        steps.push("run the same command again: it reads the target first and sends only what is still missing".to_owned());
    }
    if header.is_rehearsal {
        if is_complete {
            steps.push("the backup can be restored; to restore it for real, run the same command with --to ACCOUNT instead of --rehearse".to_owned());
        }
        return steps;
    }
    if is_complete && record.may_have_written() && which == NextSteps::All {
        steps.push(format!("verify: {}", record.verify_command()));
    }
    steps.extend(undo_step(record));
    // As long as anything is missing, the steps above come first.
    if has_any(&[FinalStatus::Created]) && is_complete && which == NextSteps::All {
        steps.push(format!(
            "point your alerts at the new ids, the pairs `old -> new` above (`{}` prints them again): export the alerts and run `{}`",
            record.id_map_command(),
            record.apply_id_map_command()
        ));
        let still_active = match header.source_relation {
            SourceRelation::LiveAccount => "the source stays active: disable its webhooks",
            SourceRelation::Copy => {
                "the account that the webhooks come from may still be active: disable them there"
            }
            SourceRelation::OwnBackup => "",
        };
        if !still_active.is_empty() {
            steps.push(format!(
                "{still_active} once you know that the target's work"
            ));
        }
    }
    steps
}

/// How to undo the run, and with it the others of its chain; `None` if none of them wrote anything.
fn undo_step(record: &RunRecord) -> Option<String> {
    let what = match (record.may_have_written(), record.is_in_chain()) {
        (true, _) => record.rollback_extent(),
        (false, true) => "the other runs of its chain",
        (false, false) => return None,
    };
    Some(format!("undo {what}: {}", record.rollback_command()))
}
