//! POST and DELETE: stores validated webhooks and builds the response. Never validates by itself.

use hyper::StatusCode;
use serde_json::json;
use serde_json::value::RawValue;

use super::clock;
use super::object::{Object, to_raw};
use super::reshape;
use super::response::{ApiResponse, HTML, PLAIN};
use super::store::Store;
use super::switches::{
    AnswerIds, Answers, Bulk, Delete, NewIds, Order, Refusal, SingleAnswer, Switches, Update, Uuid,
};
use super::validation::{Rejection, ValidatedWebhook, Validator};

/// The keys of a POST's response; `integration_type` is not among them.
const ROW_ORDER: [&str; 9] = [
    "id",
    "alias",
    "url",
    "integration_type_fields",
    "integration_type_id",
    "integrationTypeId",
    "company_id",
    "updated_at",
    "created_at",
];

/// The digits of a padded id, of which the first ones are zeros.
const PADDED_ID: usize = 6;

pub(super) fn post_single(store: &mut Store, switches: &Switches, body: &[u8]) -> ApiResponse {
    let Ok(item) = serde_json::from_slice::<&RawValue>(body) else {
        return ApiResponse::error(switches, StatusCode::BAD_REQUEST, "the body is not JSON");
    };
    let judged = Validator::new(store, switches).validate(item);
    match judged {
        Err(refusal) => refuse(switches, &[refusal], 0),
        Ok(draft) => {
            let row = store_webhook(store, switches, draft);
            success_response(switches, &[row], switches.single_answer).with_committed(1)
        }
    }
}

/// `half`: processes only the first half of the items.
pub(super) fn post_bulk(
    store: &mut Store,
    switches: &Switches,
    body: &[u8],
    half: bool,
) -> ApiResponse {
    let Ok(mut items) = serde_json::from_slice::<Vec<&RawValue>>(body) else {
        let message = "the body is not a JSON array";
        return ApiResponse::error(switches, StatusCode::BAD_REQUEST, message);
    };
    if switches.max_items.is_some_and(|limit| items.len() > limit) {
        let message = "too many webhooks in one request";
        return ApiResponse::error(switches, StatusCode::PAYLOAD_TOO_LARGE, message);
    }
    if half {
        items.truncate(items.len() / 2);
    }
    let mut judge = Validator::new(store, switches);
    let judged: Vec<_> = items.into_iter().map(|item| judge.validate(item)).collect();
    let rejected = judged.iter().enumerate().filter_map(|(index, result)| {
        let Rejection { status, message } = result.as_ref().err()?.clone();
        let message = format!("item {index}: {message}");
        Some(Rejection { status, message })
    });
    let rejected: Vec<Rejection> = rejected.collect();
    if rejected.is_empty() {
        let drafts = judged.into_iter().filter_map(Result::ok).collect();
        let rows = store_webhooks(store, switches, drafts);
        return success_response(switches, &rows, SingleAnswer::Array).with_committed(rows.len());
    }
    let is_per_item = switches.bulk == Bulk::MultiStatus && switches.refusal == Refusal::Status;
    if is_per_item {
        return respond_per_item(store, switches, judged);
    }
    let accepted = match switches.bulk {
        Bulk::Atomic | Bulk::Gone => Vec::new(),
        Bulk::StopAtBad => judged.into_iter().map_while(Result::ok).collect(),
        Bulk::BestEffort | Bulk::MultiStatus => judged.into_iter().filter_map(Result::ok).collect(),
    };
    let rows = store_webhooks(store, switches, accepted);
    if switches.bulk == Bulk::BestEffort && switches.refusal == Refusal::Status {
        return success_response(switches, &rows, SingleAnswer::Array).with_committed(rows.len());
    }
    refuse(switches, &rejected, rows.len())
}

pub(super) fn delete(store: &mut Store, switches: &Switches, id: u64) -> ApiResponse {
    if switches.delete == Delete::Ignored && store.get(id).is_some() {
        return ApiResponse::json("{}");
    }
    if store.remove(id) {
        return ApiResponse::json("{}").with_committed(1);
    }
    ApiResponse::error(switches, StatusCode::NOT_FOUND, "no such webhook")
}

/// The response to a request of which `rejected`, which is not empty, was refused and `committed` was created.
fn refuse(switches: &Switches, rejected: &[Rejection], committed: usize) -> ApiResponse {
    let response = match switches.refusal {
        Refusal::Status => {
            let Rejection { status, message } = &rejected[0];
            ApiResponse::error(switches, *status, message)
        }
        Refusal::Words => {
            let errors: Vec<&str> = rejected.iter().map(|one| one.message.as_str()).collect();
            let body = json!({ "inserted": committed, "errors": errors });
            ApiResponse::json(body.to_string())
        }
    };
    response.with_committed(committed)
}

/// 207: a result for each item, in the order of the request.
fn respond_per_item(
    store: &mut Store,
    switches: &Switches,
    judged: Vec<Result<ValidatedWebhook, Rejection>>,
) -> ApiResponse {
    let mut committed = 0;
    let answers: Vec<Box<RawValue>> = judged
        .into_iter()
        .map(|result| match result {
            Ok(draft) => {
                committed += 1;
                to_raw(&response_row(
                    &store_webhook(store, switches, draft),
                    switches,
                ))
            }
            Err(Rejection { status, message }) => {
                to_raw(&json!({ "code": status.as_u16(), "message": message }))
            }
        })
        .collect();
    ApiResponse::json(to_raw(&answers).get().to_owned())
        .with_status(StatusCode::MULTI_STATUS)
        .with_committed(committed)
}

fn store_webhooks(
    store: &mut Store,
    switches: &Switches,
    mut drafts: Vec<ValidatedWebhook>,
) -> Vec<Object> {
    if switches.order == Order::Reversed {
        drafts.reverse();
    }
    drafts
        .into_iter()
        .map(|draft| store_webhook(store, switches, draft))
        .collect()
}

fn store_webhook(store: &mut Store, switches: &Switches, draft: ValidatedWebhook) -> Object {
    let ValidatedWebhook { id, mut object } = draft;
    let new_id = match switches.new_ids {
        NewIds::Ascending => store.next_id(),
        NewIds::Reused => store.reused_id(),
    };
    if switches.uuid == Uuid::Fresh {
        reshape::replace_uuid(&mut object, id.unwrap_or(new_id));
    }
    let now = clock::ahead(switches.created_ahead);
    match id {
        Some(id) if switches.update == Update::Ignored => store.replaced(id, object, &now),
        Some(id) => store.replace(id, object, &now),
        None => store.create(new_id, object, &now, switches.visible_after),
    }
}

fn success_response(switches: &Switches, stored: &[Object], shape: SingleAnswer) -> ApiResponse {
    let mut rows: Vec<_> = stored
        .iter()
        .map(|object| response_row(object, switches))
        .collect();
    if let (AnswerIds::Swapped, [one, other, ..]) = (switches.answer_ids, rows.as_mut_slice()) {
        reshape::swap_ids(one, other);
    }
    match switches.answer {
        Answers::Rows | Answers::NoIds | Answers::NoAlias => {}
        Answers::BareIds => return ApiResponse::json(to_raw(&ids(&rows)).get().to_owned()),
        Answers::IdsObject => {
            let body = format!("{{\"ids\":{}}}", to_raw(&ids(&rows)));
            return ApiResponse::json(body);
        }
        Answers::Short => {
            rows.pop();
        }
        Answers::EmptyObject => return ApiResponse::json("{}"),
        Answers::Empty => return ApiResponse::new(StatusCode::OK, PLAIN, ""),
        Answers::Text => return ApiResponse::new(StatusCode::OK, PLAIN, "OK"),
        Answers::Html => {
            return ApiResponse::new(StatusCode::OK, HTML, "<html><body>OK</body></html>");
        }
    }
    let body = match shape {
        SingleAnswer::Array => to_raw(&rows),
        SingleAnswer::Object => to_raw(&rows.pop().unwrap_or_default()),
    };
    ApiResponse::json(body.get().to_owned())
}

fn ids(rows: &[Object]) -> Vec<&RawValue> {
    rows.iter().filter_map(|row| row.get("id")).collect()
}

fn response_row(stored: &Object, switches: &Switches) -> Object {
    let omitted_key = match switches.answer {
        Answers::NoIds => Some("id"),
        Answers::NoAlias => Some("alias"),
        _ => None,
    };
    let mut row = Object::default();
    for name in ROW_ORDER {
        if let Some(value) = stored.get(name).filter(|_| omitted_key != Some(name)) {
            row.push(name, value.to_owned());
        }
    }
    if let Some(company_id) = stored.get("company_id") {
        row.push("companyId", company_id.to_owned());
    }
    match switches.answer_ids {
        AnswerIds::Stored | AnswerIds::Swapped => {}
        AnswerIds::Text => reshape::quote_id(&mut row, 0),
        AnswerIds::Padded => reshape::quote_id(&mut row, PADDED_ID),
    }
    row
}

#[cfg(test)]
mod tests {
    use super::{Store, Switches, delete, post_bulk, post_single};

    const TWO: &[u8] =
        br#"[{"alias":"one","integration_type_id":1},{"alias":"two","integration_type_id":1}]"#;
    const ONE: &[u8] = br#"{"alias":"one","integration_type_id":1}"#;

    fn switches(texts: &[&str]) -> Switches {
        Switches::parse(texts).expect("the switches exist")
    }

    /// The body of the response to a bulk request of two webhooks, and how many webhooks it created.
    fn bulk(texts: &[&str]) -> (String, usize) {
        let mut store = Store::new(7);
        let response = post_bulk(&mut store, &switches(texts), TWO, false);
        assert_eq!(response.status, 200);
        assert_eq!(response.committed, store.all().count());
        (response.body_text(), response.committed)
    }

    fn row_ids(body: &str) -> Vec<serde_json::Value> {
        let rows: Vec<serde_json::Value> = serde_json::from_str(body).expect("the body is a list");
        rows.into_iter().map(|mut row| row["id"].take()).collect()
    }

    #[test]
    fn an_answer_shows_ids_as_other_tokens_or_of_another_row() {
        for (switch, ids) in [
            ("answer-ids=stored", "[1050,1051]"),
            ("answer-ids=swapped", "[1051,1050]"),
            ("answer-ids=text", r#"["1050","1051"]"#),
            ("answer-ids=padded", r#"["001050","001051"]"#),
        ] {
            let shown = serde_json::Value::from(row_ids(&bulk(&[switch]).0));
            assert_eq!(shown.to_string(), ids, "{switch}");
        }
    }

    #[test]
    fn an_answer_can_be_nothing_but_ids() {
        assert_eq!(bulk(&["answer=bare-ids"]).0, "[1050,1051]");
        assert_eq!(bulk(&["answer=ids-object"]).0, r#"{"ids":[1050,1051]}"#);
        assert_eq!(
            bulk(&["answer=ids-object", "answer-ids=padded"]).0,
            r#"{"ids":["001050","001051"]}"#
        );
        let single = post_single(&mut Store::new(7), &switches(&["answer=bare-ids"]), ONE);
        assert_eq!(single.body_text(), "[1050]");
    }

    #[test]
    fn a_refusal_can_be_words_in_a_200() {
        let refused = |bulk_switch| bulk(&["refusal=words", "poison=two", bulk_switch]);
        let words = |n: usize| {
            format!(r#"{{"inserted":{n},"errors":["item 1: alias is not acceptable"]}}"#)
        };
        assert_eq!(refused("bulk=atomic"), (words(0), 0));
        for part in ["bulk=best-effort", "bulk=stop-at-bad", "bulk=multi-status"] {
            assert_eq!(refused(part), (words(1), 1), "{part}");
        }
    }

    #[test]
    fn a_new_webhook_gets_a_freed_number_only_if_numbers_are_reused() {
        for (switch, ids) in [
            ("new-ids=reused", "[1050,1052]"),
            ("new-ids=ascending", "[1052,1053]"),
        ] {
            let (mut store, switches) = (Store::new(7), switches(&[switch]));
            post_bulk(&mut store, &switches, TWO, false);
            delete(&mut store, &switches, 1050);
            let again = post_bulk(&mut store, &switches, TWO, false);
            let shown = serde_json::Value::from(row_ids(&again.body_text()));
            assert_eq!(shown.to_string(), ids, "{switch}");
        }
    }
}
