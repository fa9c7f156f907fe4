//! The values that rules need, or the reasons why they could not be read.
//! The caller reads them: this stage accesses no environment, no disk and no programs.

use super::rule::{Rule, Rules, Set, Source};
use crate::coralogix::json;
use crate::pipeline::fetch::Inventory;
use secrecy::{ExposeSecret, SecretString};

/// The result of reading one value.
#[derive(Debug)]
pub enum Reading {
    /// The value, wiped from memory when dropped.
    Read(SecretString),
    /// The reason why the value could not be read, without any part of the value.
    Unread(String),
}

/// The values with their sources.
#[derive(Debug, Default)]
pub struct Values(Vec<(Source, Reading)>);

impl Values {
    /// Stores the result of reading each source.
    pub fn of(readings: Vec<(Source, Reading)>) -> Self {
        Self(readings)
    }

    /// Every source with the result of reading it.
    pub fn all(&self) -> &[(Source, Reading)] {
        &self.0
    }

    /// The value as a JSON token, or the reason why there is none.
    pub(super) fn token(&self, source: &Source) -> Result<String, String> {
        if let Source::Value(token) = source {
            return Ok(token.expose_secret().to_owned());
        }
        let found = self.0.iter().find(|(from, _)| from.is_same_as(source));
        match found {
            Some((_, Reading::Read(value))) => Ok(json::quoted(value.expose_secret())),
            Some((_, Reading::Unread(why))) => Err(why.clone()),
            None => Err("it was not read".to_owned()),
        }
    }
}

impl Rules {
    /// For each rule, the indices of the webhooks that it matches.
    pub fn matched(&self, inventory: &Inventory) -> Vec<Vec<usize>> {
        let places_of = |rule: &Rule| {
            let webhooks = inventory.webhooks.iter().enumerate();
            webhooks
                .filter(|(_, webhook)| rule.matches.selects(webhook, webhook.id().as_ref()))
                .map(|(place, _)| place)
                .collect()
        };
        self.rules.iter().map(places_of).collect()
    }

    /// The sources whose values the rules need for these webhooks, each once, in the order of the file.
    pub fn needed(&self, inventory: &Inventory) -> Vec<Source> {
        let mut needed: Vec<Source> = Vec::new();
        for rule in &self.rules {
            let is_used = || {
                let mut webhooks = inventory.webhooks.iter();
                webhooks.any(|webhook| rule.matches.selects(webhook, webhook.id().as_ref()))
            };
            let asks = |set: &&Set| !matches!(set.from, Source::Value(_));
            let mut asked = rule.set.iter().filter(asks).peekable();
            if asked.peek().is_none() || !is_used() {
                continue;
            }
            for set in asked {
                if !needed.iter().any(|source| source.is_same_as(&set.from)) {
                    needed.push(set.from.clone());
                }
            }
        }
        needed
    }
}
