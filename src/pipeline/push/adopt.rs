//! Adoption: which of the webhooks that are new in the target are the ones that were sent.
//! Pure. Counts copies, and reports an item as unresolved rather than guess.

use super::item_ix::ItemIx;
use super::observation::SeenWebhook;
use super::resemblance::unescape_html;
use crate::coralogix::content::{Content, Fingerprint};
use crate::coralogix::webhook::TypeId;
use crate::pipeline::strip::{Key, normalized_alias};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};

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
    } = candidates;
    let (outside, inside) = new_in_target
        .into_iter()
        .partition(|seen| creation_time.excludes(seen));
    let mut adoption = Adoption::default();
    let (sent, inside) = adopt_matches(&mut adoption, sent, inside);
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
) -> (Vec<SentItem>, Vec<SeenWebhook>) {
    let (sent, new_in_target) = adopt_equal(adoption, sent, new_in_target);
    let (sent, new_in_target) = adopt_by_key(adoption, sent, new_in_target, Key::clone);
    let (sent, new_in_target) = adopt_by_key(adoption, sent, new_in_target, unescaped_key);
    adopt_by_body(adoption, sent, new_in_target)
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
    let left = adopt_matches(&mut alike, sent, uncertain);
    let to_unresolved =
        |(ix, seen): (ItemIx, SeenWebhook)| (ix, format!("webhook {} {why}", seen.id));
    adoption.unresolved.extend(alike.unresolved);
    adoption
        .unresolved
        .extend(alike.adopted.into_iter().map(to_unresolved));
    left
}

/// Adopts new webhooks whose content equals an item's, one for one.
fn adopt_equal(
    adoption: &mut Adoption,
    sent: Vec<SentItem>,
    new_in_target: Vec<SeenWebhook>,
) -> (Vec<SentItem>, Vec<SeenWebhook>) {
    let mut equal: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
    for (target_ix, seen) in new_in_target.iter().enumerate().rev() {
        if let Some(content) = seen.content {
            equal.entry(content.whole).or_default().push(target_ix);
        }
    }
    let mut taken = HashSet::new();
    let mut left = Vec::new();
    for item in sent {
        match equal.get_mut(&item.content.whole).and_then(Vec::pop) {
            Some(target_ix) => {
                adoption
                    .adopted
                    .push((item.ix, new_in_target[target_ix].clone()));
                taken.insert(target_ix);
            }
            None => left.push(item),
        }
    }
    (left, without_taken(new_in_target, &taken))
}

/// Adopts new webhooks with an item's alias and type, whose other content the server altered.
///
/// `spelled` gives the key in the spelling in which keys count as one.
/// Several items with different content, or more new webhooks than items, are ambiguous: all are unresolved.
fn adopt_by_key(
    adoption: &mut Adoption,
    sent: Vec<SentItem>,
    new_in_target: Vec<SeenWebhook>,
    spelled: impl Fn(&Key) -> Key,
) -> (Vec<SentItem>, Vec<SeenWebhook>) {
    let mut groups: BTreeMap<Key, Vec<SentItem>> = BTreeMap::new();
    for item in sent {
        groups.entry(spelled(&item.key)).or_default().push(item);
    }
    let mut by_key: HashMap<Key, Vec<usize>> = HashMap::new();
    for (target_ix, seen) in new_in_target.iter().enumerate() {
        if let Some(key) = &seen.key {
            by_key.entry(spelled(key)).or_default().push(target_ix);
        }
    }
    let mut taken = HashSet::new();
    let mut left = Vec::new();
    for (key, items) in groups {
        let alike = by_key.remove(&key).unwrap_or_default();
        let is_one_content = items.iter().all(|item| item.content == items[0].content);
        if alike.is_empty() || is_one_content && alike.len() <= items.len() {
            for (item, target_ix) in items.iter().zip(&alike) {
                adoption
                    .adopted
                    .push((item.ix, new_in_target[*target_ix].clone()));
                taken.insert(*target_ix);
            }
            left.extend(items.into_iter().skip(alike.len()));
        } else {
            let why = ambiguity_reason(
                alike.iter().map(|target_ix| &new_in_target[*target_ix]),
                is_one_content,
            );
            adoption
                .unresolved
                .extend(items.into_iter().map(|item| (item.ix, why.clone())));
            taken.extend(alike);
        }
    }
    (left, without_taken(new_in_target, &taken))
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
    let ids: Vec<String> = alike.map(|seen| seen.id.to_string()).collect();
    let ids = ids.join(", ");
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

/// Adopts new webhooks with an item's type, URL and fields under an altered alias: if the normalized aliases
/// are equal, or if only one item and only one new webhook have that body.
fn adopt_by_body(
    adoption: &mut Adoption,
    sent: Vec<SentItem>,
    new_in_target: Vec<SeenWebhook>,
) -> (Vec<SentItem>, Vec<SeenWebhook>) {
    let alias_of = |seen: &SeenWebhook| seen.key.as_ref().map(|key| normalized_alias(&key.alias));
    let mut taken = HashSet::new();
    let mut left = Vec::new();
    for item in sent {
        let normalized = normalized_alias(&item.key.alias);
        let found = new_in_target
            .iter()
            .enumerate()
            .position(|(target_ix, seen)| {
                !taken.contains(&target_ix)
                    && seen
                        .content
                        .is_some_and(|content| content.body == item.content.body)
                    && alias_of(seen).as_ref() == Some(&normalized)
            });
        match found {
            Some(target_ix) => {
                adoption
                    .adopted
                    .push((item.ix, new_in_target[target_ix].clone()));
                taken.insert(target_ix);
            }
            None => left.push(item),
        }
    }
    let mut rest = Vec::new();
    for item in &left {
        let is_twin = |other: &&SentItem| other.content.body == item.content.body;
        let alike: Vec<usize> = (0..new_in_target.len())
            .filter(|target_ix| !taken.contains(target_ix))
            .filter(|target_ix| {
                new_in_target[*target_ix]
                    .content
                    .is_some_and(|content| content.body == item.content.body)
            })
            .collect();
        match alike.as_slice() {
            [target_ix] if left.iter().filter(is_twin).count() == 1 => {
                adoption
                    .adopted
                    .push((item.ix, new_in_target[*target_ix].clone()));
                taken.insert(*target_ix);
            }
            _ => rest.push(item.clone()),
        }
    }
    (rest, without_taken(new_in_target, &taken))
}

/// Marks items as unresolved that could be one of the new webhooks left over: every item of such a webhook's
/// type, or every item if the webhook has no type.
fn mark_rest_unresolved(
    adoption: &mut Adoption,
    sent: &[SentItem],
    new_in_target: Vec<SeenWebhook>,
) {
    let open: HashSet<TypeId> = sent.iter().map(|item| item.key.type_id).collect();
    for seen in new_in_target {
        let type_id = seen.key.as_ref().map(|key| key.type_id);
        let could_be_ours = type_id.is_none_or(|type_id| open.contains(&type_id));
        if could_be_ours {
            let why = format!(
                "webhook {} is new in the target and could be this one, altered by the server",
                seen.id
            );
            let items_of_type = sent
                .iter()
                .filter(|item| type_id.is_none_or(|type_id| item.key.type_id == type_id));
            adoption
                .unresolved
                .extend(items_of_type.map(|item| (item.ix, why.clone())));
        }
        adoption.others.push(seen);
    }
}

fn without_taken(new_in_target: Vec<SeenWebhook>, taken: &HashSet<usize>) -> Vec<SeenWebhook> {
    new_in_target
        .into_iter()
        .enumerate()
        .filter(|(target_ix, _)| !taken.contains(target_ix))
        .map(|(_, seen)| seen)
        .collect()
}
