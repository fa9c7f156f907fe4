//! What the newer API says about a list, in words, shared by every output.
//! Pure. Aliases are escaped.

use super::NoticeDocument;
use crate::coralogix::summary::Summary;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::cross_check::{Comparison, CrossCheck};
use crate::untrusted;
use crate::wording::{counted, one_or_many};

/// The most webhooks that a sentence names.
const MAX_NAMED: usize = 5;
const MAX_ALIAS_CHARS: usize = 40;
const MAX_TYPE_CHARS: usize = 24;

/// Every statement about the list of an account, which `whose` names: `source`, or a host.
pub(crate) fn statements(whose: &str, check: &CrossCheck) -> Vec<NoticeDocument> {
    let comparison = match check {
        CrossCheck::NotChecked(why) => {
            let text = format!("the list of the {whose} was not cross-checked: {why}");
            return vec![statement("not-cross-checked", 0, text, true)];
        }
        CrossCheck::Checked(comparison) => comparison,
    };
    let Comparison {
        n_common,
        unlisted,
        newer_types,
        unsummarized,
    } = comparison;
    let mut statements = Vec::new();
    if !unlisted.is_empty() {
        let text = unlisted_text(&format!("the {whose}"), unlisted);
        let n = unlisted.len();
        statements.push(statement("unlisted-webhooks", n, text, true));
    }
    if !newer_types.is_empty() {
        let n = newer_types.len();
        let text = format!(
            "the {whose} has {} of a type that only the newer API knows, so hookferry neither sees nor copies {}: {}",
            counted(n, "webhook"),
            one_or_many(n, "it", "them"),
            summaries_text(newer_types),
        );
        statements.push(statement("newer-types", n, text, true));
    }
    if !unsummarized.is_empty() {
        let n = unsummarized.len();
        let text = format!(
            "the newer API does not name {} that the list of the {whose} shows, so it may lag behind: {}",
            counted(n, "webhook"),
            ids_text(unsummarized),
        );
        statements.push(statement("unsummarized-webhooks", n, text, false));
    }
    if statements.is_empty() {
        let text = format!(
            "the newer API names the same {} as the list of the {whose}",
            counted(*n_common, "webhook")
        );
        statements.push(statement("cross-checked", *n_common, text, false));
    }
    statements
}

/// What is wrong with the list of that account.
pub(crate) fn unlisted_text(account: &str, unlisted: &[Summary]) -> String {
    format!(
        "the list of {account} lacks {} that the newer API names: {}",
        counted(unlisted.len(), "webhook"),
        summaries_text(unlisted)
    )
}

fn statement(code: &str, count: usize, text: String, warning: bool) -> NoticeDocument {
    NoticeDocument {
        code: code.to_owned(),
        count,
        text,
        warning,
    }
}

/// The first webhooks, with what tells them apart: `1062 'Ops' (SLACK) and 3 more`.
fn summaries_text(summaries: &[Summary]) -> String {
    let name = |summary: &Summary| {
        let alias = untrusted::escape_truncated(&summary.alias, MAX_ALIAS_CHARS);
        let kind = untrusted::escape_truncated(&summary.kind, MAX_TYPE_CHARS);
        format!("{} '{alias}' ({kind})", summary.id)
    };
    first_of(summaries, name)
}

fn ids_text(ids: &[WebhookId]) -> String {
    first_of(ids, ToString::to_string)
}

fn first_of<T>(items: &[T], name: impl Fn(&T) -> String) -> String {
    let shown: Vec<String> = items.iter().take(MAX_NAMED).map(name).collect();
    let n_more = items.len().saturating_sub(MAX_NAMED);
    let more = (n_more > 0).then(|| format!(" and {n_more} more"));
    format!("{}{}", shown.join(", "), more.unwrap_or_default())
}
