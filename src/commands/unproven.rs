//! What the record of a run with another API key still shows, without any content: ids, aliases and types.

use super::history::{collect_open_sends, listed_ids, open_sends_of};
use crate::coralogix::birth::Birth;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::document::run::RunRecord;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::{UnprovenCopy, UnprovenRun};
use crate::pipeline::strip::Key;
use std::collections::HashMap;

/// What planning has to know of such a run. `written` holds the births of what all runs on record wrote.
pub(super) fn unproven_run(
    record: &RunRecord,
    target: &Inventory,
    written: &HashMap<WebhookId, Option<Birth>>,
) -> UnprovenRun {
    let mut copies: HashMap<Key, Vec<UnprovenCopy>> = HashMap::new();
    for (step_ix, written) in record.written() {
        let Some((key, _)) = record.desired(step_ix) else {
            continue;
        };
        copies.entry(key).or_default().push(UnprovenCopy {
            id: written.id.clone(),
            birth: written.item.birth,
        });
    }
    let sends = open_sends_of(record, &listed_ids(target));
    let open = collect_open_sends(record, sends, written);
    let is_new = |webhook: &&Webhook| {
        let id = webhook.id();
        id.is_some_and(|id| open.known.is_unlisted(&id, webhook.birth()))
    };
    let creates = open.sends.iter().filter(|send| send.update_id.is_none());
    UnprovenRun {
        run_id: record.id().to_owned(),
        close_command: record.close_command().to_string(),
        copies,
        open: creates.map(|send| send.key.clone()).collect(),
        new_ids: target
            .webhooks
            .iter()
            .filter(is_new)
            .filter_map(Webhook::id)
            .collect(),
    }
}
