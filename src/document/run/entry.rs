//! The entries of a run's journal as they are serialized; `record` interprets them.
//!
//! The journal is the whole record of a run: its plan, its report and its id map are made from it. It holds no secret:
//! values are masked, and contents are keyed digests.

use super::super::{
    DifferenceDocument, Invariants, NoticeDocument, PartyDocument, ReadBackDocument,
};
use super::applied_map::AppliedMap;
use super::compact;
use super::follow_up::FollowUp;
use super::step_row::StepRow;
use crate::coralogix::birth::Birth;
use crate::coralogix::digest::{ContentDigest, KeyedDigest, KeyedFullDigest, MemberDigests};
use crate::coralogix::webhook::WebhookId;
use crate::document::view::SourceRelation;
use crate::pipeline::plan::{ConflictDecision, ConflictPolicy, OnConflict, StepIx};
use crate::pipeline::push::{ItemStatus, Naming, Proof, StopReason};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The version of the journal format; a journal with another major version is rejected.
pub const JOURNAL_VERSION: &str = "2.0";

/// One entry of a journal, on a line of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalEntry {
    /// The first entry: what the run is about to write, and what the target held before.
    Header(Box<Header>),
    /// The run is about to send a request.
    Sending {
        /// When the entry was written, just before the request.
        at: Timestamp,
        /// The webhooks in the request, as indexes into the plan's steps.
        #[serde(with = "compact::ranges")]
        steps: Vec<StepIx>,
    },
    /// The run learned the status of webhooks that it had sent.
    StatusUpdates {
        /// When the entry was written.
        at: Timestamp,
        /// One row for each webhook.
        #[serde(with = "compact::status_rows")]
        webhooks: Vec<StatusRow>,
    },
    /// The last entry of the run itself, whether it succeeded or stopped early.
    Footer(Box<Footer>),
    /// A later run continued this one, or a later run or a rollback reconciled sends that this run left open.
    Reconciled {
        /// When the entry was written.
        at: Timestamp,
        /// The id of the run, or the command, that reconciled them.
        reconciled_by: String,
        /// The status of each reconciled webhook.
        #[serde(with = "compact::status_rows")]
        webhooks: Vec<StatusRow>,
    },
    /// A user declared, with `hookferry runs close`, that the open sends no longer matter.
    Closed {
        /// When the entry was written.
        at: Timestamp,
    },
    /// `idmap apply` is about to write alerts that it rewrote with the run's id map.
    IdMapApplied(Box<AppliedMap>),
    /// A rollback is about to undo the run: what is sent from here on, until it has ended, deletes or restores.
    RollbackStarted {
        /// When the entry was written, before the first request.
        at: Timestamp,
        /// The settle window of the rollback in milliseconds.
        settle_window_ms: u64,
        /// The other runs that the same rollback undoes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        together_with: Vec<String>,
    },
    /// A rollback undid the run, completely or in part, and ended.
    RolledBack {
        /// When the entry was written.
        at: Timestamp,
        /// Target ids of webhooks that the rollback deleted, or found to be gone.
        deleted: Vec<WebhookId>,
        /// Target ids of webhooks whose previous content the rollback restored, or found to be restored.
        restored: Vec<WebhookId>,
        /// Target ids of webhooks that the rollback left unchanged.
        untouched: Vec<WebhookId>,
    },
}

/// The first entry of a journal as the run writes it, while its steps are in the plan alone.
#[derive(Debug, Serialize)]
pub struct FirstEntry<'h, S> {
    /// Everything known before the first write.
    pub header: &'h Header<S>,
}

/// The first entry of a journal: everything known before the first write.
///
/// `S` holds the steps: all of them in memory, or [`StepRows`](super::StepRows).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Header<S = Vec<StepRow>> {
    /// [`JOURNAL_VERSION`].
    pub format_version: String,
    /// The run's id, also the name of its folder.
    pub run: String,
    /// The program that wrote the journal, with its version.
    pub tool: String,
    /// When the run started.
    pub started_at: Timestamp,
    /// The process id, for messages.
    pub pid: u32,
    /// The account or file that the webhooks come from.
    pub source: PartyDocument,
    /// What the source is to the target.
    pub source_relation: SourceRelation,
    /// The account that the run writes to, as it was before the run.
    pub target: PartyDocument,
    /// The base URL of its API.
    pub target_url: String,
    /// How the run treats conflicts: the value of `--on-conflict`.
    pub on_conflict: OnConflict,
    /// The decisions for single aliases: the values of `--on-conflict-for`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_conflict_for: Vec<ConflictDecision>,
    /// The settle window in milliseconds: how long the server may still be processing an unanswered request.
    pub settle_window_ms: u64,
    /// The salt of the keyed digests, in hexadecimal.
    pub salt: String,
    /// A digest that only the run's API key reproduces, so that a different key is detected.
    pub key_check: String,
    /// The target's clock when the baseline was read; `None` if its answer had no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_time: Option<Timestamp>,
    /// The ids of the webhooks that the target held before the first write.
    pub baseline: Vec<WebhookId>,
    /// The newest birth of these webhooks: one of their ids with a later birth belongs to another webhook since. One
    /// time instead of one for each webhook keeps the header small. `None` if any of them shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_birth: Option<Birth>,
    /// Number of webhooks in the target that correspond to no webhook of the source.
    pub untouched_in_target: usize,
    /// Invariants checked on the bodies that the run sends.
    pub invariants: Invariants,
    /// Notes and warnings of the plan.
    pub notices: Vec<NoticeDocument>,
    /// Whether the encrypted previous bodies lie beside the journal: only if the run updates anything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_previous_bodies: bool,
    /// The earlier runs that this run continued: it reconciled what they left open, or wrote what they had not written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continues: Vec<String>,
    /// The keyed digest of the saved plan that the run applies; `None` unless the command is `apply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_plan: Option<String>,
    /// The undocumented keys that the user named as the server's own state; no digest of this record covers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_keys: Vec<SmolStr>,
    /// What the commands that follow the run need.
    #[serde(default)]
    pub follow_up: FollowUp,
    /// Whether the target is the embedded sandbox, which vanishes when the run ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_rehearsal: bool,
    /// Every step of the plan, in the plan's order.
    pub steps: S,
}

/// What is known of one webhook that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRow {
    /// The index of the webhook's step in the plan.
    pub step_ix: StepIx,
    /// Its status.
    pub status: ItemStatus,
    /// When the target created it, if an answer or a reading showed that.
    pub birth: Option<Birth>,
    /// The digest of what the target stored, if that differs from what was sent.
    pub stored: Option<ContentDigest>,
    /// How an answer named it, unless that is as usual for the status. An unresolved one that an answer named was
    /// written, wherever it is.
    pub naming: Option<Naming>,
}

impl<S> Header<S> {
    /// How the run treats conflicts, with the decisions for single webhooks.
    pub fn policy(&self) -> ConflictPolicy {
        ConflictPolicy {
            general: self.on_conflict,
            decisions: self.on_conflict_for.clone(),
        }
    }
}

impl StatusRow {
    /// How answers name webhooks with this status, which records leave out.
    pub(super) fn usual_naming(&self) -> Option<Naming> {
        let is_acknowledged = matches!(
            self.status,
            ItemStatus::Created {
                proof: Proof::Acknowledged,
                ..
            }
        );
        is_acknowledged.then_some(Naming::Content)
    }
}

/// The outcome of a run, written when it ends: what does not follow from the entries before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Footer {
    /// When the run ended.
    pub ended_at: Timestamp,
    /// Why the run stopped early; `None` if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopReason>,
    /// Whether any request may have changed the target.
    pub may_have_written: bool,
    /// Number of write requests sent.
    pub requests: usize,
    /// The target's company id; `None` if the run never saw one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// What the final read-back found; `None` if the target was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_back: Option<ReadBackDocument>,
    /// Ids that are new in the target and that this run did not create.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_in_target: Vec<WebhookId>,
    /// The status of each webhook whose last one in the journal is another.
    #[serde(
        default,
        with = "compact::status_rows",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub statuses: Vec<StatusRow>,
    /// What the server answered about webhooks whose status leaves that open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<RemarkRow>,
    /// The full digest of each written webhook at the last observation, so that any later change is noticed.
    #[serde(default, skip_serializing_if = "FullDigests::is_empty")]
    pub full_digests: FullDigests,
    /// The content, at the last observation, of each webhook that the server altered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<AlteredRow>,
}

/// A remark on the status of one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemarkRow {
    /// The index of the webhook's step in the plan.
    pub step_ix: StepIx,
    /// The reason for the status, or the server's response.
    pub why: String,
}

/// A webhook that the server stored with other content than was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlteredRow {
    /// The index of the webhook's step in the plan.
    pub step_ix: StepIx,
    /// The digest of its content in the target; `None` if only undocumented keys are not as they were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentDigest>,
    /// The places that differ: `source` is what was sent, `target` is what the target holds.
    pub differences: Vec<DifferenceDocument>,
}

/// The full digests of webhooks: each covers everything that the target shows of one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FullDigests {
    /// The indexes of the webhooks' steps in the plan.
    #[serde(with = "compact::ranges")]
    steps: Vec<StepIx>,
    /// The digests of their documented members, one after the other: there are as many as webhooks.
    #[serde(with = "compact::digests")]
    documented: Vec<KeyedDigest>,
    /// The digests of undocumented members that are not the server's own state, of the webhooks that have any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    undocumented: Vec<(StepIx, MemberDigests)>,
    /// When the target created a webhook, where an earlier entry says otherwise, or nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    births: Vec<(StepIx, Birth)>,
}

impl FullDigests {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds the digest of one webhook, and its birth if no earlier entry shows it.
    pub fn push(&mut self, step_ix: StepIx, digest: KeyedFullDigest, new_birth: Option<Birth>) {
        self.steps.push(step_ix);
        self.documented.push(digest.documented);
        if !digest.undocumented.is_empty() {
            self.undocumented.push((step_ix, digest.undocumented));
        }
        self.births.extend(new_birth.map(|birth| (step_ix, birth)));
    }

    /// Each digest with the index of the webhook's step.
    pub(super) fn iter(&self) -> impl Iterator<Item = (StepIx, KeyedFullDigest)> {
        let mut undocumented = self.undocumented.iter().peekable();
        let digests = self.steps.iter().zip(&self.documented);
        digests.map(move |(step_ix, documented)| {
            let members = undocumented.next_if(|(ix, _)| ix == step_ix);
            let full_digest = KeyedFullDigest {
                documented: *documented,
                undocumented: members
                    .map_or_else(MemberDigests::new, |(_, members)| members.clone()),
            };
            (*step_ix, full_digest)
        })
    }

    /// The births that no earlier entry shows, with the indexes of the webhooks' steps.
    pub(super) fn births(&self) -> &[(StepIx, Birth)] {
        &self.births
    }
}
