//! The outcome of a run, as every output format shows it and the run record keeps it.

use super::notice::notices;
use super::view::{OutcomeView, kind_name};
use super::{DifferenceDocument, DocumentHeader, NoticeDocument, PartyDocument, SelectionDocument};
use crate::coralogix::account::Side;
use crate::coralogix::id_json;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::outcome::{self, FinalStatus, ItemOutcome, item_outcomes};
use crate::pipeline::plan::StepState;
use crate::pipeline::push::{Proof, StopReason};
use crate::pipeline::verify::{ItemVerdict, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// The outcome of a run: the final status of every selected webhook, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeDocument {
    /// The document format version; this program writes [`FORMAT_VERSION`](super::FORMAT_VERSION).
    pub format_version: String,
    /// Always `outcome`.
    pub kind: String,
    /// Name and version of the program that wrote it.
    pub tool: String,
    /// The id of the run record; `None` if there was nothing to record.
    pub run: Option<String>,
    /// Ids of interrupted runs that this run resumed.
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
    #[serde(with = "id_json::list")]
    pub appeared_in_target: Vec<WebhookId>,
    /// Source id and target id of every webhook that both accounts now have.
    pub id_map: Vec<IdPairDocument>,
    /// What to do next, the most urgent first.
    #[serde(default)]
    pub next_steps: Vec<String>,
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
    #[serde(with = "id_json::optional")]
    pub source_id: Option<WebhookId>,
    /// Its id in the target; `None` if it has none or the id is unknown.
    #[serde(with = "id_json::optional")]
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

/// The id pair of a webhook that both accounts have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdPairDocument {
    /// Its id in the source.
    #[serde(with = "id_json")]
    pub source_id: WebhookId,
    /// Its id in the target.
    #[serde(with = "id_json")]
    pub target_id: WebhookId,
    /// The name of its type, such as `slack`.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// Its alias in the target.
    pub alias: SmolStr,
    /// The code of its final status.
    pub result: SmolStr,
}

impl OutcomeDocument {
    /// The document of a run.
    pub fn new(view: OutcomeView<'_>) -> Self {
        let outcomes = item_outcomes(view.plan.plan, view.push_result, view.verdict);
        let push_result = view.push_result;
        let is_verified = view.verdict.is_some_and(Verdict::is_complete);
        let complete =
            push_result.is_complete() && (is_verified || push_result.statuses.is_empty());
        let stopped = push_result.stop.as_ref().map(|stop| {
            let (code, text) = stop_text(stop);
            StopDocument {
                code: code.to_owned(),
                text,
            }
        });
        let header = DocumentHeader::new("outcome");
        Self {
            format_version: header.format_version.to_owned(),
            kind: header.kind.to_owned(),
            tool: header.tool.to_owned(),
            run: view.run.map(str::to_owned),
            continues: view.continues.to_vec(),
            source: view.plan.source.into(),
            target: view.plan.target.into(),
            selection: SelectionDocument {
                matched: outcomes.len(),
                of: view.plan.source.n_webhooks,
            },
            webhooks: outcomes
                .iter()
                .map(ItemOutcomeDocument::from_outcome)
                .collect(),
            summary: summary_members(&outcomes),
            read_back: view.verdict.map(ReadBackDocument::from_verdict),
            stopped,
            complete,
            may_have_written: push_result.may_have_written,
            notices: notices(view.plan),
            requests: push_result.n_requests,
            appeared_in_target: push_result.new_in_target.clone(),
            id_map: outcomes
                .iter()
                .filter_map(IdPairDocument::try_from_outcome)
                .collect(),
            next_steps: next_steps(view, &outcomes, complete),
        }
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

impl ItemOutcomeDocument {
    fn from_outcome(outcome: &ItemOutcome<'_>) -> Self {
        Self {
            result: outcome.status,
            alias: outcome.webhook.alias().clone(),
            kind: kind_name(outcome.webhook.type_id()),
            type_id: outcome.webhook.type_id().map(|type_id| type_id.0),
            source_id: outcome.webhook.source_id().cloned(),
            target_id: outcome.target_id.cloned(),
            proof: outcome.proof,
            planned: outcome.planned,
            why: outcome.why.clone(),
            altered: DifferenceDocument::from_differences(outcome.altered),
        }
    }
}

impl IdPairDocument {
    fn try_from_outcome(outcome: &ItemOutcome<'_>) -> Option<Self> {
        if !outcome.is_in_both_accounts() {
            return None;
        }
        Some(Self {
            source_id: outcome.webhook.source_id()?.clone(),
            target_id: outcome.target_id?.clone(),
            kind: kind_name(outcome.webhook.type_id()),
            alias: outcome.webhook.alias().clone(),
            result: SmolStr::new_static(outcome.status.code()),
        })
    }
}

impl ReadBackDocument {
    fn from_verdict(verdict: &Verdict) -> Self {
        Self {
            verified: verdict.count(|verdict| *verdict == ItemVerdict::Verified),
            altered: verdict.count(|verdict| matches!(verdict, ItemVerdict::Altered(_))),
            missing: verdict.count(|verdict| *verdict == ItemVerdict::Missing),
            duplicated: verdict.count(|verdict| matches!(verdict, ItemVerdict::Duplicated(_))),
        }
    }
}

fn summary_members(outcomes: &[ItemOutcome<'_>]) -> Map<String, Value> {
    let mut members: Map<String, Value> = outcome::count_by_status(outcomes)
        .into_iter()
        .map(|(status, n)| (status.code().to_owned(), n.into()))
        .collect();
    members.insert("total".to_owned(), outcomes.len().into());
    members
}

fn next_steps(
    view: OutcomeView<'_>,
    outcomes: &[ItemOutcome<'_>],
    is_complete: bool,
) -> Vec<String> {
    let has_any = |statuses: &[FinalStatus]| {
        outcomes
            .iter()
            .any(|outcome| statuses.contains(&outcome.status))
    };
    let mut steps = Vec::new();
    if let Some(StopReason::Refused(refusal)) = &view.push_result.stop {
        steps.extend(refusal.hint(Side::Target));
    }
    if has_any(&[FinalStatus::Refused, FinalStatus::Ignored]) {
        steps.push(
            "fix refused and ignored webhooks in the source, or exclude them with `--name '!ALIAS'`"
                .to_owned(),
        );
    }
    if has_any(&[
        FinalStatus::Unresolved,
        FinalStatus::NotSeen,
        FinalStatus::Duplicated,
    ]) {
        steps.push(
            "check the unresolved, not seen and duplicated webhooks in the target; delete surplus copies by hand"
                .to_owned(),
        );
    }
    if !is_complete {
        steps.push("run the same command again: it reads the target first and sends only what is still missing".to_owned());
    }
    if view.is_rehearsal {
        if is_complete {
            steps.push("the backup can be restored; to restore it for real, run the same command with --to ACCOUNT instead of --rehearse".to_owned());
        }
        return steps;
    }
    if let Some(run) = view.run.filter(|_| view.push_result.may_have_written) {
        if is_complete {
            steps.push(format!(
                "verify: hookferry verify --run {run}{}",
                view.follow_up_flags
            ));
        }
        steps.push(format!(
            "undo this run: hookferry rollback {run}{}",
            view.follow_up_flags
        ));
    }
    for run in view.continues {
        steps.push(format!(
            "this run resumed run {run}; to undo that one too: hookferry rollback {run}{}",
            view.follow_up_flags
        ));
    }
    // As long as anything is missing, the steps above come first.
    if has_any(&[FinalStatus::Created]) && is_complete {
        steps.push("point your alerts at the new ids, the pairs `old -> new` above (`hookferry idmap show` prints them again): export the alerts and run `hookferry idmap apply`".to_owned());
        if !view.plan.source.is_backup {
            steps.push(
                "the source stays active: disable its webhooks once you know that the target's work"
                    .to_owned(),
            );
        }
    }
    steps
}

/// The reason why a run stopped: a code for programs, and words for people.
fn stop_text(stop: &StopReason) -> (&'static str, String) {
    match stop {
        StopReason::Unreachable(why) => ("unreachable", format!("the target cannot be reached: {why}")),
        StopReason::Refused(refusal) => ("refused", format!("the target {}", refusal.answer())),
        StopReason::TooManyRefused(n) => ("too-many-refused", format!("the target refused {n} webhooks in a row")),
        StopReason::Unresolved => (
            "unresolved",
            "a new webhook in the target may or may not come from this run, and sending more could create a duplicate".to_owned(),
        ),
        StopReason::NoProgress(why) => ("no-progress", format!("several rounds made no progress: {why}")),
        StopReason::AskedToWait(wait) => (
            "asked-to-wait",
            format!("the target asked to wait {wait}, which is longer than this run may still wait"),
        ),
        StopReason::WaitBudgetSpent => ("out-of-patience", "the run used up its wait budget".to_owned()),
        StopReason::NotRecorded(why) => ("not-recorded", format!("the run record could not be written: {why}")),
        StopReason::WrongAccount(why) => ("wrong-account", format!("the answer to a write is another account's: the target {why}")),
        StopReason::Interrupted => ("interrupted", "it was interrupted; the run record lists what was sent".to_owned()),
        StopReason::TargetUnreadable(why) => ("blind", format!("the target cannot be read: {why}")),
    }
}
