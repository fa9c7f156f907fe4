//! Renders `rules check` as JSON, from the same view as the text.
//! Pure.

use super::{RulesCheckView, RulesCounts, count};
use crate::coralogix::webhook::WebhookId;
use crate::document::view::kind_name;
use crate::document::{ChangeDocument, DocumentBody, LeftoverDocument, PartyDocument};
use crate::pipeline::rewrite::rule::{Rule, UnmatchedSecretPolicy};
use crate::pipeline::rewrite::{Change, PortableWebhook, ValueReading};
use serde::Serialize;
use smol_str::SmolStr;

/// The check as JSON.
#[derive(Serialize)]
struct RulesCheckDocument<'a> {
    account: PartyDocument,
    rules: Vec<RuleDocument<'a>>,
    retargeted: Option<RetargetedDocument<'a>>,
    values: Vec<ValueDocument<'a>>,
    leftover: Vec<LeftoverWebhookDocument<'a>>,
    unmatched_secret: UnmatchedSecretPolicy,
    summary: RulesCounts,
    complete: bool,
}

/// A rule with what it does.
#[derive(Serialize)]
struct RuleDocument<'a> {
    line: usize,
    optional: bool,
    keep: Vec<String>,
    webhooks: Vec<ChangedWebhookDocument<'a>>,
    warnings: Vec<String>,
    idle: Vec<String>,
}

/// A webhook with the changes that one rule or retargeting makes to it.
#[derive(Serialize)]
struct ChangedWebhookDocument<'a> {
    source_id: Option<&'a WebhookId>,
    alias: &'a str,
    #[serde(rename = "type")]
    kind: SmolStr,
    changes: Vec<ChangeDocument>,
}

/// What retargeting does.
#[derive(Serialize)]
struct RetargetedDocument<'a> {
    from: &'static str,
    to: &'static str,
    webhooks: Vec<ChangedWebhookDocument<'a>>,
}

/// A value that the rules ask for.
#[derive(Serialize)]
struct ValueDocument<'a> {
    from: String,
    readable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

/// A webhook with secrets that no rule covers.
#[derive(Serialize)]
struct LeftoverWebhookDocument<'a> {
    source_id: Option<&'a WebhookId>,
    alias: &'a str,
    #[serde(rename = "type")]
    kind: SmolStr,
    secrets: Vec<LeftoverDocument>,
}

impl DocumentBody for RulesCheckDocument<'_> {
    const KIND: &'static str = "rules-check";
}

/// Renders the check as JSON.
pub fn document(view: &RulesCheckView<'_>) -> impl DocumentBody {
    let rules = view.rules();
    let readings = view.rewriting.values.readings().iter();
    let webhooks = view.portable.webhooks().iter();
    RulesCheckDocument {
        account: view.account.into(),
        rules: rules
            .map(|(rule, matched)| rule_document(view, rule, matched))
            .collect(),
        retargeted: retargeted(view),
        values: readings
            .map(|(source, reading)| value(source.to_string(), reading))
            .collect(),
        leftover: webhooks.filter_map(leftover).collect(),
        unmatched_secret: view.rewriting.unmatched_policy,
        summary: count(view),
        complete: view.is_complete(),
    }
}

fn rule_document<'a>(
    view: &'a RulesCheckView<'_>,
    rule: &Rule,
    matched: &[usize],
) -> RuleDocument<'a> {
    let changed = |ix: &usize| changed_webhook(view, *ix, &view.changes_by(Some(rule.line), *ix));
    RuleDocument {
        line: rule.line,
        optional: rule.is_optional,
        keep: rule.keep.iter().map(ToString::to_string).collect(),
        webhooks: matched.iter().map(changed).collect(),
        warnings: view.value_warnings(rule, matched),
        idle: view.ineffective(rule, matched),
    }
}

fn changed_webhook<'a>(
    view: &'a RulesCheckView<'_>,
    webhook_ix: usize,
    changes: &[&Change],
) -> ChangedWebhookDocument<'a> {
    let webhook = &view.portable.webhooks()[webhook_ix];
    ChangedWebhookDocument {
        source_id: webhook.source_id(),
        alias: webhook.alias(),
        kind: kind_name(webhook.type_id()),
        changes: changes.iter().copied().map(ChangeDocument::from).collect(),
    }
}

fn retargeted<'a>(view: &'a RulesCheckView<'_>) -> Option<RetargetedDocument<'a>> {
    let retarget = view.rewriting.retarget?;
    let changed = |ix| {
        let changes = view.changes_by(None, ix);
        (!changes.is_empty()).then(|| changed_webhook(view, ix, &changes))
    };
    Some(RetargetedDocument {
        from: retarget.from.code(),
        to: retarget.to.code(),
        webhooks: (0..view.portable.webhooks().len())
            .filter_map(changed)
            .collect(),
    })
}

fn value(from: String, reading: &ValueReading) -> ValueDocument<'_> {
    let why = match reading {
        ValueReading::Read(_) => None,
        ValueReading::Unread(why) => Some(why.as_str()),
    };
    ValueDocument {
        from,
        readable: why.is_none(),
        why,
    }
}

fn leftover(webhook: &PortableWebhook) -> Option<LeftoverWebhookDocument<'_>> {
    let secrets = webhook.unmatched_secrets().iter();
    let document = LeftoverWebhookDocument {
        source_id: webhook.source_id(),
        alias: webhook.alias(),
        kind: kind_name(webhook.type_id()),
        secrets: secrets.map(LeftoverDocument::from).collect(),
    };
    (!document.secrets.is_empty()).then_some(document)
}
