//! Matches webhooks of the source with those of the target: identical pairs first, then pairs by alias and type.
//! Pure. Reports an ambiguous match instead of choosing one of several.

mod changed;
mod unproven;

use super::difference::{differences, has_other_state, undocumented_differences};
use super::prior_knowledge::{PriorKnowledge, UncertainSends};
use super::{OnConflict, ResolvedPolicy, Step, StepState};
use crate::coralogix::birth::{Identity, IdentityMatch};
use crate::coralogix::content::{FieldsShape, Fingerprint, carried_digest};
use crate::coralogix::kind::{WebhookType, type_name};
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::pairing::{
    GroupDecision, PairingGroup, TieredPairing, interchangeable, name_candidates, one_and_one,
};
use crate::pipeline::rewrite::{Portable, PortableWebhook};
use crate::pipeline::strip::{StrippedWebhook, normalized_alias};
use crate::untrusted;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};

/// Decides the step of every desired webhook. Returns the steps in order, and the number of the target's webhooks
/// that are a counterpart, or a possible counterpart of an ambiguous step.
pub(super) fn decide(
    portable: &Portable,
    target: &[StrippedWebhook],
    policy: &ResolvedPolicy<'_>,
    known: &PriorKnowledge,
) -> (Vec<Step>, usize) {
    let desired = portable.webhooks();
    let mut matching = Matching {
        desired,
        target,
        state_keys: portable.state_keys(),
        policy,
        is_same_account: known.has_shared_ids,
        steps: vec![None; desired.len()],
        pairing: TieredPairing::new(desired, target),
    };
    matching.mark_blocked();
    if matching.is_same_account {
        matching.pair_by_shared_id();
    }
    let recorded = matching.recorded_copies(known);
    matching.pair_identical(&recorded);
    matching.pair_altered_copies(known);
    if !recorded.is_empty() {
        matching.pair_identical(&HashSet::new());
    }
    matching.pair_changed_copies(known);
    matching.note_surplus();
    matching.mark_uncertain(known.uncertain_sends());
    matching.pair_by_key();
    matching.hold_back_unproven(&known.unproven);
    matching.create_remaining();
    let n_matched = target.len() - matching.pairing.open_right().len();
    let steps = matching.steps.into_iter().flatten().collect();
    (steps, n_matched)
}

/// The steps decided so far.
struct Matching<'p> {
    desired: &'p [PortableWebhook],
    target: &'p [StrippedWebhook],
    /// The undocumented members in which a difference is only the server's own state.
    state_keys: &'p StateKeys,
    policy: &'p ResolvedPolicy<'p>,
    /// Whether the source is a backup of the target itself.
    is_same_account: bool,
    /// For each desired webhook its step; `None` as long as it is undecided.
    steps: Vec<Option<Step>>,
    /// The desired webhooks on the left, those of the target on the right. Open are the undecided steps, and the
    /// target's webhooks that are not a counterpart or a possible counterpart of an ambiguous step.
    pairing: TieredPairing<'p, PortableWebhook, StrippedWebhook>,
}

impl Matching<'_> {
    fn mark_blocked(&mut self) {
        for (step_ix, webhook) in self.desired.iter().enumerate() {
            if let Some(blocked) = webhook.blocked() {
                self.steps[step_ix] = Some(Step::new(StepState::Blocked, blocked.reason()));
                self.pairing.close_left(step_ix);
            }
        }
    }

    /// Pairs webhooks by id, for two sides that share their ids: so even a renamed webhook finds its counterpart.
    fn pair_by_shared_id(&mut self) {
        let (desired, target) = (self.desired, self.target);
        let tier = self.pairing.tier(
            |webhook| Some((webhook.source_id()?, webhook.type_id())),
            |webhook| Some((webhook.id()?, webhook.type_id())),
            |group| match (group.left.as_slice(), group.right.as_slice()) {
                ([step_ix], [target_ix]) => {
                    decide_by_shared_id(&desired[*step_ix], &target[*target_ix])
                }
                _ => GroupDecision::Leave,
            },
        );
        for (step_ix, target_ix) in tier.pairs {
            if target[target_ix].content() == desired[step_ix].content() {
                self.mark_unchanged(step_ix, target_ix);
            } else {
                self.mark_conflict(
                    step_ix,
                    target_ix,
                    "the account's webhook with this id has different content: it changed after the backup",
                );
            }
        }
        for group in tier.ambiguous {
            let reason = format!(
                "the account's webhook {} has the id from the backup, but another alias and url, and not both show when they were created: it may be another webhook",
                self.format_ids(&group.right)
            );
            self.mark_ambiguous(&group, &reason);
        }
    }

    fn mark_unchanged(&mut self, step_ix: usize, target_ix: usize) {
        let mut step = Step::new(StepState::Unchanged, "");
        let (desired, target) = (self.desired[step_ix].bare(), self.target[target_ix].bare());
        if undocumented_differences(desired, target, self.state_keys).is_empty() {
            step.has_other_state = has_other_state(desired, target, self.state_keys);
        } else {
            step.add_note("only undocumented keys differ");
        }
        step.counterpart = Some(Box::new(self.target[target_ix].clone()));
        self.steps[step_ix] = Some(step);
    }

    /// The ids of the webhooks of the target that an earlier run recorded as altered copies of desired ones.
    fn recorded_copies(&self, known: &PriorKnowledge) -> HashSet<WebhookId> {
        let mut recorded = HashSet::new();
        for run in known.runs_with_altered_copies() {
            let open_left = self.pairing.open_left().into_iter();
            let contents = open_left.filter_map(|step_ix| self.desired[step_ix].content());
            let desired: HashSet<_> = contents.map(|content| run.digest_sent(content)).collect();
            let open_right = self.pairing.open_right().into_iter();
            let targets = open_right.map(|target_ix| &self.target[target_ix]);
            let is_copy = |webhook: &&StrippedWebhook| {
                let sent = run.sent_content_of(webhook);
                sent.is_some_and(|sent| desired.contains(&sent))
            };
            recorded.extend(
                targets
                    .filter(is_copy)
                    .filter_map(StrippedWebhook::id)
                    .cloned(),
            );
        }
        recorded
    }

    /// Pairs webhooks with identical content one to one: two copies in the source need two in the target.
    ///
    /// Of several copies, those without any difference pair first. Leaves `recorded` alone: what is on record as one
    /// webhook's altered copy may be identical to another.
    fn pair_identical(&mut self, recorded: &HashSet<WebhookId>) {
        let state_keys = self.state_keys;
        let pairs = self.pairing.pair_copies(
            |webhook| Some(webhook.content()?.whole),
            |webhook| {
                let is_recorded = webhook.id().is_some_and(|id| recorded.contains(id));
                Some(webhook.content().filter(|_| !is_recorded)?.whole)
            },
            |webhook| carried_digest(webhook.bare(), state_keys),
            |webhook| carried_digest(webhook.bare(), state_keys),
        );
        for (step_ix, target_ix) in pairs {
            self.mark_unchanged(step_ix, target_ix);
        }
    }

    /// Notes extra copies in the target: hookferry does not remove them, but the user should know about them.
    fn note_surplus(&mut self) {
        let mut surplus: HashMap<Fingerprint, Vec<&WebhookId>> = HashMap::new();
        for target_ix in self.pairing.open_right() {
            let webhook = &self.target[target_ix];
            if let (Some(content), Some(id)) = (webhook.content(), webhook.id()) {
                surplus.entry(content.whole).or_default().push(id);
            }
        }
        for (webhook, step) in self.desired.iter().zip(&mut self.steps) {
            let unchanged = step.as_mut();
            let unchanged = unchanged.filter(|step| step.state == StepState::Unchanged);
            let (Some(content), Some(step)) = (webhook.content(), unchanged) else {
                continue;
            };
            // Removed, so that only the first copy gets the note.
            if let Some(ids) = surplus.remove(&content.whole) {
                let ids: Vec<String> = ids.into_iter().map(ToString::to_string).collect();
                step.add_note(format!(
                    "the target has more copies of it than the source; ids of the extra copies: {}",
                    ids.join(", ")
                ));
            }
        }
    }

    /// Pairs webhooks that an earlier run created and the server altered; what a newer run knows counts first.
    fn pair_altered_copies(&mut self, known: &PriorKnowledge) {
        for run in known.runs_with_altered_copies() {
            let tier = self.pairing.tier(
                |webhook| Some(run.digest_sent(webhook.content()?)),
                |webhook| run.sent_content_of(webhook),
                interchangeable,
            );
            for (step_ix, target_ix) in tier.pairs {
                self.steps[step_ix] =
                    Some(self.altered_copy_step(step_ix, target_ix, run.run_id()));
            }
        }
    }

    /// Marks webhooks as ambiguous that an earlier run sent with an unknown result.
    fn mark_uncertain(&mut self, mut uncertain: UncertainSends<'_>) {
        for step_ix in self.pairing.open_left() {
            let content = self.desired[step_ix].content();
            if let Some((run, why)) = content.and_then(|content| uncertain.take(content)) {
                let reason = format!(
                    "run {run} sent it, and whether it arrived is unknown: {why}. After checking that the target does not have it, run `{close}`",
                    run = run.run_id,
                    close = run.close_command,
                );
                self.steps[step_ix] = Some(Step::new(StepState::Ambiguous, reason));
                self.pairing.close_left(step_ix);
            }
        }
    }

    fn altered_copy_step(&self, step_ix: usize, target_ix: usize, run: &str) -> Step {
        let counterpart = &self.target[target_ix];
        let mut step = Step::new(StepState::Unchanged, "");
        step.add_note(format!(
            "the server stores an altered version of it, as run {run} observed; the source has not changed since"
        ));
        step.set_differences(differences(
            self.desired[step_ix].bare(),
            counterpart.bare(),
        ));
        step.counterpart = Some(Box::new(counterpart.clone()));
        step
    }

    fn pair_by_key(&mut self) {
        let tier = self
            .pairing
            .tier(PortableWebhook::key, StrippedWebhook::key, one_and_one);
        for (step_ix, target_ix) in tier.pairs {
            self.mark_conflict(
                step_ix,
                target_ix,
                "same alias and type in the target, different content: changed on one side, or altered by the server when it was created",
            );
        }
        for group in tier.ambiguous {
            let reason = format!(
                "{} in the source and {} in the target share this alias and type but differ in content (target ids {})",
                group.left.len(),
                group.right.len(),
                self.format_ids(&group.right),
            );
            self.mark_ambiguous(&group, &reason);
        }
    }

    fn mark_conflict(&mut self, step_ix: usize, target_ix: usize, conflict_reason: &str) {
        let (webhook, counterpart) = (&self.desired[step_ix], &self.target[target_ix]);
        let (state, reason) = match self.policy.for_alias(webhook.alias()) {
            _ if !webhook.unread_values().is_empty() => (
                StepState::Conflict,
                "the target has one with the same alias and type; hookferry can compare them once every value can be read",
            ),
            OnConflict::Update => (StepState::Update, "the target's content is replaced"),
            OnConflict::Fail | OnConflict::Skip => (StepState::Conflict, conflict_reason),
        };
        let mut step = Step::new(state, reason);
        step.set_differences(differences(webhook.bare(), counterpart.bare()));
        step.counterpart = Some(Box::new(counterpart.clone()));
        for note in send_notes(webhook, self.is_same_account) {
            step.add_note(note);
        }
        self.steps[step_ix] = Some(step);
    }

    fn mark_ambiguous(&mut self, group: &PairingGroup, reason: &str) {
        for step_ix in &group.left {
            self.steps[*step_ix] = Some(Step::new(StepState::Ambiguous, reason));
        }
    }

    /// Decides the steps that no pairing has decided: a create, unless a webhook of the target looks alike.
    fn create_remaining(&mut self) {
        let twins = self.twins_by_body();
        self.mark_lookalikes();
        for step_ix in self.pairing.open_left() {
            let webhook = &self.desired[step_ix];
            let twin = webhook
                .content()
                .and_then(|content| twins.get(&content.body));
            self.steps[step_ix] = Some(self.create_step(webhook, twin));
        }
    }

    /// The target's unmatched webhooks under aliases that the source does not have, the first of each body.
    fn twins_by_body(&self) -> HashMap<Fingerprint, usize> {
        let mut twins = HashMap::new();
        let open_right = self.pairing.open_right();
        if open_right.is_empty() {
            return twins;
        }
        let aliases: HashSet<&SmolStr> = self.desired.iter().map(PortableWebhook::alias).collect();
        for target_ix in open_right {
            let webhook = &self.target[target_ix];
            if let Some(content) = webhook.content()
                && !aliases.contains(webhook.alias())
            {
                twins.entry(content.body).or_insert(target_ix);
            }
        }
        twins
    }

    /// Marks webhooks whose normalized alias the target has, perhaps because somebody retyped the alias.
    /// Ambiguous, because a duplicate would be worse than a missing webhook.
    fn mark_lookalikes(&mut self) {
        let tier = self.pairing.tier(
            |webhook| Some((webhook.type_id()?, normalized_alias(webhook.alias()))),
            |webhook| Some((webhook.type_id()?, normalized_alias(webhook.alias()))),
            |_| GroupDecision::Ambiguous,
        );
        for group in tier.ambiguous {
            let reason = format!(
                "the target has one of this type whose alias differs only in surrounding spaces, case or Unicode normalization (target ids {})",
                self.format_ids(&group.right)
            );
            self.mark_ambiguous(&group, &reason);
        }
    }

    fn create_step(&self, webhook: &PortableWebhook, twin: Option<&usize>) -> Step {
        let mut step = Step::new(StepState::Create, "");
        for note in send_notes(webhook, self.is_same_account) {
            step.add_note(note);
        }
        if let Some(target_ix) = twin {
            let twin = &self.target[*target_ix];
            step.add_note(format!(
                "the target has the same content under another alias: {} `{}`",
                self.format_ids(&[*target_ix]),
                untrusted::escape(twin.alias())
            ));
        }
        step
    }

    fn format_ids(&self, target_ixs: &[usize]) -> String {
        let id = |target_ix: &usize| {
            self.target[*target_ix]
                .id()
                .map_or_else(|| "unknown".to_owned(), ToString::to_string)
        };
        name_candidates(&target_ixs.iter().map(id).collect::<Vec<_>>())
    }
}

/// Whether two webhooks of one account and type that share their id are the same.
fn decide_by_shared_id(webhook: &PortableWebhook, counterpart: &StrippedWebhook) -> GroupDecision {
    // An update follows from this pair, and for a write a text never equals a number.
    let is_same_token = webhook
        .source_id()
        .zip(counterpart.id())
        .is_some_and(|(ours, theirs)| ours.is_listed_as(theirs));
    if !is_same_token {
        return GroupDecision::Leave;
    }
    let in_backup = Identity::of(webhook.webhook.original());
    match in_backup.compare(&Identity::of(counterpart.original())) {
        IdentityMatch::Same => GroupDecision::Pair,
        // It has only the number of the webhook in the backup.
        IdentityMatch::Another => GroupDecision::Leave,
        IdentityMatch::Unknown if counterpart.content() == webhook.content() => GroupDecision::Pair,
        // The account may have the id for another webhook now, and overwriting that would lose it.
        IdentityMatch::Unknown => GroupDecision::Ambiguous,
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
    if webhook.moved_to_other_endpoint() {
        notes.push("--retarget moved it to the successor of a former endpoint for logs, which takes the key as `Authorization: Bearer` and another body: change header and payload".to_owned());
    }
    if !webhook.hosts_left().is_empty() {
        let hosts: Vec<String> = webhook
            .hosts_left()
            .iter()
            .map(|host| untrusted::escape_truncated(host, 80))
            .collect();
        notes.push(format!(
            "--retarget left hosts of the source's region: {}",
            hosts.join(", ")
        ));
    }
    let warnings = webhook.value_warnings().iter();
    notes.extend(warnings.map(ToString::to_string));
    if webhook.fields_shape() == Some(FieldsShape::DuplicateNames) {
        notes.push("two of its fields have the same name; they are copied as is".to_owned());
    }
    notes
}
