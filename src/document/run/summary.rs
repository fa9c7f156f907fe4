//! The first and the last entry of a journal, from a plan and from what became of it.

use super::super::envelope::TOOL;
use super::super::view::PlanView;
use super::super::{Depth, DifferenceDocument, PlanDocument, ReadBackDocument, StreamedSteps};
use super::RunRecord;
use super::entry::{
    AlteredRow, Footer, FullDigests, Header, JOURNAL_VERSION, RemarkRow, StatusRow,
};
use super::follow_up::FollowUp;
use super::step_row::StepRow;
use super::step_rows::StepRows;
use crate::coralogix::digest::DigestKey;
use crate::pipeline::outcome::final_statuses;
use crate::pipeline::plan::StepIx;
use crate::pipeline::push::{ItemStatus, PushResult};
use crate::pipeline::verify::{ItemVerdict, Verdict};
use jiff::Timestamp;
use std::sync::Arc;

impl<'p> Header<StepRows<'p>> {
    /// The header of a run that carries out a plan; its rows hold digests only if there is a key for them.
    ///
    /// Everything that does not follow from the plan is empty, so that whoever starts a record fills it in.
    pub fn of_plan(view: PlanView<'p>, digest_key: Option<&Arc<DigestKey>>) -> Self {
        let document = PlanDocument::<StreamedSteps<'_>>::streamed(view, Depth::Steps);
        let digest_key = digest_key.cloned();
        Self {
            format_version: JOURNAL_VERSION.to_owned(),
            run: String::new(),
            tool: TOOL.to_owned(),
            started_at: Timestamp::default(),
            pid: 0,
            source: document.source,
            source_relation: view.source_relation(),
            target: document.target,
            target_url: String::new(),
            on_conflict: document.on_conflict,
            on_conflict_for: document.on_conflict_for,
            settle_window_ms: 0,
            salt: digest_key
                .as_ref()
                .map_or_else(String::new, |key| key.salt()),
            key_check: digest_key
                .as_ref()
                .map_or_else(String::new, |key| key.check()),
            target_time: None,
            baseline: Vec::new(),
            newest_birth: None,
            untouched_in_target: document.untouched_in_target,
            invariants: document.invariants,
            notices: document.notices,
            has_previous_bodies: false,
            continues: Vec::new(),
            saved_plan: None,
            ignore_keys: view.plan.portable().state_keys().named().to_vec(),
            follow_up: FollowUp::default(),
            is_rehearsal: false,
            steps: StepRows::new(view.plan, digest_key),
        }
    }

    /// The same header with all rows in memory, as far as an outcome shows them.
    pub fn with_outlines(self) -> Header {
        let steps = self.steps.outlines().collect();
        Header {
            format_version: self.format_version,
            run: self.run,
            tool: self.tool,
            started_at: self.started_at,
            pid: self.pid,
            source: self.source,
            source_relation: self.source_relation,
            target: self.target,
            target_url: self.target_url,
            on_conflict: self.on_conflict,
            on_conflict_for: self.on_conflict_for,
            settle_window_ms: self.settle_window_ms,
            salt: self.salt,
            key_check: self.key_check,
            target_time: self.target_time,
            baseline: self.baseline,
            newest_birth: self.newest_birth,
            untouched_in_target: self.untouched_in_target,
            invariants: self.invariants,
            notices: self.notices,
            has_previous_bodies: self.has_previous_bodies,
            continues: self.continues,
            saved_plan: self.saved_plan,
            ignore_keys: self.ignore_keys,
            follow_up: self.follow_up,
            is_rehearsal: self.is_rehearsal,
            steps,
        }
    }
}

impl Footer {
    /// The footer of a run with this record so far; holds no digests, and no company.
    pub fn new<S>(
        record: &RunRecord<S>,
        push_result: &PushResult,
        verdict: Option<&Verdict>,
    ) -> Self {
        Self {
            ended_at: Timestamp::default(),
            stop: push_result.stop.clone(),
            may_have_written: push_result.may_have_written,
            requests: push_result.n_requests,
            company: None,
            read_back: verdict.map(ReadBackDocument::from_verdict),
            new_in_target: push_result.new_in_target.clone(),
            statuses: changed_statuses(record, push_result, verdict),
            remarks: push_result
                .server_words
                .iter()
                .map(|(step_ix, why)| RemarkRow {
                    step_ix: *step_ix,
                    why: why.clone(),
                })
                .collect(),
            full_digests: FullDigests::default(),
            altered: verdict.map_or_else(Vec::new, altered_rows),
        }
    }
}

/// The final statuses that the record does not show yet. What else it shows of such a webhook stays true.
fn changed_statuses<S>(
    record: &RunRecord<S>,
    push_result: &PushResult,
    verdict: Option<&Verdict>,
) -> Vec<StatusRow> {
    let changed = |(step_ix, status): (StepIx, ItemStatus)| {
        let item = record.items.get(step_ix.get())?;
        (item.status != status).then_some(StatusRow {
            step_ix,
            status,
            birth: item.birth,
            stored: item.stored,
            naming: item.naming,
        })
    };
    final_statuses(push_result, verdict)
        .filter_map(changed)
        .collect()
}

fn altered_rows(verdict: &Verdict) -> Vec<AlteredRow> {
    let altered = |(step_ix, item_verdict): &(StepIx, ItemVerdict)| match item_verdict {
        ItemVerdict::Altered(differences) => Some(AlteredRow {
            step_ix: *step_ix,
            content: None,
            differences: DifferenceDocument::from_differences(differences),
        }),
        _ => None,
    };
    verdict.item_verdicts.iter().filter_map(altered).collect()
}

impl RunRecord {
    /// The plan that the run carries out, without the fields of the webhooks that it creates.
    pub fn plan_document(&self) -> PlanDocument {
        let header = &self.header;
        let steps = header.steps.iter().map(StepRow::to_document).collect();
        PlanDocument::of_record(header, steps)
    }
}
