//! Which of the source's webhooks are meant: `--type`, `--name`, `--id`.
//! Never lets a filter pass that matches nothing: a typo must not look like an empty account.

use crate::coralogix::kind::{KINDS, Kind, type_named};
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use crate::error::Error;
use crate::foreign;
use wildmatch::WildMatch;

/// What the user wants to see of an account; empty means everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any of these types.
    pub types: Vec<TypeId>,
    /// Any of these patterns of the alias.
    pub names: Vec<WildMatch>,
    /// None of these patterns of the alias.
    pub without_names: Vec<WildMatch>,
    /// Any of these ids.
    pub ids: Vec<WebhookId>,
}

impl Filter {
    /// Adds a type by its Table B name or its number.
    pub fn add_type(&mut self, text: &str) -> Result<(), Error> {
        let Some(id) = type_named(text) else {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            let text = foreign::shortened(text, 40);
            return Err(Error::usage(format!("`{text}` is no webhook type"))
                .with_hint(format!("types are {}, or a number", names.join(", "))));
        };
        self.types.push(id);
        Ok(())
    }

    /// Adds a pattern of the alias: `*` and `?`, case matters, a leading `!` excludes.
    pub fn add_name(&mut self, pattern: &str) {
        match pattern.strip_prefix('!') {
            Some(excluded) => self.without_names.push(WildMatch::new(excluded)),
            None => self.names.push(WildMatch::new(pattern)),
        }
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
            && self.names.is_empty()
            && self.without_names.is_empty()
            && self.ids.is_empty()
    }

    fn selects(&self, webhook: &Webhook) -> bool {
        let alias = webhook.alias().unwrap_or_default();
        let is_type = |wanted: &TypeId| webhook.type_id() == Ok(*wanted);
        (self.types.is_empty() || self.types.iter().any(is_type))
            && (self.names.is_empty() || self.names.iter().any(|name| name.matches(&alias)))
            && !self.without_names.iter().any(|name| name.matches(&alias))
            && (self.ids.is_empty() || webhook.id().is_some_and(|id| self.ids.contains(&id)))
    }

    /// The webhooks that are meant, in their order.
    ///
    /// A filter value that matches none of them is an error, and so is a combination that leaves nothing.
    pub fn apply(&self, webhooks: Vec<Webhook>) -> Result<Vec<Webhook>, Error> {
        if self.is_empty() {
            return Ok(webhooks);
        }
        if let Some(useless) = self.useless(&webhooks) {
            return Err(nothing(&useless, webhooks.len()));
        }
        let n_all = webhooks.len();
        let selected: Vec<Webhook> = webhooks
            .into_iter()
            .filter(|webhook| self.selects(webhook))
            .collect();
        if selected.is_empty() {
            return Err(nothing("the filters together match", n_all));
        }
        Ok(selected)
    }

    /// The webhooks of two sides that are meant; a value has to match one of them at least.
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

    /// The first single value that matches nothing, as the start of a sentence.
    fn useless(&self, webhooks: &[Webhook]) -> Option<String> {
        let any = |selects: &dyn Fn(&Webhook) -> bool| webhooks.iter().any(selects);
        let has_type = |id: &TypeId| any(&|webhook| webhook.type_id() == Ok(*id));
        let has_name =
            |name: &WildMatch| any(&|webhook| name.matches(&webhook.alias().unwrap_or_default()));
        let has_id = |id: &WebhookId| any(&|webhook| webhook.id().as_ref() == Some(id));
        if let Some(id) = self.types.iter().find(|id| !has_type(id)) {
            return Some(format!(
                "--type {} matches",
                Kind::of(*id).map_or_else(|| id.to_string(), |kind| kind.name.to_owned())
            ));
        }
        if let Some(name) = self.names.iter().find(|name| !has_name(name)) {
            return Some(format!(
                "--name '{}' matches",
                foreign::shown(&name.pattern())
            ));
        }
        if let Some(name) = self.without_names.iter().find(|name| !has_name(name)) {
            return Some(format!(
                "--name '!{}' excludes",
                foreign::shown(&name.pattern())
            ));
        }
        let id = self.ids.iter().find(|id| !has_id(id))?;
        Some(format!("--id {id} matches"))
    }
}

fn nothing(subject: &str, n_all: usize) -> Error {
    Error::usage(format!("{subject} none of the {n_all} webhooks")).with_hint(
        "`hookferry list --from …` shows what is there; aliases are matched with case, `*` and `?`",
    )
}
