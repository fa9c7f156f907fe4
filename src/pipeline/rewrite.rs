//! Third stage: changes the values that must differ in the target, by the user's rules, and nothing else.
//! Pure. Only webhooks that have passed this stage can be planned and sent.

mod address;
mod apply;
mod change;
mod claims;
mod ending_service;
pub mod file;
mod flow;
mod mistake;
mod retarget;
pub mod rule;
mod value_warning;
mod values;

pub use change::{Change, ChangeKind, UnmatchedSecret, UnreadValue};
pub use ending_service::{EndingService, ServiceEnd};
pub use flow::LogBackflow;
pub use mistake::Mistake;
pub use retarget::{Retarget, service_regions};
pub use value_warning::{ValueProblem, ValueWarning};
pub use values::{RuleValues, ValueReading};

use super::content_cache::ContentCache;
use super::strip::{Blocked, Key, Stripped, StrippedWebhook};
use crate::coralogix::content::{Content, FieldsShape};
use crate::coralogix::region::Region;
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use apply::RuleApplication;
use jiff::Timestamp;
use jiff::civil::Date;
use rule::{Rules, UnmatchedSecretPolicy};
use smol_str::SmolStr;
use std::sync::Arc;

/// Everything that determines how webhooks are changed on the way to the target.
#[derive(Debug)]
pub struct Rewriting {
    /// The user's rules.
    pub rules: Arc<Rules>,
    /// The values that the rules need.
    pub values: RuleValues,
    /// The policy for secrets that no rule covers.
    pub unmatched_policy: UnmatchedSecretPolicy,
    /// Whether to list secrets that no rule covers even if nothing else requires reading the webhooks' values.
    pub lists_unmatched_secrets: bool,
    /// The regions between which `retarget` moves vendor hosts; `None` without `retarget`.
    pub retarget: Option<Retarget>,
    /// The target's region; `None` if unknown.
    pub target_region: Option<Region>,
    /// The source account and the target's host, from which new uuids are derived together with the old ones.
    pub uuid_namespace: (String, String),
    /// The undocumented members that do not count when the desired webhooks are compared.
    pub state_keys: StateKeys,
    /// The day on which the plan is made: services that webhooks deliver to end.
    pub today: Date,
}

impl Rewriting {
    /// Changes nothing, and takes no service for ended.
    pub fn identity() -> Self {
        Self {
            rules: Arc::new(Rules::default()),
            values: RuleValues::default(),
            unmatched_policy: UnmatchedSecretPolicy::Keep,
            lists_unmatched_secrets: false,
            retarget: None,
            target_region: None,
            uuid_namespace: (String::new(), String::new()),
            state_keys: StateKeys::default(),
            today: Date::MIN,
        }
    }
}

/// The desired webhooks of the target, in the order of the source; only [`rewrite`] constructs this type.
#[derive(Debug)]
pub struct Portable {
    webhooks: Vec<PortableWebhook>,
    state_keys: StateKeys,
    today: Date,
}

impl Portable {
    /// The desired webhooks, in the order of the source.
    pub fn webhooks(&self) -> &[PortableWebhook] {
        &self.webhooks
    }

    /// The undocumented members that do not count when the webhooks are compared.
    pub fn state_keys(&self) -> &StateKeys {
        &self.state_keys
    }

    /// The day on which the plan is made.
    pub fn today(&self) -> Date {
        self.today
    }

    /// A cache of the webhooks' contents: most of what the target holds or receives equals one of them.
    pub fn content_cache(&self) -> ContentCache<'_> {
        ContentCache::new(&self.webhooks, self.state_keys.clone())
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
    report: Option<Box<RewriteReport>>,
}

/// The report of the rewrite stage about one webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct RewriteReport {
    changes: Vec<Change>,
    unread_values: Vec<UnreadValue>,
    unmatched_secrets: Vec<UnmatchedSecret>,
    value_warnings: Vec<ValueWarning>,
    log_backflow: Option<LogBackflow>,
    moved_to_other_endpoint: bool,
    hosts_left: Vec<String>,
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

    /// When it was last changed in the source; `None` if the source does not show it.
    pub fn updated_at(&self) -> Option<Timestamp> {
        self.webhook.original().updated_at()
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
    pub(super) fn fields_shape(&self) -> Option<FieldsShape> {
        self.webhook.fields_shape
    }

    /// The object to send. It must not be sent while [`unread_values`](Self::unread_values) lists any value.
    pub fn bare(&self) -> &Webhook {
        self.webhook.bare()
    }

    /// Whether hookferry filled in `integration_type` from Coralogix's documentation.
    pub fn is_type_filled(&self) -> bool {
        self.webhook.is_type_filled()
    }

    /// The changes by rules and by `retarget`, in the order of the webhook's values.
    pub fn changes(&self) -> &[Change] {
        self.report().map_or(&[], |report| &report.changes)
    }

    /// The values that rules need but hookferry could not read. The object contains placeholders for them.
    pub fn unread_values(&self) -> &[UnreadValue] {
        self.report().map_or(&[], |report| &report.unread_values)
    }

    /// The secrets that no rule covers.
    pub fn unmatched_secrets(&self) -> &[UnmatchedSecret] {
        self.report()
            .map_or(&[], |report| &report.unmatched_secrets)
    }

    /// Values that are probably wrong.
    pub fn value_warnings(&self) -> &[ValueWarning] {
        self.report().map_or(&[], |report| &report.value_warnings)
    }

    /// What is wrong with the destination of the logs that it sends; `None` if nothing is.
    pub fn log_backflow(&self) -> Option<&LogBackflow> {
        self.report()?.log_backflow.as_ref()
    }

    /// The service that it delivers to, if that ends, or has ended; computed anew, because to keep it for a tenth of all
    /// webhooks takes more than it costs.
    pub fn service_end(&self, today: Date) -> Option<ServiceEnd> {
        ServiceEnd::of_url(&self.bare().url(), today)
    }

    /// Whether `retarget` moved it from a former endpoint for logs to its successor, which wants another header and body.
    pub fn moved_to_other_endpoint(&self) -> bool {
        self.report()
            .is_some_and(|report| report.moved_to_other_endpoint)
    }

    /// The hosts of the source's region that `retarget` left, the first 20 of them.
    pub fn hosts_left(&self) -> &[String] {
        self.report().map_or(&[], |report| &report.hosts_left)
    }

    fn report(&self) -> Option<&RewriteReport> {
        self.report.as_deref()
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
    let portable = Portable {
        webhooks,
        state_keys: rewriting.state_keys.clone(),
        today: rewriting.today,
    };
    mistakes.add_alias_collisions(&portable.webhooks);
    mistakes.into_result(portable)
}

fn rewrite_one(
    webhook: StrippedWebhook,
    rewriting: &Rewriting,
    mistakes: &mut mistake::Mistakes,
) -> PortableWebhook {
    let mut application = RuleApplication::new(webhook, rewriting);
    if application.webhook.blocked.is_none() {
        application.apply_rules(mistakes);
        application.apply_retarget();
    }
    let mut rewritten = application.finish();
    if rewritten.webhook.blocked.is_none() {
        if rewritten.webhook.bare.has_masked_secret() {
            rewritten.webhook.blocked = Some(Blocked::MaskedSecret);
        } else if rewriting.unmatched_policy == UnmatchedSecretPolicy::Refuse
            && !rewritten.unmatched_secrets().is_empty()
        {
            rewritten.webhook.blocked = Some(Blocked::UnmatchedSecret);
        }
    }
    rewritten
}
