//! The values that rules need, or the reasons why they could not be read.
//! The caller reads them: this stage accesses no environment, no disk and no programs.

use super::rule::{Rule, Rules, SetValue, ValueSource};
use crate::coralogix::json;
use crate::pipeline::fetch::Inventory;
use secrecy::{ExposeSecret, SecretString};

/// The result of reading one value.
#[derive(Debug)]
pub enum ValueReading {
    /// The value, wiped from memory when dropped.
    Read(SecretString),
    /// The reason why the value could not be read, without any part of the value.
    Unread(String),
}

/// The values with their sources.
#[derive(Debug, Default)]
pub struct RuleValues(Vec<(ValueSource, ValueReading)>);

impl RuleValues {
    /// Stores the result of reading each source.
    pub fn new(readings: Vec<(ValueSource, ValueReading)>) -> Self {
        Self(readings)
    }

    /// Every source with the result of reading it.
    pub fn readings(&self) -> &[(ValueSource, ValueReading)] {
        &self.0
    }

    /// The value as a JSON token, or the reason why there is none.
    pub(super) fn json_token(&self, source: &ValueSource) -> Result<String, String> {
        if let ValueSource::Value(token) = source {
            return Ok(token.expose_secret().to_owned());
        }
        let found = self.0.iter().find(|(from, _)| from.is_same_as(source));
        match found {
            Some((_, ValueReading::Read(value))) => Ok(json::encode_string(value.expose_secret())),
            Some((_, ValueReading::Unread(why))) => Err(why.clone()),
            None => Err("it was not read".to_owned()),
        }
    }
}

impl Rules {
    /// For each rule, the indices of the webhooks that it matches.
    pub fn matched_webhooks(&self, inventory: &Inventory) -> Vec<Vec<usize>> {
        let matching_indices = |rule: &Rule| {
            let webhooks = inventory.webhooks.iter().enumerate();
            webhooks
                .filter(|(_, webhook)| rule.conditions.selects(webhook, webhook.id().as_ref()))
                .map(|(ix, _)| ix)
                .collect()
        };
        self.rules.iter().map(matching_indices).collect()
    }

    /// The sources whose values the rules need for these webhooks, each once, in the order of the file.
    pub fn needed_sources(&self, inventory: &Inventory) -> Vec<ValueSource> {
        let mut needed: Vec<ValueSource> = Vec::new();
        for rule in &self.rules {
            let is_used = || {
                let mut webhooks = inventory.webhooks.iter();
                webhooks.any(|webhook| rule.conditions.selects(webhook, webhook.id().as_ref()))
            };
            let is_external = |set: &&SetValue| !matches!(set.source, ValueSource::Value(_));
            let mut external_sets = rule.set.iter().filter(is_external).peekable();
            if external_sets.peek().is_none() || !is_used() {
                continue;
            }
            for set in external_sets {
                if !needed.iter().any(|source| source.is_same_as(&set.source)) {
                    needed.push(set.source.clone());
                }
            }
        }
        needed
    }
}
