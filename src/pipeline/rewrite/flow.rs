//! Detects webhooks whose logs would still reach the source's account: by the key that they send, or by the region of the
//! host that they send to. Any type can send logs, with the key in a header, in the payload, or in a text within it.

use super::address::{next_address, receives_logs};
use crate::coralogix::json::Json;
use crate::coralogix::kind::WebhookType;
use crate::coralogix::path::Path;
use crate::coralogix::region::Region;
use crate::coralogix::webhook::{TypeId, Webhook};
use std::borrow::Cow;

/// Keys under which an ingest key stands: in the vendor's payload, and in headers.
const KEY_NAMES: [&str; 3] = ["privateKey", "private_key", "Authorization"];
/// The start of the vendor's keys for sending data.
const KEY_PREFIX: &str = "cxtp_";

/// Why the logs of a webhook do not reach the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBackflow {
    /// Where it keeps an ingest key of the source, such as `payload.privateKey`.
    pub kept_keys: Vec<String>,
    /// The host it sends to, if that is in another region than the target, or unchanged and the target's
    /// region is unknown.
    pub host: Option<String>,
}

impl LogBackflow {
    /// The problems in words, as notes for the reader of a plan.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.kept_keys.is_empty() {
            let paths = self.kept_keys.join(", ");
            notes.push(format!("keeps the source's ingest key in {paths}"));
        }
        if let Some(host) = &self.host {
            let region = Region::from_host(host).map_or("another", Region::code);
            notes.push(format!("sends its logs to region {region}: {host}"));
        }
        notes
    }
}

/// A key in a webhook, and its path.
#[derive(PartialEq, Eq)]
struct IngestKey {
    path: String,
    text: String,
}

/// The ingest keys of a webhook.
fn ingest_keys(webhook: &Webhook) -> Vec<IngestKey> {
    let mut keys = Vec::new();
    webhook.visit_texts(&mut |path, text| {
        keys.extend(key_in(path, text).map(|key| IngestKey {
            path: path.to_string(),
            text: key.into_owned(),
        }));
    });
    keys
}

/// The key that a text is, under a name for one, or that it holds: it may be JSON of its own.
fn key_in<'t>(path: &Path, text: &'t str) -> Option<Cow<'t, str>> {
    let name = path.parts().last();
    let is_name = |name: &String| KEY_NAMES.iter().any(|key| key.eq_ignore_ascii_case(name));
    if !text.is_empty() && name.is_some_and(is_name) {
        return Some(Cow::Borrowed(text));
    }
    private_key_in(text).or_else(|| vendor_key_in(text).map(Cow::Borrowed))
}

/// The value of `privateKey` in a text that is JSON.
fn private_key_in(text: &str) -> Option<Cow<'_, str>> {
    // Most texts are no JSON; only those that have the name are worth a parser.
    if !text.contains("privateKey") {
        return None;
    }
    let json = Json::parse(text).ok()?;
    let key = json.get("privateKey")?.as_str()?;
    Some(Cow::Owned(key.to_owned()))
}

/// The first of the vendor's keys for sending data in a text.
fn vendor_key_in(text: &str) -> Option<&str> {
    let key = &text[text.find(KEY_PREFIX)?..];
    let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    Some(&key[..key.find(is_end).unwrap_or(key.len())])
}

/// Compares a webhook before and after rewriting and reports what is wrong with the destination of its logs; `None` if
/// it sends none, or sends them to the target.
pub(super) fn log_backflow(
    type_id: Option<TypeId>,
    before: &Webhook,
    after: &Webhook,
    target: Option<Region>,
) -> Option<LogBackflow> {
    let url = after.url();
    let (host, behind) =
        next_address(&url).map_or(("", ""), |address| (address.host, address.behind));
    let kind = type_id.and_then(WebhookType::from_id);
    let is_sendlog = kind.is_some_and(|kind| kind.name == "sendlog");
    if !is_sendlog && !receives_logs(host, behind) {
        return None;
    }
    let keys = ingest_keys(before);
    let kept_keys: Vec<String> = if keys.is_empty() || before.is_same_slice(after) {
        keys.into_iter().map(|key| key.path).collect()
    } else {
        let after = ingest_keys(after);
        let kept = keys.into_iter().filter(|key| after.contains(key));
        kept.map(|key| key.path).collect()
    };
    let is_other_region = match (Region::from_host(host), target) {
        (Some(region), Some(target)) => region != target,
        (Some(_), None) => url == before.url(),
        (None, _) => false,
    };
    (!kept_keys.is_empty() || is_other_region).then(|| LogBackflow {
        kept_keys,
        host: is_other_region.then(|| host.to_ascii_lowercase()),
    })
}
