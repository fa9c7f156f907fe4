//! Renders `rollback`: what will be undone or was undone, as text and as JSON.
//! Pure. States the reason for everything that is not undone.

use super::columns::wrapped;
use super::groups::{GroupRow, push_groups};
use super::rows::{Line, WebhookLabel, push_remark};
use super::style::Meaning;
use crate::coralogix::birth::reused_id_reason;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::run::{FollowUp, RunRecord};
use crate::document::view::{Party, kind_name};
use crate::document::{DocumentBody, PartyDocument};
use crate::pipeline::plan::StepState;
use crate::pipeline::rollback::{RollbackItem, UndoState};
use crate::proposal::Proposal;
use crate::render::page::Page;
use crate::wording::counted;
use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use std::borrow::Cow;

/// A rollback, before or after its execution.
#[derive(Debug, Clone)]
pub struct RollbackView {
    /// The ids of the runs to undo, newest first; never empty.
    pub runs: Vec<String>,
    /// Runs of the same chain that were left out, because they are already rolled back.
    pub already_undone: Vec<String>,
    /// Runs of the same chain that are no longer on record, so that nobody knows what they wrote.
    pub without_record: Vec<String>,
    /// What a command needs that follows the rollback.
    pub follow_up: FollowUp,
    /// The account that the run wrote to.
    pub target: Party,
    /// The webhooks that the run wrote.
    pub written: Vec<RollbackItem>,
    /// The planned action for each webhook in `written`.
    pub planned: Vec<UndoState>,
    /// The action for each webhook in `written` before execution, its final status afterwards.
    pub outcomes: Vec<UndoState>,
    /// Whether the rollback has been executed.
    pub is_done: bool,
    /// The number of open sends of the run.
    pub n_open: usize,
    /// Webhooks equal to ones that the run created, but that no run on record wrote.
    pub copies: Vec<WebhookId>,
    /// Why the rollback stopped early; `None` if it did not.
    pub stop: Option<String>,
    /// The runs whose id map was applied to alerts that may refer to what is undone.
    pub in_alerts: Vec<RunInAlerts>,
}

/// A run whose id map was applied to alerts.
#[derive(Debug, Clone)]
pub struct RunInAlerts {
    /// The run's id.
    pub run: String,
    /// When its map was last applied.
    pub applied_at: Timestamp,
    /// The webhooks, among those that the rollback concerns, to which alerts may refer; never empty.
    pub ids: Vec<WebhookId>,
    /// Turns the alerts back.
    pub command: Proposal,
}

impl RunInAlerts {
    /// What the records of the runs say of alerts that may refer to any of the webhooks.
    pub fn of_record<'i>(
        record: &RunRecord,
        written: impl Iterator<Item = &'i WebhookId>,
    ) -> Option<Self> {
        let ids = record.ids_in_alerts(written);
        let mut applied = record.applied_maps.iter().rev();
        let last = applied.find(|applied| !applied.is_reverse)?;
        (!ids.is_empty()).then(|| Self {
            run: record.id().to_owned(),
            applied_at: last.at,
            ids,
            command: record.reverse_id_map_command(),
        })
    }
}

/// The groups of webhooks in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RollbackGroup {
    Delete,
    Restore,
    Deleted,
    Unconfirmed,
    Restored,
    Gone,
    HadPreviousContent,
    Unproven,
    Keep,
    NotDone,
}

impl RollbackGroup {
    const ALL: [Self; 10] = [
        Self::Gone,
        Self::HadPreviousContent,
        Self::Delete,
        Self::Restore,
        Self::Deleted,
        Self::Unconfirmed,
        Self::Restored,
        Self::Unproven,
        Self::Keep,
        Self::NotDone,
    ];

    fn from_outcome(planned: &UndoState, end: &UndoState, is_done: bool) -> Self {
        match (end, planned) {
            (UndoState::Delete, _) if !is_done => Self::Delete,
            (UndoState::Restore, _) if !is_done => Self::Restore,
            (UndoState::Delete | UndoState::Restore, _) => Self::NotDone,
            (UndoState::Gone { .. }, UndoState::Delete) => Self::Deleted,
            (UndoState::Gone { .. }, _) => Self::Gone,
            (UndoState::Unconfirmed, _) => Self::Unconfirmed,
            (UndoState::Restored, UndoState::Restore) => Self::Restored,
            (UndoState::Restored, _) => Self::HadPreviousContent,
            (UndoState::Unproven, _) => Self::Unproven,
            (UndoState::Keep(_), _) => Self::Keep,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Deleted => "deleted",
            Self::Unconfirmed => "unconfirmed",
            Self::Restored => "restored",
            Self::Gone => "gone",
            Self::HadPreviousContent => "had-previous-content",
            Self::Unproven => "unproven",
            Self::Keep => "kept",
            Self::NotDone => "not-done",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Delete => "to delete: created by the run, unchanged since",
            Self::Restore => "to restore: updated by the run, unchanged since",
            Self::Deleted => "deleted",
            Self::Unconfirmed => "deleted, as the target says, but not checked",
            Self::Restored => "restored to the previous content",
            Self::Gone => "already gone",
            Self::HadPreviousContent => "already with the previous content",
            Self::Unproven => {
                "left unchanged: the run used another API key, so nothing proves what changed since"
            }
            Self::Keep => "left unchanged",
            Self::NotDone => "not undone",
        }
    }

    fn appearance(self) -> (Meaning, &'static str) {
        match self {
            Self::Delete | Self::Deleted | Self::Unconfirmed => {
                (Meaning::State(StepState::Blocked), "-")
            }
            Self::Restore | Self::Restored => (Meaning::State(StepState::Update), "~"),
            Self::Gone | Self::HadPreviousContent => (Meaning::Faint, "="),
            Self::Unproven | Self::Keep | Self::NotDone => {
                (Meaning::State(StepState::Ambiguous), "!")
            }
        }
    }
}

impl RollbackView {
    /// The runs in words: `run A`, or `runs B, A`.
    pub fn runs_text(&self) -> String {
        let word = if self.runs.len() == 1 { "run" } else { "runs" };
        format!("{word} {}", self.runs.join(", "))
    }

    fn groups(&self) -> Vec<RollbackGroup> {
        self.planned
            .iter()
            .zip(&self.outcomes)
            .map(|(planned, end)| RollbackGroup::from_outcome(planned, end, self.is_done))
            .collect()
    }
}

/// Renders the rollback as text.
pub fn text(view: &RollbackView, page: Page) -> String {
    let what = if view.is_done {
        "rolled back"
    } else {
        "rollback"
    };
    let heading = format!(
        "hookferry {what}: {} in target {}",
        view.runs_text(),
        view.target.identity()
    );
    let mut out = format!("{}\n", page.palette.paint(Meaning::Heading, &heading));
    push_rest_of_chain(&mut out, view, page);
    push_in_alerts(&mut out, view, page);
    out.push('\n');
    let groups = view.groups();
    let items = view.written.iter().zip(&view.outcomes);
    let rows = groups
        .iter()
        .zip(items)
        .map(|(group, (written, end))| GroupRow {
            group: group.heading(),
            line: to_line(*group, written),
            item: end,
        });
    let rows: Vec<GroupRow<'_, UndoState>> = rows.collect();
    let details = |out: &mut String, end: &UndoState| {
        if let Some(why) = reason(end) {
            push_remark(out, &why, page);
        }
    };
    let headings = RollbackGroup::ALL.map(RollbackGroup::heading);
    push_groups(&mut out, &headings, "", &rows, details, page);
    out.push_str(&summary_text(view, &groups, page));
    out
}

/// The runs of the chain that are not undone, and why.
fn push_rest_of_chain(out: &mut String, view: &RollbackView, page: Page) {
    let mut push_line = |meaning, text: String| {
        let text = wrapped(&text, page.width, 2);
        out.push_str(&page.palette.paint(meaning, &text));
        out.push('\n');
    };
    for run in &view.already_undone {
        let text = format!("left out: run {run} of the chain is already rolled back");
        push_line(Meaning::Faint, text);
    }
    for run in &view.without_record {
        let text = format!(
            "left out: run {run} of the chain is no longer on record, so what it wrote stays"
        );
        push_line(Meaning::Warning, text);
    }
}

/// Ids of a run that are listed where alerts may refer to them; the rest is counted.
const MAX_LISTED_IDS: usize = 12;

/// What would break in the alerts, and how to turn them back.
fn push_in_alerts(out: &mut String, view: &RollbackView, page: Page) {
    for in_alerts in &view.in_alerts {
        let listed = in_alerts.ids.iter().take(MAX_LISTED_IDS);
        let listed: Vec<String> = listed.map(ToString::to_string).collect();
        let more = match in_alerts.ids.len().saturating_sub(MAX_LISTED_IDS) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let text = format!(
            "alerts may refer to {}{more}: the id map of run {} was applied on {:.0}; turn them back{}: {}",
            listed.join(", "),
            in_alerts.run,
            in_alerts.applied_at,
            if view.is_done { "" } else { " first" },
            in_alerts.command
        );
        let text = wrapped(&text, page.width, 2);
        out.push_str(&page.palette.paint(Meaning::Warning, &text));
        out.push('\n');
    }
}

/// Why a webhook stays, or what the target has by its id instead; `None` if there is nothing to explain.
fn reason(end: &UndoState) -> Option<Cow<'_, str>> {
    match end {
        UndoState::Keep(why) => Some(why.into()),
        UndoState::Gone { replaced_by } => Some(reused_id_reason((*replaced_by)?).into()),
        _ => None,
    }
}

fn to_line(group: RollbackGroup, written: &RollbackItem) -> Line {
    let (meaning, symbol) = group.appearance();
    let called = WebhookLabel {
        type_id: Some(written.key.type_id),
        alias: &written.key.alias,
        source_id: written.source_id.as_ref(),
    };
    Line::new(meaning, symbol, called, Some(&written.id), "")
}

fn not_undone_text(n_left: usize, n_unconfirmed: usize, is_stopped: bool) -> String {
    let left = counted(n_left, "webhook");
    let unconfirmed = match n_unconfirmed {
        0 => String::new(),
        n => format!(", {n} not checked"),
    };
    let reasons = if is_stopped {
        ""
    } else {
        ", for the reasons above"
    };
    format!("Not everything is undone: {left} left{unconfirmed}{reasons}.")
}

fn summary_text(view: &RollbackView, groups: &[RollbackGroup], page: Page) -> String {
    let count_in = |selected: &[RollbackGroup]| {
        groups
            .iter()
            .filter(|group| selected.contains(group))
            .count()
    };
    let n_unproven = count_in(&[RollbackGroup::Unproven]);
    let n_left = n_unproven + count_in(&[RollbackGroup::Keep, RollbackGroup::NotDone]);
    let n_unconfirmed = count_in(&[RollbackGroup::Unconfirmed]);
    let mut out = String::new();
    let mut push_line = |meaning, text: String| {
        let text = wrapped(&text, page.width, 2);
        out.push_str(&page.palette.paint(meaning, &text));
        out.push('\n');
    };
    if let Some(stop) = &view.stop {
        push_line(Meaning::Error, format!("Stopped early: {stop}."));
    }
    if view.n_open > 0 {
        let open = counted(view.n_open, "webhook");
        push_line(
            Meaning::Warning,
            format!(
                "{open} that the run sent cannot be distinguished from others in the target; check the target, then run {}",
                close_commands(view).join(" and ")
            ),
        );
    }
    if !view.copies.is_empty() {
        let ids: Vec<String> = view.copies.iter().map(ToString::to_string).collect();
        let equal = counted(view.copies.len(), "webhook");
        push_line(
            Meaning::Warning,
            format!(
                "{equal} in the target with the same content as what the run created, but new since then and not recorded by any run ({}): a late effect of the run, or somebody's copy; check by hand, and delete what is not wanted",
                ids.join(", ")
            ),
        );
    }
    if view.written.is_empty() {
        push_line(
            Meaning::Heading,
            "The run wrote nothing to the target.".to_owned(),
        );
    } else if !view.is_done {
        let n_due = count_in(&[RollbackGroup::Delete, RollbackGroup::Restore]);
        push_line(
            Meaning::Heading,
            format!(
                "{} written by the run: {n_due} to undo, {n_left} to leave unchanged",
                counted(view.written.len(), "webhook")
            ),
        );
    } else if n_left + n_unconfirmed == 0 && !view.copies.is_empty() {
        push_line(
            Meaning::Error,
            "Everything that the run is known to have written is undone; the copies above remain."
                .to_owned(),
        );
    } else if n_left + n_unconfirmed == 0 {
        push_line(
            Meaning::Success,
            "Done: nothing that the run wrote is left in the target.".to_owned(),
        );
    } else {
        push_line(
            Meaning::Error,
            not_undone_text(n_left, n_unconfirmed, view.stop.is_some()),
        );
        let command = format!("`{}`", again_command(view));
        push_line(
            Meaning::Hint,
            if view.stop.is_some() {
                format!("next: run {command} again: it resumes where this one stopped")
            } else if n_unproven > 0 {
                format!(
                    "next: run {command} again with the API key that the run used, or delete or fix these by hand"
                )
            } else {
                format!("next: delete or fix these by hand, or run {command} again, which is safe")
            },
        );
    }
    out
}

/// The commands that close the runs.
fn close_commands(view: &RollbackView) -> Vec<String> {
    let close = |run: &String| {
        let command = Proposal::new("runs close").word(run);
        format!("`{}`", view.follow_up.for_record(command))
    };
    view.runs.iter().map(close).collect()
}

/// The command that goes on with the rollback.
fn again_command(view: &RollbackView) -> Proposal {
    let runs = view.runs.iter();
    let command = runs.fold(Proposal::new("rollback"), |command, run| command.word(run));
    view.follow_up.for_target(command)
}

/// The rollback as JSON.
#[derive(Serialize)]
struct RollbackDocument<'a> {
    run: Option<&'a str>,
    runs: &'a [String],
    already_undone: &'a [String],
    without_record: &'a [String],
    target: PartyDocument,
    done: bool,
    stopped: Option<&'a str>,
    open: usize,
    copies: &'a [WebhookId],
    in_alerts: Vec<InAlertsDocument<'a>>,
    webhooks: Vec<UndoneDocument<'a>>,
}

/// A run whose id map was applied to alerts.
#[derive(Serialize)]
struct InAlertsDocument<'a> {
    run: &'a str,
    applied_at: Timestamp,
    ids: &'a [WebhookId],
    command: String,
}

impl<'a> From<&'a RunInAlerts> for InAlertsDocument<'a> {
    fn from(in_alerts: &'a RunInAlerts) -> Self {
        Self {
            run: &in_alerts.run,
            applied_at: in_alerts.applied_at,
            ids: &in_alerts.ids,
            command: in_alerts.command.to_string(),
        }
    }
}

/// A webhook that the runs wrote.
#[derive(Serialize)]
struct UndoneDocument<'a> {
    result: &'static str,
    alias: &'a str,
    #[serde(rename = "type")]
    kind: SmolStr,
    type_id: TypeId,
    source_id: Option<&'a WebhookId>,
    target_id: &'a WebhookId,
    why: Option<Cow<'a, str>>,
}

impl DocumentBody for RollbackDocument<'_> {
    const KIND: &'static str = "rollback";
}

/// Renders the rollback as JSON.
pub fn document(view: &RollbackView) -> impl DocumentBody {
    let items = view.written.iter().zip(&view.outcomes);
    let undone = |(group, (item, end)): (RollbackGroup, (_, _))| undone(group, item, end);
    RollbackDocument {
        run: view.runs.first().map(String::as_str),
        runs: &view.runs,
        already_undone: &view.already_undone,
        without_record: &view.without_record,
        target: (&view.target).into(),
        done: view.is_done,
        stopped: view.stop.as_deref(),
        open: view.n_open,
        copies: &view.copies,
        in_alerts: view.in_alerts.iter().map(Into::into).collect(),
        webhooks: view.groups().into_iter().zip(items).map(undone).collect(),
    }
}

fn undone<'a>(
    group: RollbackGroup,
    item: &'a RollbackItem,
    end: &'a UndoState,
) -> UndoneDocument<'a> {
    UndoneDocument {
        result: group.code(),
        alias: &item.key.alias,
        kind: kind_name(Some(item.key.type_id)),
        type_id: item.key.type_id,
        source_id: item.source_id.as_ref(),
        target_id: &item.id,
        why: reason(end),
    }
}
