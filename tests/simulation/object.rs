//! The webhooks of the simulated accounts: small enough to copy, with real keys and contents.

use super::super::resemblance::url_fingerprint;
use crate::coralogix::content::{Content, Fingerprint};
use crate::coralogix::webhook::{TypeId, Webhook};
use crate::pipeline::strip::Key;
use std::collections::HashMap;

/// How an alias is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Spelling {
    Plain,
    /// With spaces that a normalizing server removes.
    Untidy,
    /// As a normalizing server stores it.
    Tidy,
    /// With a prefix that normalization does not explain.
    Prefixed,
}

/// A webhook without the keys that the server owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Object {
    pub(super) name: u16,
    pub(super) spelling: Spelling,
    pub(super) type_id: u64,
    pub(super) url: u16,
    pub(super) uuid: u32,
}

impl Object {
    pub(super) fn key(self) -> Key {
        let alias = match self.spelling {
            Spelling::Plain => format!("Pager {}", self.name),
            Spelling::Untidy => format!(" Pager {} ", self.name),
            Spelling::Tidy => format!("pager {}", self.name),
            Spelling::Prefixed => format!("eu Pager {}", self.name),
        };
        Key {
            alias: alias.into(),
            type_id: TypeId(self.type_id),
        }
    }

    pub(super) fn url(self) -> Fingerprint {
        url_fingerprint(&self.url_text())
    }

    pub(super) fn url_text(self) -> String {
        format!("https://a.example/{}", self.url)
    }

    fn content(self) -> Content {
        let text = format!(
            r#"{{"alias":"{}","url":"https://a.example/{}","integration_type_fields":"[{{\"name\":\"uuid\",\"value\":\"{}\"}}]"}}"#,
            self.key().alias,
            self.url,
            self.uuid
        );
        let webhook = Webhook::parse(text).expect("the simulator writes JSON");
        Content::from_webhook(&webhook, TypeId(self.type_id))
    }
}

/// Cache of computed contents: every run uses the same few objects.
#[derive(Default)]
pub(super) struct Contents(HashMap<Object, Content>);

impl Contents {
    pub(super) fn content_of(&mut self, object: Object) -> Content {
        *self.0.entry(object).or_insert_with(|| object.content())
    }
}
