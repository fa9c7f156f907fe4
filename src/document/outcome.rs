//! How a run ended, as every rendering shows it and as the run record keeps it.

use super::notice::notices;
use super::view::{OutcomeView, kind_name};
use super::{DifferenceDocument, Header, NoticeDocument, PartyDocument, SelectionDocument, ids};
use crate::coralogix::account::Side;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::outcome::{self, End, Ending, ends};
use crate::pipeline::plan::State;
use crate::pipeline::push::{Proof, Stop};
use crate::pipeline::verify::{Finding, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// What became of every selected webhook, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeDocument {
    /// The version of this form.
    pub format_version: String,
    /// Always `outcome`.
    pub kind: String,
    /// The program that made it.
    pub tool: String,
    /// The id of the run record; none where there was nothing to record.
    pub run: Option<String>,
    /// Earlier runs that were cut off, and for which this one has accounted.
    pub continues: Vec<String>,
    /// Where the webhooks come from.
    pub source: PartyDocument,
    /// Where they went, as it was before.
    pub target: PartyDocument,
    /// How many are meant.
    pub selection: SelectionDocument,
    /// One for each selected webhook, in the source's order.
    pub webhooks: Vec<EndDocument>,
    /// How many ended in each way, by the words for programs, and `total`.
    pub summary: Map<String, Value>,
    /// What was found in the target afterwards; none where it was not read.
    pub read_back: Option<ReadBackDocument>,
    /// Why the run ended early, if it did.
    pub stopped: Option<StopDocument>,
    /// Whether everything that was to be written was found in the target, exactly once.
    pub complete: bool,
    /// Whether any request may have changed the target.
    pub may_have_written: bool,
    /// What the reader must know.
    pub notices: Vec<NoticeDocument>,
    /// How many write requests were sent.
    pub requests: usize,
    /// Ids that appeared meanwhile and are not from this run.
    #[serde(with = "ids::list")]
    pub appeared_in_target: Vec<WebhookId>,
    /// The ids of every webhook that both accounts have now.
    pub id_map: Vec<MapRowDocument>,
    /// What to do next, the most urgent first.
    #[serde(default)]
    pub next_steps: Vec<String>,
}

/// How one webhook ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndDocument {
    /// How.
    pub result: Ending,
    /// Its name in the target.
    pub alias: SmolStr,
    /// What its type is called.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// Its type as the vendor numbers it.
    pub type_id: Option<u64>,
    /// Its id in the source.
    #[serde(with = "ids::optional")]
    pub source_id: Option<WebhookId>,
    /// Its id in the target.
    #[serde(with = "ids::optional")]
    pub target_id: Option<WebhookId>,
    /// How it is known that it arrived.
    pub proof: Option<Proof>,
    /// Its state in the plan.
    pub planned: State,
    /// The reason, or the server's words.
    pub why: Option<String>,
    /// What the server altered: what was sent as `source`, what is there as `target`.
    pub altered: Vec<DifferenceDocument>,
}

/// What was found in the target afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the count of what its name says")]
pub struct ReadBackDocument {
    pub verified: usize,
    pub altered: usize,
    pub missing: usize,
    pub duplicated: usize,
}

/// Why a run ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopDocument {
    /// The word for programs.
    pub code: String,
    /// The words for people.
    pub text: String,
}

/// One webhook that both accounts have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapRowDocument {
    /// Its id in the source.
    #[serde(with = "ids")]
    pub source_id: WebhookId,
    /// Its id in the target.
    #[serde(with = "ids")]
    pub target_id: WebhookId,
    /// What its type is called.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// Its name in the target.
    pub alias: SmolStr,
    /// How the run ended for it.
    pub result: SmolStr,
}

impl OutcomeDocument {
    /// What is said about a run.
    pub fn of(view: OutcomeView<'_>) -> Self {
        let ends = ends(view.plan.plan, view.applied, view.verdict);
        let applied = view.applied;
        let is_found = view.verdict.is_some_and(Verdict::is_complete);
        let complete = applied.is_complete() && (is_found || applied.fates.is_empty());
        let stopped = applied.stop.as_ref().map(|stop| {
            let (code, text) = stop_words(stop);
            StopDocument {
                code: code.to_owned(),
                text,
            }
        });
        let header = Header::new("outcome");
        Self {
            format_version: header.format_version.to_owned(),
            kind: header.kind.to_owned(),
            tool: header.tool.to_owned(),
            run: view.run.map(str::to_owned),
            continues: view.continues.to_vec(),
            source: view.plan.source.into(),
            target: view.plan.target.into(),
            selection: SelectionDocument {
                matched: ends.len(),
                of: view.plan.source.count,
            },
            webhooks: ends.iter().map(EndDocument::of).collect(),
            summary: summary(&ends),
            read_back: view.verdict.map(ReadBackDocument::of),
            stopped,
            complete,
            may_have_written: applied.may_have_written,
            notices: notices(view.plan),
            requests: applied.n_requests,
            appeared_in_target: applied.appeared.clone(),
            id_map: ends.iter().filter_map(MapRowDocument::of).collect(),
            next_steps: next_steps(view, &ends, complete),
        }
    }

    /// The webhooks that ended in that way.
    pub fn ended(&self, ending: Ending) -> impl Iterator<Item = &EndDocument> {
        self.webhooks
            .iter()
            .filter(move |webhook| webhook.result == ending)
    }

    /// Whether the plan asked for nothing to be written.
    pub fn had_nothing_to_write(&self) -> bool {
        let is_change = |end: &EndDocument| matches!(end.planned, State::Create | State::Update);
        !self.webhooks.iter().any(is_change)
    }

    /// How many webhooks ended in each way in which any did.
    pub fn counts(&self) -> Vec<(Ending, usize)> {
        let count = |ending| (ending, self.ended(ending).count());
        let all = Ending::ALL.into_iter().map(count);
        all.filter(|(_, n)| *n > 0).collect()
    }
}

impl EndDocument {
    fn of(end: &End<'_>) -> Self {
        Self {
            result: end.ending,
            alias: end.webhook.alias().clone(),
            kind: kind_name(end.webhook.type_id()),
            type_id: end.webhook.type_id().map(|type_id| type_id.0),
            source_id: end.webhook.source_id().cloned(),
            target_id: end.target_id.cloned(),
            proof: end.proof,
            planned: end.planned,
            why: end.why.clone(),
            altered: DifferenceDocument::all(end.altered),
        }
    }
}

impl MapRowDocument {
    fn of(end: &End<'_>) -> Option<Self> {
        if !end.is_mapped() {
            return None;
        }
        Some(Self {
            source_id: end.webhook.source_id()?.clone(),
            target_id: end.target_id?.clone(),
            kind: kind_name(end.webhook.type_id()),
            alias: end.webhook.alias().clone(),
            result: SmolStr::new_static(end.ending.code()),
        })
    }
}

impl ReadBackDocument {
    fn of(verdict: &Verdict) -> Self {
        Self {
            verified: verdict.count(|finding| *finding == Finding::Verified),
            altered: verdict.count(|finding| matches!(finding, Finding::Altered(_))),
            missing: verdict.count(|finding| *finding == Finding::Missing),
            duplicated: verdict.count(|finding| matches!(finding, Finding::Duplicated(_))),
        }
    }
}

fn summary(ends: &[End<'_>]) -> Map<String, Value> {
    let mut members: Map<String, Value> = outcome::summary(ends)
        .into_iter()
        .map(|(ending, n)| (ending.code().to_owned(), n.into()))
        .collect();
    members.insert("total".to_owned(), ends.len().into());
    members
}

fn next_steps(view: OutcomeView<'_>, ends: &[End<'_>], is_complete: bool) -> Vec<String> {
    let has = |wanted: &[Ending]| ends.iter().any(|end| wanted.contains(&end.ending));
    let mut steps = Vec::new();
    if let Some(Stop::Refused(refusal)) = &view.applied.stop {
        steps.extend(refusal.hint(Side::Target));
    }
    if has(&[Ending::Refused, Ending::Ignored]) {
        steps.push(
            "repair in the source what the target refuses, or leave it out with `--name '!ALIAS'`"
                .to_owned(),
        );
    }
    if has(&[Ending::Unresolved, Ending::NotSeen, Ending::Duplicated]) {
        steps.push(
            "look at these in the target; a webhook that is there twice has to be removed by hand"
                .to_owned(),
        );
    }
    if !is_complete {
        steps.push("run the same command again: it looks first, and sends only what the target still lacks".to_owned());
    }
    if view.is_rehearsal {
        if is_complete {
            steps.push("the backup can be restored; for real: the same command with --to ACCOUNT instead of --rehearse".to_owned());
        }
        return steps;
    }
    if let Some(run) = view.run.filter(|_| view.applied.may_have_written) {
        if is_complete {
            steps.push(format!(
                "compare once more, whenever you like: hookferry verify --run {run}{}",
                view.state_flag
            ));
        }
        steps.push(format!(
            "undo exactly this run, if you have to: hookferry rollback {run}{}",
            view.state_flag
        ));
    }
    for run in view.continues {
        steps.push(format!(
            "this run went on where run {run} had left something open; to undo that one too: hookferry rollback {run}{}",
            view.state_flag
        ));
    }
    // Until all is there, other steps come first.
    if has(&[Ending::Created]) && is_complete {
        steps.push("point the alerts at the new ids, the pairs `old -> new` above (`hookferry idmap show` prints them again): export them and run `hookferry idmap apply`".to_owned());
        if !view.plan.source.is_backup {
            steps.push(
                "the source stays active: turn its webhooks off once the target's are proven"
                    .to_owned(),
            );
        }
    }
    steps
}

/// Why a run stopped: a word for programs, and the words for people.
fn stop_words(stop: &Stop) -> (&'static str, String) {
    match stop {
        Stop::Unreachable(why) => ("unreachable", format!("the target cannot be reached: {why}")),
        Stop::Refused(refusal) => ("refused", format!("the target {}", refusal.answer())),
        Stop::TooManyRefused(n) => ("too-many-refused", format!("{n} in a row were refused")),
        Stop::Unresolved => (
            "unresolved",
            "what appeared in the target could be from this run or not, and sending on could make a second one".to_owned(),
        ),
        Stop::NoProgress(why) => ("no-progress", format!("several rounds brought no progress: {why}")),
        Stop::OutOfPatience => ("out-of-patience", "the run has waited for as long as it may".to_owned()),
        Stop::NotRecorded(why) => ("not-recorded", format!("the run record cannot be written: {why}")),
        Stop::Interrupted => ("interrupted", "it was interrupted; what was sent is on record".to_owned()),
        Stop::Blind(why) => ("blind", format!("the target cannot be read: {why}")),
    }
}
