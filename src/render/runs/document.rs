//! Renders run records as JSON.
//! Pure.

use super::super::json;
use super::{n_written, source_company, state, status_code};
use crate::coralogix::webhook::WebhookId;
use crate::document::run::{AppliedMap, ItemRecord, RunRecord, StepRow};
use crate::document::{DocumentBody, Envelope, OutcomeDocument};
use crate::pipeline::outcome::FinalStatus;
use crate::pipeline::plan::StepState;
use crate::store::runs::ListedRun;
use crate::untrusted;
use jiff::Timestamp;
use serde::Serialize;

/// The runs as JSON.
#[derive(Serialize)]
struct RunsDocument<'a> {
    runs: Vec<ListedRunDocument<'a>>,
}

/// A run in the list.
#[derive(Serialize)]
#[serde(untagged)]
enum ListedRunDocument<'a> {
    Readable(Box<RunSummaryDocument<'a>>),
    Damaged {
        run: &'a str,
        state: &'static str,
        error: String,
    },
}

/// What a list shows of a run.
#[derive(Serialize)]
struct RunSummaryDocument<'a> {
    run: &'a str,
    state: &'static str,
    began: Timestamp,
    ended: Option<Timestamp>,
    source: RunSideDocument<'a>,
    target: RunSideDocument<'a>,
    written: usize,
    open: usize,
    summary: Option<StatusCounts>,
    continues: &'a [String],
    continued_by: &'a [String],
}

/// An account of a run.
#[derive(Serialize)]
struct RunSideDocument<'a> {
    name: &'a str,
    company_id: Option<WebhookId>,
}

/// Number of webhooks with each final status, without those that none has.
#[derive(Serialize)]
struct StatusCounts(#[serde(serialize_with = "json::map")] Vec<(FinalStatus, usize)>);

/// One run as JSON.
#[derive(Serialize)]
struct RunDocument<'a> {
    #[serde(flatten)]
    summary: RunSummaryDocument<'a>,
    folder: &'a str,
    id_map_applied: Vec<AppliedMapDocument>,
    webhooks: Vec<RunWebhookDocument<'a>>,
    report: Envelope<OutcomeDocument>,
}

/// One application of the run's id map to alerts.
#[derive(Serialize)]
struct AppliedMapDocument {
    at: Timestamp,
    rewritten_for: &'static str,
    files: usize,
    references: usize,
}

impl From<&AppliedMap> for AppliedMapDocument {
    fn from(applied: &AppliedMap) -> Self {
        Self {
            at: applied.at,
            rewritten_for: applied.direction().sides().1,
            files: applied.files,
            references: applied.references,
        }
    }
}

/// A webhook of a run.
#[derive(Serialize)]
struct RunWebhookDocument<'a> {
    alias: &'a str,
    type_id: Option<u64>,
    source_id: Option<&'a WebhookId>,
    destination: String,
    planned: StepState,
    standing: &'static str,
    target_id: Option<&'a WebhookId>,
}

impl DocumentBody for RunsDocument<'_> {
    const KIND: &'static str = "runs";
}

impl DocumentBody for RunDocument<'_> {
    const KIND: &'static str = "run";
}

/// Renders the runs as JSON.
pub fn list_document(runs: &[ListedRun]) -> impl DocumentBody {
    RunsDocument {
        runs: runs.iter().map(ListedRunDocument::from).collect(),
    }
}

/// Renders one run as JSON.
pub fn run_document<'a>(
    record: &'a RunRecord,
    report: OutcomeDocument,
    folder: &'a str,
) -> impl DocumentBody {
    let rows = record.header.steps.iter().zip(&record.items);
    RunDocument {
        summary: record.into(),
        folder,
        id_map_applied: record.applied_maps.iter().map(Into::into).collect(),
        webhooks: rows.map(RunWebhookDocument::from).collect(),
        report: Envelope(report),
    }
}

impl<'a> From<&'a ListedRun> for ListedRunDocument<'a> {
    fn from(listed: &'a ListedRun) -> Self {
        match &listed.record {
            Ok(record) => Self::Readable(Box::new(record.into())),
            Err(error) => Self::Damaged {
                run: &listed.id,
                state: "damaged",
                error: untrusted::escape(&error.to_string()),
            },
        }
    }
}

impl<'a> From<&'a RunRecord> for RunSummaryDocument<'a> {
    fn from(record: &'a RunRecord) -> Self {
        let (header, footer) = (&record.header, record.footer.as_ref());
        let side = |name, company: Option<&str>| RunSideDocument {
            name,
            company_id: company.map(WebhookId::new),
        };
        Self {
            run: record.id(),
            state: state(record),
            began: header.started_at,
            ended: footer.map(|footer| footer.ended_at),
            source: side(&header.source.name, source_company(record)),
            target: side(&header.target.name, record.company()),
            written: n_written(record),
            open: record.open_sends().len(),
            summary: footer.map(|_| StatusCounts(record.counts())),
            continues: &header.continues,
            continued_by: &record.reconciled_by,
        }
    }
}

impl<'a> From<(&'a StepRow, &'a ItemRecord)> for RunWebhookDocument<'a> {
    fn from((row, item): (&'a StepRow, &'a ItemRecord)) -> Self {
        let written = item.written().map(|written| written.id);
        Self {
            alias: &row.alias,
            type_id: row.type_id,
            source_id: row.source_id.as_ref(),
            destination: row.destination.to_string(),
            planned: row.state,
            standing: status_code(item),
            target_id: written.or_else(|| row.target_id()),
        }
    }
}
