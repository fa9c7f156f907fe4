//! The journal is the whole record: what it says after any of its entries is what the run would have shown then.

use crate::support::draft::list;
use crate::support::generator::{cases, draft};
use crate::support::preview::planned;
use crate::support::spelling::Spelling;
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::birth::Birth;
use hookferry::coralogix::digest::DigestKey;
use hookferry::coralogix::webhook::WebhookId;
use hookferry::document::run::entry::{FirstEntry, Footer, Header, JournalEntry, StatusRow};
use hookferry::document::run::{RunRecord, StepRows};
use hookferry::document::view::{Party, PlanView};
use hookferry::document::{Depth, OutcomeDocument, PlanDocument};
use hookferry::http::failure::Refusal;
use hookferry::http::server_words::SentValues;
use hookferry::pipeline::plan::{OnConflict, Plan, StepState};
use hookferry::pipeline::push::{ItemStatus, Naming, Proof, PushResult, StopReason};
use hookferry::pipeline::verify::{ItemVerdict, Verdict};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

/// A status that a push can learn of a webhook, chosen by a number.
fn status(choice: u8, id: u64, planned: StepState) -> ItemStatus {
    let id = WebhookId::new(id.to_string());
    let refusal = || {
        Box::new(Refusal {
            status: 422,
            message: SentValues::default().show("alias too long"),
            requested_wait: None,
            redirect_host: None,
            key_origin: "in A_VARIABLE".to_owned(),
        })
    };
    let proof = if choice.is_multiple_of(2) {
        Proof::Acknowledged
    } else {
        Proof::Observed
    };
    match (choice % 10, planned) {
        (0..=3, StepState::Update) => ItemStatus::Updated {
            id,
            proof,
            is_altered: choice > 128,
        },
        (0..=3, _) => ItemStatus::Created { id, proof },
        (4, _) => ItemStatus::NotSent,
        (5, _) => ItemStatus::Refused(refusal()),
        (6, _) => ItemStatus::TypeRefused(refusal()),
        (7, _) => ItemStatus::Ignored,
        (8, _) => ItemStatus::CreatedByOthers(id),
        _ => ItemStatus::Unresolved("two look alike".to_owned()),
    }
}

fn party(name: &str, n_webhooks: usize) -> Party {
    Party {
        name: name.to_owned(),
        company_id: Some("12345".to_owned()),
        n_webhooks,
        profile: None,
        is_live: true,
        is_backup: false,
        incomplete: None,
        cross_check: None,
    }
}

/// How an answer named a webhook with this status, chosen by a number.
fn naming(choice: u8, status: &ItemStatus) -> Option<Naming> {
    let named = match choice % 3 {
        0 => Naming::Content,
        1 => Naming::Elimination,
        _ => Naming::IdAlone,
    };
    match status {
        ItemStatus::Created {
            proof: Proof::Acknowledged,
            ..
        } => Some(named),
        ItemStatus::Unresolved(_) => Some(named).filter(|_| choice > 128),
        _ => None,
    }
}

/// When the target created a webhook, chosen by a number.
fn birth(choice: u8) -> Option<Birth> {
    let births = ["2026-11-24T02:15:30.5Z", "2026-11-24T02:15:30.500Z", ""];
    Birth::parse(births[usize::from(choice) % births.len()])
}

/// The entries that a run leaves after its header, in the batches and with the results that the numbers choose.
fn entries(plan: &Plan, header: Header<StepRows<'_>>, choices: &[u8]) -> Vec<JournalEntry> {
    let choice = |at: usize| choices[at % choices.len()];
    let at = Timestamp::UNIX_EPOCH;
    let steps = plan.steps().enumerate();
    let written: Vec<(usize, StepState)> = steps
        .map(|(step_ix, (_, step))| (step_ix, step.state))
        .filter(|(_, state)| matches!(state, StepState::Create | StepState::Update))
        .collect();
    let mut entries = Vec::new();
    let mut record = RunRecord::of_new_run(header);
    let mut statuses = Vec::new();
    let mut rows = record.header.steps.iter();
    let stored = rows.find_map(|row| row.content);
    drop(rows);
    for (n, batch) in written.chunks(1 + usize::from(choice(0) % 3)).enumerate() {
        let sending = JournalEntry::Sending {
            at,
            steps: batch.iter().map(|(step_ix, _)| (*step_ix).into()).collect(),
        };
        let row = |(step_ix, state): &(usize, StepState)| {
            let status = status(choice(n + step_ix), 2000 + *step_ix as u64, *state);
            StatusRow {
                step_ix: (*step_ix).into(),
                naming: naming(choice(n + 5 * step_ix), &status),
                status,
                birth: birth(choice(n + 3 * step_ix)),
                stored: stored.filter(|_| choice(n + 13 * step_ix) > 200),
            }
        };
        let rows: Vec<StatusRow> = batch.iter().map(row).collect();
        statuses.extend(rows.iter().map(|row| (row.step_ix, row.status.clone())));
        // Of some, only the footer will know.
        let is_known = |row: &StatusRow| choice(n + 7 * row.step_ix.get()) > 40;
        let updates = JournalEntry::StatusUpdates {
            at,
            webhooks: rows.into_iter().filter(is_known).collect(),
        };
        entries.extend([sending, updates]);
    }
    for entry in &entries {
        record.apply(entry.clone());
    }
    let push_result = PushResult {
        statuses,
        stop: (choice(1) > 128).then(|| StopReason::NoProgress("it goes in circles".to_owned())),
        may_have_written: choice(2) > 20,
        n_requests: entries.len() / 2,
        ..PushResult::empty()
    };
    let verdict = Verdict {
        item_verdicts: push_result
            .statuses
            .iter()
            .filter(|(_, status)| status.target_id().is_some())
            .map(|(step_ix, _)| {
                let copies = vec![WebhookId::new("77")];
                let verdict = match choice(11 + step_ix.get()) % 6 {
                    0 => ItemVerdict::Missing,
                    1 => ItemVerdict::Duplicated(copies),
                    2 => ItemVerdict::Altered(Vec::new()),
                    _ => ItemVerdict::Verified,
                };
                (*step_ix, verdict)
            })
            .collect(),
    };
    let verdict = (choice(3) > 60).then_some(verdict);
    let footer = Footer::new(&record, &push_result, verdict.as_ref());
    entries.push(JournalEntry::Footer(footer.into()));
    entries
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_journal_cut_at_any_entry_says_what_the_run_knew(
        drafts in vec(draft(), 1..6),
        n_in_target in 0..4_usize,
        choices in vec(any::<u8>(), 24),
    ) {
        let mut spelling = Spelling::plain();
        let drafts: Vec<_> = drafts.iter().collect();
        let source = list(&drafts, 1050, &mut spelling);
        let target = list(&drafts[..n_in_target.min(drafts.len())], 3000, &mut spelling);
        let plan = planned(&source, &target, OnConflict::Update);
        let (source, target) = (party("a", drafts.len()), party("b", n_in_target));
        let view = PlanView { plan: &plan, source: &source, target: &target };
        let digest_key = DigestKey::new(&ApiKey::new("a-key").unwrap()).unwrap().into();
        let header = Header { run: "20261124-021530-7f3a2b".to_owned(), ..Header::of_plan(view, Some(&digest_key)) };
        let entries = entries(&plan, header.clone(), &choices);
        let first = serde_json::to_string(&FirstEntry { header: &header }).unwrap();
        let lines = entries.iter().map(|entry| serde_json::to_string(entry).unwrap());
        let lines: Vec<String> = std::iter::once(first).chain(lines).collect();
        for n in 0..=entries.len() {
            let mut live = RunRecord::of_new_run(header.clone());
            for entry in &entries[..n] {
                live.apply(entry.clone());
            }
            let live = live.into_outlined();
            let read = lines[..=n].iter().map(|line| serde_json::from_str(line).unwrap());
            let reread = RunRecord::from_entries(read.collect()).unwrap();
            prop_assert_eq!(reread.header.steps.clone(), header.steps.iter().collect::<Vec<_>>());
            prop_assert_eq!(OutcomeDocument::new(&live), OutcomeDocument::new(&reread));
            prop_assert_eq!(&live.items, &reread.items);
            let id_map = OutcomeDocument::new(&reread).to_id_map();
            prop_assert_eq!(OutcomeDocument::new(&live).to_id_map().ok(), id_map.ok());
            prop_assert_eq!(reread.plan_document(), PlanDocument::new(view, Depth::Steps));
        }
    }
}
