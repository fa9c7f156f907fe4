//! The entries of a run's journal as they are serialized; `record` interprets them.
//! Holds no secret: contents are keyed digests, and the plan shows aliases and ids anyway.

use crate::coralogix::birth::Birth;
use crate::coralogix::digest::{ContentDigest, KeyedDigest, KeyedFullDigest, MemberDigests};
use crate::coralogix::id_json;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::StepState;
use crate::pipeline::push::Naming;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// The version of the journal format; a journal with another major version is rejected.
pub const JOURNAL_VERSION: &str = "1.0";

/// One entry of a journal, on a line of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum JournalEntry {
    /// The first entry: what the run is about to write, and what the target held before.
    Header(Box<Header>),
    /// The run is about to send a request.
    Sending {
        /// When the entry was written, just before the request.
        at: Timestamp,
        /// The webhooks in the request, as indexes into the plan's steps.
        step_ixs: Vec<usize>,
    },
    /// The run learned the status of webhooks that it had sent.
    StatusUpdates {
        /// When the entry was written.
        at: Timestamp,
        /// One row for each webhook.
        webhooks: Vec<StatusUpdateRow>,
    },
    /// The last entry of the run itself, whether it succeeded or stopped early.
    Footer(Footer),
    /// A later run or a rollback reconciled sends that this run left open.
    Reconciled {
        /// When the entry was written.
        at: Timestamp,
        /// The id of the run, or the command, that reconciled them.
        reconciled_by: String,
        /// The status of each reconciled webhook.
        webhooks: Vec<StatusUpdateRow>,
    },
    /// A user declared, with `hookferry runs close`, that the open sends no longer matter.
    Closed {
        /// When the entry was written.
        at: Timestamp,
    },
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
        #[serde(with = "id_json::list")]
        deleted: Vec<WebhookId>,
        /// Target ids of webhooks whose previous content the rollback restored, or found to be restored.
        #[serde(with = "id_json::list")]
        restored: Vec<WebhookId>,
        /// Target ids of webhooks that the rollback left unchanged.
        #[serde(with = "id_json::list")]
        untouched: Vec<WebhookId>,
    },
}

/// The first entry of a journal: everything known before the first write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Header {
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
    pub source: SourceRow,
    /// The account that the run writes to.
    pub target: TargetRow,
    /// How the run treats conflicts: the value of `--on-conflict`.
    pub on_conflict: String,
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
    #[serde(with = "id_json::list")]
    pub baseline: Vec<WebhookId>,
    /// The newest birth of these webhooks: one of their ids with a later birth belongs to another webhook since. One
    /// time instead of one for each webhook keeps the header small. `None` if any of them shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_birth: Option<Birth>,
    /// Every step of the plan, in the plan's order.
    pub steps: Vec<StepRow>,
    /// The keyed digest of the file of previous bodies; `None` if the run updates nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_bodies: Option<String>,
    /// The earlier runs whose open sends this run reconciled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continues: Vec<String>,
    /// The keyed digest of the saved plan that the run applies; `None` unless the command is `apply`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_plan: Option<String>,
    /// The undocumented keys that the user named as the server's own state; no digest of this record covers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_keys: Vec<SmolStr>,
}

/// The source of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    /// Host name or file name.
    pub name: String,
    /// The company id; `None` if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
}

/// The target of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRow {
    /// The base URL of its API.
    pub url: String,
    /// Its host, with the port unless that is the default.
    pub host: String,
    /// The company id; `None` if unknown, as for an empty account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
}

/// One step of the plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepRow {
    /// The webhook's id in the source; `None` if a file did not list one.
    #[serde(
        default,
        with = "id_json::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub source_id: Option<WebhookId>,
    /// The alias to write, which a rule may have changed.
    pub alias: SmolStr,
    /// The numeric type id; `None` if the webhook is blocked for lack of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_id: Option<u64>,
    /// What the plan does with the webhook.
    pub state: StepState,
    /// The id of the matching webhook in the target, if there is one.
    #[serde(
        default,
        with = "id_json::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub target_id: Option<WebhookId>,
    /// When the matching webhook was created, if the target shows that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_created_at: Option<Birth>,
    /// The digest of the content to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentDigest>,
    /// The digest of the url to write, by which a webhook that the server altered is known; `None` unless the run
    /// creates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<KeyedDigest>,
    /// The digest of the matching webhook's content in the target, if that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_content: Option<ContentDigest>,
    /// The digests of the undocumented members that the run sends, or that the matching webhook has if the run sends
    /// nothing.
    #[serde(default, skip_serializing_if = "MemberDigests::is_empty")]
    pub undocumented: MemberDigests,
}

/// A recorded status update of one webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusUpdateRow {
    /// The index of the webhook's step in the plan.
    pub step_ix: usize,
    /// The new status.
    #[serde(flatten)]
    pub update: RecordedStatusUpdate,
}

/// The status of a webhook that was sent, as recorded in the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum RecordedStatusUpdate {
    /// The webhook is in the target.
    Written {
        /// Its id in the target.
        #[serde(with = "id_json")]
        id: WebhookId,
        /// `true` if the server's response confirmed it, `false` if the run found it by reading the target.
        acknowledged: bool,
        /// How the response named it; means nothing unless it did.
        #[serde(default, skip_serializing_if = "Naming::is_by_content")]
        naming: Naming,
        /// The digest of what the target stored, if that differs from what was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<ContentDigest>,
        /// When the target created it, as the answer or a reading showed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<Birth>,
    },
    /// The webhook is not in the target any more: a rollback deleted it.
    Deleted,
    /// The webhook is not in the target, and the run may send it again.
    NotWritten,
    /// The run did not write the webhook, and does not send it again.
    Abandoned,
    /// Whether the webhook is in the target cannot be determined.
    Unresolved {
        /// The reason.
        why: String,
        /// Whether a response named it: then it was written, wherever it is, and is never sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        named: bool,
    },
}

/// The outcome of a run, written when it ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Footer {
    /// When the run ended.
    pub ended_at: Timestamp,
    /// Whether everything that the run was to write is in the target exactly once.
    pub complete: bool,
    /// Why the run stopped early; `None` if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The number of webhooks by outcome, under the codes of the report.
    pub summary: BTreeMap<String, usize>,
    /// The target's company id; `None` if the run never saw one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The full digest of each written webhook at the last observation, so that any later change is noticed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub full_digests: Vec<FullDigestRow>,
    /// The content, at the last observation, of each webhook that the server altered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<AlteredRow>,
}

/// The full digest of one webhook: it covers everything that the target shows of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FullDigestRow {
    /// The index of the webhook's step in the plan.
    pub step_ix: usize,
    /// When the target created it, if it shows that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Birth>,
    /// The keyed digest of the documented members.
    pub digest: KeyedDigest,
    /// The digests of the undocumented members that are not the server's own state.
    #[serde(default, skip_serializing_if = "MemberDigests::is_empty")]
    pub undocumented: MemberDigests,
}

impl FullDigestRow {
    /// The full digest in this row.
    pub(super) fn full_digest(&self) -> KeyedFullDigest {
        KeyedFullDigest {
            documented: self.digest,
            undocumented: self.undocumented.clone(),
        }
    }
}

/// A webhook that the server stored with other content than was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlteredRow {
    /// The index of the webhook's step in the plan.
    pub step_ix: usize,
    /// The digest of its content in the target.
    pub content: ContentDigest,
}
