//! What a record says of an account: whether it is the run's target, and what the target should show.

use super::super::step_row::StepRow;
use crate::coralogix::account::{Account, ApiKey};
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::pipeline::plan::{AlteredCopy, StepIx, StepState};
use crate::pipeline::push::{ItemStatus, Proof};
use crate::pipeline::strip::Key;
use crate::pipeline::verify_run::{RecordedItem, RecordedLocation};
use std::collections::HashSet;

use super::{ItemRecord, RunRecord};

impl RunRecord {
    /// The target's company id; `None` if the run never saw one.
    pub fn company(&self) -> Option<&str> {
        let seen_at_end = self
            .footer
            .as_ref()
            .and_then(|footer| footer.company.as_deref());
        let before = self.header.target.company_id.as_ref();
        before.map(WebhookId::as_str).or(seen_at_end)
    }

    /// Whether the given account is the run's target. If either company id is unknown, the API key decides.
    pub fn is_for_account(&self, host: &str, company: Option<&str>, key: &ApiKey) -> bool {
        self.canonical_host() == host
            && match (self.company(), company) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => self.digest_key(key).is_some(),
            }
    }

    /// The target's canonical host, which names it in locks and records.
    pub fn canonical_host(&self) -> String {
        Endpoint::parse(&self.header.target_url).map_or_else(
            |_| self.header.target.name.clone(),
            |endpoint| endpoint.canonical_host(),
        )
    }

    /// The key of this record's digests; `None` if `key` is not the run's API key.
    pub fn digest_key(&self, key: &ApiKey) -> Option<DigestKey> {
        DigestKey::for_record(key, &self.header.salt, &self.header.key_check)
    }

    /// The undocumented keys that do not count when the run's webhooks are compared: those that the run left out, those
    /// of the account's profile, and those that the user names now.
    pub fn state_keys(&self, account: &Account, named_now: &StateKeys) -> StateKeys {
        let recorded = named_now.with(&self.header.ignore_keys);
        recorded.with(account.ignore_keys())
    }

    /// The alias and type, and the digest of the content, that a step was to write; `None` if the step has none.
    pub fn desired(&self, step_ix: StepIx) -> Option<(Key, ContentDigest)> {
        let row = self.header.steps.get(step_ix.get())?;
        let key = Key {
            alias: row.alias.clone(),
            type_id: TypeId(row.type_id?),
        };
        Some((key, row.content?))
    }

    /// Each webhook of the plan with what a comparison with the target needs, in the plan's order.
    pub fn items(&self) -> Vec<RecordedItem> {
        let to_recorded = |(row, item): (&StepRow, &ItemRecord)| RecordedItem {
            desired: row.content,
            undocumented: row.details().undocumented.clone(),
            undocumented_at_end: item.written().and_then(|_| {
                let at_end = item.full_digest.as_ref();
                at_end.map(|at_end| at_end.undocumented.clone())
            }),
            location: location(row, item),
        };
        let rows = self.header.steps.iter().zip(&self.items);
        rows.map(to_recorded).collect()
    }

    /// The status of a step whose webhook a later reading found in the target.
    pub fn written_status(
        &self,
        step_ix: StepIx,
        id: WebhookId,
        proof: Proof,
        is_altered: bool,
    ) -> ItemStatus {
        let row = self.header.steps.get(step_ix.get());
        match row.map(|row| row.state) {
            Some(StepState::Update) => ItemStatus::Updated {
                id,
                proof,
                is_altered,
            },
            _ => ItemStatus::Created { id, proof },
        }
    }

    /// The ids that the target had before the run.
    pub fn baseline(&self) -> HashSet<&WebhookId> {
        self.header.baseline.iter().collect()
    }

    /// The webhooks that the target stores altered.
    pub fn altered(&self) -> Vec<AlteredCopy> {
        let mut altered = Vec::new();
        for (step_ix, row) in self.header.steps.iter().enumerate() {
            let Some(desired) = row.content else {
                continue;
            };
            let (item, details) = (&self.items[step_ix], row.details());
            let stored = match item.written() {
                Some(written) => {
                    let stored = item.stored;
                    stored.map(|stored| (written.id.clone(), item.birth, stored))
                }
                None if row.state == StepState::Unchanged => {
                    let found = details.target_id.clone().zip(details.target_content);
                    found.map(|(id, stored)| (id, details.target_created_at, stored))
                }
                None => None,
            };
            if let Some((id, birth, kept)) = stored.filter(|(_, _, kept)| *kept != desired) {
                altered.push(AlteredCopy {
                    id,
                    birth,
                    sent: desired,
                    kept,
                });
            }
        }
        altered
    }
}

fn location(row: &StepRow, item: &ItemRecord) -> RecordedLocation {
    if let Some(written) = item.written() {
        return RecordedLocation::Target {
            id: written.id.clone(),
            birth: item.birth,
            kept: item.stored,
            is_read_later: item.is_read_later,
            is_written: true,
        };
    }
    match row.state {
        StepState::Unchanged => match row.target_id() {
            Some(id) => RecordedLocation::Target {
                id: id.clone(),
                birth: row.details().target_created_at,
                kept: row.details().target_content,
                is_read_later: false,
                is_written: false,
            },
            None => RecordedLocation::Nowhere,
        },
        StepState::Create | StepState::Update if item.status.is_open() => RecordedLocation::Unknown,
        StepState::Create | StepState::Update => RecordedLocation::Nowhere,
        StepState::Conflict | StepState::Ambiguous | StepState::Blocked => {
            RecordedLocation::NotPlanned
        }
    }
}
