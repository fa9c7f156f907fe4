//! The findings of one reading of an account, by subject.
//! Pure. Each finding states what proves it, or is marked unknown if nothing does.

use super::{AccountCheckView, AccountReading};
use crate::coralogix::failure::{PERMISSION_PRESET, READ_PERMISSION, WRITE_PERMISSION};
use crate::document::statements;
use crate::http::failure::{ConnectFailure, Failure, ListProblem};
use crate::pipeline::cross_check::CrossCheck;
use crate::render::style::Meaning;
use crate::untrusted;
use crate::wording::{counted, duration_text};
use serde::{Serialize, Serializer};
use std::time::Duration;

/// The largest clock skew in seconds without a warning. Beyond it, times in records and responses are hard to
/// compare.
const MAX_SKEW_SECONDS: u64 = 60;

/// The result for one subject of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckResult {
    Good,
    Warning,
    Failed,
    Unknown,
}

impl CheckResult {
    pub(super) fn code(self) -> &'static str {
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

impl Serialize for CheckResult {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

/// One line of the report.
#[derive(Serialize)]
pub(super) struct CheckFinding {
    pub(super) subject: &'static str,
    pub(super) result: CheckResult,
    pub(super) text: String,
}

impl CheckFinding {
    fn new(subject: &'static str, result: CheckResult, text: impl Into<String>) -> Self {
        Self {
            subject,
            result,
            text: text.into(),
        }
    }
}

/// All findings, in the order of the report.
pub(super) fn findings(view: &AccountCheckView<'_>) -> Vec<CheckFinding> {
    let mut findings = vec![key_finding(view)];
    match view.reading {
        None => {
            let why = "not checked: there is no key";
            let subjects = ["reach", "tls", "company", "webhooks", "complete", "read"];
            let unknown =
                subjects.map(|subject| CheckFinding::new(subject, CheckResult::Unknown, why));
            findings.extend(unknown);
        }
        Some(seen) => {
            findings.extend([
                reach_finding(seen),
                tls_finding(view, seen),
                company_finding(view, seen),
                webhooks_finding(seen),
                complete_finding(seen),
                read_finding(seen),
            ]);
        }
    }
    findings.push(CheckFinding::new(
        "write",
        CheckResult::Unknown,
        format!("not checked: no documented call can test this without writing; writing needs {WRITE_PERMISSION} (preset {PERMISSION_PRESET})"),
    ));
    findings.extend(view.reading.map(clock_finding));
    findings
}

fn key_finding(view: &AccountCheckView<'_>) -> CheckFinding {
    let account = match view.account {
        Err(error) => return CheckFinding::new("key", CheckResult::Failed, error.to_string()),
        Ok(account) => account,
    };
    let origin = &account.key_origin;
    match (&account.key_stands_in_because, view.unused_variables) {
        (Some(why), _) => CheckFinding::new(
            "key",
            CheckResult::Warning,
            format!("{origin}, because {why}"),
        ),
        (None, Some(unused)) => {
            CheckFinding::new("key", CheckResult::Good, format!("{origin}; {unused}"))
        }
        (None, None) => CheckFinding::new("key", CheckResult::Good, origin.clone()),
    }
}

fn reach_finding(seen: &AccountReading) -> CheckFinding {
    let duration = match seen.duration {
        short if short < Duration::from_secs(1) => format!("{} ms", short.as_millis()),
        long => duration_text(long),
    };
    match &seen.outcome {
        Ok(_) | Err(Failure::BadList(_)) => CheckFinding::new(
            "reach",
            CheckResult::Good,
            format!("responded in {duration}"),
        ),
        Err(Failure::Refused(refusal)) => {
            let text = format!("answered {} in {duration}", refusal.status);
            CheckFinding::new("reach", CheckResult::Good, text)
        }
        Err(Failure::Unusable(unusable)) => {
            let text = format!(
                "responded in {duration} with something other than a list of webhooks: {}",
                unusable.what
            );
            CheckFinding::new("reach", CheckResult::Failed, text)
        }
        Err(Failure::NotSent(ConnectFailure::Host(cause))) => no_connection(cause),
        Err(Failure::NotSent(ConnectFailure::Proxy(proxy, cause))) => {
            no_connection(&format!("{proxy}: {cause}"))
        }
        Err(Failure::NotSent(ConnectFailure::Certificate(flaw))) => {
            no_connection(&flaw.to_string())
        }
        Err(Failure::NotSent(ConnectFailure::NoUrl(why))) => {
            CheckFinding::new("reach", CheckResult::Failed, format!("not sent: {why}"))
        }
        Err(Failure::Lost { why, .. }) => {
            CheckFinding::new("reach", CheckResult::Failed, format!("no response: {why}"))
        }
    }
}

fn no_connection(cause: &str) -> CheckFinding {
    CheckFinding::new(
        "reach",
        CheckResult::Failed,
        format!("no connection: {cause}"),
    )
}

fn tls_finding(view: &AccountCheckView<'_>, seen: &AccountReading) -> CheckFinding {
    if view.endpoint.base().scheme() == "http" {
        let text = "plain http: not encrypted, but nothing leaves this machine";
        return CheckFinding::new("tls", CheckResult::Good, text);
    }
    match &seen.outcome {
        Err(Failure::NotSent(ConnectFailure::Certificate(cause))) => {
            let text = format!("the certificate is not trusted: {cause}");
            CheckFinding::new("tls", CheckResult::Failed, text)
        }
        Err(Failure::NotSent(ConnectFailure::Host(_) | ConnectFailure::Proxy(..))) => {
            CheckFinding::new("tls", CheckResult::Unknown, "there was no connection")
        }
        _ => {
            let more = view
                .ca_file
                .map(|file| format!(" or {}", untrusted::escape(file)));
            let text = format!(
                "the certificate was verified against the system's CA certificates{}",
                more.unwrap_or_default()
            );
            CheckFinding::new("tls", CheckResult::Good, text)
        }
    }
}

fn company_finding(view: &AccountCheckView<'_>, seen: &AccountReading) -> CheckFinding {
    if let Err(Failure::BadList(ListProblem::Companies(two))) = &seen.outcome {
        let text = format!("several: {}", two.join(", "));
        return CheckFinding::new("company", CheckResult::Failed, text);
    }
    let Ok(inventory) = &seen.outcome else {
        return CheckFinding::new(
            "company",
            CheckResult::Unknown,
            "the list could not be read",
        );
    };
    let expected = view
        .profile
        .and_then(|profile| profile.company_id.as_deref());
    let found: Vec<String> = inventory
        .company_ids()
        .iter()
        .map(|company| untrusted::escape_truncated(company, 40))
        .collect();
    let (result, text) = match (found.as_slice(), expected) {
        ([], _) => (
            CheckResult::Unknown,
            "an empty account does not show its company id".to_owned(),
        ),
        ([one], Some(expected)) if one == expected => {
            (CheckResult::Good, format!("{one}, as the profile expects"))
        }
        (found, Some(expected)) => (
            CheckResult::Failed,
            format!(
                "{}, but the profile expects {}",
                found.join(" and "),
                untrusted::escape_truncated(expected, 40)
            ),
        ),
        ([one], None) => (
            CheckResult::Good,
            format!("{one}; no profile states the expected company id"),
        ),
        (found, None) => (
            CheckResult::Warning,
            format!("several: {}", found.join(", ")),
        ),
    };
    CheckFinding::new("company", result, text)
}

fn webhooks_finding(seen: &AccountReading) -> CheckFinding {
    match &seen.outcome {
        Ok(inventory) => {
            let count = counted(inventory.webhooks.len(), "webhook");
            CheckFinding::new("webhooks", CheckResult::Good, count)
        }
        Err(Failure::BadList(problem)) => CheckFinding::new(
            "webhooks",
            CheckResult::Failed,
            format!("the account {problem}"),
        ),
        Err(_) => CheckFinding::new(
            "webhooks",
            CheckResult::Unknown,
            "the list could not be read",
        ),
    }
}

/// What the newer API says about the list.
fn complete_finding(seen: &AccountReading) -> CheckFinding {
    let Some(check) = &seen.cross_check else {
        return CheckFinding::new(
            "complete",
            CheckResult::Unknown,
            "the list could not be read",
        );
    };
    let statements = statements("account", check);
    let result = match check {
        CrossCheck::NotChecked(_) => CheckResult::Unknown,
        CrossCheck::Checked(_) if statements.iter().any(|statement| statement.warning) => {
            CheckResult::Warning
        }
        CrossCheck::Checked(_) => CheckResult::Good,
    };
    let texts: Vec<String> = statements
        .into_iter()
        .map(|statement| statement.text)
        .collect();
    CheckFinding::new("complete", result, texts.join("; "))
}

fn read_finding(seen: &AccountReading) -> CheckFinding {
    match &seen.outcome {
        Ok(_) | Err(Failure::BadList(_)) => {
            let text =
                format!("the key can read: the list was just read with it ({READ_PERMISSION})");
            CheckFinding::new("read", CheckResult::Good, text)
        }
        Err(Failure::Refused(refusal)) if matches!(refusal.status, 401 | 403) => {
            let words = match refusal.message.as_str() {
                "" => String::new(),
                words => format!(": {words}"),
            };
            let text = format!("the key was refused ({}){words}", refusal.status);
            CheckFinding::new("read", CheckResult::Failed, text)
        }
        Err(Failure::Refused(refusal)) => {
            let wait = refusal
                .asked_wait()
                .map(|wait| format!("; it asks to wait {wait}"));
            let text = format!(
                "the call failed ({}){}",
                refusal.status,
                wait.unwrap_or_default()
            );
            CheckFinding::new("read", CheckResult::Failed, text)
        }
        Err(_) => CheckFinding::new("read", CheckResult::Unknown, "the list could not be read"),
    }
}

fn clock_finding(seen: &AccountReading) -> CheckFinding {
    match clock_skew(seen) {
        None => CheckFinding::new(
            "clock",
            CheckResult::Unknown,
            "no list with a date was received",
        ),
        Some((_, by)) if by <= MAX_SKEW_SECONDS => {
            let text = format!("both clocks agree within {MAX_SKEW_SECONDS} s");
            CheckFinding::new("clock", CheckResult::Good, text)
        }
        Some((is_ahead, skew)) => {
            let by = duration_text(Duration::from_secs(skew));
            let direction = if is_ahead { "ahead of" } else { "behind" };
            let text = format!(
                "the server's clock is {by} {direction} this machine's; correct the wrong one"
            );
            CheckFinding::new("clock", CheckResult::Warning, text)
        }
    }
}

/// Whether the server's clock is ahead of ours, and the difference in seconds.
pub(super) fn clock_skew(seen: &AccountReading) -> Option<(bool, u64)> {
    let theirs = seen.outcome.as_ref().ok()?.server_time?;
    Some(match theirs.duration_since(seen.received) {
        Ok(ahead) => (true, ahead.as_secs()),
        Err(behind) => (false, behind.duration().as_secs()),
    })
}

/// What reading the account once cannot show.
pub(super) fn unknowns(view: &AccountCheckView<'_>) -> Vec<String> {
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
