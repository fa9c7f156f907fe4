//! Third stage: what must differ in the target is changed, by the user's rules; everything else passes as it is.
//! Pure. Only what this stage has passed can be planned and sent.

mod apply;
mod change;
pub mod file;
mod flow;
mod mistake;
mod retarget;
pub mod rule;
mod values;

pub use change::{Change, How, Leftover, Unread};
pub use flow::FlowsBack;
pub use mistake::Mistake;
pub use retarget::{Retarget, regions};
pub use values::{Reading, Values};

use super::content_cache::ContentCache;
use super::strip::{Blocked, Key, Stripped, StrippedWebhook};
use crate::coralogix::content::{Content, Form};
use crate::coralogix::region::Region;
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use apply::Applying;
use rule::{Rules, Unmatched};
use smol_str::SmolStr;
use std::sync::Arc;

/// Everything that decides what is changed on the way.
#[derive(Debug)]
pub struct Rewriting {
    /// The user's rules.
    pub rules: Arc<Rules>,
    /// The values that they ask for.
    pub values: Values,
    /// What becomes of secrets that no rule names.
    pub unmatched: Unmatched,
    /// Whether secrets that no rule names are listed even where nothing is changed.
    pub lists_leftover: bool,
    /// From which region to which the vendor's hosts are pointed, if they are.
    pub retarget: Option<Retarget>,
    /// The target's region, where it is known.
    pub target_region: Option<Region>,
    /// What new uuids are made of besides the old ones: the source account and the target's host.
    pub uuid_names: (String, String),
}

impl Rewriting {
    /// Nothing is changed.
    pub fn nothing() -> Self {
        Self {
            rules: Arc::new(Rules::default()),
            values: Values::default(),
            unmatched: Unmatched::Keep,
            lists_leftover: false,
            retarget: None,
            target_region: None,
            uuid_names: (String::new(), String::new()),
        }
    }
}

/// Webhooks as they are wanted in the target, in the source's order; made by [`rewrite`] only.
#[derive(Debug)]
pub struct Portable {
    webhooks: Vec<PortableWebhook>,
}

impl Portable {
    /// The wanted webhooks, in the source's order.
    pub fn webhooks(&self) -> &[PortableWebhook] {
        &self.webhooks
    }

    /// The content of the webhooks, for what the target holds or is given: it is probably the same.
    pub fn content_cache(&self) -> ContentCache<'_> {
        let webhooks = self.webhooks.iter();
        webhooks.map(|webhook| webhook.webhook.cached()).collect()
    }

    /// The wanted webhooks themselves.
    pub fn into_webhooks(self) -> Vec<PortableWebhook> {
        self.webhooks
    }
}

/// One webhook as it is wanted in the target.
#[derive(Debug, Clone)]
pub struct PortableWebhook {
    pub(super) webhook: StrippedWebhook,
    /// What is to be said of it; of most webhooks that is nothing.
    remarks: Option<Box<Remarks>>,
}

/// What rewriting has to say of one webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Remarks {
    changes: Vec<Change>,
    unread: Vec<Unread>,
    leftover: Vec<Leftover>,
    flows_back: Option<FlowsBack>,
}

impl PortableWebhook {
    /// The number it has in the source.
    pub fn source_id(&self) -> Option<&WebhookId> {
        self.webhook.id()
    }

    /// Its name in the target.
    pub fn alias(&self) -> &SmolStr {
        self.webhook.alias()
    }

    /// Its type, where it has exactly one.
    pub fn type_id(&self) -> Option<TypeId> {
        self.webhook.type_id()
    }

    /// Why it cannot be sent, if it cannot.
    pub fn blocked(&self) -> Option<Blocked> {
        self.webhook.blocked()
    }

    /// What it is matched by; `None` without a type.
    pub fn key(&self) -> Option<Key> {
        self.webhook.key()
    }

    /// What it is compared by; `None` without a type.
    pub fn content(&self) -> Option<Content> {
        self.webhook.content()
    }

    /// What its fields are; `None` without a type.
    pub(super) fn fields_form(&self) -> Option<Form> {
        self.webhook.form
    }

    /// The object to send; it must not be sent while a value is [`unread`](Self::unread).
    pub fn bare(&self) -> &Webhook {
        self.webhook.bare()
    }

    /// Whether `integration_type` was filled in from the documented table.
    pub fn is_type_filled(&self) -> bool {
        self.webhook.is_type_filled()
    }

    /// What was changed, by rules and by retargeting, in the webhook's order.
    pub fn changes(&self) -> &[Change] {
        self.remarks().map_or(&[], |remarks| &remarks.changes)
    }

    /// The values that rules ask for and that could not be read: a stand-in is in their place.
    pub fn unread(&self) -> &[Unread] {
        self.remarks().map_or(&[], |remarks| &remarks.unread)
    }

    /// The secrets about which no rule says anything.
    pub fn leftover(&self) -> &[Leftover] {
        self.remarks().map_or(&[], |remarks| &remarks.leftover)
    }

    /// What makes the logs that it sends flow to another account than the target, if anything does.
    pub fn flows_back(&self) -> Option<&FlowsBack> {
        self.remarks()?.flows_back.as_ref()
    }

    fn remarks(&self) -> Option<&Remarks> {
        self.remarks.as_deref()
    }
}

/// Changes every webhook as the rules say; an error lists every rule that cannot be followed.
pub fn rewrite(stripped: Stripped, rewriting: &Rewriting) -> Result<Portable, Vec<Mistake>> {
    let mut mistakes = mistake::Mistakes::default();
    let webhooks = stripped
        .into_webhooks()
        .into_iter()
        .map(|webhook| rewrite_one(webhook, rewriting, &mut mistakes))
        .collect();
    let portable = Portable { webhooks };
    mistakes.collisions(&portable.webhooks);
    mistakes.none_or(portable)
}

fn rewrite_one(
    webhook: StrippedWebhook,
    rewriting: &Rewriting,
    mistakes: &mut mistake::Mistakes,
) -> PortableWebhook {
    let mut applying = Applying::new(webhook, rewriting);
    if applying.webhook.blocked.is_none() {
        applying.rules(mistakes);
        applying.retarget();
    }
    let mut done = applying.done();
    if done.webhook.blocked.is_none() {
        if done.webhook.bare.has_masked_secret() {
            done.webhook.blocked = Some(Blocked::MaskedSecret);
        } else if rewriting.unmatched == Unmatched::Refuse && !done.leftover().is_empty() {
            done.webhook.blocked = Some(Blocked::UnmatchedSecret);
        }
    }
    done
}
