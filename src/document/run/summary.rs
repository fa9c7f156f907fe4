//! The first and the last entry of a journal, from a plan and from what became of it.

use super::super::view::PlanView;
use super::super::{
    Depth, DifferenceDocument, DocumentHeader, PlanDocument, ReadBackDocument, StreamedSteps,
};
use super::RunRecord;
use super::entry::{
    AlteredRow, Footer, FullDigests, Header, JOURNAL_VERSION, RemarkRow, StatusRow,
};
use super::step_row::StepRow;
use crate::coralogix::digest::DigestKey;
use crate::pipeline::outcome::final_statuses;
use crate::pipeline::plan::StepIx;
use crate::pipeline::push::{ItemStatus, PushResult};
use crate::pipeline::verify::{ItemVerdict, Verdict};
use jiff::Timestamp;

impl Header {
    /// The header of a run that carries out a plan; holds digests only if there is a key for them.
    ///
    /// Everything that does not follow from the plan is empty, so that whoever starts a record fills it in.
    pub fn of_plan(view: PlanView<'_>, digest_key: Option<&DigestKey>) -> Self {
        let document = PlanDocument::<StreamedSteps<'_>>::streamed(view, Depth::Steps);
        let rows = view.plan.steps().zip(document.steps.iter());
        Self {
            format_version: JOURNAL_VERSION.to_owned(),
            run: String::new(),
            tool: DocumentHeader::new("").tool.to_owned(),
            started_at: Timestamp::default(),
            pid: 0,
            source: document.source,
            is_backup: view.source.is_backup,
            target: document.target,
            target_url: String::new(),
            on_conflict: document.on_conflict,
            settle_window_ms: 0,
            salt: digest_key.map_or_else(String::new, DigestKey::salt),
            key_check: digest_key.map_or_else(String::new, DigestKey::check),
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
            follow_up_flags: String::new(),
            is_rehearsal: false,
            steps: rows
                .map(|((webhook, step), document)| {
                    StepRow::new(document, webhook, step, digest_key)
                })
                .collect(),
        }
    }
}

impl Footer {
    /// The footer of a run with this record so far; holds no digests, and no company.
    pub fn new(record: &RunRecord, push_result: &PushResult, verdict: Option<&Verdict>) -> Self {
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
fn changed_statuses(
    record: &RunRecord,
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
