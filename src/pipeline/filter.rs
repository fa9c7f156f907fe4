//! Selects webhooks of the source by `--type`, `--name` and `--id`.
//! Rejects a filter value that matches nothing: a typo must not look like an empty account.

use crate::coralogix::kind::{WebhookType, parse_type, type_hint};
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use crate::error::Error;
use crate::untrusted;
use wildmatch::WildMatch;

/// The filter options of the command line. Options of different kinds must all match; an empty filter selects
/// everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Selects webhooks of any of these types; empty means every type.
    pub types: Vec<TypeId>,
    /// Selects aliases that match any of these patterns; empty means every alias.
    pub names: Vec<WildMatch>,
    /// Excludes aliases that match any of these patterns (`--name '!…'`).
    pub without_names: Vec<WildMatch>,
    /// Selects any of these ids; empty means every id.
    pub ids: Vec<WebhookId>,
}

impl Filter {
    /// Adds a type, given by its documented name (such as `pager_duty`) or its number.
    pub fn add_type(&mut self, text: &str) -> Result<(), Error> {
        let Some(id) = parse_type(text) else {
            let shown = untrusted::escape_truncated(text, 40);
            let error = Error::usage(format!("`{shown}` is not a webhook type"));
            return Err(error.with_hint(type_hint(text)));
        };
        self.types.push(id);
        Ok(())
    }

    /// Adds a case-sensitive alias pattern with the wildcards `*` and `?`; a leading `!` makes it an exclusion.
    pub fn add_name(&mut self, pattern: &str) {
        match pattern.strip_prefix('!') {
            Some(excluded) => self.without_names.push(WildMatch::new(excluded)),
            None => self.names.push(WildMatch::new(pattern)),
        }
    }

    /// Whether the filter selects everything.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
            && self.names.is_empty()
            && self.without_names.is_empty()
            && self.ids.is_empty()
    }

    fn selects(&self, webhook: &Webhook) -> bool {
        let alias = webhook.alias().unwrap_or_default();
        let is_type = |type_id: &TypeId| webhook.type_id() == Ok(*type_id);
        (self.types.is_empty() || self.types.iter().any(is_type))
            && (self.names.is_empty() || self.names.iter().any(|name| name.matches(&alias)))
            && !self.without_names.iter().any(|name| name.matches(&alias))
            && (self.ids.is_empty() || webhook.id().is_some_and(|id| self.ids.contains(&id)))
    }

    /// Returns the selected webhooks in their original order.
    ///
    /// Fails if a single filter value matches no webhook, or if all of them together select none.
    pub fn apply(&self, webhooks: Vec<Webhook>) -> Result<Vec<Webhook>, Error> {
        if self.is_empty() {
            return Ok(webhooks);
        }
        if let Some(value) = self.first_unmatched_value(&webhooks) {
            return Err(no_match_error(&value, webhooks.len()));
        }
        let n_all = webhooks.len();
        let selected: Vec<Webhook> = webhooks
            .into_iter()
            .filter(|webhook| self.selects(webhook))
            .collect();
        if selected.is_empty() {
            return Err(no_match_error("the filters together match", n_all));
        }
        Ok(selected)
    }

    /// Filters the webhooks of two sides; fails unless every filter value matches a webhook of at least one side.
    pub fn apply_to_both(
        &self,
        left: Vec<Webhook>,
        right: Vec<Webhook>,
    ) -> Result<(Vec<Webhook>, Vec<Webhook>), Error> {
        self.apply(left.iter().chain(&right).cloned().collect())?;
        let selected = |webhooks: Vec<Webhook>| {
            let webhooks = webhooks.into_iter();
            webhooks.filter(|webhook| self.selects(webhook)).collect()
        };
        Ok((selected(left), selected(right)))
    }

    /// The first filter value that matches nothing, as the subject and verb of an error message.
    fn first_unmatched_value(&self, webhooks: &[Webhook]) -> Option<String> {
        let any_webhook = |selects: &dyn Fn(&Webhook) -> bool| webhooks.iter().any(selects);
        let has_type = |id: &TypeId| any_webhook(&|webhook| webhook.type_id() == Ok(*id));
        let has_name = |name: &WildMatch| {
            any_webhook(&|webhook| name.matches(&webhook.alias().unwrap_or_default()))
        };
        let has_id = |id: &WebhookId| any_webhook(&|webhook| webhook.id().as_ref() == Some(id));
        if let Some(id) = self.types.iter().find(|id| !has_type(id)) {
            return Some(format!(
                "--type {} matches",
                WebhookType::from_id(*id)
                    .map_or_else(|| id.to_string(), |kind| kind.name.to_owned())
            ));
        }
        if let Some(name) = self.names.iter().find(|name| !has_name(name)) {
            return Some(format!(
                "--name '{}' matches",
                untrusted::escape(&name.pattern())
            ));
        }
        if let Some(name) = self.without_names.iter().find(|name| !has_name(name)) {
            return Some(format!(
                "--name '!{}' excludes",
                untrusted::escape(&name.pattern())
            ));
        }
        let id = self.ids.iter().find(|id| !has_id(id))?;
        Some(format!("--id {id} matches"))
    }
}

fn no_match_error(subject: &str, n_all: usize) -> Error {
    Error::usage(format!("{subject} no webhook ({n_all} checked)")).with_hint(
        "list the webhooks with `hookferry list --from ACCOUNT`; patterns are case-sensitive, with `*` and `?` as wildcards",
    )
}
