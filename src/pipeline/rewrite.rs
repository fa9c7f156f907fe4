//! Third stage: changes the values that must differ in the target, by the user's rules, and nothing else.
//! Pure. Only webhooks that have passed this stage can be planned and sent.

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

/// Everything that determines how webhooks are changed on the way to the target.
#[derive(Debug)]
pub struct Rewriting {
    /// The user's rules.
    pub rules: Arc<Rules>,
    /// The values that the rules need.
    pub values: Values,
    /// The policy for secrets that no rule covers.
    pub unmatched: Unmatched,
    /// Whether to list secrets that no rule covers even if nothing else requires a look into the webhooks.
    pub lists_leftover: bool,
    /// The regions from and to which vendor hosts are moved; `None` without `retarget`.
    pub retarget: Option<Retarget>,
    /// The target's region; `None` if unknown.
    pub target_region: Option<Region>,
    /// The source account and the target's host, from which new uuids are derived together with the old ones.
    pub uuid_names: (String, String),
}

impl Rewriting {
    /// Changes nothing.
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

/// The desired webhooks of the target, in the order of the source; only [`rewrite`] constructs this type.
#[derive(Debug)]
pub struct Portable {
    webhooks: Vec<PortableWebhook>,
}

impl Portable {
    /// The desired webhooks, in the order of the source.
    pub fn webhooks(&self) -> &[PortableWebhook] {
        &self.webhooks
    }

    /// A cache of the webhooks' contents: most of what the target holds or receives equals one of them.
    pub fn content_cache(&self) -> ContentCache<'_> {
        let webhooks = self.webhooks.iter();
        webhooks.map(|webhook| webhook.webhook.cached()).collect()
    }

    /// Consumes `self` and returns the desired webhooks, in the order of the source.
    pub fn into_webhooks(self) -> Vec<PortableWebhook> {
        self.webhooks
    }
}

/// One desired webhook of the target.
#[derive(Debug, Clone)]
pub struct PortableWebhook {
    pub(super) webhook: StrippedWebhook,
    /// `None` for most webhooks, of which there is nothing to report.
    remarks: Option<Box<Remarks>>,
}

/// The report of the rewrite stage about one webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Remarks {
    changes: Vec<Change>,
    unread: Vec<Unread>,
    leftover: Vec<Leftover>,
    flows_back: Option<FlowsBack>,
}

impl PortableWebhook {
    /// Its id in the source; `None` in files that lack ids.
    pub fn source_id(&self) -> Option<&WebhookId> {
        self.webhook.id()
    }

    /// Its alias in the target, after renaming.
    pub fn alias(&self) -> &SmolStr {
        self.webhook.alias()
    }

    /// Its type; `None` if it states none, or several that disagree.
    pub fn type_id(&self) -> Option<TypeId> {
        self.webhook.type_id()
    }

    /// Why it cannot be sent; `None` if it can.
    pub fn blocked(&self) -> Option<Blocked> {
        self.webhook.blocked()
    }

    /// Its matching key; `None` without a type.
    pub fn key(&self) -> Option<Key> {
        self.webhook.key()
    }

    /// The fingerprints by which its content is compared; `None` without a type.
    pub fn content(&self) -> Option<Content> {
        self.webhook.content()
    }

    /// The shape of its `integration_type_fields`; `None` without a type.
    pub(super) fn fields_form(&self) -> Option<Form> {
        self.webhook.form
    }

    /// The object to send. It must not be sent while a value is [`unread`](Self::unread).
    pub fn bare(&self) -> &Webhook {
        self.webhook.bare()
    }

    /// Whether hookferry filled in `integration_type` from Coralogix's documentation.
    pub fn is_type_filled(&self) -> bool {
        self.webhook.is_type_filled()
    }

    /// The changes by rules and by `retarget`, in the order of the webhook's values.
    pub fn changes(&self) -> &[Change] {
        self.remarks().map_or(&[], |remarks| &remarks.changes)
    }

    /// The values that rules need but hookferry could not read. The object contains placeholders for them.
    pub fn unread(&self) -> &[Unread] {
        self.remarks().map_or(&[], |remarks| &remarks.unread)
    }

    /// The secrets that no rule covers.
    pub fn leftover(&self) -> &[Leftover] {
        self.remarks().map_or(&[], |remarks| &remarks.leftover)
    }

    /// What is wrong with the destination of the logs that it sends; `None` if nothing is.
    pub fn flows_back(&self) -> Option<&FlowsBack> {
        self.remarks()?.flows_back.as_ref()
    }

    fn remarks(&self) -> Option<&Remarks> {
        self.remarks.as_deref()
    }
}

/// Applies the rules to every webhook; on error, returns a mistake for every rule that cannot be applied.
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
