//! Matches webhooks of the source with those of the target: identical pairs first, then pairs by alias and type.
//! Pure. Reports an ambiguous match instead of choosing one of several.

use super::difference::{difference, unknown_difference};
use super::known::{Known, Lookup};
use super::{OnConflict, State, Step};
use crate::coralogix::content::{Fingerprint, Form};
use crate::coralogix::kind::{Kind, type_name};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::foreign;
use crate::pipeline::rewrite::PortableWebhook;
use crate::pipeline::strip::{Key, StrippedWebhook, tidied};
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};

/// Decides every desired webhook; returns the steps in order, and the number of the target's webhooks that
/// were matched.
pub(super) fn decide(
    wanted: &[PortableWebhook],
    target: &[StrippedWebhook],
    on_conflict: OnConflict,
    known: &Known,
) -> (Vec<Step>, usize) {
    let mut matching = Matching {
        wanted,
        target,
        on_conflict,
        is_one_account: known.has_equal_ids,
        steps: vec![None; wanted.len()],
        is_taken: vec![false; target.len()],
    };
    matching.block();
    if matching.is_one_account {
        matching.pair_equal_ids();
    }
    matching.pair_identical();
    matching.pair_known(known.lookup());
    matching.pair_by_key();
    matching.create_the_rest();
    let n_matched = matching.is_taken.iter().filter(|taken| **taken).count();
    let steps = matching.steps.into_iter().flatten().collect();
    (steps, n_matched)
}

struct Matching<'p> {
    wanted: &'p [PortableWebhook],
    target: &'p [StrippedWebhook],
    on_conflict: OnConflict,
    /// Whether the source is a backup of the target itself.
    is_one_account: bool,
    steps: Vec<Option<Step>>,
    is_taken: Vec<bool>,
}

impl Matching<'_> {
    fn block(&mut self) {
        for (webhook, step) in self.wanted.iter().zip(&mut self.steps) {
            if let Some(blocked) = webhook.blocked() {
                *step = Some(Step::new(State::Blocked, blocked.reason()));
            }
        }
    }

    /// If both sides share their ids, pairs webhooks by id, so that even a renamed webhook finds its counterpart.
    fn pair_equal_ids(&mut self) {
        let by_id: HashMap<&WebhookId, usize> = self
            .open_targets()
            .into_iter()
            .filter_map(|at| Some((self.target[at].id()?, at)))
            .collect();
        for place in self.open_places() {
            let webhook = &self.wanted[place];
            let found = webhook.source_id().and_then(|id| by_id.get(id));
            let Some(&at) = found.filter(|at| !self.is_taken[**at]) else {
                continue;
            };
            let counterpart = &self.target[at];
            if counterpart.type_id() != webhook.type_id() {
                continue;
            }
            if counterpart.content() == webhook.content() {
                self.unchanged(place, at);
            } else {
                self.conflict(
                    place,
                    at,
                    "the account's webhook with this id has different content: it changed after the backup",
                );
            }
        }
    }

    fn unchanged(&mut self, place: usize, at: usize) {
        let mut step = Step::new(State::Unchanged, "");
        if !unknown_difference(self.wanted[place].bare(), self.target[at].bare()).is_empty() {
            step.notes.push("only undocumented keys differ".to_owned());
        }
        step.counterpart = Some(Box::new(self.target[at].clone()));
        self.steps[place] = Some(step);
        self.is_taken[at] = true;
    }

    /// Pairs webhooks with identical content one to one: two copies in the source need two in the target.
    fn pair_identical(&mut self) {
        let mut places: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
        for (at, webhook) in self.target.iter().enumerate().rev() {
            if let Some(content) = webhook.content().filter(|_| !self.is_taken[at]) {
                places.entry(content.whole).or_default().push(at);
            }
        }
        for (place, webhook) in self.wanted.iter().enumerate() {
            if self.steps[place].is_some() {
                continue;
            }
            let content = webhook.content().map(|content| content.whole);
            let found = content.and_then(|whole| places.get_mut(&whole)?.pop());
            if let Some(at) = found {
                self.unchanged(place, at);
            }
        }
        self.note_surplus(&places);
    }

    /// Notes extra copies in the target: hookferry does not remove them, but the user should know about them.
    fn note_surplus(&mut self, left: &HashMap<Fingerprint, Vec<usize>>) {
        let mut noted = HashSet::new();
        for (webhook, step) in self.wanted.iter().zip(&mut self.steps) {
            let Some((whole, step)) = webhook
                .content()
                .map(|content| content.whole)
                .zip(step.as_mut())
            else {
                continue;
            };
            let surplus = left.get(&whole).filter(|surplus| !surplus.is_empty());
            if let Some(surplus) =
                surplus.filter(|_| step.state == State::Unchanged && noted.insert(whole))
            {
                let ids: Vec<String> = surplus
                    .iter()
                    .filter_map(|at| Some(self.target[*at].id()?.to_string()))
                    .collect();
                step.notes.push(format!(
                    "the target has more copies of it than the source; ids of the extra copies: {}",
                    ids.join(", ")
                ));
            }
        }
    }

    /// Pairs webhooks that an earlier run created and the server altered; marks those that an earlier run
    /// sent with an unknown result as ambiguous.
    fn pair_known(&mut self, mut known: Lookup<'_>) {
        let by_id: HashMap<&WebhookId, usize> = self
            .open_targets()
            .into_iter()
            .filter_map(|at| Some((self.target[at].id()?, at)))
            .collect();
        for place in self.open_places() {
            let Some(content) = self.wanted[place].content() else {
                continue;
            };
            let free = |id: &WebhookId| by_id.get(id).filter(|at| !self.is_taken[**at]);
            let content_of = |id: &WebhookId| free(id).and_then(|at| self.target[*at].content());
            if let Some((id, run)) = known.altered_copy(content, content_of) {
                let at = by_id[id];
                self.steps[place] = Some(self.altered_copy(place, at, run));
                self.is_taken[at] = true;
            } else if let Some((run, why)) = known.take_doubt(content) {
                let reason = format!(
                    "run {run} sent it, and whether it arrived is unknown: {why}. After checking that the target does not have it, run `hookferry runs close {run}`"
                );
                self.steps[place] = Some(Step::new(State::Ambiguous, reason));
            }
        }
    }

    fn altered_copy(&self, place: usize, at: usize, run: &str) -> Step {
        let counterpart = &self.target[at];
        let mut step = Step::new(State::Unchanged, "");
        step.notes.push(format!(
            "the server stores an altered version of it, as run {run} observed; the source has not changed since"
        ));
        step.differences = difference(self.wanted[place].bare(), counterpart.bare());
        step.counterpart = Some(Box::new(counterpart.clone()));
        step
    }

    fn pair_by_key(&mut self) {
        let mut left: HashMap<Key, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for place in self.open_places() {
            if let Some(key) = self.wanted[place].key() {
                left.entry(key).or_default().0.push(place);
            }
        }
        for at in self.open_targets() {
            if let Some(entry) = self.target[at].key().and_then(|key| left.get_mut(&key)) {
                entry.1.push(at);
            }
        }
        for (places, targets) in left.into_values() {
            match (places.as_slice(), targets.as_slice()) {
                (_, []) => {}
                ([place], [at]) => self.conflict(
                    *place,
                    *at,
                    "same alias and type in the target, different content: changed on one side, or altered by the server when it was created",
                ),
                _ => self.ambiguous(&places, &targets),
            }
        }
    }

    fn conflict(&mut self, place: usize, at: usize, what: &str) {
        let (webhook, counterpart) = (&self.wanted[place], &self.target[at]);
        let (state, reason) = match self.on_conflict {
            _ if !webhook.unread().is_empty() => (
                State::Conflict,
                "the target has one with the same alias and type; hookferry can compare them once every value can be read",
            ),
            OnConflict::Update => (State::Update, "the target's content is replaced"),
            OnConflict::Fail | OnConflict::Skip => (State::Conflict, what),
        };
        let mut step = Step::new(state, reason);
        step.differences = difference(webhook.bare(), counterpart.bare());
        step.counterpart = Some(Box::new(counterpart.clone()));
        step.notes = notes(webhook, self.is_one_account);
        self.steps[place] = Some(step);
        self.is_taken[at] = true;
    }

    fn ambiguous(&mut self, places: &[usize], targets: &[usize]) {
        let reason = format!(
            "{} in the source and {} in the target share this alias and type but differ in content (target ids {})",
            places.len(),
            targets.len(),
            self.ids(targets),
        );
        for place in places {
            self.steps[*place] = Some(Step::new(State::Ambiguous, reason.clone()));
        }
        for at in targets {
            self.is_taken[*at] = true;
        }
    }

    fn create_the_rest(&mut self) {
        let aliases: HashSet<&SmolStr> = self.wanted.iter().map(PortableWebhook::alias).collect();
        let mut tidy: HashMap<(TypeId, String), Vec<usize>> = HashMap::new();
        let mut bodies: HashMap<Fingerprint, usize> = HashMap::new();
        for at in self.open_targets() {
            let webhook = &self.target[at];
            let (Some(type_id), Some(content)) = (webhook.type_id(), webhook.content()) else {
                continue;
            };
            tidy.entry((type_id, tidied(webhook.alias())))
                .or_default()
                .push(at);
            if !aliases.contains(webhook.alias()) {
                bodies.entry(content.body).or_insert(at);
            }
        }
        for place in self.open_places() {
            let webhook = &self.wanted[place];
            let (Some(type_id), Some(content)) = (webhook.type_id(), webhook.content()) else {
                continue;
            };
            // The target usually has no unmatched webhooks; then there is no need to normalize the alias.
            let alike = (!tidy.is_empty())
                .then(|| tidy.get(&(type_id, tidied(webhook.alias()))))
                .flatten();
            let step = match alike {
                Some(alike) => self.alike(alike),
                None => self.create(webhook, bodies.get(&content.body)),
            };
            self.steps[place] = Some(step);
        }
    }

    /// The target has a webhook that may be this one with a normalized alias: a duplicate is worse than a
    /// missing webhook.
    fn alike(&mut self, targets: &[usize]) -> Step {
        for at in targets {
            self.is_taken[*at] = true;
        }
        Step::new(
            State::Ambiguous,
            format!(
                "the target has one of this type whose alias differs only in surrounding spaces, case or Unicode normalization (target ids {})",
                self.ids(targets)
            ),
        )
    }

    fn create(&self, webhook: &PortableWebhook, twin: Option<&usize>) -> Step {
        let mut step = Step::new(State::Create, "");
        step.notes = notes(webhook, self.is_one_account);
        if let Some(at) = twin {
            let twin = &self.target[*at];
            step.notes.push(format!(
                "the target has the same content under another alias: {} `{}`",
                self.ids(&[*at]),
                foreign::shown(twin.alias())
            ));
        }
        step
    }

    fn open_places(&self) -> Vec<usize> {
        (0..self.wanted.len())
            .filter(|place| self.steps[*place].is_none())
            .collect()
    }

    fn open_targets(&self) -> Vec<usize> {
        (0..self.target.len())
            .filter(|at| !self.is_taken[*at])
            .collect()
    }

    fn ids(&self, targets: &[usize]) -> String {
        let id = |at: &usize| {
            self.target[*at]
                .id()
                .map_or_else(|| "unknown".to_owned(), ToString::to_string)
        };
        targets.iter().map(id).collect::<Vec<_>>().join(", ")
    }
}

/// Remarks for the reader of the plan about a webhook that will be sent.
fn notes(webhook: &PortableWebhook, is_one_account: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(type_id) = webhook
        .type_id()
        .filter(|type_id| Kind::of(*type_id).is_none())
    {
        notes.push(format!(
            "{} is undocumented; the webhook is copied as is",
            type_name(type_id)
        ));
    }
    if webhook.is_type_filled() {
        notes.push(
            "integration_type was missing and is filled in from Coralogix's documentation"
                .to_owned(),
        );
    }
    if webhook.fields_form() == Some(Form::Unreadable) {
        notes.push("its fields are not valid JSON; they are copied as is".to_owned());
    }
    // Restored into the account it came from, a webhook sends its logs to the right account.
    if let Some(flow) = webhook.flows_back().filter(|_| !is_one_account) {
        notes.extend(flow.notes());
    }
    if webhook.fields_form() == Some(Form::Twins) {
        notes.push("two of its fields have the same name; they are copied as is".to_owned());
    }
    notes
}
