//! The write was accepted, but the response does not say clearly what it created.

use super::{Case, check_all};
use crate::support::literal_server::{AnswerWrite, LiteralServer, Ways};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::{Value, json};

#[test]
fn incomplete_responses() {
    check_all(&[
        Case::new("a page instead of an answer").fault("post:1:html-200"),
        Case::new("rows without ids").switch("answer=no-ids"),
        Case::new("rows without aliases").switch("answer=no-alias"),
        Case::new("the last row is missing").switch("answer=short"),
        Case::new("an empty object").switch("answer=empty-object"),
        Case::new("nothing").switch("answer=empty"),
        Case::new("OK").switch("answer=text"),
        Case::new("a page").switch("answer=html"),
        Case::new("rows without ids, in small requests")
            .switch("answer=no-ids")
            .with("--batch-size 4"),
        Case::new("nothing, in small requests")
            .switch("answer=empty")
            .with("--batch-size 4"),
        Case::new("reversed").switch("order=reversed"),
        Case::new("reversed, without ids")
            .switch("order=reversed")
            .switch("answer=no-ids"),
        Case::new("reversed, without aliases")
            .switch("order=reversed")
            .switch("answer=no-alias"),
        Case::new("ids as text")
            .switch("list=string-ids")
            .source_switch("list=string-ids"),
        Case::new("nothing but ids").switch("answer=bare-ids"),
        Case::new("an object of ids").switch("answer=ids-object"),
        Case::new("ids in quotes in the answer only").switch("answer-ids=text"),
        Case::new("ids in quotes in the answer and in the list")
            .switch("answer-ids=text")
            .switch("list=string-ids"),
        Case::new("fields as an array")
            .switch("list=object-fields")
            .switch("answer=no-ids"),
    ]);
}

#[test]
fn lists_that_lag() {
    check_all(&[
        Case::new("created webhooks are listed two reads later")
            .switch("visible-after=2")
            .settle("5s"),
        Case::new("listed later, and the answer says nothing")
            .switch("visible-after=1")
            .settle("1s")
            .switch("answer=empty"),
        Case::new("a first read that fails").fault("get:1:status=503"),
        Case::new("a first read that is cut short").fault("get:1:truncate"),
        Case::new("a last read that is cut short").fault("get:2:truncate"),
    ]);
}

#[test]
fn servers_that_are_strict() {
    check_all(&[
        Case::new("nothing that the server owns may be sent").switch("body=strict"),
        Case::new("alias and type must be unique").switch("alias-clash=409"),
        Case::new("unique, and the answer is lost")
            .switch("alias-clash=409")
            .fault("post:1:drop-after"),
        Case::new("unique, and half is lost")
            .switch("alias-clash=400")
            .fault("post:1:status=500,commit=half"),
        Case::new("five webhooks at most").switch("max-items=5"),
        Case::new("one webhook at most").switch("max-items=1"),
        Case::new("two kilobytes at most").switch("max-bytes=2048"),
    ]);
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
