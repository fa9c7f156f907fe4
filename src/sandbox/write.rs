//! POST and DELETE: stores validated webhooks and builds the response. Never validates by itself.

use hyper::StatusCode;
use serde_json::json;
use serde_json::value::RawValue;

use super::answer::{Answer, HTML, PLAIN};
use super::clock;
use super::draft::{Draft, Judge, Refusal};
use super::object::{Object, raw};
use super::reshape;
use super::store::Store;
use super::switches::{Answers, Bulk, Order, SingleAnswer, Switches, Uuid};

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

pub(super) fn post_single(store: &mut Store, switches: &Switches, body: &[u8]) -> Answer {
    let Ok(item) = serde_json::from_slice::<&RawValue>(body) else {
        return Answer::error(switches, StatusCode::BAD_REQUEST, "the body is not JSON");
    };
    let judged = Judge::new(store, switches).judge(item);
    match judged {
        Err(refusal) => Answer::error(switches, refusal.status, &refusal.message),
        Ok(draft) => {
            let row = commit(store, switches, draft);
            accepted(switches, &[row], switches.single_answer).committed(1)
        }
    }
}

/// `half`: processes only the first half of the items.
pub(super) fn post_bulk(store: &mut Store, switches: &Switches, body: &[u8], half: bool) -> Answer {
    let Ok(mut items) = serde_json::from_slice::<Vec<&RawValue>>(body) else {
        let message = "the body is not a JSON array";
        return Answer::error(switches, StatusCode::BAD_REQUEST, message);
    };
    if switches.max_items.is_some_and(|most| items.len() > most) {
        let message = "too many webhooks in one request";
        return Answer::error(switches, StatusCode::PAYLOAD_TOO_LARGE, message);
    }
    if half {
        items.truncate(items.len() / 2);
    }
    let mut judge = Judge::new(store, switches);
    let judged: Vec<_> = items.into_iter().map(|item| judge.judge(item)).collect();
    let first_bad = judged
        .iter()
        .enumerate()
        .find_map(|(index, result)| Some((index, result.as_ref().err()?.clone())));
    match (switches.bulk, first_bad) {
        (Bulk::Atomic, Some(bad)) => refused(switches, &bad, 0),
        (Bulk::StopAtBad, Some(bad)) => {
            let before = judged.into_iter().map_while(Result::ok).collect();
            let rows = commit_all(store, switches, before);
            refused(switches, &bad, rows.len())
        }
        (Bulk::MultiStatus, Some(_)) => each_for_itself(store, switches, judged),
        _ => {
            let good = judged.into_iter().filter_map(Result::ok).collect();
            let rows = commit_all(store, switches, good);
            accepted(switches, &rows, SingleAnswer::Array).committed(rows.len())
        }
    }
}

pub(super) fn delete(store: &mut Store, switches: &Switches, id: u64) -> Answer {
    if store.remove(id) {
        return Answer::json("{}").committed(1);
    }
    Answer::error(switches, StatusCode::NOT_FOUND, "no such webhook")
}

fn refused(switches: &Switches, (index, refusal): &(usize, Refusal), committed: usize) -> Answer {
    let message = format!("item {index}: {}", refusal.message);
    Answer::error(switches, refusal.status, &message).committed(committed)
}

/// 207: a result for each item, in the order of the request.
fn each_for_itself(
    store: &mut Store,
    switches: &Switches,
    judged: Vec<Result<Draft, Refusal>>,
) -> Answer {
    let mut committed = 0;
    let answers: Vec<Box<RawValue>> = judged
        .into_iter()
        .map(|result| match result {
            Ok(draft) => {
                committed += 1;
                raw(&row(&commit(store, switches, draft), switches))
            }
            Err(Refusal { status, message }) => {
                raw(&json!({ "code": status.as_u16(), "message": message }))
            }
        })
        .collect();
    Answer::json(raw(&answers).get().to_owned())
        .status(StatusCode::MULTI_STATUS)
        .committed(committed)
}

fn commit_all(store: &mut Store, switches: &Switches, mut drafts: Vec<Draft>) -> Vec<Object> {
    if switches.order == Order::Reversed {
        drafts.reverse();
    }
    drafts
        .into_iter()
        .map(|draft| commit(store, switches, draft))
        .collect()
}

fn commit(store: &mut Store, switches: &Switches, draft: Draft) -> Object {
    let Draft { id, mut object } = draft;
    if switches.uuid == Uuid::Fresh {
        reshape::fresh_uuid(&mut object, id.unwrap_or_else(|| store.upcoming_id()));
    }
    let now = clock::now();
    match id {
        Some(id) => store.replace(id, object, &now),
        None => store.create(object, &now, switches.visible_after),
    }
}

fn accepted(switches: &Switches, stored: &[Object], form: SingleAnswer) -> Answer {
    let mut rows: Vec<_> = stored.iter().map(|object| row(object, switches)).collect();
    match switches.answer {
        Answers::Rows | Answers::NoIds | Answers::NoAlias => {}
        Answers::Short => {
            rows.pop();
        }
        Answers::EmptyObject => return Answer::json("{}"),
        Answers::Empty => return Answer::new(StatusCode::OK, PLAIN, ""),
        Answers::Text => return Answer::new(StatusCode::OK, PLAIN, "OK"),
        Answers::Html => return Answer::new(StatusCode::OK, HTML, "<html><body>OK</body></html>"),
    }
    let body = match form {
        SingleAnswer::Array => raw(&rows),
        SingleAnswer::Object => raw(&rows.pop().unwrap_or_default()),
    };
    Answer::json(body.get().to_owned())
}

fn row(stored: &Object, switches: &Switches) -> Object {
    let left_out = match switches.answer {
        Answers::NoIds => Some("id"),
        Answers::NoAlias => Some("alias"),
        _ => None,
    };
    let mut row = Object::default();
    for name in ROW_ORDER {
        if let Some(value) = stored.get(name).filter(|_| left_out != Some(name)) {
            row.push(name, value.to_owned());
        }
    }
    if let Some(company_id) = stored.get("company_id") {
        row.push("companyId", company_id.to_owned());
    }
    row
}
