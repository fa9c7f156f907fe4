//! Detects `SendLog` webhooks whose logs would still reach the source's account, or no account at all.

use super::retarget::is_retired_logs_endpoint;
use super::rule::host_of;
use crate::coralogix::content::{entry_name, is_named_list};
use crate::coralogix::json::Json;
use crate::coralogix::kind::WebhookType;
use crate::coralogix::path::Path;
use crate::coralogix::region::Region;
use crate::coralogix::webhook::{TypeId, Webhook};
use std::borrow::Cow;

/// Why the logs of a webhook do not reach the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBackflow {
    /// It keeps the source's ingest key, `payload.privateKey`.
    pub keeps_key: bool,
    /// The host it sends to, if that is in another region than the target, or unchanged and the target's
    /// region is unknown.
    pub host: Option<String>,
    /// It sends to the endpoint `api.…/api/v1/logs`, which the vendor is switching off.
    pub uses_retired_endpoint: bool,
}

impl LogBackflow {
    /// The problems in words, as notes for the reader of a plan.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.keeps_key {
            notes.push("keeps the source's ingest key in payload.privateKey".to_owned());
        }
        if let Some(host) = &self.host {
            let region = Region::from_host(host).map_or("another", Region::code);
            notes.push(format!("sends its logs to region {region}: {host}"));
        }
        if self.uses_retired_endpoint {
            notes.push("sends to api.…/api/v1/logs, which the vendor is switching off".to_owned());
        }
        notes
    }
}

/// The ingest key of a webhook; `None` if it has none, or one that is not a string.
fn ingest_key(webhook: &Webhook) -> Option<String> {
    const PAYLOAD: &str = "payload";
    const KEY: &str = "privateKey";
    let text = webhook.fields_text().unwrap_or_default();
    if let Ok(Json::Array(entries)) = Json::parse(&text)
        && is_named_list(&entries)
        && webhook.raw_by_name(PAYLOAD).is_none()
    {
        // The documented list form, in which `payload.privateKey` is a member of this entry's value.
        let mut entries = entries.iter();
        let payload = entries.find(|entry| entry_name(entry) == Some(PAYLOAD))?;
        let key = payload.get("value")?.get(KEY)?;
        return key.as_str().map(str::to_owned);
    }
    let place = webhook.place(&Path::from_parts(&[PAYLOAD, KEY]))?;
    place.text().map(Cow::into_owned)
}

/// Compares a webhook before and after rewriting and reports what is wrong with the destination of its logs.
pub(super) fn log_backflow(
    type_id: Option<TypeId>,
    before: &Webhook,
    after: &Webhook,
    target: Option<Region>,
) -> Option<LogBackflow> {
    let kind = type_id.and_then(WebhookType::from_id)?;
    if kind.name != "sendlog" {
        return None;
    }
    let keeps_key = ingest_key(before)
        .is_some_and(|text| before.is_same_slice(after) || ingest_key(after) == Some(text));
    let url = after.url();
    let host = host_of(&url).unwrap_or_default();
    let is_other_region = match (Region::from_host(&host), target) {
        (Some(region), Some(target)) => region != target,
        (Some(_), None) => url == before.url(),
        (None, _) => false,
    };
    let behind = url.split_once(&host).map_or("", |(_, behind)| behind);
    let is_old_endpoint =
        Region::from_host(&host).is_some() && is_retired_logs_endpoint(&host, behind);
    (keeps_key || is_other_region || is_old_endpoint).then_some(LogBackflow {
        keeps_key,
        host: is_other_region.then_some(host),
        uses_retired_endpoint: is_old_endpoint,
    })
}
