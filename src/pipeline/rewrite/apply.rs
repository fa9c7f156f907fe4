//! Applies the rules to one webhook. At most one rule changes a value, and `retarget` only if no rule does.

use super::change::{Change, ChangeKind, UnmatchedSecret, UnreadValue};
use super::claims::{Claim, Claims};
use super::flow::log_backflow;
use super::mistake::{Mistakes, RuleProblem};
use super::rule::{Rule, SetValue, ValueSource};
use super::value_warning::ValueWarning;
use super::{PortableWebhook, RewriteReport, Rewriting};
use crate::coralogix::content::{Content, is_equal};
use crate::coralogix::edit::Edit;
use crate::coralogix::json::{self, Json};
use crate::coralogix::kind::WebhookType;
use crate::coralogix::path::Path;
use crate::coralogix::place::{JsonType, Place};
use crate::pipeline::strip::{Blocked, StrippedWebhook};
use secrecy::ExposeSecret;
use std::borrow::Cow;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Hosts that a webhook names as left by retargeting; nobody reads more of them.
const MAX_HOSTS_LEFT: usize = 20;

/// The state of one webhook while the rules are applied to it.
pub(super) struct RuleApplication<'r> {
    pub(super) webhook: StrippedWebhook,
    rewriting: &'r Rewriting,
    places: Vec<Place>,
    /// The indices of the places in the order of their paths.
    by_path: Vec<usize>,
    claims: Claims,
    unread_values: Vec<UnreadValue>,
    value_warnings: Vec<ValueWarning>,
    kept_paths: Vec<Path>,
    new_alias: Option<(String, usize)>,
    moved_to_other_endpoint: bool,
    hosts_left: BTreeSet<String>,
}

impl<'r> RuleApplication<'r> {
    pub(super) fn new(webhook: StrippedWebhook, rewriting: &'r Rewriting) -> Self {
        let needs_places = rewriting.retarget.is_some()
            || rewriting.lists_unmatched_secrets
            || rewriting.unmatched_policy == super::rule::UnmatchedSecretPolicy::Refuse
            || !rewriting.rules.rules.is_empty();
        let places = if needs_places {
            webhook.bare.places()
        } else {
            Vec::new()
        };
        let mut by_path: Vec<usize> = (0..places.len()).collect();
        by_path.sort_by(|a, b| places[*a].path.cmp(&places[*b].path));
        Self {
            by_path,
            claims: Claims::new(&places),
            places,
            webhook,
            rewriting,
            unread_values: Vec::new(),
            value_warnings: Vec::new(),
            kept_paths: Vec::new(),
            new_alias: None,
            moved_to_other_endpoint: false,
            hosts_left: BTreeSet::new(),
        }
    }

    /// Applies every rule that matches this webhook, in the order of the file.
    pub(super) fn apply_rules(&mut self, mistakes: &mut Mistakes) {
        for rule in &self.rewriting.rules.rules {
            if !rule
                .conditions
                .selects(&self.webhook.bare, self.webhook.id())
            {
                continue;
            }
            for set in &rule.set {
                self.apply_set(rule, set, mistakes);
            }
            self.apply_replacements(rule, mistakes);
            if rule.new_uuid {
                self.apply_new_uuid(rule, mistakes);
            }
            self.apply_rename(rule, mistakes);
            self.kept_paths.extend(rule.keep.iter().cloned());
        }
    }

    fn apply_set(&mut self, rule: &Rule, set: &SetValue, mistakes: &mut Mistakes) {
        let Some(place_ix) = self.find_place(rule, &set.path, mistakes) else {
            return;
        };
        let token = match self.rewriting.values.json_token(&set.source) {
            Ok(token) => {
                let place = &self.places[place_ix];
                self.value_warnings
                    .extend(ValueWarning::of_new_value(place, &token, rule.line));
                token
            }
            Err(why) => {
                let source = set.source.to_string();
                let path = set.path.clone();
                let placeholder = json::encode_string(&format!("(from {source}, not read)"));
                self.unread_values.push(UnreadValue {
                    path,
                    source,
                    reason: why,
                });
                placeholder
            }
        };
        let (current_shape, new_shape) = (
            self.places[place_ix].json_type,
            JsonType::from_token(&token),
        );
        if current_shape != new_shape
            && current_shape != JsonType::Null
            && new_shape != JsonType::Null
        {
            let problem = RuleProblem::ShapeMismatch(
                set.path.clone(),
                current_shape.name(),
                new_shape.name(),
            );
            return mistakes.add(rule.line, problem, &self.webhook);
        }
        let source = match &set.source {
            ValueSource::Value(_) => "the rules file".to_owned(),
            other => other.to_string(),
        };
        self.claim_place(
            place_ix,
            token,
            ChangeKind::Set(source),
            rule.line,
            mistakes,
        );
    }

    /// Finds the place that a rule addresses. Blocks the webhook if its unreadable fields may contain that place.
    fn find_place(&mut self, rule: &Rule, path: &Path, mistakes: &mut Mistakes) -> Option<usize> {
        let at = self
            .by_path
            .partition_point(|ix| self.places[*ix].path < *path);
        let found = self.by_path.get(at).copied();
        let found = found.filter(|ix| self.places[*ix].path == *path);
        let is_readable =
            |place_ix: &usize| self.places[*place_ix].json_type != JsonType::Unreadable;
        if let Some(place_ix) = found.filter(is_readable) {
            return Some(place_ix);
        }
        if self
            .places
            .iter()
            .any(|place| place.json_type == JsonType::Unreadable)
        {
            self.webhook.blocked = Some(Blocked::UnreadableFields);
            return None;
        }
        let differs_only_in_case = |place: &&Place| {
            let (here, desired) = (place.path.to_string(), path.to_string());
            here.eq_ignore_ascii_case(&desired)
        };
        let similar_path = self
            .places
            .iter()
            .find(differs_only_in_case)
            .map(|place| place.path.clone());
        let problem = RuleProblem::NoSuchPath(path.clone(), similar_path);
        mistakes.add(rule.line, problem, &self.webhook);
        None
    }

    fn apply_replacements(&mut self, rule: &Rule, mistakes: &mut Mistakes) {
        if rule.replace.is_empty() {
            return;
        }
        for place_ix in 0..self.places.len() {
            let place = &self.places[place_ix];
            let Some(before) = self.text_at(place_ix) else {
                if place.json_type == JsonType::Unreadable && rule.replaces_in_fields() {
                    self.webhook.blocked = Some(Blocked::UnreadableFields);
                }
                continue;
            };
            let mut after = before.clone();
            for replace in &rule.replace {
                if replace.within.iter().any(|path| place.path.is_within(path)) {
                    let (from, to) = (&replace.from.0, &replace.to.0);
                    after = after.replace(from.expose_secret(), to.expose_secret());
                }
            }
            if after != before {
                self.claim_place(
                    place_ix,
                    json::encode_string(&after),
                    ChangeKind::Replaced,
                    rule.line,
                    mistakes,
                );
            }
        }
    }

    /// Derives new uuids for the field and for the payload's copy of it, each from its own old value: equal
    /// ones stay equal.
    fn apply_new_uuid(&mut self, rule: &Rule, mistakes: &mut Mistakes) {
        let field = Path::from_parts(&["uuid"]);
        let Some(place_ix) = self.find_place(rule, &field, mistakes) else {
            return;
        };
        let payload_copy = payload_uuid_place(&self.places);
        for place_ix in std::iter::once(place_ix).chain(payload_copy) {
            match self.text_at(place_ix) {
                Some(old) if !old.starts_with('$') => {
                    let token = json::encode_string(&self.derive_uuid(&old));
                    self.claim_place(place_ix, token, ChangeKind::NewUuid, rule.line, mistakes);
                }
                _ => {}
            }
        }
    }

    /// The same old uuid, source account and target give the same new uuid, so that a second run changes nothing.
    fn derive_uuid(&self, old: &str) -> String {
        let (source, target) = &self.rewriting.uuid_namespace;
        let name = format!("hookferry:{source}:{target}");
        let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
        Uuid::new_v5(&space, old.to_lowercase().as_bytes()).to_string()
    }

    fn apply_rename(&mut self, rule: &Rule, mistakes: &mut Mistakes) {
        let Some(rename) = &rule.rename else {
            return;
        };
        match &self.new_alias {
            Some((_, line)) => mistakes.add(
                rule.line,
                RuleProblem::ConflictingRenames(*line),
                &self.webhook,
            ),
            None => self.new_alias = Some((rename.render(self.webhook.alias()), rule.line)),
        }
    }

    /// Points vendor hosts at the target's region in every text that no rule has changed.
    pub(super) fn apply_retarget(&mut self) {
        let Some(retarget) = self.rewriting.retarget else {
            return;
        };
        let kind = self.webhook.type_id.and_then(WebhookType::from_id);
        let takes_key_in_body = kind.is_some_and(|kind| kind.name == "sendlog");
        for place_ix in 0..self.places.len() {
            if self.claims.overlapping(place_ix).is_some() {
                continue;
            }
            let Some(text) = self.text_at(place_ix) else {
                continue;
            };
            let moved = retarget.apply(&text, takes_key_in_body);
            self.moved_to_other_endpoint |= moved.is_other_endpoint;
            self.hosts_left.extend(moved.hosts_left);
            if let Some(text) = moved.text {
                let change = self.new_change(place_ix, ChangeKind::Retargeted, None, false);
                let token = json::encode_string(&text);
                self.claims.push(Claim {
                    place_ix,
                    token,
                    change,
                });
            }
        }
    }

    fn text_at(&self, place_ix: usize) -> Option<String> {
        let place = &self.places[place_ix];
        let is_text = place.json_type == JsonType::Text;
        is_text.then(|| place.text()).flatten().map(Cow::into_owned)
    }

    fn new_change(
        &self,
        place_ix: usize,
        how: ChangeKind,
        line: Option<usize>,
        is_equal: bool,
    ) -> Change {
        let path = self.places[place_ix].path.clone();
        Change {
            path,
            kind: how,
            rule_line: line,
            is_equal,
        }
    }

    /// Claims a place for a rule; it is a mistake if another rule has claimed it, or a place around or inside it.
    fn claim_place(
        &mut self,
        place_ix: usize,
        token: String,
        how: ChangeKind,
        line: usize,
        mistakes: &mut Mistakes,
    ) {
        let other = self.claims.overlapping(place_ix);
        if let Some(other) = other.and_then(|claim| claim.change.rule_line) {
            let path = self.places[place_ix].path.clone();
            let problem = RuleProblem::ConflictingRules(path, other);
            return mistakes.add(line, problem, &self.webhook);
        }
        let is_equal = is_equal_json(self.places[place_ix].token(), &token);
        let change = self.new_change(place_ix, how, Some(line), is_equal);
        self.claims.push(Claim {
            place_ix,
            token,
            change,
        });
    }

    /// Builds the desired webhook from the original and the claims.
    pub(super) fn finish(self) -> PortableWebhook {
        let unmatched_secrets = self.unmatched_secrets();
        let mut webhook = self.webhook;
        let edits: Vec<Edit<'_>> = self
            .claims
            .iter()
            .filter(|claim| !claim.change.is_equal)
            .map(|claim| Edit {
                place: &self.places[claim.place_ix],
                token: claim.token.clone(),
            })
            .collect();
        let mut bare = webhook.bare.clone();
        if !edits.is_empty() {
            bare = bare.with_edits(&edits);
        }
        let mut changes = self.claims.into_changes();
        if let Some((new_alias, line)) = self.new_alias.filter(|_| webhook.blocked.is_none()) {
            bare = bare.with_alias(&new_alias);
            let is_equal = new_alias == webhook.alias;
            let how = ChangeKind::Renamed(std::mem::replace(&mut webhook.alias, new_alias.into()));
            let path = Path::from_parts(&["alias"]);
            changes.insert(
                0,
                Change {
                    path,
                    kind: how,
                    rule_line: Some(line),
                    is_equal,
                },
            );
        }
        let log_backflow = log_backflow(
            webhook.type_id,
            &webhook.bare,
            &bare,
            self.rewriting.target_region,
        );
        if !changes.is_empty() {
            let content = webhook
                .type_id
                .map(|type_id| Content::with_shape(&bare, type_id));
            (webhook.content, webhook.fields_shape) = content.unzip();
        }
        webhook.bare = bare;
        let mut value_warnings = self.value_warnings;
        value_warnings.extend(ValueWarning::of_empty_secret(&webhook.bare));
        let report = RewriteReport {
            value_warnings,
            changes,
            unread_values: self.unread_values,
            unmatched_secrets,
            log_backflow,
            moved_to_other_endpoint: self.moved_to_other_endpoint,
            hosts_left: self.hosts_left.into_iter().take(MAX_HOSTS_LEFT).collect(),
        };
        let has_any = report != RewriteReport::default();
        PortableWebhook {
            webhook,
            report: has_any.then(|| Box::new(report)),
        }
    }

    /// The secrets that no rule changes or keeps.
    fn unmatched_secrets(&self) -> Vec<UnmatchedSecret> {
        let is_covered = |place_ix: usize, place: &Place| {
            let is_by_rule = |claim: &Claim| claim.change.rule_line.is_some();
            self.claims.any_around(place_ix, is_by_rule)
                || self
                    .kept_paths
                    .iter()
                    .any(|kept| place.path.is_within(kept))
        };
        self.places
            .iter()
            .enumerate()
            .filter(|(ix, place)| !place.json_type.is_container() && !is_covered(*ix, place))
            .filter_map(|(_, place)| {
                let kind = place.secret_kind()?;
                Some(UnmatchedSecret {
                    path: place.path.clone(),
                    kind,
                })
            })
            .collect()
    }
}

/// Whether two JSON texts have the same value, whatever their notation.
fn is_equal_json(left: &str, right: &str) -> bool {
    matches!(
        (Json::parse(left), Json::parse(right)),
        (Ok(left), Ok(right)) if is_equal(&left, &right)
    )
}

/// The place of the uuid's copy in the documented payloads.
fn payload_uuid_place(places: &[Place]) -> Option<usize> {
    let copy = Path::from_parts(&["payload", "uuid"]);
    places.iter().position(|place| place.path == copy)
}
