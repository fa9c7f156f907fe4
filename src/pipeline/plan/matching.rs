//! Matches webhooks of the source with those of the target: identical pairs first, then pairs by alias and type.
//! Pure. Reports an ambiguous match instead of choosing one of several.

use super::difference::{differences, has_other_state, undocumented_differences};
use super::prior_knowledge::{KnowledgeIndex, PriorKnowledge};
use super::{OnConflict, Step, StepState};
use crate::coralogix::birth::{Identity, IdentityMatch};
use crate::coralogix::content::{FieldsShape, Fingerprint};
use crate::coralogix::kind::{WebhookType, type_name};
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::pipeline::rewrite::{Portable, PortableWebhook};
use crate::pipeline::strip::{Key, StrippedWebhook, normalized_alias};
use crate::untrusted;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};

/// Decides the step of every desired webhook. Returns the steps in order, and the number of the target's webhooks
/// that are a counterpart, or a possible counterpart of an ambiguous step.
pub(super) fn decide(
    portable: &Portable,
    target: &[StrippedWebhook],
    on_conflict: OnConflict,
    known: &PriorKnowledge,
) -> (Vec<Step>, usize) {
    let desired = portable.webhooks();
    let mut matching = Matching {
        desired,
        target,
        state_keys: portable.state_keys(),
        on_conflict,
        is_same_account: known.has_shared_ids,
        steps: vec![None; desired.len()],
        is_matched: vec![false; target.len()],
    };
    matching.mark_blocked();
    if matching.is_same_account {
        matching.pair_by_shared_id();
    }
    let mut known = known.index();
    let recorded = matching.recorded_copies(&known);
    matching.pair_identical(&recorded);
    matching.pair_by_prior_knowledge(&known);
    if !recorded.is_empty() {
        matching.pair_identical(&HashSet::new());
    }
    matching.mark_uncertain(&mut known);
    matching.pair_by_key();
    matching.create_remaining();
    let n_matched = matching
        .is_matched
        .iter()
        .filter(|matched| **matched)
        .count();
    let steps = matching.steps.into_iter().flatten().collect();
    (steps, n_matched)
}

/// The steps decided so far.
struct Matching<'p> {
    desired: &'p [PortableWebhook],
    target: &'p [StrippedWebhook],
    /// The undocumented members in which a difference is only the server's own state.
    state_keys: &'p StateKeys,
    on_conflict: OnConflict,
    /// Whether the source is a backup of the target itself.
    is_same_account: bool,
    /// For each desired webhook its step; `None` as long as it is undecided.
    steps: Vec<Option<Step>>,
    /// For each webhook of the target whether it is a counterpart, or a possible counterpart of an ambiguous step.
    is_matched: Vec<bool>,
}

impl Matching<'_> {
    fn mark_blocked(&mut self) {
        for (webhook, step) in self.desired.iter().zip(&mut self.steps) {
            if let Some(blocked) = webhook.blocked() {
                *step = Some(Step::new(StepState::Blocked, blocked.reason()));
            }
        }
    }

    /// Pairs webhooks by id, for two sides that share their ids: so even a renamed webhook finds its counterpart.
    fn pair_by_shared_id(&mut self) {
        let by_id: HashMap<&WebhookId, usize> = self
            .unmatched_targets()
            .into_iter()
            .filter_map(|target_ix| Some((self.target[target_ix].id()?, target_ix)))
            .collect();
        for step_ix in self.undecided_steps() {
            let webhook = &self.desired[step_ix];
            let found = webhook.source_id().and_then(|id| by_id.get(id));
            let Some(&target_ix) = found.filter(|target_ix| !self.is_matched[**target_ix]) else {
                continue;
            };
            let counterpart = &self.target[target_ix];
            // An update follows from this pair, and for a write a text never equals a number.
            let is_same_token = webhook
                .source_id()
                .zip(counterpart.id())
                .is_some_and(|(ours, theirs)| ours.is_listed_as(theirs));
            if counterpart.type_id() != webhook.type_id() || !is_same_token {
                continue;
            }
            let in_backup = Identity::of(webhook.webhook.original());
            match in_backup.compare(&Identity::of(counterpart.original())) {
                IdentityMatch::Same => {}
                // It has only the number of the webhook in the backup.
                IdentityMatch::Another => continue,
                IdentityMatch::Unknown if counterpart.content() == webhook.content() => {}
                IdentityMatch::Unknown => {
                    self.mark_unknown_birth(step_ix, target_ix);
                    continue;
                }
            }
            if counterpart.content() == webhook.content() {
                self.mark_unchanged(step_ix, target_ix);
            } else {
                self.mark_conflict(
                    step_ix,
                    target_ix,
                    "the account's webhook with this id has different content: it changed after the backup",
                );
            }
        }
    }

    /// Marks a webhook whose id the account still has, perhaps for another webhook: overwriting that would lose it.
    fn mark_unknown_birth(&mut self, step_ix: usize, target_ix: usize) {
        let reason = format!(
            "the account's webhook {} has the id from the backup, but another alias and url, and not both show when they were created: it may be another webhook",
            self.format_ids(&[target_ix])
        );
        self.steps[step_ix] = Some(Step::new(StepState::Ambiguous, reason));
        self.is_matched[target_ix] = true;
    }

    fn mark_unchanged(&mut self, step_ix: usize, target_ix: usize) {
        let mut step = Step::new(StepState::Unchanged, "");
        let (desired, target) = (self.desired[step_ix].bare(), self.target[target_ix].bare());
        if undocumented_differences(desired, target, self.state_keys).is_empty() {
            step.has_other_state = has_other_state(desired, target, self.state_keys);
        } else {
            step.notes.push("only undocumented keys differ".to_owned());
        }
        step.counterpart = Some(Box::new(self.target[target_ix].clone()));
        self.steps[step_ix] = Some(step);
        self.is_matched[target_ix] = true;
    }

    /// The webhooks of the target that an earlier run recorded as altered copies of desired ones.
    fn recorded_copies(&self, known: &KnowledgeIndex<'_>) -> HashSet<usize> {
        if known.has_no_altered_copies() {
            return HashSet::new();
        }
        let by_id = self.unmatched_by_id();
        let contents = self.desired.iter().filter_map(PortableWebhook::content);
        let found = |id: &WebhookId| by_id.get(id).map(|target_ix| &self.target[*target_ix]);
        let copies = contents.flat_map(|content| known.altered_copies(content, found));
        copies
            .filter_map(|(id, _)| by_id.get(id).copied())
            .collect()
    }

    fn unmatched_by_id(&self) -> HashMap<WebhookId, usize> {
        let unmatched = self.unmatched_targets().into_iter();
        unmatched
            .filter_map(|target_ix| Some((self.target[target_ix].id()?.clone(), target_ix)))
            .collect()
    }

    /// Pairs webhooks with identical content one to one: two copies in the source need two in the target.
    ///
    /// Leaves `recorded` alone: what is on record as one webhook's altered copy may be identical to another.
    fn pair_identical(&mut self, recorded: &HashSet<usize>) {
        let mut targets_by_content: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
        for (target_ix, webhook) in self.target.iter().enumerate().rev() {
            let is_free = !self.is_matched[target_ix] && !recorded.contains(&target_ix);
            if let Some(content) = webhook.content().filter(|_| is_free) {
                targets_by_content
                    .entry(content.whole)
                    .or_default()
                    .push(target_ix);
            }
        }
        for (step_ix, webhook) in self.desired.iter().enumerate() {
            if self.steps[step_ix].is_some() {
                continue;
            }
            let content = webhook.content().map(|content| content.whole);
            let found = content
                .and_then(|whole| self.take_likest(webhook, targets_by_content.get_mut(&whole)?));
            if let Some(target_ix) = found {
                self.mark_unchanged(step_ix, target_ix);
            }
        }
        // Otherwise what is left may still be another's.
        if recorded.is_empty() {
            self.note_surplus(&targets_by_content);
        }
    }

    /// Takes one of several webhooks with the same content: if possible, one without any difference.
    fn take_likest(&self, desired: &PortableWebhook, equal: &mut Vec<usize>) -> Option<usize> {
        let is_same = |target_ix: &usize| {
            let target = self.target[*target_ix].bare();
            undocumented_differences(desired.bare(), target, self.state_keys).is_empty()
        };
        let likest = (equal.len() > 1)
            .then(|| equal.iter().rposition(is_same))
            .flatten();
        match likest {
            Some(ix) => Some(equal.remove(ix)),
            None => equal.pop(),
        }
    }

    /// Notes extra copies in the target: hookferry does not remove them, but the user should know about them.
    fn note_surplus(&mut self, unmatched_by_content: &HashMap<Fingerprint, Vec<usize>>) {
        let mut noted_contents = HashSet::new();
        for (webhook, step) in self.desired.iter().zip(&mut self.steps) {
            let Some((whole, step)) = webhook
                .content()
                .map(|content| content.whole)
                .zip(step.as_mut())
            else {
                continue;
            };
            let surplus = unmatched_by_content
                .get(&whole)
                .filter(|surplus| !surplus.is_empty());
            if let Some(surplus) = surplus
                .filter(|_| step.state == StepState::Unchanged && noted_contents.insert(whole))
            {
                let ids: Vec<String> = surplus
                    .iter()
                    .filter_map(|target_ix| Some(self.target[*target_ix].id()?.to_string()))
                    .collect();
                step.notes.push(format!(
                    "the target has more copies of it than the source; ids of the extra copies: {}",
                    ids.join(", ")
                ));
            }
        }
    }

    /// Pairs webhooks that an earlier run created and the server altered.
    fn pair_by_prior_knowledge(&mut self, known: &KnowledgeIndex<'_>) {
        let by_id = self.unmatched_by_id();
        for step_ix in self.undecided_steps() {
            let Some(content) = self.desired[step_ix].content() else {
                continue;
            };
            let unmatched_target = |id: &WebhookId| {
                by_id
                    .get(id)
                    .filter(|target_ix| !self.is_matched[**target_ix])
            };
            let unmatched =
                |id: &WebhookId| unmatched_target(id).map(|target_ix| &self.target[*target_ix]);
            let copy = known.altered_copies(content, unmatched).next();
            if let Some((id, run)) = copy {
                let target_ix = by_id[id];
                self.steps[step_ix] = Some(self.altered_copy_step(step_ix, target_ix, run));
                self.is_matched[target_ix] = true;
            }
        }
    }

    /// Marks webhooks as ambiguous that an earlier run sent with an unknown result.
    fn mark_uncertain(&mut self, known: &mut KnowledgeIndex<'_>) {
        for step_ix in self.undecided_steps() {
            let Some(content) = self.desired[step_ix].content() else {
                continue;
            };
            if let Some((run, why)) = known.take_uncertain(content) {
                let reason = format!(
                    "run {run} sent it, and whether it arrived is unknown: {why}. After checking that the target does not have it, run `hookferry runs close {run}`"
                );
                self.steps[step_ix] = Some(Step::new(StepState::Ambiguous, reason));
            }
        }
    }

    fn altered_copy_step(&self, step_ix: usize, target_ix: usize, run: &str) -> Step {
        let counterpart = &self.target[target_ix];
        let mut step = Step::new(StepState::Unchanged, "");
        step.notes.push(format!(
            "the server stores an altered version of it, as run {run} observed; the source has not changed since"
        ));
        step.differences = differences(self.desired[step_ix].bare(), counterpart.bare());
        step.counterpart = Some(Box::new(counterpart.clone()));
        step
    }

    fn pair_by_key(&mut self) {
        // For each key, the undecided steps and the unmatched webhooks of the target.
        let mut unmatched_by_key: HashMap<Key, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for step_ix in self.undecided_steps() {
            if let Some(key) = self.desired[step_ix].key() {
                let (step_ixs, _) = unmatched_by_key.entry(key).or_default();
                step_ixs.push(step_ix);
            }
        }
        for target_ix in self.unmatched_targets() {
            if let Some((_, target_ixs)) = self.target[target_ix]
                .key()
                .and_then(|key| unmatched_by_key.get_mut(&key))
            {
                target_ixs.push(target_ix);
            }
        }
        for (step_ixs, target_ixs) in unmatched_by_key.into_values() {
            match (step_ixs.as_slice(), target_ixs.as_slice()) {
                (_, []) => {}
                ([step_ix], [target_ix]) => self.mark_conflict(
                    *step_ix,
                    *target_ix,
                    "same alias and type in the target, different content: changed on one side, or altered by the server when it was created",
                ),
                _ => self.mark_ambiguous(&step_ixs, &target_ixs),
            }
        }
    }

    fn mark_conflict(&mut self, step_ix: usize, target_ix: usize, conflict_reason: &str) {
        let (webhook, counterpart) = (&self.desired[step_ix], &self.target[target_ix]);
        let (state, reason) = match self.on_conflict {
            _ if !webhook.unread_values().is_empty() => (
                StepState::Conflict,
                "the target has one with the same alias and type; hookferry can compare them once every value can be read",
            ),
            OnConflict::Update => (StepState::Update, "the target's content is replaced"),
            OnConflict::Fail | OnConflict::Skip => (StepState::Conflict, conflict_reason),
        };
        let mut step = Step::new(state, reason);
        step.differences = differences(webhook.bare(), counterpart.bare());
        step.counterpart = Some(Box::new(counterpart.clone()));
        step.notes = send_notes(webhook, self.is_same_account);
        self.steps[step_ix] = Some(step);
        self.is_matched[target_ix] = true;
    }

    fn mark_ambiguous(&mut self, step_ixs: &[usize], target_ixs: &[usize]) {
        let reason = format!(
            "{} in the source and {} in the target share this alias and type but differ in content (target ids {})",
            step_ixs.len(),
            target_ixs.len(),
            self.format_ids(target_ixs),
        );
        for step_ix in step_ixs {
            self.steps[*step_ix] = Some(Step::new(StepState::Ambiguous, reason.clone()));
        }
        for target_ix in target_ixs {
            self.is_matched[*target_ix] = true;
        }
    }

    /// Decides the steps that no pairing has decided: a create, unless a webhook of the target looks alike.
    fn create_remaining(&mut self) {
        let aliases: HashSet<&SmolStr> = self.desired.iter().map(PortableWebhook::alias).collect();
        let mut by_normalized_alias: HashMap<(TypeId, String), Vec<usize>> = HashMap::new();
        let mut by_body: HashMap<Fingerprint, usize> = HashMap::new();
        for target_ix in self.unmatched_targets() {
            let webhook = &self.target[target_ix];
            let (Some(type_id), Some(content)) = (webhook.type_id(), webhook.content()) else {
                continue;
            };
            by_normalized_alias
                .entry((type_id, normalized_alias(webhook.alias())))
                .or_default()
                .push(target_ix);
            if !aliases.contains(webhook.alias()) {
                by_body.entry(content.body).or_insert(target_ix);
            }
        }
        for step_ix in self.undecided_steps() {
            let webhook = &self.desired[step_ix];
            let (Some(type_id), Some(content)) = (webhook.type_id(), webhook.content()) else {
                continue;
            };
            // The target usually has no unmatched webhooks; then there is no need to normalize the alias.
            let lookalikes = (!by_normalized_alias.is_empty())
                .then(|| by_normalized_alias.get(&(type_id, normalized_alias(webhook.alias()))))
                .flatten();
            let step = match lookalikes {
                Some(lookalikes) => self.ambiguous_lookalike_step(lookalikes),
                None => self.create_step(webhook, by_body.get(&content.body)),
            };
            self.steps[step_ix] = Some(step);
        }
    }

    /// The step for a webhook whose normalized alias the target has, perhaps because somebody retyped the alias.
    /// Ambiguous, because a duplicate would be worse than a missing webhook.
    fn ambiguous_lookalike_step(&mut self, target_ixs: &[usize]) -> Step {
        for target_ix in target_ixs {
            self.is_matched[*target_ix] = true;
        }
        Step::new(
            StepState::Ambiguous,
            format!(
                "the target has one of this type whose alias differs only in surrounding spaces, case or Unicode normalization (target ids {})",
                self.format_ids(target_ixs)
            ),
        )
    }

    fn create_step(&self, webhook: &PortableWebhook, twin: Option<&usize>) -> Step {
        let mut step = Step::new(StepState::Create, "");
        step.notes = send_notes(webhook, self.is_same_account);
        if let Some(target_ix) = twin {
            let twin = &self.target[*target_ix];
            step.notes.push(format!(
                "the target has the same content under another alias: {} `{}`",
                self.format_ids(&[*target_ix]),
                untrusted::escape(twin.alias())
            ));
        }
        step
    }

    fn undecided_steps(&self) -> Vec<usize> {
        (0..self.desired.len())
            .filter(|step_ix| self.steps[*step_ix].is_none())
            .collect()
    }

    fn unmatched_targets(&self) -> Vec<usize> {
        (0..self.target.len())
            .filter(|target_ix| !self.is_matched[*target_ix])
            .collect()
    }

    fn format_ids(&self, target_ixs: &[usize]) -> String {
        let id = |target_ix: &usize| {
            self.target[*target_ix]
                .id()
                .map_or_else(|| "unknown".to_owned(), ToString::to_string)
        };
        target_ixs.iter().map(id).collect::<Vec<_>>().join(", ")
    }
}

/// Remarks for the reader of the plan about a webhook that is to be sent, or would be if there were no conflict.
fn send_notes(webhook: &PortableWebhook, is_same_account: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(type_id) = webhook
        .type_id()
        .filter(|type_id| WebhookType::from_id(*type_id).is_none())
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
    if webhook.fields_shape() == Some(FieldsShape::Unreadable) {
        notes.push("its fields are not valid JSON; they are copied as is".to_owned());
    }
    // Restored into the account it came from, a webhook sends its logs to the right account.
    if let Some(flow) = webhook.log_backflow().filter(|_| !is_same_account) {
        notes.extend(flow.notes());
    }
    if webhook.fields_shape() == Some(FieldsShape::DuplicateNames) {
        notes.push("two of its fields have the same name; they are copied as is".to_owned());
    }
    notes
}
