//! Recovery of named sends: webhooks that answers named to an earlier run, which was cut off before its read-back.
//! Pure. The next run makes up for that read-back, with the decision of `named` and a reading of the target.

use super::adopt::SentItem;
use super::item_ix::{ByItem, ItemIx};
use super::named::{NamedItem, Naming, pair_by_content};
use super::observation::{Observation, SeenWebhook};
use super::recover::{KnownBirths, Recovery, with_keyed_content};
use super::resemblance::fingerprint_url_of;
use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::digest::{ContentDigest, DigestKey, KeyedDigest};
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::plan::StepIx;
use crate::pipeline::strip::Key;
use foldhash::HashMap;

/// The webhooks that answers named to one earlier run.
#[derive(Debug)]
pub struct NamedSends {
    /// Each of them, in the order of that run's plan.
    pub sends: Vec<NamedSend>,
    /// Webhooks of the target that none of them can be, unless an answer named it so: the baseline, and what is
    /// attributed to other sends.
    pub known: KnownBirths,
}

/// One webhook that an answer named.
#[derive(Debug)]
pub struct NamedSend {
    /// Its step index in that run's plan.
    pub step_ix: StepIx,
    /// Its alias and type, as sent.
    pub key: Key,
    /// Keyed digest of the content that was sent.
    pub content: ContentDigest,
    /// Keyed digest of the url that was sent, from [`url_digest`].
    pub url: KeyedDigest,
    /// The id that the answer named.
    pub id: WebhookId,
    /// Its birth, if the answer showed it.
    pub birth: Option<Birth>,
    /// How the answer named it.
    pub naming: Naming,
}

/// Digests the url of a webhook, such that it is the same however a server spells its HTML escapes.
pub fn url_digest(webhook: &Webhook, digest_key: &DigestKey) -> KeyedDigest {
    digest_key.digest_url(fingerprint_url_of(webhook))
}

/// Decides which webhook of the target each named send is.
///
/// Leaves out those of which the reading shows nothing: whether they exist, only a question by id can tell.
pub fn recover_named(
    named: &NamedSends,
    target: &Observation,
    digest_key: &DigestKey,
) -> Vec<(StepIx, Recovery)> {
    let keyed = |seen: &SeenWebhook| SeenWebhook {
        url: seen
            .url
            .map(|url| digest_key.digest_url(url).as_fingerprint()),
        ..with_keyed_content(seen, digest_key)
    };
    let rows = own_rows(named, target);
    let rows: ByItem<Option<SeenWebhook>> = rows.into_iter().map(|row| row.map(keyed)).collect();
    let sends: ByItem<&NamedSend> = named.sends.iter().collect();
    let items: Vec<NamedItem<'_>> = sends
        .iter()
        .map(|(ix, send)| NamedItem {
            sent: SentItem {
                ix,
                key: send.key.clone(),
                content: send.content.as_content(),
            },
            row: rows[ix].as_ref(),
            url: send.url.as_fingerprint(),
            // Time has passed since the answer, so even where content tied the id to what was sent, the webhook that
            // has it now must resemble that.
            naming: send.naming.max(Naming::Elimination),
        })
        .collect();
    let lacks_webhook = |item: &NamedItem<'_>| item.row.is_none() && item.naming == Naming::IdAlone;
    let needs_spare = items.iter().any(lacks_webhook);
    let spare = target.webhooks().iter().filter(|_| needs_spare);
    let spare: Vec<SeenWebhook> = spare
        .filter(|seen| named.known.is_new(seen))
        .map(keyed)
        .collect();
    let by_id = by_id(target);
    let to_recovery = |(ix, outcome): (ItemIx, Result<&SeenWebhook, String>)| {
        let send = sends[ix];
        let recovery = match outcome {
            Ok(row) => {
                let shown = by_id.get(&row.id).and_then(|seen| seen.content);
                Recovery::Written {
                    id: row.id.clone(),
                    birth: row.birth().or(send.birth.filter(|_| row.id == send.id)),
                    stored: shown.map(|content| digest_key.digest_content(content)),
                }
            }
            Err(why) => Recovery::Unresolved(why),
        };
        (send.step_ix, recovery)
    };
    let outcomes = pair_by_content(&items, spare.iter().collect());
    outcomes.into_iter().map(to_recovery).collect()
}

/// The row of each named send: the one with its id, or a new one whose id has the same digits, because a server may pad
/// its ids in answers alone. A row of another birth says nothing about the webhook that the answer named.
fn own_rows<'t>(named: &NamedSends, target: &'t Observation) -> Vec<Option<&'t SeenWebhook>> {
    let by_id = by_id(target);
    let row = |send: &NamedSend| match by_id.get(&send.id) {
        Some(seen) => Some(*seen).filter(|seen| !is_another_birth(send.birth, seen.birth())),
        None => target.webhooks().iter().find(|seen| {
            send.id.is_equal_only_in_digits(&seen.id)
                && named.known.is_unlisted(&seen.id, seen.birth())
        }),
    };
    named.sends.iter().map(row).collect()
}

fn by_id(target: &Observation) -> HashMap<&WebhookId, &SeenWebhook> {
    let webhooks = target.webhooks().iter();
    webhooks.map(|seen| (&seen.id, seen)).collect()
}
