//! Renders `account check`: what one reading of an account shows, and what it cannot show, as text and JSON.
//! Pure. Shows where a key came from, and never has the key itself.

mod findings;

use super::columns::wrapped;
use super::status_lines::push_status_line;
use super::style::Meaning;
use crate::coralogix::account::{Account, AccountProfile};
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::coralogix::webhook::WebhookId;
use crate::document::DocumentBody;
use crate::document::view::profile_text;
use crate::error::Error;
use crate::http::failure::Failure;
use crate::pipeline::cross_check::CrossCheck;
use crate::pipeline::fetch::Inventory;
use crate::render::page::Page;
use findings::{CheckFinding, CheckResult, clock_skew, findings, unknowns};
use serde::Serialize;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

/// An account and the result of reading it once.
#[derive(Debug)]
pub struct AccountCheckView<'a> {
    /// The account's API.
    pub endpoint: &'a Endpoint,
    /// The profile that named the account, if any.
    pub profile: Option<&'a AccountProfile>,
    /// The account with its key, or why no key is available.
    pub account: Result<&'a Account, &'a Error>,
    /// States which key variables are set and not used, because the profile's own key wins.
    pub unused_variables: Option<&'a str>,
    /// The file of CA certificates passed in addition to the system's.
    pub ca_file: Option<&'a str>,
    /// The result of reading the account; `None` if there was no key to read with.
    pub reading: Option<&'a AccountReading>,
}

/// The result of reading an account once.
#[derive(Debug)]
pub struct AccountReading {
    /// The account's webhooks, or why they could not be read.
    pub outcome: Result<Inventory, Failure>,
    /// How long the reading took.
    pub duration: Duration,
    /// This machine's clock when the response arrived.
    pub received: SystemTime,
    /// What the newer API says about the list; `None` if there is no list.
    pub cross_check: Option<CrossCheck>,
}

/// Renders the report as text.
pub fn text(view: &AccountCheckView<'_>, page: Page) -> String {
    let host = view.endpoint.host();
    let called = view.profile.map(profile_text);
    let called = called.map_or_else(String::new, |words| format!(" ({words})"));
    let heading = format!("hookferry account check: {host}{called}");
    let mut out = format!("{}\n\n", page.palette.paint(Meaning::Heading, &heading));
    let region = match view.endpoint.region() {
        Some(region) => format!("{region}, {}", region.location()),
        None => "unknown: the host is not one of Coralogix's regions".to_owned(),
    };
    for (subject, text) in [("url", view.endpoint.base().as_str()), ("region", &region)] {
        push_status_line(&mut out, ("", Meaning::Faint), subject, text, page);
    }
    for finding in findings(view) {
        let state = (finding.result.code(), finding.result.meaning());
        push_status_line(&mut out, state, finding.subject, &finding.text, page);
    }
    out.push_str("\nNot known:\n");
    for item in unknowns(view) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  - {}", wrapped(&item, page.width, 4));
    }
    out
}

/// The report as JSON.
#[derive(Serialize)]
struct AccountCheckDocument<'a> {
    account: AccountDocument<'a>,
    key_from: Option<&'a str>,
    findings: Vec<CheckFinding>,
    company_id: Option<WebhookId>,
    expected_company_id: Option<WebhookId>,
    webhooks: Option<usize>,
    milliseconds: Option<u64>,
    clock_skew_seconds: Option<i64>,
    not_known: Vec<String>,
    ok: bool,
}

/// The account that is checked.
#[derive(Serialize)]
struct AccountDocument<'a> {
    name: &'a str,
    url: &'a str,
    region: Option<&'static str>,
    profile: Option<&'a str>,
    label: Option<&'a str>,
}

impl DocumentBody for AccountCheckDocument<'_> {
    const KIND: &'static str = "account-check";
}

/// Renders the report as JSON.
pub fn document(view: &AccountCheckView<'_>) -> impl DocumentBody {
    let findings = findings(view);
    let inventory = view.reading.and_then(|seen| seen.outcome.as_ref().ok());
    let expected = view.profile.and_then(|profile| profile.company_id.as_ref());
    let signed = |(is_ahead, seconds)| {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        if is_ahead { seconds } else { -seconds }
    };
    let milliseconds = |seen: &AccountReading| u64::try_from(seen.duration.as_millis());
    AccountCheckDocument {
        account: AccountDocument {
            name: view.endpoint.host(),
            url: view.endpoint.base().as_str(),
            region: view.endpoint.region().map(Region::code),
            profile: view.profile.map(|profile| profile.name.as_str()),
            label: view.profile.and_then(|profile| profile.label.as_deref()),
        },
        key_from: view.account.ok().map(|account| account.key_origin.as_str()),
        company_id: inventory
            .and_then(Inventory::common_company_id)
            .map(WebhookId::new),
        expected_company_id: expected.map(WebhookId::new),
        webhooks: inventory.map(|inventory| inventory.webhooks.len()),
        milliseconds: view
            .reading
            .map(|seen| milliseconds(seen).unwrap_or(u64::MAX)),
        clock_skew_seconds: view.reading.and_then(clock_skew).map(signed),
        not_known: unknowns(view),
        ok: findings
            .iter()
            .all(|finding| finding.result != CheckResult::Failed),
        findings,
    }
}
