//! Applies the rules to one webhook. At most one rule changes a value, and `retarget` only if no rule does.

use super::change::{Change, How, Leftover, Unread};
use super::flow::flows_back;
use super::mistake::{Mistakes, Wrong};
use super::rule::{Rule, Set, Source};
use super::{PortableWebhook, Remarks, Rewriting};
use crate::coralogix::content::{Content, is_equal};
use crate::coralogix::edit::Edit;
use crate::coralogix::json::{self, Json};
use crate::coralogix::path::Path;
use crate::coralogix::place::{Place, Shape};
use crate::pipeline::strip::{Blocked, StrippedWebhook};
use secrecy::ExposeSecret;
use std::borrow::Cow;
use uuid::Uuid;

/// The state of one webhook while the rules are applied to it.
pub(super) struct Applying<'r> {
    pub(super) webhook: StrippedWebhook,
    rewriting: &'r Rewriting,
    places: Vec<Place>,
    claims: Vec<Claim>,
    unread: Vec<Unread>,
    kept: Vec<Path>,
    name: Option<(String, usize)>,
}

/// A value to change, with its new JSON.
struct Claim {
    place: usize,
    token: String,
    change: Change,
}

impl<'r> Applying<'r> {
    pub(super) fn new(webhook: StrippedWebhook, rewriting: &'r Rewriting) -> Self {
        let needs_places = rewriting.retarget.is_some()
            || rewriting.lists_leftover
            || rewriting.unmatched == super::rule::Unmatched::Refuse
            || !rewriting.rules.rules.is_empty();
        Self {
            places: if needs_places {
                webhook.bare.places()
            } else {
                Vec::new()
            },
            webhook,
            rewriting,
            claims: Vec::new(),
            unread: Vec::new(),
            kept: Vec::new(),
            name: None,
        }
    }

    /// Applies every rule that matches this webhook, in the order of the file.
    pub(super) fn rules(&mut self, mistakes: &mut Mistakes) {
        for rule in &self.rewriting.rules.rules {
            if !rule.matches.selects(&self.webhook.bare, self.webhook.id()) {
                continue;
            }
            for set in &rule.set {
                self.set(rule, set, mistakes);
            }
            self.replace(rule, mistakes);
            if rule.new_uuid {
                self.new_uuid(rule, mistakes);
            }
            self.rename(rule, mistakes);
            self.kept.extend(rule.keep.iter().cloned());
        }
    }

    fn set(&mut self, rule: &Rule, set: &Set, mistakes: &mut Mistakes) {
        let Some(at) = self.at(rule, &set.path, mistakes) else {
            return;
        };
        let token = match self.rewriting.values.token(&set.from) {
            Ok(token) => token,
            Err(why) => {
                let source = set.from.to_string();
                let path = set.path.clone();
                let stand_in = json::quoted(&format!("(from {source}, not read)"));
                self.unread.push(Unread { path, source, why });
                stand_in
            }
        };
        let (is, given) = (self.places[at].shape, Shape::of(&token));
        if is != given && is != Shape::Null && given != Shape::Null {
            let wrong = Wrong::OtherShape(set.path.clone(), is.word(), given.word());
            return mistakes.add(rule.line, wrong, &self.webhook);
        }
        let source = match &set.from {
            Source::Value(_) => "the rules file".to_owned(),
            other => other.to_string(),
        };
        self.claim(at, token, How::Set(source), rule.line, mistakes);
    }

    /// Finds the place that a rule addresses. Blocks the webhook if its unreadable fields may contain that place.
    fn at(&mut self, rule: &Rule, path: &Path, mistakes: &mut Mistakes) -> Option<usize> {
        let found = self.places.iter().position(|place| place.path == *path);
        let is_readable = |at: &usize| self.places[*at].shape != Shape::Unreadable;
        if let Some(at) = found.filter(is_readable) {
            return Some(at);
        }
        if self
            .places
            .iter()
            .any(|place| place.shape == Shape::Unreadable)
        {
            self.webhook.blocked = Some(Blocked::UnreadableFields);
            return None;
        }
        let alike = |place: &&Place| {
            let (here, wanted) = (place.path.to_string(), path.to_string());
            here.eq_ignore_ascii_case(&wanted)
        };
        let near = self
            .places
            .iter()
            .find(alike)
            .map(|place| place.path.clone());
        let wrong = Wrong::NoSuchPath(path.clone(), near);
        mistakes.add(rule.line, wrong, &self.webhook);
        None
    }

    fn replace(&mut self, rule: &Rule, mistakes: &mut Mistakes) {
        if rule.replace.is_empty() {
            return;
        }
        for at in 0..self.places.len() {
            let place = &self.places[at];
            let Some(before) = self.text(at) else {
                if place.shape == Shape::Unreadable && rule.looks_into_fields() {
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
                self.claim(at, json::quoted(&after), How::Replaced, rule.line, mistakes);
            }
        }
    }

    /// Derives new uuids for the field and for the payload's copy of it, each from its own old value: equal
    /// ones stay equal.
    fn new_uuid(&mut self, rule: &Rule, mistakes: &mut Mistakes) {
        let field = Path::of(&["uuid"]);
        let Some(at) = self.at(rule, &field, mistakes) else {
            return;
        };
        let copy = field_copy(&self.places);
        for at in std::iter::once(at).chain(copy) {
            match self.text(at) {
                Some(old) if !old.starts_with('$') => {
                    let token = json::quoted(&self.uuid(&old));
                    self.claim(at, token, How::NewUuid, rule.line, mistakes);
                }
                _ => {}
            }
        }
    }

    /// The same old uuid, source account and target give the same new uuid, so that a second run changes nothing.
    fn uuid(&self, old: &str) -> String {
        let (source, target) = &self.rewriting.uuid_names;
        let name = format!("hookferry:{source}:{target}");
        let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
        Uuid::new_v5(&space, old.to_lowercase().as_bytes()).to_string()
    }

    fn rename(&mut self, rule: &Rule, mistakes: &mut Mistakes) {
        let Some(rename) = &rule.rename else {
            return;
        };
        match &self.name {
            Some((_, line)) => mistakes.add(rule.line, Wrong::TwoNames(*line), &self.webhook),
            None => self.name = Some((rename.of(self.webhook.alias()), rule.line)),
        }
    }

    /// Points vendor hosts at the target's region in every text that no rule has changed.
    pub(super) fn retarget(&mut self) {
        let Some(retarget) = self.rewriting.retarget else {
            return;
        };
        for at in 0..self.places.len() {
            let path = &self.places[at].path;
            if self
                .claims
                .iter()
                .any(|claim| claim.change.path.overlaps(path))
            {
                continue;
            }
            if let Some(text) = self.text(at).and_then(|text| retarget.of(&text)) {
                let change = self.change(at, How::Retargeted, None, false);
                let token = json::quoted(&text);
                self.claims.push(Claim {
                    place: at,
                    token,
                    change,
                });
            }
        }
    }

    fn text(&self, at: usize) -> Option<String> {
        let place = &self.places[at];
        let is_text = place.shape == Shape::Text;
        is_text.then(|| place.text()).flatten().map(Cow::into_owned)
    }

    fn change(&self, at: usize, how: How, line: Option<usize>, is_equal: bool) -> Change {
        let path = self.places[at].path.clone();
        Change {
            path,
            how,
            line,
            is_equal,
        }
    }

    /// Claims a place for a rule; it is a mistake if another rule has claimed it, or a place around or inside it.
    fn claim(&mut self, at: usize, token: String, how: How, line: usize, mistakes: &mut Mistakes) {
        let path = &self.places[at].path;
        let other = self
            .claims
            .iter()
            .find(|claim| claim.change.path.overlaps(path));
        if let Some(other) = other.and_then(|claim| claim.change.line) {
            let wrong = Wrong::TwoRules(path.clone(), other);
            return mistakes.add(line, wrong, &self.webhook);
        }
        let is_equal = is_same(self.places[at].token(), &token);
        let change = self.change(at, how, Some(line), is_equal);
        self.claims.push(Claim {
            place: at,
            token,
            change,
        });
    }

    /// Builds the desired webhook from the original and the claims.
    pub(super) fn done(mut self) -> PortableWebhook {
        let leftover = self.leftover();
        let mut webhook = self.webhook;
        let edits: Vec<Edit<'_>> = self
            .claims
            .iter()
            .filter(|claim| !claim.change.is_equal)
            .map(|claim| Edit {
                place: &self.places[claim.place],
                token: claim.token.clone(),
            })
            .collect();
        let mut bare = webhook.bare.clone();
        if !edits.is_empty() {
            bare = bare.edited(&edits);
        }
        self.claims.sort_by_key(|claim| claim.place);
        let mut changes: Vec<Change> = self.claims.into_iter().map(|claim| claim.change).collect();
        if let Some((name, line)) = self.name.filter(|_| webhook.blocked.is_none()) {
            bare = bare.renamed(&name);
            let is_equal = name == webhook.alias;
            let how = How::Renamed(std::mem::replace(&mut webhook.alias, name.into()));
            let path = Path::of(&["alias"]);
            changes.insert(
                0,
                Change {
                    path,
                    how,
                    line: Some(line),
                    is_equal,
                },
            );
        }
        let flows_back = flows_back(
            webhook.type_id,
            &webhook.bare,
            &bare,
            self.rewriting.target_region,
        );
        if !changes.is_empty() {
            let content = webhook
                .type_id
                .map(|type_id| Content::with_form(&bare, type_id));
            (webhook.content, webhook.form) = content.unzip();
        }
        webhook.bare = bare;
        let remarks = Remarks {
            changes,
            unread: self.unread,
            leftover,
            flows_back,
        };
        let has_any = remarks != Remarks::default();
        PortableWebhook {
            webhook,
            remarks: has_any.then(|| Box::new(remarks)),
        }
    }

    /// The secrets that no rule changes or keeps.
    fn leftover(&self) -> Vec<Leftover> {
        let is_decided = |place: &Place| {
            let by_rule = |claim: &Claim| {
                claim.change.line.is_some() && place.path.is_within(&claim.change.path)
            };
            self.claims.iter().any(by_rule)
                || self.kept.iter().any(|kept| place.path.is_within(kept))
        };
        self.places
            .iter()
            .filter(|place| !place.shape.is_container() && !is_decided(place))
            .filter_map(|place| {
                let kind = place.secret()?;
                Some(Leftover {
                    path: place.path.clone(),
                    kind,
                })
            })
            .collect()
    }
}

/// Whether two JSON texts have the same value, whatever their notation.
fn is_same(left: &str, right: &str) -> bool {
    matches!(
        (Json::parse(left), Json::parse(right)),
        (Ok(left), Ok(right)) if is_equal(&left, &right)
    )
}

/// The place of the uuid's copy in the documented payloads.
fn field_copy(places: &[Place]) -> Option<usize> {
    let copy = Path::of(&["payload", "uuid"]);
    places.iter().position(|place| place.path == copy)
}
