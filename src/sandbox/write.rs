//! POST and DELETE: stores validated webhooks and builds the response. Never validates by itself.

use hyper::StatusCode;
use serde_json::json;
use serde_json::value::RawValue;

use super::clock;
use super::object::{Object, to_raw};
use super::reshape;
use super::response::{ApiResponse, HTML, PLAIN};
use super::store::Store;
use super::switches::{Answers, Bulk, Delete, Order, SingleAnswer, Switches, Update, Uuid};
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

pub(super) fn post_single(store: &mut Store, switches: &Switches, body: &[u8]) -> ApiResponse {
    let Ok(item) = serde_json::from_slice::<&RawValue>(body) else {
        return ApiResponse::error(switches, StatusCode::BAD_REQUEST, "the body is not JSON");
    };
    let judged = Validator::new(store, switches).validate(item);
    match judged {
        Err(refusal) => ApiResponse::error(switches, refusal.status, &refusal.message),
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
    let first_rejected = judged
        .iter()
        .enumerate()
        .find_map(|(index, result)| Some((index, result.as_ref().err()?.clone())));
    match (switches.bulk, first_rejected) {
        (Bulk::Atomic, Some(bad)) => bulk_rejection(switches, &bad, 0),
        (Bulk::StopAtBad, Some(bad)) => {
            let before = judged.into_iter().map_while(Result::ok).collect();
            let rows = store_webhooks(store, switches, before);
            bulk_rejection(switches, &bad, rows.len())
        }
        (Bulk::MultiStatus, Some(_)) => respond_per_item(store, switches, judged),
        _ => {
            let good = judged.into_iter().filter_map(Result::ok).collect();
            let rows = store_webhooks(store, switches, good);
            success_response(switches, &rows, SingleAnswer::Array).with_committed(rows.len())
        }
    }
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

fn bulk_rejection(
    switches: &Switches,
    (index, refusal): &(usize, Rejection),
    committed: usize,
) -> ApiResponse {
    let message = format!("item {index}: {}", refusal.message);
    ApiResponse::error(switches, refusal.status, &message).with_committed(committed)
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
    if switches.uuid == Uuid::Fresh {
        reshape::replace_uuid(&mut object, id.unwrap_or_else(|| store.next_id()));
    }
    let now = clock::ahead(switches.created_ahead);
    match id {
        Some(id) if switches.update == Update::Ignored => store.replaced(id, object, &now),
        Some(id) => store.replace(id, object, &now),
        None => store.create(object, &now, switches.visible_after),
    }
}

fn success_response(switches: &Switches, stored: &[Object], shape: SingleAnswer) -> ApiResponse {
    let mut rows: Vec<_> = stored
        .iter()
        .map(|object| response_row(object, switches))
        .collect();
    match switches.answer {
        Answers::Rows | Answers::NoIds | Answers::NoAlias => {}
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
    row
}
