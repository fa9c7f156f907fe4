//! Drift: what changed since a plan was saved, in words and as a JSON document.
//! Pure. Shows the masked current value of a changed field; of the old one, the plan keeps only a digest.

use crate::coralogix::account::Side;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::DocumentBody;
use crate::document::view::kind_name;
use crate::pipeline::binding::{ChangedField, Drift, DriftedWebhook, WebhookChange};
use crate::pipeline::plan::StepState;
use crate::untrusted;
use crate::wording::counted;
use serde::Serialize;
use smol_str::SmolStr;

/// The drift in a few words: `2 webhooks of the source and the rules file changed`.
pub fn summary(drift: &[Drift]) -> String {
    let count =
        |is_kind: &dyn Fn(&Drift) -> bool| drift.iter().filter(|each| is_kind(each)).count();
    let n_on =
        |side| count(&|each| matches!(each, Drift::Webhook(webhook) if webhook.side == side));
    let (source, target) = (n_on(Side::Source), n_on(Side::Target));
    let has_other_company = count(&|each| matches!(each, Drift::Company { .. })) > 0;
    let has_other_rules = count(&|each| matches!(each, Drift::Rules(_))) > 0;
    let parts = [
        has_other_company.then(|| "the account".to_owned()),
        (source > 0).then(|| format!("{} of the source", counted(source, "webhook"))),
        (target > 0).then(|| format!("{} of the target", counted(target, "webhook"))),
        has_other_rules.then(|| "the rules file".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{} changed", parts.join(" and "))
}

/// All drift: one line per change, and one per changed field.
pub fn lines(drift: &[Drift]) -> Vec<String> {
    const MAX_LISTED: usize = 100;
    let mut lines: Vec<String> = drift
        .iter()
        .take(MAX_LISTED)
        .flat_map(drift_lines)
        .collect();
    if drift.len() > MAX_LISTED {
        lines.push(format!(
            "  and {} more (-o json lists them)",
            drift.len() - MAX_LISTED
        ));
    }
    lines
}

fn drift_lines(drift: &Drift) -> Vec<String> {
    match drift {
        Drift::Company { side, then, now } => vec![format!(
            "  ! the {side} is company {}, but the plan was made for company {}",
            untrusted::escape_truncated(now, 40),
            untrusted::escape_truncated(then, 40)
        )],
        Drift::Rules(file) => vec![format!(
            "  ~ the rules file {} has changed",
            untrusted::escape(file)
        )],
        Drift::Webhook(webhook) => webhook_lines(webhook),
    }
}

fn webhook_lines(webhook: &DriftedWebhook) -> Vec<String> {
    let id = webhook
        .id
        .as_ref()
        .map_or_else(|| "without an id".to_owned(), ToString::to_string);
    let label = format!(
        "{} {} `{}` ({id})",
        webhook.side,
        kind_name(webhook.type_id.map(TypeId)),
        untrusted::escape_truncated(&webhook.alias, 60),
    );
    match &webhook.change {
        WebhookChange::Added => vec![format!("  + {label} is new")],
        WebhookChange::Removed => vec![format!("  - {label} is gone")],
        WebhookChange::Changed(fields) => {
            let mut lines = vec![format!("  ~ {label} changed")];
            lines.extend(fields.iter().map(field_line));
            lines
        }
        WebhookChange::DifferentValues(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| untrusted::escape(path)).collect();
            vec![format!(
                "  ~ {label} would get different values than planned: {}",
                paths.join(", ")
            )]
        }
        WebhookChange::DifferentStep { then, now } => vec![format!(
            "  ! {label} was planned as {}, but would now be {}: the run records in the state directory are not the ones that the plan was made with",
            then.word(),
            now.word()
        )],
    }
}

fn field_line(field: &ChangedField) -> String {
    let path = untrusted::escape(&field.path);
    match &field.current {
        Some(now) => format!("      {path}: now {now}"),
        None => format!("      {path}: removed"),
    }
}

/// All drift as JSON.
#[derive(Serialize)]
struct StalePlanDocument<'a> {
    moved: Vec<DriftDocument<'a>>,
}

/// One change since the plan was saved.
#[derive(Serialize)]
#[serde(tag = "moved", rename_all = "kebab-case")]
enum DriftDocument<'a> {
    Company {
        side: Side,
        then: &'a str,
        now: &'a str,
    },
    Rules {
        file: &'a str,
    },
    Appeared(DriftedWebhookDocument<'a>),
    Gone(DriftedWebhookDocument<'a>),
    Changed(DriftedWebhookDocument<'a>),
    OtherValues(DriftedWebhookDocument<'a>),
    OtherStep(DriftedWebhookDocument<'a>),
}

/// A webhook that changed, or whose step did.
#[derive(Serialize)]
struct DriftedWebhookDocument<'a> {
    side: Side,
    id: Option<&'a WebhookId>,
    alias: &'a str,
    #[serde(rename = "type")]
    kind: SmolStr,
    type_id: Option<u64>,
    fields: Option<&'a [ChangedField]>,
    paths: Option<&'a [String]>,
    step: Option<StepDriftDocument>,
}

/// The saved and the current decision on a webhook.
#[derive(Serialize)]
struct StepDriftDocument {
    then: StepState,
    now: StepState,
}

impl DocumentBody for StalePlanDocument<'_> {
    const KIND: &'static str = "stale-plan";
}

/// All drift as a JSON document.
pub fn document(drift: &[Drift]) -> impl DocumentBody {
    StalePlanDocument {
        moved: drift.iter().map(DriftDocument::from).collect(),
    }
}

impl<'a> From<&'a Drift> for DriftDocument<'a> {
    fn from(drift: &'a Drift) -> Self {
        match drift {
            Drift::Company { side, then, now } => Self::Company {
                side: *side,
                then,
                now,
            },
            Drift::Rules(file) => Self::Rules { file },
            Drift::Webhook(webhook) => drifted_webhook(webhook),
        }
    }
}

fn drifted_webhook(webhook: &DriftedWebhook) -> DriftDocument<'_> {
    let document = DriftedWebhookDocument {
        side: webhook.side,
        id: webhook.id.as_ref(),
        alias: &webhook.alias,
        kind: kind_name(webhook.type_id.map(TypeId)),
        type_id: webhook.type_id,
        fields: None,
        paths: None,
        step: None,
    };
    match &webhook.change {
        WebhookChange::Added => DriftDocument::Appeared(document),
        WebhookChange::Removed => DriftDocument::Gone(document),
        WebhookChange::Changed(fields) => DriftDocument::Changed(DriftedWebhookDocument {
            fields: Some(fields),
            ..document
        }),
        WebhookChange::DifferentValues(paths) => {
            DriftDocument::OtherValues(DriftedWebhookDocument {
                paths: Some(paths),
                ..document
            })
        }
        WebhookChange::DifferentStep { then, now } => {
            let (then, now) = (*then, *now);
            DriftDocument::OtherStep(DriftedWebhookDocument {
                step: Some(StepDriftDocument { then, now }),
                ..document
            })
        }
    }
}
