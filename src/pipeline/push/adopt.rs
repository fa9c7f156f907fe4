//! Adoption: which of the webhooks that are new in the target are the ones that were sent.
//! Pure. Counts copies, and reports an item as unresolved rather than guess.

use super::observation::Seen;
use crate::coralogix::content::{Content, Fingerprint};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::pipeline::strip::{Key, tidied};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How far the clock of `created_at` may lag behind the clock of the `Date` header.
const CLOCK_ALLOWANCE: SignedDuration = SignedDuration::from_secs(60);

/// An item that was sent and that no webhook of the target is attributed to yet.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// The item's index in the push, or the step's index in an earlier run's plan.
    pub(super) want: usize,
    pub(super) key: Key,
    pub(super) content: Content,
}

/// How the webhooks that are new in the target match the items that were sent.
#[derive(Debug, Default)]
pub(super) struct Adoption {
    /// Items that were written, each with its webhook in the target.
    pub(super) adopted: Vec<(usize, Seen)>,
    /// Items that may or may not have been written, each with the reason.
    pub(super) unresolved: Vec<(usize, String)>,
    /// New webhooks that match no item.
    pub(super) others: Vec<Seen>,
}

/// Snapshot of a list: two observations agree if their snapshots are equal.
pub(super) fn print_of(list: &[Seen]) -> Vec<(WebhookId, Option<Content>)> {
    let mut print: Vec<_> = list
        .iter()
        .map(|seen| (seen.id.clone(), seen.content))
        .collect();
    print.sort_by(|a, b| a.0.cmp(&b.0));
    print
}

/// Matches the items that were sent with the webhooks that are new in the target.
///
/// `started` is the target's clock before the first write: a webhook created earlier is not ours.
pub(super) fn adopt(sent: Vec<Sent>, newcomers: Vec<Seen>, began: Option<Timestamp>) -> Adoption {
    let is_older = |seen: &Seen| match (seen.created_at, began) {
        (Some(created), Some(began)) => created.duration_until(began) > CLOCK_ALLOWANCE,
        _ => false,
    };
    let (older, newer) = newcomers.into_iter().partition(is_older);
    let mut adoption = Adoption::default();
    let (sent, newer) = take(&mut adoption, sent, newer);
    let (sent, older) = doubt_the_older(&mut adoption, sent, older);
    doubt_the_rest(&mut adoption, &sent, newer);
    adoption.others.extend(older);
    adoption
}

/// Adopts new webhooks that match an item, the strongest kind of match first. Returns the rest of both.
fn take(adoption: &mut Adoption, sent: Vec<Sent>, newcomers: Vec<Seen>) -> (Vec<Sent>, Vec<Seen>) {
    let (sent, newcomers) = take_equal(adoption, sent, newcomers);
    let (sent, newcomers) = take_by_key(adoption, sent, newcomers);
    take_by_body(adoption, sent, newcomers)
}

/// Handles new webhooks that are dated before the run, and so are not ours. But if one of them matches an
/// item, a wrong clock could be the reason for its date, so the item becomes unresolved.
fn doubt_the_older(
    adoption: &mut Adoption,
    sent: Vec<Sent>,
    older: Vec<Seen>,
) -> (Vec<Sent>, Vec<Seen>) {
    let mut alike = Adoption::default();
    let left = take(&mut alike, sent, older);
    let doubt = |(want, seen): (usize, Seen)| {
        let id = seen.id;
        let why =
            format!("webhook {id} is new in the target and matches, but is dated before this run");
        (want, why)
    };
    adoption.unresolved.extend(alike.unresolved);
    adoption
        .unresolved
        .extend(alike.adopted.into_iter().map(doubt));
    left
}

/// Adopts new webhooks whose content equals an item's, one for one.
fn take_equal(
    adoption: &mut Adoption,
    sent: Vec<Sent>,
    newcomers: Vec<Seen>,
) -> (Vec<Sent>, Vec<Seen>) {
    let mut equal: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
    for (at, seen) in newcomers.iter().enumerate().rev() {
        if let Some(content) = seen.content {
            equal.entry(content.whole).or_default().push(at);
        }
    }
    let mut taken = HashSet::new();
    let mut left = Vec::new();
    for want in sent {
        match equal.get_mut(&want.content.whole).and_then(Vec::pop) {
            Some(at) => {
                adoption.adopted.push((want.want, newcomers[at].clone()));
                taken.insert(at);
            }
            None => left.push(want),
        }
    }
    (left, without(newcomers, &taken))
}

/// Adopts new webhooks with an item's alias and type, whose other content the server altered.
///
/// Several items with different content, or more new webhooks than items, are ambiguous: all are unresolved.
fn take_by_key(
    adoption: &mut Adoption,
    sent: Vec<Sent>,
    newcomers: Vec<Seen>,
) -> (Vec<Sent>, Vec<Seen>) {
    let mut groups: BTreeMap<Key, Vec<Sent>> = BTreeMap::new();
    for want in sent {
        groups.entry(want.key.clone()).or_default().push(want);
    }
    let mut by_key: HashMap<&Key, Vec<usize>> = HashMap::new();
    for (at, seen) in newcomers.iter().enumerate() {
        if let Some(key) = &seen.key {
            by_key.entry(key).or_default().push(at);
        }
    }
    let mut taken = HashSet::new();
    let mut left = Vec::new();
    for (key, wants) in groups {
        let alike = by_key.remove(&key).unwrap_or_default();
        let is_one_content = wants.iter().all(|want| want.content == wants[0].content);
        if alike.is_empty() || is_one_content && alike.len() <= wants.len() {
            for (want, at) in wants.iter().zip(&alike) {
                adoption.adopted.push((want.want, newcomers[*at].clone()));
                taken.insert(*at);
            }
            left.extend(wants.into_iter().skip(alike.len()));
        } else {
            let why = cannot_tell(alike.iter().map(|at| &newcomers[*at]), is_one_content);
            adoption
                .unresolved
                .extend(wants.into_iter().map(|want| (want.want, why.clone())));
            taken.extend(alike);
        }
    }
    (left, without(newcomers, &taken))
}

/// The reason why new webhooks with one alias and type cannot be matched with items.
fn cannot_tell<'s>(alike: impl Iterator<Item = &'s Seen>, is_one_content: bool) -> String {
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
fn take_by_body(
    adoption: &mut Adoption,
    sent: Vec<Sent>,
    newcomers: Vec<Seen>,
) -> (Vec<Sent>, Vec<Seen>) {
    let alias_of = |seen: &Seen| seen.key.as_ref().map(|key| tidied(&key.alias));
    let mut taken = HashSet::new();
    let mut left = Vec::new();
    for want in sent {
        let tidy = tidied(&want.key.alias);
        let found = newcomers.iter().enumerate().position(|(at, seen)| {
            !taken.contains(&at)
                && seen
                    .content
                    .is_some_and(|content| content.body == want.content.body)
                && alias_of(seen).as_ref() == Some(&tidy)
        });
        match found {
            Some(at) => {
                adoption.adopted.push((want.want, newcomers[at].clone()));
                taken.insert(at);
            }
            None => left.push(want),
        }
    }
    let mut rest = Vec::new();
    for want in &left {
        let is_twin = |other: &&Sent| other.content.body == want.content.body;
        let alike: Vec<usize> = (0..newcomers.len())
            .filter(|at| !taken.contains(at))
            .filter(|at| {
                newcomers[*at]
                    .content
                    .is_some_and(|content| content.body == want.content.body)
            })
            .collect();
        match alike.as_slice() {
            [at] if left.iter().filter(is_twin).count() == 1 => {
                adoption.adopted.push((want.want, newcomers[*at].clone()));
                taken.insert(*at);
            }
            _ => rest.push(want.clone()),
        }
    }
    (rest, without(newcomers, &taken))
}

/// Marks items as unresolved that could be one of the new webhooks left over: every item of such a webhook's
/// type, or every item if the webhook has no type.
fn doubt_the_rest(adoption: &mut Adoption, sent: &[Sent], newcomers: Vec<Seen>) {
    let open: HashSet<TypeId> = sent.iter().map(|want| want.key.type_id).collect();
    for seen in newcomers {
        let type_id = seen.key.as_ref().map(|key| key.type_id);
        let could_be_ours = type_id.is_none_or(|type_id| open.contains(&type_id));
        if could_be_ours {
            let why = format!(
                "webhook {} is new in the target and could be this one, altered by the server",
                seen.id
            );
            let of_its_type = sent
                .iter()
                .filter(|want| type_id.is_none_or(|type_id| want.key.type_id == type_id));
            adoption
                .unresolved
                .extend(of_its_type.map(|want| (want.want, why.clone())));
        }
        adoption.others.push(seen);
    }
}

fn without(newcomers: Vec<Seen>, taken: &HashSet<usize>) -> Vec<Seen> {
    newcomers
        .into_iter()
        .enumerate()
        .filter(|(at, _)| !taken.contains(at))
        .map(|(_, seen)| seen)
        .collect()
}
