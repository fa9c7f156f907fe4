//! Recovery of open sends: webhooks that an earlier run sent before it was killed or cut off, so that nobody
//! knows whether they were written.
//!
//! Before the next run plans anything, it waits until those requests can no longer change the target, and
//! then decides for each webhook whether it was written.

use super::ProgressSink;
use super::adopt::{Candidates, CreationTime, SentItem, adopt, find_copies};
use super::item_ix::ByItem;
use super::observation::{Observation, SeenWebhook};
use super::settling::{Reading, Settling};
use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::client::Reader;
use crate::coralogix::content::Content;
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::WebhookId;
use crate::error::Error;
use crate::pipeline::fetch::{Inventory, fetch};
use crate::pipeline::plan::StepIx;
use crate::pipeline::strip::Key;
use foldhash::{HashMap, HashSet};
use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::time::Instant;

/// The open sends of one earlier run.
#[derive(Debug)]
pub struct OpenSends {
    /// The open sends, in the order of that run's plan.
    pub sends: Vec<OpenSend>,
    /// What all steps of that run desire, sent or not, as far as it creates or updates something.
    pub desired: Vec<ContentDigest>,
    /// Webhooks that cannot come from an open send: they are in the baseline, or attributed to another send.
    pub known: KnownBirths,
    /// The target's clock before that run's first write, if known.
    pub started: Option<Timestamp>,
    /// When that run's requests could no longer take effect, by the target's clock, if known.
    pub settled_at: Option<Timestamp>,
}

/// Webhooks of the target by id, with their births as far as these are known. Under the same id, a later birth is a new
/// webhook.
#[derive(Debug, Default)]
pub struct KnownBirths {
    births: HashMap<WebhookId, Option<Birth>>,
    decimals: HashSet<SmolStr>,
}

impl FromIterator<(WebhookId, Option<Birth>)> for KnownBirths {
    /// Of several births of one id, the last one counts.
    fn from_iter<I: IntoIterator<Item = (WebhookId, Option<Birth>)>>(webhooks: I) -> Self {
        let births: HashMap<_, _> = webhooks.into_iter().collect();
        Self {
            decimals: births.keys().filter_map(WebhookId::decimal).collect(),
            births,
        }
    }
}

impl KnownBirths {
    /// Whether a row shows a webhook that is none of these.
    pub(super) fn is_new(&self, seen: &SeenWebhook) -> bool {
        // A webhook that an answer named as "007" may be the list's 7, so that one is nobody's for the taking.
        let is_respelled = || {
            let decimal = seen.id.decimal();
            decimal.is_some_and(|decimal| self.decimals.contains(&decimal))
        };
        match self.births.get(&seen.id) {
            None => !is_respelled(),
            Some(birth) => is_another_birth(*birth, seen.birth()),
        }
    }

    /// Whether a webhook has none of these ids, in the same spelling, or was created later than the one that has.
    pub fn is_unlisted(&self, id: &WebhookId, birth: Option<Birth>) -> bool {
        let known = self.births.get(id);
        known.is_none_or(|known| is_another_birth(*known, birth))
    }
}

/// A row with its content as a digest, to compare it with a record's.
pub(super) fn with_keyed_content(seen: &SeenWebhook, digest_key: &DigestKey) -> SeenWebhook {
    let keyed = |content| digest_key.digest_content(content).as_content();
    SeenWebhook {
        content: seen.content.map(keyed),
        ..seen.clone()
    }
}

/// One webhook that an earlier run sent, with unknown effect.
#[derive(Debug)]
pub struct OpenSend {
    /// Its step index in that run's plan.
    pub step_ix: StepIx,
    /// Its alias and type, which match it with a webhook of the target.
    pub key: Key,
    /// Keyed digest of the content that was sent.
    pub content: ContentDigest,
    /// The id of the webhook that it updates; `None` for a create.
    pub update_id: Option<WebhookId>,
    /// The birth of that webhook when the run began, if known.
    pub update_birth: Option<Birth>,
    /// Why nobody knows which webhook of the target it is, although an answer named one: it was written, so that it is
    /// never sent again. `None` if no answer named it.
    pub named: Option<String>,
}

/// What a reading of the target proves about one open send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// It was written.
    Written {
        /// The id in the target.
        id: WebhookId,
        /// When it was created, if the target shows that.
        birth: Option<Birth>,
        /// The content stored there now, if that can be compared.
        stored: Option<ContentDigest>,
    },
    /// It was not written.
    NotWritten,
    /// Whether it was written is unknown; holds the reason.
    Unresolved(String),
}

/// Decides what a reading of the target proves about each open send of an earlier run.
///
/// Returns each send's step index in that run's plan with the decision.
pub fn recover(
    open: &OpenSends,
    target: &Observation,
    digest_key: &DigestKey,
) -> Vec<(StepIx, Recovery)> {
    let keyed_digest = |content: Content| digest_key.digest_content(content);
    let seen = target.webhooks();
    let by_id: HashMap<&WebhookId, &SeenWebhook> =
        seen.iter().map(|seen| (&seen.id, seen)).collect();
    let (creates, updates): (Vec<&OpenSend>, Vec<&OpenSend>) =
        open.sends.iter().partition(|send| send.update_id.is_none());
    let stored_content = |id: &WebhookId| {
        let seen = by_id.get(id)?;
        seen.content.map(keyed_digest)
    };
    let has_update = |id: &WebhookId| {
        let mut updates = updates.iter();
        updates.any(|send| {
            send.update_id.as_ref() == Some(id) && stored_content(id) == Some(send.content)
        })
    };
    let new_in_target: Vec<SeenWebhook> = seen
        .iter()
        // What an update of ours wrote may have got another date with it.
        .filter(|seen| open.known.is_new(seen) && !has_update(&seen.id))
        .map(|seen| with_keyed_content(seen, digest_key))
        .collect();
    let desired = open.desired.iter();
    let desired = desired.map(|content| content.as_content().whole);
    let copies = find_copies(&new_in_target, desired);
    let creates: ByItem<&OpenSend> = creates.into_iter().collect();
    let sent = creates.iter().map(|(ix, send)| SentItem {
        ix,
        key: send.key.clone(),
        content: send.content.as_content(),
    });
    let creation_time = CreationTime {
        from: open.started,
        until: open.settled_at,
    };
    let candidates = Candidates {
        new_in_target,
        doubtful: Vec::new(),
        copies,
    };
    let adoption = adopt(sent.collect(), candidates, creation_time);
    let mut recoveries: HashMap<StepIx, Recovery> = HashMap::default();
    for (ix, seen) in adoption.adopted {
        let written = Recovery::Written {
            stored: stored_content(&seen.id),
            birth: seen.birth(),
            id: seen.id,
        };
        recoveries.insert(creates[ix].step_ix, written);
    }
    for (ix, why) in adoption.unresolved {
        recoveries
            .entry(creates[ix].step_ix)
            .or_insert(Recovery::Unresolved(why));
    }
    for send in updates {
        let Some(id) = &send.update_id else { continue };
        // Any other content counts as not written: the next plan compares the webhook anyway.
        if stored_content(id) == Some(send.content) {
            let birth = by_id.get(id).and_then(|seen| seen.birth());
            recoveries.insert(send.step_ix, recovered_update(send, id, birth));
        }
    }
    let recovery_of = |send: &OpenSend| {
        let recovery = recoveries.remove(&send.step_ix);
        let recovery = recovery.unwrap_or(Recovery::NotWritten);
        match (&send.named, recovery) {
            (Some(why), Recovery::NotWritten | Recovery::Unresolved(_)) => {
                (send.step_ix, Recovery::Unresolved(why.clone()))
            }
            (_, recovery) => (send.step_ix, recovery),
        }
    };
    open.sends.iter().map(recovery_of).collect()
}

/// What is known of an update whose webhook has the content that was sent.
fn recovered_update(send: &OpenSend, id: &WebhookId, birth: Option<Birth>) -> Recovery {
    if is_another_birth(send.update_birth, birth) {
        // No answer confirmed the update, so somebody else may have created the very same webhook under this id.
        return Recovery::Unresolved(format!(
            "webhook {id} has the content that was sent, but was created anew since the run began"
        ));
    }
    Recovery::Written {
        id: id.clone(),
        birth,
        stored: Some(send.content),
    }
}

/// How long `settle` observes the target.
pub struct SettleOptions<'s> {
    /// End of the settle window of the earlier run's requests: from then on they cannot take effect.
    pub until: Instant,
    /// How long the whole run may still wait.
    pub wait_budget: &'s WaitBudget,
    /// Receives a report of the wait.
    pub progress_sink: &'s dyn ProgressSink,
}

/// Observes a target until the settle window is over and two observations in a row agree. Returns the last.
///
/// # Errors
///
/// Fails if the target cannot be read, if it keeps changing, or if the wait budget is spent.
pub async fn settle(
    reader: &Reader,
    first: Inventory,
    options: SettleOptions<'_>,
) -> Result<Inventory, Error> {
    let time_left = || options.until.saturating_duration_since(Instant::now());
    let window = time_left();
    // Taken before a reading starts: what it shows is not younger.
    let mut left = window;
    let mut settling = Settling::default();
    let (mut inventory, mut is_reported) = (first, false);
    loop {
        let list = Observation::from_webhooks(&inventory.webhooks);
        let pause = match settling.judge(list.webhooks(), left, window) {
            Reading::Settled => return Ok(inventory),
            Reading::Restless => return Err(restless_error(reader)),
            Reading::TooEarly(pause) => pause,
        };
        // Only the inventory of the last reading is needed, and a large one takes much memory.
        drop((list, inventory));
        // Reported once: the single readings are of no interest.
        if !std::mem::replace(&mut is_reported, true) {
            let why = "checking what an earlier run wrote";
            options.progress_sink.report_wait(why, window.max(pause));
        }
        if !options.wait_budget.try_spend(pause) {
            return Err(budget_error(reader));
        }
        tokio::time::sleep(pause).await;
        left = time_left();
        inventory = fetch(reader).await?;
    }
}

fn budget_error(reader: &Reader) -> Error {
    Error::failed(format!(
        "the run waited for {} as long as --max-wait allows, and still does not know what an earlier run wrote",
        reader.account()
    ))
    .with_hint("nothing was written; run the same command again later, or with a longer --max-wait")
}

fn restless_error(reader: &Reader) -> Error {
    Error::failed(format!(
        "{} keeps changing, so it is unknown what an earlier run wrote",
        reader.account()
    ))
    .with_hint(
        "nothing was written; run the same command again when nobody else is changing the target",
    )
}

#[cfg(test)]
mod tests {
    use super::{KnownBirths, Observation, OpenSend, OpenSends, Recovery, recover};
    use crate::coralogix::account::ApiKey;
    use crate::coralogix::content::Content;
    use crate::coralogix::digest::DigestKey;
    use crate::coralogix::webhook::{TypeId, Webhook};
    use crate::pipeline::plan::StepIx;
    use crate::pipeline::strip::Key;

    const TYPE_ID: TypeId = TypeId(0);

    fn webhook(alias: &str, created_at: &str) -> Webhook {
        let text = format!(
            r#"{{"id":7,"alias":"{alias}","url":"https://a.example/","integration_type_id":0,"created_at":"{created_at}"}}"#
        );
        Webhook::parse(text).expect("an object")
    }

    /// What becomes of a webhook with the alias `sent` in a run from 10:00 to 11:00, if the target shows `stored`.
    fn recovery_of(sent: &str, stored: Webhook) -> Recovery {
        let key = ApiKey::new("key-canary").expect("a key");
        let digest_key = DigestKey::new(&key).expect("random numbers");
        let content = Content::from_webhook(&webhook(sent, ""), TYPE_ID);
        let open = OpenSends {
            sends: vec![OpenSend {
                step_ix: StepIx::default(),
                key: Key {
                    alias: sent.into(),
                    type_id: TYPE_ID,
                },
                content: digest_key.digest_content(content),
                update_id: None,
                update_birth: None,
                named: None,
            }],
            desired: Vec::new(),
            known: KnownBirths::default(),
            started: "2026-11-20T10:00:00Z".parse().ok(),
            settled_at: "2026-11-20T11:00:00Z".parse().ok(),
        };
        let target = Observation::from_webhooks(&[stored]);
        recover(&open, &target, &digest_key).remove(0).1
    }

    /// A server that prefixes aliases stored it, and dates it by another clock: creating it again would duplicate it.
    #[test]
    fn another_clock_does_not_prove_that_a_webhook_is_not_ours() {
        for created_at in ["2026-11-20T08:30:00Z", "2026-11-20T12:30:00Z"] {
            let recovery = recovery_of("oncall", webhook("eu oncall", created_at));
            assert!(
                matches!(&recovery, Recovery::Unresolved(why) if why.contains("outside this run")),
                "{created_at}: {recovery:?}"
            );
        }
    }

    #[test]
    fn a_webhook_from_the_time_of_the_run_is_ours_whatever_the_server_altered() {
        let recovery = recovery_of("oncall", webhook("eu oncall", "2026-11-20T10:30:00Z"));
        assert!(matches!(recovery, Recovery::Written { .. }), "{recovery:?}");
    }

    #[test]
    fn a_webhook_of_another_alias_and_body_does_not_count() {
        let other = r#"{"id":7,"alias":"theirs","url":"https://b.example/","integration_type_id":4,"created_at":"2026-11-20T12:30:00Z"}"#;
        let other = Webhook::parse(other).expect("an object");
        assert_eq!(recovery_of("oncall", other), Recovery::NotWritten);
    }
}
