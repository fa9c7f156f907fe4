//! The values that rules ask for, once they have been read, or why they could not be.
//! Read elsewhere: this stage knows no environment, no disk and no programs.

use super::rule::{Rule, Rules, Set, Source};
use crate::coralogix::json;
use crate::pipeline::fetch::Inventory;
use secrecy::{ExposeSecret, SecretString};

/// What became of reading one value.
#[derive(Debug)]
pub enum Reading {
    /// It was read; wiped from memory when dropped.
    Read(SecretString),
    /// It was not; the text says why, and holds nothing of it.
    Unread(String),
}

/// Values by where they come from.
#[derive(Debug, Default)]
pub struct Values(Vec<(Source, Reading)>);

impl Values {
    /// Values that were read.
    pub fn of(readings: Vec<(Source, Reading)>) -> Self {
        Self(readings)
    }

    /// Every source that was asked, with what became of it.
    pub fn all(&self) -> &[(Source, Reading)] {
        &self.0
    }

    /// The JSON of a value, or why there is none.
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
    /// For each rule the places of the webhooks that it means, counted from 0.
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

    /// Every source that the rules need for these webhooks, each once, in the order of the file.
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
