//! The write was accepted, but the response does not say clearly what it created.

use super::Case;
use crate::support::literal_server::{AnswerWrite, LiteralServer, Ways};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::{Value, json};

mod incomplete_responses {
    use super::Case;

    cases! {
        a_page_instead_of_an_answer: Case::new().fault("post:1:html-200");
        rows_without_ids: Case::new().switch("answer=no-ids");
        rows_without_aliases: Case::new().switch("answer=no-alias");
        the_last_row_is_missing: Case::new().switch("answer=short");
        an_empty_object: Case::new().switch("answer=empty-object");
        nothing: Case::new().switch("answer=empty");
        ok: Case::new().switch("answer=text");
        a_page: Case::new().switch("answer=html");
        rows_without_ids_in_small_requests: Case::new()
            .switch("answer=no-ids")
            .with("--batch-size 4");
        nothing_in_small_requests: Case::new().switch("answer=empty").with("--batch-size 4");
        reversed: Case::new().switch("order=reversed");
        reversed_without_ids: Case::new().switch("order=reversed").switch("answer=no-ids");
        reversed_without_aliases: Case::new().switch("order=reversed").switch("answer=no-alias");
        ids_as_text: Case::new().switch("list=string-ids").source_switch("list=string-ids");
        nothing_but_ids: Case::new().switch("answer=bare-ids");
        an_object_of_ids: Case::new().switch("answer=ids-object");
        ids_in_quotes_in_the_answer_only: Case::new().switch("answer-ids=text");
        ids_in_quotes_in_the_answer_and_in_the_list: Case::new()
            .switch("answer-ids=text")
            .switch("list=string-ids");
        fields_as_an_array: Case::new().switch("list=object-fields").switch("answer=no-ids");
    }
}

mod lists_that_lag {
    use super::Case;

    cases! {
        created_webhooks_are_listed_two_reads_later: Case::new()
            .switch("visible-after=2")
            .settle("5s");
        listed_later_and_the_answer_says_nothing: Case::new()
            .switch("visible-after=1")
            .settle("1s")
            .switch("answer=empty");
        a_first_read_that_fails: Case::new().fault("get:1:status=503");
        a_first_read_that_is_cut_short: Case::new().fault("get:1:truncate");
        a_last_read_that_is_cut_short: Case::new().fault("get:2:truncate");
    }
}

mod servers_that_are_strict {
    use super::Case;

    cases! {
        nothing_that_the_server_owns_may_be_sent: Case::new().switch("body=strict");
        alias_and_type_must_be_unique: Case::new().switch("alias-clash=409");
        unique_and_the_answer_is_lost: Case::new()
            .switch("alias-clash=409")
            .fault("post:1:drop-after");
        unique_and_half_is_lost: Case::new()
            .switch("alias-clash=400")
            .fault("post:1:status=500,commit=half");
        five_webhooks_at_most: Case::new().switch("max-items=5");
        one_webhook_at_most: Case::new().switch("max-items=1");
        two_kilobytes_at_most: Case::new().switch("max-bytes=2048");
    }
}

fn webhook(alias: &str, type_id: u64, company: u64) -> Value {
    json!({
        "id": 1, "alias": alias, "url": format!("https://hooks.example.net/?a=canary-{}&b=2", alias.len()),
        "integration_type_id": type_id, "integration_type": {"id": type_id}, "company_id": company,
        "integration_type_fields": "[{\"name\":\"x\",\"value\":\"canary & <b>\"}]"
    })
}

/// Migrates webhooks with these aliases to the server, in JSON; numbers their ids in the source from 1.
fn migrate(home: &StandIn, target: &LiteralServer, aliases: &[&str], more: &str) -> Run {
    let source = aliases.iter().zip(1..).map(|(alias, id)| {
        let mut webhook = webhook(alias, 0, 4711);
        webhook["id"] = json!(id);
        webhook
    });
    home.write("source.json", &source.collect::<Value>().to_string());
    let line = format!(
        "migrate --from source.json --to {} --yes --rate 1000 --settle 300ms -o json {more}",
        target.url()
    );
    home.program(&line).run()
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

/// As a server does that escapes HTML before it stores.
fn escaped(mut webhook: Value) -> Value {
    for member in ["alias", "url", "integration_type_fields"] {
        let text = webhook[member].as_str().unwrap();
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        webhook[member] = json!(text);
    }
    webhook
}

#[test]
fn a_server_that_escapes_html_created_what_it_names() {
    let home = StandIn::demo();
    let ways = Ways {
        store: escaped,
        ..Ways::default()
    };
    let target = LiteralServer::start(Vec::new(), ways);
    let run = migrate(&home, &target, &["R&D <on-call>"], "");
    run.assert_code(0);
    let row = &document(&run)["webhooks"][0];
    assert_eq!(row["result"], "created", "{row}");
    assert_eq!(row["proof"], "acknowledged", "{row}");
    assert_eq!(row["target_id"], 9000, "{row}");
    let altered: Vec<&Value> = row["altered"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["path"])
        .collect();
    assert!(
        altered.contains(&&json!("alias")) && altered.contains(&&json!("url")),
        "{row}"
    );
    migrate(&home, &target, &["R&D <on-call>"], "").assert_code(0);
    assert_eq!(target.writes().len(), 1);
}

/// The answer shows the first webhook with the second one's id and the reverse.
#[test]
fn ids_that_an_answer_swaps_are_put_right_before_the_id_map_is_written() {
    let home = StandIn::demo();
    let ways = Ways {
        answer: |mut rows| {
            let (first, second) = (rows[0]["id"].clone(), rows[1]["id"].clone());
            rows[0]["id"] = second;
            rows[1]["id"] = first;
            (200, Value::Array(rows))
        },
        ..Ways::default()
    };
    let target = LiteralServer::start(Vec::new(), ways);
    let run = migrate(&home, &target, &["one", "second"], "");
    run.assert_code(0);
    let map = home.program("idmap show latest -o json").run();
    for document in [document(&run), document(&map)] {
        let rows = document["id_map"].as_array().unwrap();
        let ids = |row: &Value| [row["source_id"].clone(), row["target_id"].clone()];
        let ids: Vec<[Value; 2]> = rows.iter().map(ids).collect();
        assert_eq!(ids, [[json!(1), json!(9000)], [json!(2), json!(9001)]]);
    }
}

#[test]
fn a_webhook_of_another_type_is_not_what_was_sent_although_an_answer_names_it() {
    let home = StandIn::demo();
    let ways = Ways {
        list: |mut webhook| {
            webhook["integration_type_id"] = json!(1);
            webhook["integration_type"]["id"] = json!(1);
            webhook
        },
        answer: |rows| (200, json!([{"id": rows[0]["id"]}])),
        ..Ways::default()
    };
    let target = LiteralServer::start(Vec::new(), ways);
    let run = migrate(&home, &target, &["one"], "");
    run.assert_code(3);
    let row = &document(&run)["webhooks"][0];
    assert_eq!(row["result"], "unresolved", "{row}");
    assert!(
        row["why"].as_str().unwrap().contains("shows another type"),
        "{row}"
    );
}

/// The server's reason in an accepted answer is shown as that of a refusal is: without secrets.
#[test]
fn the_words_of_an_accepted_answer_stand_next_to_what_it_ignored() {
    let answers: [AnswerWrite; 4] = [
        |_| {
            (
                200,
                json!({"inserted": 0, "errors": ["alias is reserved by team 5 \u{202e}"]}),
            )
        },
        |_| (201, json!({"errors": [{"message": "alias is reserved"}]})),
        |_| (207, json!([{"error": "alias is reserved"}])),
        |_| (200, json!({"message": "alias is reserved"})),
    ];
    for answer in answers {
        let home = StandIn::demo();
        let ways = Ways {
            accepts: |_| false,
            answer,
            ..Ways::default()
        };
        let target = LiteralServer::start(Vec::new(), ways);
        let run = migrate(&home, &target, &["alias"], "");
        run.assert_code(3);
        let row = &document(&run)["webhooks"][0];
        assert_eq!(row["result"], "ignored", "{row}");
        let why = row["why"].as_str().unwrap();
        let (status, _) = answer(Vec::new());
        assert!(
            why.starts_with(&format!("answered {status}: alias is reserved")),
            "{row}"
        );
        assert!(!why.contains('\u{202e}'), "{row}");
    }
}

/// Whoever answers with another company's webhook is not the account that the user means.
#[test]
fn another_company_in_an_answer_ends_the_sending() {
    let home = StandIn::demo();
    let ways = Ways {
        answer: |mut rows| {
            rows[0]["company_id"] = json!(4712);
            (200, Value::Array(rows))
        },
        list: |mut webhook| {
            webhook["company_id"] = json!(4711);
            webhook
        },
        ..Ways::default()
    };
    for aliases in [&["one"][..], &["one", "second", "the third"]] {
        let there = webhook("there", 0, 4711);
        let target = LiteralServer::start(vec![there], ways);
        let run = migrate(&home, &target, aliases, "--batch-size 1");
        run.assert_code(3);
        assert_eq!(target.writes().len(), 1);
        let document = document(&run);
        assert_eq!(document["stopped"]["code"], "wrong-account", "{document}");
        assert!(
            run.stderr
                .contains("shows company 4712, but this run is for company 4711"),
            "{}",
            run.stderr
        );
    }
}
