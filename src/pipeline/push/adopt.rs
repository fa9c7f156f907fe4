//! Adoption: which of the webhooks that are new in the target are the ones that were sent.
//! Pure. Counts copies, and reports an item as unresolved rather than guess.

use super::item_ix::ItemIx;
use super::observation::SeenWebhook;
use crate::coralogix::content::{Content, Fingerprint};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::http::spelling::unescape_html;
use crate::pipeline::pairing::{
    GroupDecision, PairingGroup, Tier, TieredPairing, interchangeable, name_candidates, one_and_one,
};
use crate::pipeline::strip::{Key, normalized_alias};
use foldhash::{HashMap, HashSet};
use jiff::{SignedDuration, Timestamp};

/// How far the clock of `created_at` may lag behind the clock of the `Date` header.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// An item that was sent and that no webhook of the target is attributed to yet.
#[derive(Debug, Clone)]
pub(super) struct SentItem {
    /// Its index in the push, or among the creates of an earlier run.
    pub(super) ix: ItemIx,
    pub(super) key: Key,
    pub(super) content: Content,
}

/// How the webhooks that are new in the target match the items that were sent.
#[derive(Debug, Default)]
pub(super) struct Adoption {
    /// Items that were written, each with its webhook in the target.
    pub(super) adopted: Vec<(ItemIx, SeenWebhook)>,
    /// Items that may or may not have been written, each with the reason.
    pub(super) unresolved: Vec<(ItemIx, String)>,
    /// New webhooks that match no item.
    pub(super) others: Vec<SeenWebhook>,
}

/// The time in which a webhook of ours can have been created, by the clock of the responses; open where unknown.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CreationTime {
    /// Before the first write.
    pub(super) from: Option<Timestamp>,
    /// When the last request could no longer take effect.
    pub(super) until: Option<Timestamp>,
}

impl CreationTime {
    /// Whether a webhook is dated outside this time.
    ///
    /// That alone does not prove that it is not ours: the clock of `created_at` may be another one.
    fn excludes(self, seen: &SeenWebhook) -> bool {
        let Some(created) = seen.birth().map(|birth| birth.at()) else {
            return false;
        };
        let is_before = |from: Timestamp| created.duration_until(from) > CLOCK_TOLERANCE;
        self.from.is_some_and(is_before) || self.until.is_some_and(|until| created > until)
    }
}

/// The webhooks of the target among which those that were sent may be.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// They are new in the target.
    pub(super) new_in_target: Vec<SeenWebhook>,
    /// Their ids are older than the run, and nobody knows whether the webhooks are.
    pub(super) doubtful: Vec<SeenWebhook>,
    /// The new ones that equal what an item of the run desires: a request that took effect late made them, or somebody
    /// else did. No server made them of another item by altering that.
    pub(super) copies: HashSet<WebhookId>,
}

/// The new webhooks that equal what an item desires.
///
/// What equals another webhook of the target is none for that alone: a server that drops the query of urls stores two
/// items alike.
pub(super) fn find_copies(
    new_in_target: &[SeenWebhook],
    desired: impl Iterator<Item = Fingerprint>,
) -> HashSet<WebhookId> {
    if new_in_target.is_empty() {
        return HashSet::default();
    }
    let desired: HashSet<Fingerprint> = desired.collect();
    let is_copy =
        |seen: &&SeenWebhook| matches!(seen.content, Some(own) if desired.contains(&own.whole));
    let copies = new_in_target.iter().filter(is_copy);
    copies.map(|seen| seen.id.clone()).collect()
}

/// Matches the items that were sent with the webhooks that are new in the target.
pub(super) fn adopt(
    sent: Vec<SentItem>,
    candidates: Candidates,
    creation_time: CreationTime,
) -> Adoption {
    let Candidates {
        new_in_target,
        doubtful,
        copies,
    } = candidates;
    let (outside, inside) = new_in_target
        .into_iter()
        .partition(|seen| creation_time.excludes(seen));
    let mut adoption = Adoption::default();
    let (sent, inside) = adopt_matches(&mut adoption, sent, inside, &copies);
    let (sent, outside) = mark_alike_unresolved(
        &mut adoption,
        sent,
        outside,
        "is new in the target and matches, but is dated outside this run",
    );
    let (sent, _) = mark_alike_unresolved(
        &mut adoption,
        sent,
        doubtful,
        "matches, and may be new in the target or older than this run: the target does not show when it was created",
    );
    mark_rest_unresolved(&mut adoption, &sent, inside);
    adoption.others.extend(outside);
    adoption
}

/// Adopts new webhooks that match an item, the strongest kind of match first. Returns the rest of both.
fn adopt_matches(
    adoption: &mut Adoption,
    sent: Vec<SentItem>,
    new_in_target: Vec<SeenWebhook>,
    copies: &HashSet<WebhookId>,
) -> (Vec<SentItem>, Vec<SeenWebhook>) {
    let mut pairing = TieredPairing::new(&sent, &new_in_target);
    let mut tiers = vec![pairing.tier(
        |item| Some(item.content.whole),
        |seen| Some(seen.content?.whole),
        interchangeable,
    )];
    // With the alias as it was sent, then as a server that escapes HTML shows it.
    for spelled in [Key::clone, unescaped_key] {
        tiers.push(pairing.tier(
            |item| Some(spelled(&item.key)),
            |seen| uncopied(seen, copies)?.key.as_ref().map(spelled),
            |group| decide_by_key(group, &sent),
        ));
    }
    // With an altered alias: if it only looks alike, or if nothing else has this type, url and fields.
    tiers.push(pairing.tier(
        |item| Some((item.content.body, normalized_alias(&item.key.alias))),
        |seen| {
            Some((
                uncopied(seen, copies)?.content?.body,
                normalized_alias(&seen.key.as_ref()?.alias),
            ))
        },
        interchangeable,
    ));
    tiers.push(pairing.tier(
        |item| Some(item.content.body),
        |seen| Some(uncopied(seen, copies)?.content?.body),
        |group| match one_and_one(group) {
            GroupDecision::Ambiguous => GroupDecision::Leave,
            decision => decision,
        },
    ));
    for tier in tiers {
        record_tier(adoption, tier, &sent, &new_in_target);
    }
    let (open_sent, open_new) = (pairing.open_left(), pairing.open_right());
    (only_at(sent, &open_sent), only_at(new_in_target, &open_new))
}

/// The webhook, if it equals nothing else: only then can it be an item that the server altered.
fn uncopied<'s>(seen: &'s SeenWebhook, copies: &HashSet<WebhookId>) -> Option<&'s SeenWebhook> {
    (!copies.contains(&seen.id)).then_some(seen)
}

/// Pairs webhooks with an item's alias and type, whose other content the server altered. Several items with different
/// content, or more new webhooks than items, are ambiguous.
fn decide_by_key(group: &PairingGroup, sent: &[SentItem]) -> GroupDecision {
    if has_one_content(group, sent) && group.right.len() <= group.left.len() {
        GroupDecision::Pair
    } else {
        GroupDecision::Ambiguous
    }
}

fn has_one_content(group: &PairingGroup, sent: &[SentItem]) -> bool {
    let content = sent[group.left[0]].content;
    group
        .left
        .iter()
        .all(|sent_ix| sent[*sent_ix].content == content)
}

/// Adopts the pairs of a tier, and makes the items unresolved that it found ambiguous.
fn record_tier(
    adoption: &mut Adoption,
    tier: Tier,
    sent: &[SentItem],
    new_in_target: &[SeenWebhook],
) {
    let to_adopted =
        |(sent_ix, target_ix): (usize, usize)| (sent[sent_ix].ix, new_in_target[target_ix].clone());
    adoption
        .adopted
        .extend(tier.pairs.into_iter().map(to_adopted));
    for group in tier.ambiguous {
        let alike = group.right.iter();
        let why = ambiguity_reason(
            alike.map(|target_ix| &new_in_target[*target_ix]),
            has_one_content(&group, sent),
        );
        let items = group.left.iter();
        adoption
            .unresolved
            .extend(items.map(|sent_ix| (sent[*sent_ix].ix, why.clone())));
    }
}

/// Handles webhooks that are dated outside the run, or whose date is unknown. If one of them matches an item, a wrong
/// clock could be the reason, so the item becomes unresolved; the others are not ours.
fn mark_alike_unresolved(
    adoption: &mut Adoption,
    sent: Vec<SentItem>,
    uncertain: Vec<SeenWebhook>,
    why: &str,
) -> (Vec<SentItem>, Vec<SeenWebhook>) {
    let mut alike = Adoption::default();
    let left = adopt_matches(&mut alike, sent, uncertain, &HashSet::default());
    let to_unresolved =
        |(ix, seen): (ItemIx, SeenWebhook)| (ix, format!("webhook {} {why}", seen.id));
    adoption.unresolved.extend(alike.unresolved);
    adoption
        .unresolved
        .extend(alike.adopted.into_iter().map(to_unresolved));
    left
}

/// The key with an alias in which no character is escaped for HTML.
fn unescaped_key(key: &Key) -> Key {
    Key {
        alias: unescape_html(&key.alias).as_ref().into(),
        type_id: key.type_id,
    }
}

/// The reason why new webhooks with one alias and type cannot be matched with items.
fn ambiguity_reason<'s>(
    alike: impl Iterator<Item = &'s SeenWebhook>,
    is_one_content: bool,
) -> String {
    let ids = name_webhooks(alike);
    if is_one_content {
        format!(
            "the target has more new webhooks with this alias and type ({ids}) than were sent, and none has the content sent"
        )
    } else {
        format!(
            "several webhooks with this alias and type were sent, and none of the new ones ({ids}) has the content of any of them"
        )
    }
}

/// Marks items as unresolved that could be one of the new webhooks left over: every item of such a webhook's
/// type, or every item if the webhook has no type.
fn mark_rest_unresolved(
    adoption: &mut Adoption,
    sent: &[SentItem],
    new_in_target: Vec<SeenWebhook>,
) {
    let mut reasons: HashMap<TypeId, Option<String>> = HashMap::default();
    for item in sent {
        let type_id = item.key.type_id;
        let reason = reasons.entry(type_id).or_insert_with(|| {
            let could_be = |seen: &&SeenWebhook| {
                let key = seen.key.as_ref();
                key.is_none_or(|key| key.type_id == type_id)
            };
            altered_copy_reason(new_in_target.iter().filter(could_be).collect())
        });
        let unresolved = reason.clone().map(|why| (item.ix, why));
        adoption.unresolved.extend(unresolved);
    }
    adoption.others.extend(new_in_target);
}

/// Why an item is unresolved that could be any of these webhooks; `None` if there are none.
fn altered_copy_reason(candidates: Vec<&SeenWebhook>) -> Option<String> {
    let n = candidates.len();
    let ids = name_webhooks(candidates.into_iter());
    match n {
        0 => None,
        1 => Some(format!(
            "webhook {ids} is new in the target and could be this one, altered by the server"
        )),
        _ => Some(format!(
            "webhooks {ids} are new in the target, and one of them could be this one, altered by the server"
        )),
    }
}

fn name_webhooks<'s>(webhooks: impl Iterator<Item = &'s SeenWebhook>) -> String {
    let ids: Vec<String> = webhooks.map(|seen| seen.id.to_string()).collect();
    name_candidates(&ids)
}

/// The rows at ascending indexes.
fn only_at<T>(rows: Vec<T>, ixs: &[usize]) -> Vec<T> {
    let mut ixs = ixs.iter().copied().peekable();
    let rows = rows.into_iter().enumerate();
    rows.filter(|(row_ix, _)| ixs.next_if_eq(row_ix).is_some())
        .map(|(_, row)| row)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::item_ix::ItemIx;
    use super::{Adoption, Candidates, CreationTime, SentItem, adopt};
    use crate::coralogix::content::Content;
    use crate::coralogix::webhook::{TypeId, Webhook};
    use crate::pipeline::push::observation::Observation;
    use crate::pipeline::strip::Key;

    const N: usize = 200;

    fn webhook(id: usize, alias: &str, url: &str) -> Webhook {
        let json = format!(
            r#"{{"id":{id},"alias":"{alias}","url":"https://hooks.example.net/{url}","integration_type_id":0}}"#
        );
        Webhook::parse(json).expect("a webhook")
    }

    /// Adopts among as many new webhooks as were sent, all of other content.
    fn adopt_many(sent_alias: impl Fn(usize) -> String, new_alias: &str) -> Adoption {
        let sent = (0..N).map(|ix| {
            let (alias, type_id) = (sent_alias(ix), TypeId(0));
            let webhook = webhook(1, &alias, &format!("sent{ix}"));
            let content = Content::from_webhook(&webhook, type_id);
            let alias = alias.into();
            let key = Key { alias, type_id };
            SentItem {
                ix: ItemIx(ix),
                key,
                content,
            }
        });
        let new = (0..N).map(|ix| webhook(1000 + ix, new_alias, &format!("new{ix}")));
        let new: Vec<Webhook> = new.collect();
        let candidates = Candidates {
            new_in_target: Observation::from_webhooks(&new).webhooks,
            ..Candidates::default()
        };
        adopt(sent.collect(), candidates, CreationTime::default())
    }

    /// Naming every candidate for every item would be a product of both numbers.
    #[test]
    fn many_items_with_many_candidates_get_one_short_reason_each() {
        let first = "1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017, 1018, 1019 and 180 more";
        let of_type = adopt_many(|ix| format!("sent{ix}"), "new");
        assert_eq!(of_type.unresolved.len(), N);
        let why = format!(
            "webhooks {first} are new in the target, and one of them could be this one, altered by the server"
        );
        assert!(of_type.unresolved.iter().all(|(_, given)| *given == why));
        assert_eq!((of_type.adopted.len(), of_type.others.len()), (0, N));
        let of_key = adopt_many(|_| "same".to_owned(), "same");
        assert_eq!(of_key.unresolved.len(), N);
        assert!(of_key.unresolved[0].1.contains(&format!("({first})")));
    }
}
