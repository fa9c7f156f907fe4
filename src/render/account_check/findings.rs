//! The findings of one reading of an account, by subject.
//! Pure. Each finding states what proves it, or is marked unknown if nothing does.

use super::{CheckView, Seen};
use crate::coralogix::failure::{MAY_READ, MAY_WRITE, PRESET};
use crate::foreign;
use crate::http::failure::{Failure, Unreached};
use crate::render::style::Meaning;
use crate::wording::{counted, seconds};
use std::time::Duration;

/// The largest clock skew in seconds without a warning. Beyond it, times in records and responses are hard to
/// compare.
const MOST_SKEW: u64 = 60;

/// The result for one subject of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    Warning,
    Failed,
    Unknown,
}

impl Standing {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn meaning(self) -> Meaning {
        match self {
            Self::Good => Meaning::Success,
            Self::Warning => Meaning::Warning,
            Self::Failed => Meaning::Error,
            Self::Unknown => Meaning::Faint,
        }
    }
}

/// One line of the report.
pub(super) struct Finding {
    pub(super) subject: &'static str,
    pub(super) standing: Standing,
    pub(super) text: String,
}

impl Finding {
    fn new(subject: &'static str, standing: Standing, text: impl Into<String>) -> Self {
        Self {
            subject,
            standing,
            text: text.into(),
        }
    }
}

/// All findings, in the order of the report.
pub(super) fn findings(view: &CheckView<'_>) -> Vec<Finding> {
    let mut findings = vec![key(view)];
    match view.seen {
        None => {
            let why = "not checked: there is no key";
            let subjects = ["reach", "tls", "company", "webhooks", "read"];
            let unknown = subjects.map(|subject| Finding::new(subject, Standing::Unknown, why));
            findings.extend(unknown);
        }
        Some(seen) => {
            findings.extend([
                reach(seen),
                tls(view, seen),
                company(view, seen),
                webhooks(seen),
                read(seen),
            ]);
        }
    }
    findings.push(Finding::new(
        "write",
        Standing::Unknown,
        format!("not checked: no documented call can test this without writing; writing needs {MAY_WRITE} (preset {PRESET})"),
    ));
    findings.extend(view.seen.map(clock));
    findings
}

fn key(view: &CheckView<'_>) -> Finding {
    match view.account {
        Err(error) => Finding::new("key", Standing::Failed, error.to_string()),
        Ok(account) if view.winners.is_empty() => {
            Finding::new("key", Standing::Good, account.key_from.clone())
        }
        Ok(account) => {
            let winners = view.winners.join(", ");
            let text = format!(
                "{}; in a run, {winners} would take precedence because it is set",
                account.key_from
            );
            Finding::new("key", Standing::Warning, text)
        }
    }
}

fn reach(seen: &Seen) -> Finding {
    let took = match seen.took {
        short if short < Duration::from_secs(1) => format!("{} ms", short.as_millis()),
        long => seconds(long),
    };
    match &seen.outcome {
        Ok(_) => Finding::new("reach", Standing::Good, format!("responded in {took}")),
        Err(Failure::Refused(refusal)) => {
            let text = format!("responded with {} in {took}", refusal.status);
            Finding::new("reach", Standing::Good, text)
        }
        Err(Failure::Unusable(what)) => {
            let text = format!("something other than the webhooks API responded in {took}: {what}");
            Finding::new("reach", Standing::Failed, text)
        }
        Err(Failure::NotSent(Unreached::Host(cause) | Unreached::Certificate(cause))) => {
            Finding::new("reach", Standing::Failed, format!("no connection: {cause}"))
        }
        Err(Failure::Lost { why, .. }) => {
            Finding::new("reach", Standing::Failed, format!("no response: {why}"))
        }
    }
}

fn tls(view: &CheckView<'_>, seen: &Seen) -> Finding {
    if view.endpoint.base().scheme() == "http" {
        let text = "plain http: not encrypted, but nothing leaves this machine";
        return Finding::new("tls", Standing::Good, text);
    }
    match &seen.outcome {
        Err(Failure::NotSent(Unreached::Certificate(cause))) => {
            let text = format!("the certificate is not trusted: {cause}");
            Finding::new("tls", Standing::Failed, text)
        }
        Err(Failure::NotSent(Unreached::Host(_))) => {
            Finding::new("tls", Standing::Unknown, "there was no connection")
        }
        _ => {
            let more = view
                .ca_file
                .map(|file| format!(" or {}", foreign::shown(file)));
            let text = format!(
                "the certificate was verified against the system's CA certificates{}",
                more.unwrap_or_default()
            );
            Finding::new("tls", Standing::Good, text)
        }
    }
}

fn company(view: &CheckView<'_>, seen: &Seen) -> Finding {
    let Ok(inventory) = &seen.outcome else {
        return Finding::new("company", Standing::Unknown, "the list could not be read");
    };
    let expected = view
        .profile
        .and_then(|profile| profile.company_id.as_deref());
    let found: Vec<String> = inventory
        .company_ids()
        .iter()
        .map(|company| foreign::shortened(company, 40))
        .collect();
    let (standing, text) = match (found.as_slice(), expected) {
        ([], _) => (
            Standing::Unknown,
            "an empty account does not show its company id".to_owned(),
        ),
        ([one], Some(expected)) if one == expected => {
            (Standing::Good, format!("{one}, as the profile expects"))
        }
        (found, Some(expected)) => (
            Standing::Failed,
            format!(
                "{}, but the profile expects {}",
                found.join(" and "),
                foreign::shortened(expected, 40)
            ),
        ),
        ([one], None) => (
            Standing::Good,
            format!("{one}; no profile states the expected company id"),
        ),
        (found, None) => (Standing::Warning, format!("several: {}", found.join(", "))),
    };
    Finding::new("company", standing, text)
}

fn webhooks(seen: &Seen) -> Finding {
    match &seen.outcome {
        Ok(inventory) => {
            let count = counted(inventory.webhooks.len(), "webhook");
            Finding::new("webhooks", Standing::Good, count)
        }
        Err(_) => Finding::new("webhooks", Standing::Unknown, "the list could not be read"),
    }
}

fn read(seen: &Seen) -> Finding {
    match &seen.outcome {
        Ok(_) => {
            let text = format!("the key can read: the list was just read with it ({MAY_READ})");
            Finding::new("read", Standing::Good, text)
        }
        Err(Failure::Refused(refusal)) if matches!(refusal.status, 401 | 403) => {
            let words = match refusal.message.as_str() {
                "" => String::new(),
                words => format!(": {words}"),
            };
            let text = format!("the key was refused ({}){words}", refusal.status);
            Finding::new("read", Standing::Failed, text)
        }
        Err(Failure::Refused(refusal)) => {
            let text = format!("the call failed ({})", refusal.status);
            Finding::new("read", Standing::Failed, text)
        }
        Err(_) => Finding::new("read", Standing::Unknown, "the list could not be read"),
    }
}

fn clock(seen: &Seen) -> Finding {
    match skew(seen) {
        None => Finding::new(
            "clock",
            Standing::Unknown,
            "no list with a date was received",
        ),
        Some((_, by)) if by <= MOST_SKEW => {
            let text = format!("both clocks agree within {MOST_SKEW} s");
            Finding::new("clock", Standing::Good, text)
        }
        Some((is_ahead, by)) => {
            let by = seconds(Duration::from_secs(by));
            let way = if is_ahead { "ahead of" } else { "behind" };
            let text =
                format!("the server's clock is {by} {way} this machine's; correct the wrong one");
            Finding::new("clock", Standing::Warning, text)
        }
    }
}

/// Whether the server's clock is ahead of ours, and the difference in seconds.
pub(super) fn skew(seen: &Seen) -> Option<(bool, u64)> {
    let theirs = seen.outcome.as_ref().ok()?.server_time?;
    Some(match theirs.duration_since(seen.now) {
        Ok(ahead) => (true, ahead.as_secs()),
        Err(behind) => (false, behind.duration().as_secs()),
    })
}

/// What reading the account once cannot show.
pub(super) fn not_known(view: &CheckView<'_>) -> Vec<String> {
    let mut unknown = vec![
        "whether the key can write".to_owned(),
        "whether the webhooks deliver".to_owned(),
    ];
    if view
        .profile
        .is_none_or(|profile| profile.company_id.is_none())
    {
        unknown.push(
            "whether this is the account you mean: set company_id in a profile to check it"
                .to_owned(),
        );
    }
    unknown
}
