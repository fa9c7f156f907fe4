//! The wording of a plan's notes and warnings, shared by every output format.

use super::NoticeDocument;
use super::cross_check::statements;
use super::view::{Party, PlanView, SourceRelation};
use crate::pipeline::plan::{Notice, StepState};
use crate::wording::{counted, counted_with_verb, one_or_many};

/// Every note and warning of a plan, in words.
pub(super) fn notices(view: PlanView<'_>) -> Vec<NoticeDocument> {
    let n_created = view.plan.counts().get(StepState::Create);
    let notices = view.plan.notices();
    let of_plan = notices
        .iter()
        .map(|notice| notice_document(notice, n_created, view.source_relation()));
    let of_lists = incomplete_source(view)
        .into_iter()
        .chain(cross_checks(view));
    of_lists.chain(of_plan).collect()
}

/// The warning about a source that may have more webhooks than were read.
fn incomplete_source(view: PlanView<'_>) -> Option<NoticeDocument> {
    let what = view.source.incomplete.as_ref()?;
    Some(NoticeDocument {
        code: "incomplete-source".to_owned(),
        count: view.source.n_webhooks,
        text: format!(
            "the source may have more webhooks than the {} that hookferry read (--accept-incomplete): {what}",
            view.source.n_webhooks
        ),
        warning: true,
    })
}

/// What the newer API says about the lists of both sides.
fn cross_checks(view: PlanView<'_>) -> impl Iterator<Item = NoticeDocument> {
    let target = if view.source.is_backup {
        "account"
    } else {
        "target"
    };
    let of = |whose, party: &Party| {
        let check = party.cross_check.as_ref();
        check.map_or_else(Vec::new, |check| statements(whose, check))
    };
    let of_source = of("source", view.source);
    of_source.into_iter().chain(of(target, view.target))
}

/// The note that webhooks which are written will notify somebody: in both accounts, unless they are restored into
/// their own.
fn notify_notice(n: usize, source: SourceRelation) -> (&'static str, String) {
    let destinations = counted(n, "destination");
    match source {
        SourceRelation::LiveAccount => {
            let text =
                format!("the source stays active, so both accounts will notify {destinations}");
            ("both-notify", text)
        }
        SourceRelation::Copy => {
            let text = format!(
                "if the account that these webhooks come from is still active, both accounts will notify {destinations}"
            );
            ("both-notify", text)
        }
        SourceRelation::OwnBackup => {
            let text = format!(
                "{} the destinations stored in the backup, which may be in production; use `restore --rehearse` to touch nothing real",
                counted_with_verb(n, "restored webhook", "notifies", "notify")
            );
            ("will-notify", text)
        }
    }
}

fn notice_document(notice: &Notice, n_created: usize, source: SourceRelation) -> NoticeDocument {
    let (code, count, text, is_warning) = match notice {
        Notice::WillNotify(n) => {
            let (code, text) = notify_notice(*n, source);
            (code, *n, text, false)
        }
        Notice::LogsFlowBack(n) => {
            let text = format!(
                "{} {} the source account's ingest key or host, so {} logs flow back to the source account: set the key with a rule, as the notes say where it is, and pass --retarget if the region changes",
                counted(*n, "webhook"),
                one_or_many(*n, "keeps", "keep"),
                one_or_many(*n, "its", "their"),
            );
            ("logs-flow-back", *n, text, true)
        }
        Notice::DoubtfulValues(n) => {
            let text = format!(
                "{} a value that is empty or looks wrong, as {} notes say, and may deliver nothing",
                counted_with_verb(*n, "webhook", "gets", "get"),
                one_or_many(*n, "its", "their"),
            );
            ("doubtful-values", *n, text, true)
        }
        Notice::OtherState(n) => {
            let text = format!(
                "{} only in times and counters that a server sets by itself, such as last_triggered_at, or in ignored keys",
                counted_with_verb(*n, "unchanged webhook", "differs", "differ"),
            );
            ("other-state", *n, text, false)
        }
        Notice::EndingService(ending, n) => {
            let text = format!(
                "{} to {}, which {}: {}",
                counted_with_verb(*n, "webhook", "delivers", "deliver"),
                ending.service.name,
                ending.when(),
                ending.service.remedy,
            );
            (ending.code(), *n, text, true)
        }
        Notice::AlertsNeedNewIds => {
            let text = "alerts refer to webhooks by id: point them at the new ids with the id map";
            ("alerts-need-new-ids", n_created, text.to_owned(), false)
        }
    };
    NoticeDocument {
        code: code.to_owned(),
        count,
        text,
        warning: is_warning,
    }
}
