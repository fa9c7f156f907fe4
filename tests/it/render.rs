//! Rendering: complete outputs as a reader gets them, and never a secret in them.

mod export;
mod reports;

use crate::support::fixture::unchanged;
use anstream::ColorChoice;
use hookferry::coralogix::account::{Account, AccountProfile, ApiKey, Side};
use hookferry::coralogix::client::WaitListener;
use hookferry::coralogix::endpoint::Endpoint;
use hookferry::coralogix::webhook::{Webhook, WebhookId};
use hookferry::document::run::RunRecord;
use hookferry::document::run::entry::{Footer, Header, JournalEntry};
use hookferry::document::view::{Detail, Party, PlanView};
use hookferry::document::{Depth, DocumentBody, Envelope, OutcomeDocument, PlanDocument};
use hookferry::error::{Error, ErrorKind};
use hookferry::http::failure::Refusal;
use hookferry::http::server_words::SentValues;
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::plan::{OnConflict, Plan, PriorKnowledge, StepState, plan};
use hookferry::pipeline::push::{ItemStatus, Observation, Proof, PushResult, StopReason};
use hookferry::pipeline::strip::strip;
use hookferry::pipeline::verify::{Verdict, verify};
use hookferry::render::page::Page;
use hookferry::render::screen::{Motion, Screen, ScreenOptions, Verbosity};
use hookferry::render::style::Palette;
use hookferry::render::{json, list, outcome};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The id of a run record.
const RUN: &str = "20261124-021530-7f3a2b";

/// A webhook as a server lists it, `fields` being its `integration_type_fields` as text.
fn webhook(id: u64, alias: &str, type_id: u64, url: &str, fields: &str) -> Webhook {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let (alias, url, fields) = (quoted(alias), quoted(url), quoted(fields));
    let text = format!(
        r#"{{"id":{id},"alias":{alias},"company_id":12345,"url":{url},"integration_type_fields":{fields},
            "integration_type_id":{type_id},"integration_type":{{"label":"x","icon":"y","id":{type_id}}}}}"#
    );
    Webhook::parse(text).unwrap()
}

fn slack(id: u64, alias: &str) -> Webhook {
    let url = format!("https://hooks.slack.com/services/T0/canary-{id}");
    webhook(id, alias, 0, &url, "[]")
}

fn jira(id: u64, alias: &str, host: &str, project: &str) -> Webhook {
    let url = format!("https://{host}/rest/canary-path");
    let fields = format!(
        r#"[{{"name":"apiToken","value":"canary-{host}"}},{{"name":"email","value":"canary-me@example.com"}},{{"name":"projectKey","value":"{project}"}}]"#
    );
    webhook(id, alias, 6, &url, &fields)
}

/// Webhooks that together cover everything a plan can show.
fn source() -> Vec<Webhook> {
    let headers = r#"[{"name":"uuid","value":"11111111-2222-3333-4444-555555555555"},{"name":"method","value":"post"},{"name":"headers","value":{"Authorization":"canary-bearer","Content-Type":"application/json"}},{"name":"payload","value":{"text":"$ALERT_NAME","token":"canary-token"}}]"#;
    let log = r#"[{"name":"payload","value":{"privateKey":"canary-private-key","applicationName":"shop"}}]"#;
    vec![
        slack(1050, "prod-oncall"),
        webhook(
            1051,
            "payments-p1",
            2,
            "",
            r#"[{"name":"serviceKey","value":"canary-service"}]"#,
        ),
        webhook(
            1052,
            "status-page",
            1,
            "https://status.example.com/canary",
            headers,
        ),
        webhook(
            1053,
            "日本 — on call, third line of the payments team (nights)",
            1,
            "https://user:canary@hooks.example.com:8443/canary?q=canary",
            "[]",
        ),
        webhook(
            1054,
            "to logs",
            3,
            "https://ingress.eu1.coralogix.com/api/v1/logs",
            log,
        ),
        slack(1055, "Deploys"),
        jira(1056, "ops-board", "a.example.com", "OPS"),
        webhook(
            1057,
            "hook    1050 -> new     https://safe.example.com",
            99,
            "https://canary.example.com/",
            "[]",
        ),
        webhook(
            1058,
            "mail\u{1b}[2J\nforged",
            4,
            "",
            r#"[{"name":"payload","value":["canary-a@example.com","canary-b@example.org"]}]"#,
        ),
        webhook(
            1059,
            "old teams",
            5,
            "https://outlook.office.com/webhook/canary",
            "[]",
        ),
        Webhook::parse(r#"{"id":1060,"alias":"half","url":"https://canary.example.com/canary"}"#)
            .unwrap(),
    ]
}

fn target() -> Vec<Webhook> {
    vec![
        slack(2207, "prod-oncall"),
        jira(2209, "ops-board", "b.example.com", "SRE"),
        slack(2210, "deploys"),
        slack(2211, "their own"),
    ]
}

fn planned(source: Vec<Webhook>, target: Vec<Webhook>, on_conflict: OnConflict) -> Plan {
    let portable = unchanged(strip(Inventory::from(source)));
    plan(
        portable,
        &strip(Inventory::from(target)),
        on_conflict,
        &PriorKnowledge::empty(),
    )
}

fn party(name: &str, company: Option<&str>, count: usize) -> Party {
    Party {
        is_live: true,
        is_backup: false,
        incomplete: None,
        cross_check: None,
        name: name.to_owned(),
        company_id: company.map(str::to_owned),
        n_webhooks: count,
        profile: None,
    }
}

fn page(width: usize) -> Page {
    Page {
        palette: Palette::Plain,
        width,
        detail: Detail::default(),
    }
}

/// The plan as text, checked for secrets and escape sequences.
#[track_caller]
fn preview(plan: &Plan, page: Page) -> String {
    let source = party(
        "api.eu1.coralogix.com",
        Some("12345"),
        plan.counts().total(),
    );
    let target = party("api.us1.coralogix.com", Some("67890"), plan.n_in_target());
    let view = PlanView {
        plan,
        source: &source,
        target: &target,
    };
    let document = PlanDocument::new(view, Depth::Fields);
    checked(&as_json(&document).to_string());
    let read: PlanDocument = serde_json::from_value(as_json(&document)).unwrap();
    assert_eq!(read, document, "a saved plan round-trips");
    checked(&hookferry::render::plan::plan(&document, page))
}

fn as_json(document: &impl DocumentBody) -> serde_json::Value {
    serde_json::to_value(Envelope(document)).unwrap()
}

/// Asserts that the text contains no secret and no escape sequence, and returns it.
#[track_caller]
fn checked(text: &str) -> String {
    for secret in text.match_indices("canary") {
        let rest = &text[secret.0..];
        // Hosts are shown on purpose: the reader of a plan needs them.
        assert!(
            rest.starts_with("canary.example.com"),
            "the text shows a secret: {text}"
        );
    }
    assert!(
        !text.contains('\u{1b}'),
        "the text contains an escape sequence: {text}"
    );
    text.to_owned()
}

/// Renders a document with one line per member and per list element.
fn outline(document: &serde_json::Value) -> String {
    let mut out = String::new();
    for (key, value) in document.as_object().unwrap() {
        match value.as_array().filter(|list| !list.is_empty()) {
            None => writeln!(out, "{key}: {value}").unwrap(),
            Some(list) => {
                writeln!(out, "{key}:").unwrap();
                for element in list {
                    writeln!(out, "  {element}").unwrap();
                }
            }
        }
    }
    out.replace(env!("CARGO_PKG_VERSION"), "[version]")
}

#[test]
fn a_plan_that_would_be_refused_shows_its_obstacles_first() {
    let plan = planned(source(), target(), OnConflict::Fail);
    insta::assert_snapshot!(preview(&plan, page(120)), @r#"
    hookferry plan: source api.eu1.coralogix.com (company 12345, 11 webhooks)
                 -> target api.us1.coralogix.com (company 67890, 4 webhooks)

      + create   ~ update   = unchanged   ! conflict   ? ambiguous   x blocked

    2 conflicts: same alias and type in the target, different content: changed on one side, or altered by the server when it
        was created
      ! slack            prod-oncall                               1050 -> 2207
            url  both https://hooks.slack.com/(path), different
      ! jira             ops-board                                 1056 -> 2209
            url         source https://a.example.com/(path)  target https://b.example.com/(path)
            apiToken    both (api token), different
            projectKey  source "OPS"                         target "SRE"

    1 ambiguous: the target has one of this type whose alias differs only in surrounding spaces, case or Unicode
        normalization (target ids 2210)
      ? slack            Deploys                                   1055 -> -

    1 blocked: it has no type
      x (no type)        half                                      1060 -> -

    7 to create
      + pager_duty       payments-p1                               1051 -> new   serviceKey (service key)
      + webhook          status-page                               1052 -> new   https://status.example.com/(path)
      + webhook          日本 — on call, third line of the payme…  1053 -> new
            https://(user)@hooks.example.com:8443/(path)?(query)
      + sendlog          to logs                                   1054 -> new
            https://ingress.eu1.coralogix.com/api/v1/logs
            note: keeps the source's ingest key in payload.privateKey
            note: sends its logs to region eu1: ingress.eu1.coralogix.com
      + type 99          "hook    1050 -> new     https://safe.e…  1057 -> new   https://canary.example.com/
            note: type 99 is undocumented; the webhook is copied as is
      + email_group      mail\u{1b}[2J\nforged                     1058 -> new   payload […@example.com, …@example.org]
      + microsoft_teams  old teams                                 1059 -> new   https://outlook.office.com/(path)
            note: its service ends in 2026

    11 selected (matched 11 of 11): 7 to create, 0 to update, 0 unchanged, 2 conflicts, 1 ambiguous, 1 blocked; 1 other in
      the target is never touched
    top-level id removed 7/7, integration_type.id kept 7/7
    note: the source stays active, so both accounts will notify 7 destinations
    warning: 1 webhook keeps the source account's ingest key or host, so its logs flow back to the source account: set the
      key with a rule, as the notes say where it is, and pass --retarget if the region changes
    warning: 1 webhook delivers to an Office 365 connector of Microsoft Teams, which ends in 2026: create a webhook with
      Teams' Workflows app, and set its url with a rule
    note: alerts refer to webhooks by id: point them at the new ids with the id map
    Not checked: whether the target accepts each webhook, and whether it delivers.

    Would be refused: nothing would be written because of 2 conflicts, 1 ambiguous, 1 blocked.
    hint: conflict, to keep the target's webhook: add `--on-conflict-for prod-oncall=skip` to the command (`--on-conflict
          skip` for all of them)
    hint: to overwrite it with the source's: `--on-conflict-for prod-oncall=update` (`--on-conflict update` for all of them)
    hint: to have both: a rule with `match = { alias = "prod-oncall" }` and `rename = "{alias} (copy)"`, in a file for
          `--rules` (see `hookferry help rules`)
    hint: to leave it out: `--name '!prod-oncall'`
    hint: each of the other conflicts has the same ways out; these options can be given several times
    hint: ambiguous (no certain match in the target): rename or remove the copies in one of the accounts
    hint: blocked (cannot be sent as it is): fix it in the source, or write a rule for it
    hint: to leave one of these out: `--name '!Deploys'`; to leave all of them alone: `--on-conflict skip`
    "#);
}

#[test]
fn a_narrow_terminal_wraps_rows_and_sentences() {
    let plan = planned(source(), target(), OnConflict::Skip);
    insta::assert_snapshot!(preview(&plan, page(80)), @r#"
    hookferry plan: source api.eu1.coralogix.com (company 12345, 11 webhooks)
                 -> target api.us1.coralogix.com (company 67890, 4 webhooks)

      + create   ~ update   = unchanged   ! conflict   ? ambiguous   x blocked

    2 conflicts, left alone: same alias and type in the target, different content:
        changed on one side, or altered by the server when it was created
      ! slack            prod-oncall       1050 -> 2207
            url  both https://hooks.slack.com/(path), different
      ! jira             ops-board         1056 -> 2209
            url
              source  https://a.example.com/(path)
              target  https://b.example.com/(path)
            apiToken    both (api token), different
            projectKey  source "OPS"                         target "SRE"

    1 ambiguous, left alone: the target has one of this type whose alias differs
        only in surrounding spaces, case or Unicode normalization (target ids 2210)
      ? slack            Deploys           1055 -> -

    1 blocked, left alone: it has no type
      x (no type)        half              1060 -> -

    7 to create
      + pager_duty       payments-p1       1051 -> new   serviceKey (service key)
      + webhook          status-page       1052 -> new
            https://status.example.com/(path)
      + webhook          日本 — on call,…  1053 -> new
            https://(user)@hooks.example.com:8443/(path)?(query)
      + sendlog          to logs           1054 -> new
            https://ingress.eu1.coralogix.com/api/v1/logs
            note: keeps the source's ingest key in payload.privateKey
            note: sends its logs to region eu1: ingress.eu1.coralogix.com
      + type 99          "hook    1050 -…  1057 -> new   https://canary.example.com/
            note: type 99 is undocumented; the webhook is copied as is
      + email_group      mail\u{1b}[2J\n…  1058 -> new
            payload […@example.com, …@example.org]
      + microsoft_teams  old teams         1059 -> new
            https://outlook.office.com/(path)
            note: its service ends in 2026

    11 selected (matched 11 of 11): 7 to create, 0 to update, 0 unchanged, 2
      conflicts, 1 ambiguous, 1 blocked; 1 other in the target is never touched
    top-level id removed 7/7, integration_type.id kept 7/7
    note: the source stays active, so both accounts will notify 7 destinations
    warning: 1 webhook keeps the source account's ingest key or host, so its logs
      flow back to the source account: set the key with a rule, as the notes say
      where it is, and pass --retarget if the region changes
    warning: 1 webhook delivers to an Office 365 connector of Microsoft Teams, which
      ends in 2026: create a webhook with Teams' Workflows app, and set its url with
      a rule
    note: alerts refer to webhooks by id: point them at the new ids with the id map
    Not checked: whether the target accepts each webhook, and whether it delivers.
    "#);
}

#[test]
fn an_update_shows_what_it_replaces() {
    let source = vec![jira(1056, "ops-board", "a.example.com", "OPS")];
    let plan = planned(source, target(), OnConflict::Update);
    insta::assert_snapshot!(preview(&plan, page(120)), @r#"
    hookferry plan: source api.eu1.coralogix.com (company 12345, 1 webhook)
                 -> target api.us1.coralogix.com (company 67890, 4 webhooks)

      + create   ~ update   = unchanged   ! conflict   ? ambiguous   x blocked

    1 to update: the target's content is replaced
      ~ jira  ops-board  1056 -> 2209
            url         source https://a.example.com/(path)  target https://b.example.com/(path)
            apiToken    both (api token), different
            projectKey  source "OPS"                         target "SRE"

    1 selected (matched 1 of 1): 0 to create, 1 to update, 0 unchanged, 0 conflicts, 0 ambiguous, 0 blocked; 3 others in the
      target are never touched
    top-level id removed 1/1, integration_type.id kept 1/1; an update carries the id of the target's own webhook
    note: the source stays active, so both accounts will notify 1 destination
    Not checked: whether the target accepts each webhook, and whether it delivers.
    "#);
}

#[test]
fn a_plan_with_nothing_to_do_says_so() {
    let same = planned(vec![slack(1, "a")], vec![slack(1, "a")], OnConflict::Fail);
    let last = |plan: &Plan| preview(plan, page(120)).lines().last().unwrap().to_owned();
    assert_eq!(
        last(&same),
        "Nothing to do: the target already has the selected webhook."
    );
    let empty = planned(Vec::new(), target(), OnConflict::Fail);
    assert_eq!(last(&empty), "Nothing to do: the source has no webhooks.");
    let source = vec![jira(1056, "ops-board", "a.example.com", "OPS")];
    let skipped = planned(source, target(), OnConflict::Skip);
    assert_eq!(
        last(&skipped),
        "Nothing to do: 1 conflict left alone (on conflict: skip)."
    );
}

#[test]
fn unchanged_webhooks_are_counted_unless_all_are_asked_for() {
    let many = || {
        (0..60)
            .map(|n| slack(n, &format!("hook {n}")))
            .collect::<Vec<_>>()
    };
    let plan = planned(many(), many(), OnConflict::Fail);
    let text = preview(&plan, page(120));
    assert!(
        text.contains("\n60 unchanged (--all lists them)\n"),
        "{text}"
    );
    assert!(!text.contains("hook 7"), "{text}");
    let all = Page {
        detail: Detail {
            lists_all: true,
            ..Detail::default()
        },
        ..page(120)
    };
    assert!(preview(&plan, all).contains("hook 7"));
}

#[test]
fn many_written_webhooks_are_counted_but_for_those_with_a_remark() {
    let many = (0..1_001).map(|n| slack(n, &format!("hook {n}"))).collect();
    let plan = planned(many, Vec::new(), OnConflict::Fail);
    let created = |step_ix: usize| ItemStatus::Created {
        id: WebhookId::new((5_000 + step_ix).to_string()),
        proof: if step_ix == 7 {
            Proof::Observed
        } else {
            Proof::Acknowledged
        },
    };
    let push_result = PushResult {
        statuses: (0..1_001)
            .map(|step_ix| (step_ix.into(), created(step_ix)))
            .collect(),
        may_have_written: true,
        ..PushResult::empty()
    };
    let (source, target) = (party("a", None, 1_001), party("b", None, 0));
    let view = PlanView {
        plan: &plan,
        source: &source,
        target: &target,
    };
    let document = OutcomeDocument::new(&run_record(view, &push_result, None));
    let listed = |page| {
        let text = outcome::outcome(&document, page);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("  + "))
            .collect();
        (
            lines.len(),
            lines.first().is_some_and(|line| line.contains("hook 7 ")),
        )
    };
    assert_eq!(listed(page(120)), (1, true));
    let full = Page {
        detail: Detail {
            shows_values: true,
            lists_all: true,
        },
        ..page(120)
    };
    assert_eq!(listed(full), (1_001, false));
}

#[test]
fn color_carries_no_information_of_its_own() {
    let plan = planned(source(), target(), OnConflict::Fail);
    let (source, target) = (party("a", None, 11), party("b", None, 4));
    let view = PlanView {
        plan: &plan,
        source: &source,
        target: &target,
    };
    let colored_page = Page {
        palette: Palette::Colored,
        ..page(100)
    };
    let colored =
        hookferry::render::plan::plan(&PlanDocument::new(view, Depth::Steps), colored_page);
    let uncolored =
        hookferry::render::plan::plan(&PlanDocument::new(view, Depth::Steps), page(100));
    assert_ne!(colored, uncolored);
    let stripped = anstream::adapter::strip_str(&colored).to_string();
    assert_eq!(stripped, uncolored);
}

#[test]
fn the_plan_document_keeps_the_six_states_and_masks_as_trees() {
    let plan = planned(source(), target(), OnConflict::Fail);
    let (source, target) = (party("a", Some("1"), 11), party("b", None, 4));
    let view = PlanView {
        plan: &plan,
        source: &source,
        target: &target,
    };
    let mut document = as_json(&PlanDocument::new(view, Depth::Fields));
    // One conflict and one create represent all steps.
    let steps = document["steps"].as_array_mut().unwrap();
    steps.retain(|step| step["source_id"] == 1056 || step["source_id"] == 1051);
    insta::assert_snapshot!(checked(&outline(&document)), @r#"
    format_version: "1.0"
    kind: "plan"
    tool: "hookferry [version]"
    source: {"name":"a","company_id":1,"webhooks":11,"profile":null,"label":null}
    target: {"name":"b","company_id":null,"webhooks":4,"profile":null,"label":null}
    on_conflict: "fail"
    selection: {"matched":11,"of":11}
    steps:
      {"state":"create","alias":"payments-p1","type":"pager_duty","type_id":2,"source_id":1051,"target_id":null,"url":null,"destination":"serviceKey (service key)","reason":"","notes":[],"changes":[],"unread":[],"leftover":[],"flows_back":null,"differences":[],"fields":[{"path":"url","value":null},{"path":"serviceKey","value":{"hidden":"service key"}}]}
      {"state":"conflict","alias":"ops-board","type":"jira","type_id":6,"source_id":1056,"target_id":2209,"url":{"part":"https://a.example.com/(path)"},"destination":"https://a.example.com/(path)","reason":"same alias and type in the target, different content: changed on one side, or altered by the server when it was created","notes":[],"changes":[],"unread":[],"leftover":[],"flows_back":null,"differences":[{"path":"url","source":{"part":"https://a.example.com/(path)"},"target":{"part":"https://b.example.com/(path)"},"equal":false},{"path":"apiToken","source":{"hidden":"api token"},"target":{"hidden":"api token"},"equal":false},{"path":"projectKey","source":"OPS","target":"SRE","equal":false}]}
    summary: {"create":7,"update":0,"unchanged":0,"conflict":2,"ambiguous":1,"blocked":1,"total":11}
    untouched_in_target: 1
    invariants: {"top_level_id_removed":7,"integration_type_id_kept":7,"of":7}
    missing_values: []
    notices:
      {"code":"both-notify","count":7,"text":"the source stays active, so both accounts will notify 7 destinations","warning":false}
      {"code":"logs-flow-back","count":1,"text":"1 webhook keeps the source account's ingest key or host, so its logs flow back to the source account: set the key with a rule, as the notes say where it is, and pass --retarget if the region changes","warning":true}
      {"code":"service-ends","count":1,"text":"1 webhook delivers to an Office 365 connector of Microsoft Teams, which ends in 2026: create a webhook with Teams' Workflows app, and set its url with a rule","warning":true}
      {"code":"alerts-need-new-ids","count":7,"text":"alerts refer to webhooks by id: point them at the new ids with the id map","warning":false}
    not_checked:
      "whether the target accepts each webhook"
      "whether it delivers"
    has_changes: true
    would_be_refused: true
    refused_because_of: {"conflict":2,"ambiguous":1,"blocked":1}
    "#);
}

#[test]
fn every_state_of_a_plan_is_counted_in_the_document() {
    let plan = planned(source(), target(), OnConflict::Fail);
    let (source, target) = (party("a", None, 11), party("b", None, 4));
    let view = PlanView {
        plan: &plan,
        source: &source,
        target: &target,
    };
    let summary = &as_json(&PlanDocument::new(view, Depth::Steps))["summary"];
    let sum: u64 = StepState::ALL
        .iter()
        .map(|state| summary[state.word()].as_u64().unwrap())
        .sum();
    assert_eq!(summary["total"], sum);
}

#[test]
fn a_list_shows_hosts_and_hides_secrets() {
    let account = party("api.eu1.coralogix.com", Some("12345"), 11);
    let text = list::list_text(&source(), &account, page(140));
    insta::assert_snapshot!(checked(&text), @r#"
    id    type             alias                             url                                                   fields
    1050  slack            prod-oncall                       https://hooks.slack.com/(path)
    1051  pager_duty       payments-p1                       -                                                     serviceKey (service key)
    1052  webhook          status-page                       https://status.example.com/(path)                     method "post", headers (2 ke…
    1053  webhook          日本 — on call, third line of t…  https://(user)@hooks.example.com:8443/(path)?(query)
    1054  sendlog          to logs                           https://ingress.eu1.coralogix.com/api/v1/logs         payload (2 keys)
    1055  slack            Deploys                           https://hooks.slack.com/(path)
    1056  jira             ops-board                         https://a.example.com/(path)                          apiToken (api token), email …
    1057  type 99          "hook    1050 -> new     https:…  https://canary.example.com/
    1058  email_group      mail\u{1b}[2J\nforged             -                                                     payload […@example.com, …@ex…
    1059  microsoft_teams  old teams                         https://outlook.office.com/(path)
    1060  (no type)        half                              https://canary.example.com/(path)

    api.eu1.coralogix.com: 11 webhooks (2 slack, 2 webhook, 1 pager_duty, 1 sendlog, 1 email_group, 1 microsoft_teams, 1 jira, 1 type 99, 1 (no type))
    "#);
}

#[test]
fn a_list_document_names_the_kind_of_each_hidden_value() {
    let account = party("api.eu1.coralogix.com", Some("12345"), 11);
    let mut webhooks = source();
    webhooks.drain(3..);
    webhooks.remove(0);
    let document = list::list_json(&webhooks, &account);
    insta::assert_snapshot!(checked(&outline(&as_json(&document))), @r#"
    format_version: "1.0"
    kind: "list"
    tool: "hookferry [version]"
    account: {"name":"api.eu1.coralogix.com","company_id":12345,"webhooks":11,"profile":null,"label":null}
    selection: {"matched":2,"of":11}
    webhooks:
      {"id":1051,"type":"pager_duty","type_id":2,"alias":"payments-p1","url":null,"fields":[{"object":{"name":"serviceKey","value":{"hidden":"service key"}}}],"unknown_keys":[]}
      {"id":1052,"type":"webhook","type_id":1,"alias":"status-page","url":{"part":"https://status.example.com/(path)"},"fields":[{"object":{"name":"uuid","value":"11111111-2222-3333-4444-555555555555"}},{"object":{"name":"method","value":"post"}},{"object":{"name":"headers","value":{"object":{"Authorization":{"hidden":"header"},"Content-Type":"application/json"}}}},{"object":{"name":"payload","value":{"object":{"text":"$ALERT_NAME","token":{"hidden":"text"}}}}}],"unknown_keys":[]}
    count_by_type: {"webhook":1,"pager_duty":1}
    "#);
}

#[test]
fn a_party_is_described_with_its_profile() {
    let profiled = |label: Option<&str>, company, count| Party {
        is_live: true,
        is_backup: false,
        incomplete: None,
        cross_check: None,
        profile: Some(AccountProfile {
            name: "prod-eu".to_owned(),
            label: label.map(str::to_owned),
            ignore_keys: Vec::new(),
            company_id: None,
        }),
        ..party("api.eu1.coralogix.com", company, count)
    };
    let labeled = profiled(Some("prod\u{1b}"), Some("12345"), 14);
    assert_eq!(
        labeled.description(),
        "api.eu1.coralogix.com (prod-eu, prod\\u{1b}; company 12345, 14 webhooks)"
    );
    assert_eq!(
        labeled.identity(),
        "api.eu1.coralogix.com (prod-eu, prod\\u{1b}; company 12345)"
    );
    let unlabeled = profiled(None, None, 1);
    assert_eq!(
        unlabeled.description(),
        "api.eu1.coralogix.com (prod-eu; 1 webhook)"
    );
    assert_eq!(unlabeled.identity(), "api.eu1.coralogix.com (prod-eu)");
    assert_eq!(unlabeled.display_name(), "api.eu1.coralogix.com (prod-eu)");
    let unnamed = party("api.eu1.coralogix.com", Some("12345"), 14);
    assert_eq!(unnamed.display_name(), "api.eu1.coralogix.com");
    assert_eq!(
        unnamed.description(),
        "api.eu1.coralogix.com (company 12345, 14 webhooks)"
    );
}

#[test]
fn an_empty_account_lists_zero_webhooks() {
    let text = list::list_text(&[], &party("api.eu1.coralogix.com", None, 0), page(80));
    assert_eq!(text, "api.eu1.coralogix.com: 0 webhooks\n");
}

/// The result of pushing the whole example, with every possible status.
fn push_result(plan: &Plan) -> PushResult {
    let refusal = Refusal {
        status: 422,
        message: SentValues::default().show("type 99 is not allowed"),
        requested_wait: None,
        redirect_host: None,
        key_origin: String::new(),
    };
    let created = |id: &str, proof| ItemStatus::Created {
        id: WebhookId::new(id),
        proof,
    };
    let mut statuses = vec![
        created("3001", Proof::Acknowledged),
        created("3002", Proof::Observed),
        created("3003", Proof::Acknowledged),
        ItemStatus::Unresolved(
            "two newcomers have its alias and type, and neither its content".to_owned(),
        ),
        ItemStatus::Refused(refusal.into()),
        created("3004", Proof::Acknowledged),
        ItemStatus::NotSent,
    ]
    .into_iter();
    let steps = plan.numbered_steps();
    let written = steps.filter(|(_, _, step)| step.state == StepState::Create);
    PushResult {
        statuses: written
            .map(|(step_ix, ..)| (step_ix, statuses.next().unwrap()))
            .collect(),
        stop: Some(StopReason::Unresolved),
        may_have_written: true,
        unlisted: Vec::new(),
        new_in_target: vec![WebhookId::new("3009")],
        replaced: std::collections::BTreeSet::new(),
        final_observation: None,
        n_requests: 4,
        server_words: BTreeMap::new(),
        read_back_failure: None,
    }
}

fn after() -> Vec<Webhook> {
    let mut after = target();
    after.push(webhook(
        3001,
        "payments-p1",
        2,
        "",
        r#"[{"name":"serviceKey","value":"canary-service"}]"#,
    ));
    after.push(webhook(
        3002,
        "status-page",
        1,
        "https://status.example.com/canary-other",
        "[]",
    ));
    after
}

/// The record of a run that has ended.
fn run_record(
    view: PlanView<'_>,
    push_result: &PushResult,
    verdict: Option<&Verdict>,
) -> RunRecord {
    let header = Header {
        run: RUN.to_owned(),
        ..Header::of_plan(view, None)
    };
    let mut record = RunRecord::of_new_run(header);
    let footer = Footer::new(&record, push_result, verdict);
    record.apply(JournalEntry::Footer(footer.into()));
    record.into_outlined()
}

fn verdict(plan: &Plan, push_result: &PushResult) -> Verdict {
    let mut observation = Observation::default();
    observation.add(&after(), &plan.portable().content_cache(), |_| true);
    verify(plan, push_result, &observation)
}

#[test]
fn an_outcome_accounts_for_every_webhook() {
    let plan = planned(source(), target(), OnConflict::Skip);
    let push_result = push_result(&plan);
    let verdict = verdict(&plan, &push_result);
    let (source, target) = (
        party("api.eu1.coralogix.com", None, 11),
        party("b", None, 4),
    );
    let view = PlanView {
        plan: &plan,
        source: &source,
        target: &target,
    };
    let document = OutcomeDocument::new(&run_record(view, &push_result, Some(&verdict)));
    checked(&json::text(&document));
    let read: OutcomeDocument = serde_json::from_value(as_json(&document)).unwrap();
    assert_eq!(read, document, "a report round-trips");
    insta::assert_snapshot!(checked(&outcome::outcome(&document, page(110))), @r#"
    hookferry outcome: source api.eu1.coralogix.com -> target b

    2 created
      + pager_duty       payments-p1                               1051 -> 3001
      + webhook          status-page                               1052 -> 3002
            found in the target; the response was lost

    4 skipped: left alone, as planned
      - slack            prod-oncall                               1050 -> 2207  conflict
      - slack            Deploys                                   1055 -> -     ambiguous
      - jira             ops-board                                 1056 -> 2209  conflict
      - (no type)        half                                      1060 -> -     blocked

    1 refused by the target
      x type 99          "hook    1050 -> new     https://safe.e…  1057 -> -
            answered 422: type 99 is not allowed

    2 missing: arrived, but no longer in the target
      ! webhook          日本 — on call, third line of the payme…  1053 -> 3003
      ! email_group      mail\u{1b}[2J\nforged                     1058 -> 3004

    1 unresolved
      ? sendlog          to logs                                   1054 -> -
            two newcomers have its alias and type, and neither its content

    1 not sent: the run ended first
      - microsoft_teams  old teams                                 1059 -> -

    1 of these altered by the server:
      + webhook  status-page  1052 -> 3002  found in the target; the response was lost
            url      both https://status.example.com/(path), different
            uuid     source "11111111-2222-3333-4444-555555555555"                       target nothing
            method   source "post"                                                       target nothing
            headers  source {Authorization: (header), Content-Type: "application/json"}  target nothing
            payload  source {text: "$ALERT_NAME", token: (text)}                         target nothing

                       created  skipped  refused  missing  unresolved  not sent
      (no type)              ·        1        ·        ·           ·         ·
      slack                  ·        2        ·        ·           ·         ·
      webhook                1        ·        ·        1           ·         ·
      pager_duty             1        ·        ·        ·           ·         ·
      sendlog                ·        ·        ·        ·           1         ·
      email_group            ·        ·        ·        1           ·         ·
      microsoft_teams        ·        ·        ·        ·           ·         1
      jira                   ·        1        ·        ·           ·         ·
      type 99                ·        ·        1        ·           ·         ·
      all types              2        4        1        2           1         1

    11 webhooks selected: 2 created, 4 skipped, 1 refused, 2 missing, 1 unresolved, 1 not sent
    read back: 1 verified, 1 altered by the server, 2 missing, 0 duplicated
    1 new webhook in the target that this run did not create: 3009

    Stopped early: a new webhook in the target may or may not come from this run, and sending more could create a
      duplicate.
    Not finished: 1 refused, 2 missing, 1 unresolved, 1 not sent.
    warning: 1 webhook keeps the source account's ingest key or host, so its logs flow back to the source account:
      set the key with a rule, as the notes say where it is, and pass --retarget if the region changes
    warning: 1 webhook delivers to an Office 365 connector of Microsoft Teams, which ends in 2026: create a
      webhook with Teams' Workflows app, and set its url with a rule
    next: fix refused and ignored webhooks in the source, or exclude them with `--name '!ALIAS'`
    next: check the unresolved, not seen and duplicated webhooks in the target; delete surplus copies by hand
    next: run the same command again: it reads the target first and sends only what is still missing
    next: undo this run: hookferry rollback 20261124-021530-7f3a2b
    "#);
}

#[test]
fn an_outcome_document_has_the_id_map() {
    let plan = planned(
        source().into_iter().take(3).collect(),
        target(),
        OnConflict::Fail,
    );
    let mut push_result = push_result(&plan);
    push_result.stop = None;
    push_result.new_in_target.clear();
    let verdict = verdict(&plan, &push_result);
    let (source, target) = (party("a", None, 3), party("b", None, 4));
    let view = PlanView {
        plan: &plan,
        source: &source,
        target: &target,
    };
    let document = OutcomeDocument::new(&run_record(view, &push_result, Some(&verdict)));
    insta::assert_snapshot!(checked(&outline(&as_json(&document))), @r#"
    format_version: "1.0"
    kind: "outcome"
    tool: "hookferry [version]"
    run: "20261124-021530-7f3a2b"
    continues: []
    source: {"name":"a","company_id":null,"webhooks":3,"profile":null,"label":null}
    target: {"name":"b","company_id":null,"webhooks":4,"profile":null,"label":null}
    selection: {"matched":3,"of":3}
    webhooks:
      {"result":"skipped","alias":"prod-oncall","type":"slack","type_id":0,"source_id":1050,"target_id":2207,"proof":null,"planned":"conflict","why":"same alias and type in the target, different content: changed on one side, or altered by the server when it was created","altered":[]}
      {"result":"created","alias":"payments-p1","type":"pager_duty","type_id":2,"source_id":1051,"target_id":3001,"proof":"acknowledged","planned":"create","why":null,"altered":[]}
      {"result":"created","alias":"status-page","type":"webhook","type_id":1,"source_id":1052,"target_id":3002,"proof":"observed","planned":"create","why":null,"altered":[{"path":"url","source":{"part":"https://status.example.com/(path)"},"target":{"part":"https://status.example.com/(path)"},"equal":false},{"path":"uuid","source":"11111111-2222-3333-4444-555555555555","equal":false},{"path":"method","source":"post","equal":false},{"path":"headers","source":{"object":{"Authorization":{"hidden":"header"},"Content-Type":"application/json"}},"equal":false},{"path":"payload","source":{"object":{"text":"$ALERT_NAME","token":{"hidden":"text"}}},"equal":false}]}
    summary: {"unchanged":0,"created":2,"updated":0,"appeared":0,"skipped":1,"refused":0,"ignored":0,"vanished":0,"missing":0,"duplicated":0,"unresolved":0,"not_seen":0,"not_sent":0,"total":3}
    read_back: {"verified":1,"altered":1,"missing":0,"duplicated":0}
    stopped: null
    complete: true
    may_have_written: true
    notices:
      {"code":"both-notify","count":2,"text":"the source stays active, so both accounts will notify 2 destinations","warning":false}
      {"code":"alerts-need-new-ids","count":2,"text":"alerts refer to webhooks by id: point them at the new ids with the id map","warning":false}
    requests: 4
    appeared_in_target: []
    id_map:
      {"source_id":1050,"target_id":2207,"type":"slack","alias":"prod-oncall","source_alias":"prod-oncall","result":"skipped"}
      {"source_id":1051,"target_id":3001,"type":"pager_duty","alias":"payments-p1","source_alias":"payments-p1","result":"created"}
      {"source_id":1052,"target_id":3002,"type":"webhook","alias":"status-page","source_alias":"status-page","result":"created"}
    next_steps:
      "verify: hookferry verify --run 20261124-021530-7f3a2b"
      "undo this run: hookferry rollback 20261124-021530-7f3a2b"
      "point your alerts at the new ids, the pairs `old -> new` above (`hookferry idmap show 20261124-021530-7f3a2b` prints them again): export the alerts and run `hookferry idmap apply EXPORTED-ALERTS --run 20261124-021530-7f3a2b --out NEW-ALERTS`"
      "the source stays active: disable its webhooks once you know that the target's work"
    cut_over: []
    "#);
    let text = outcome::outcome(&document, page(110));
    assert!(
        text.contains(
            "Done: the target has every planned change; 1 webhook left alone, as planned."
        ),
        "{text}"
    );
}

/// A stream that stores what is written to it.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream on which every write fails with this error.
struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options(verbosity: Verbosity) -> ScreenOptions {
    ScreenOptions {
        color: ColorChoice::Auto,
        verbosity,
        motion: Motion::Auto,
        columns_without_terminal: None,
    }
}

/// Prints one of everything and returns standard output and standard error.
fn captured_output(verbosity: Verbosity) -> (String, String) {
    let (stdout, stderr) = (Captured::default(), Captured::default());
    let screen = Screen::with_streams(stdout.clone(), stderr.clone(), options(verbosity));
    screen.print_message("  a word");
    let stage = screen.start_stage("read source");
    stage.set_detail("2 webhooks");
    stage.report_wait(
        "connection lost, checking the target",
        Duration::from_secs(8),
    );
    let account = Account::new(
        Side::Target,
        Endpoint::parse("us1").unwrap(),
        ApiKey::new("canary-key").unwrap(),
    );
    screen.report_wait(&account, "rate limited (429)", Duration::from_secs(3));
    stage.finish("14 webhooks");
    drop(screen.start_stage("never finished"));
    screen.warn("the source answers slowly");
    let error = Error::new(ErrorKind::Refused, "refused\u{1b}[2J").with_hint("pass --yes");
    screen.error(&error);
    writeln!(screen.log_writer(), "a log line").unwrap();
    screen.print_result("the result\n").unwrap();
    (stdout.text(), stderr.text())
}

#[test]
fn messages_go_to_standard_error_and_only_the_result_to_standard_output() {
    let (stdout, stderr) = captured_output(Verbosity::Normal);
    assert_eq!(stdout, "the result\n");
    let stderr = stderr.replace("0.0 s", "[elapsed]");
    insta::assert_snapshot!(stderr, @r"
      a word
      read source    started
      read source    waiting 8 s: connection lost, checking the target
      target api.us1.coralogix.com: rate limited (429), retrying in 3 s
      read source    14 webhooks             [elapsed]
      never finished  started
    warning: the source answers slowly
    hookferry: error: refused\u{1b}[2J
    hint: pass --yes
    a log line
    ");
}

#[test]
fn quiet_keeps_warnings_errors_and_logs() {
    let (stdout, stderr) = captured_output(Verbosity::Quiet);
    assert_eq!(stdout, "the result\n");
    insta::assert_snapshot!(stderr, @r"
    warning: the source answers slowly
    hookferry: error: refused\u{1b}[2J
    hint: pass --yes
    a log line
    ");
}

#[test]
fn a_closed_standard_output_is_no_error_but_a_full_disk_is() {
    let closed = Failing(io::ErrorKind::BrokenPipe);
    let screen = Screen::with_streams(closed, Captured::default(), options(Verbosity::Normal));
    assert!(!screen.is_stdout_gone());
    screen.print_result("text").unwrap();
    assert!(screen.is_stdout_gone());
    let full = Failing(io::ErrorKind::StorageFull);
    let screen = Screen::with_streams(full, Captured::default(), options(Verbosity::Normal));
    let error = screen.print_result("text").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
}

#[test]
fn a_closed_standard_error_stops_nothing() {
    let stdout = Captured::default();
    let stderr = Failing(io::ErrorKind::BrokenPipe);
    let screen = Screen::with_streams(stdout.clone(), stderr, options(Verbosity::Normal));
    screen.print_message("a word");
    screen.start_stage("read source").finish("done");
    screen.print_result("the result\n").unwrap();
    assert_eq!(stdout.text(), "the result\n");
}

/// The log of a CI pipeline shows every ten seconds that the run is alive, how far it is and why it waits.
#[test]
fn without_a_terminal_a_long_stage_reports_every_ten_seconds() {
    let stderr = Captured::default();
    let screen = Screen::with_streams(
        Captured::default(),
        stderr.clone(),
        options(Verbosity::Normal),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let advance = async |seconds| {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            tokio::task::yield_now().await;
        };
        let stage = screen.start_stage("write target");
        tokio::task::yield_now().await;
        stage.set_progress(3, 12);
        advance(9).await;
        advance(1).await;
        stage.report_wait("rate limited (429)", Duration::from_secs(15));
        advance(10).await;
        advance(10).await;
        stage.finish("12 of 12 webhooks");
        advance(60).await;
    });
    insta::assert_snapshot!(stderr.text(), @"
    write target   started
    write target   still working, 3 of 12, 10 s
    write target   waiting 15 s: rate limited (429)
    write target   still working, 3 of 12, waiting 6 s: rate limited (429), 20 s
    write target   still working, 3 of 12, 30 s
    write target   12 of 12 webhooks       30 s
    ");
}
