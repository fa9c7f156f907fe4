//! GET: returns the webhooks in the shape that the switch `list` selects; the stored ones stay as they are.

use std::borrow::Cow;

use hyper::StatusCode;
use hyper::header::{CONTENT_RANGE, HeaderName, LINK};
use serde_json::value::RawValue;

use super::api::BASE;
use super::object::Object;
use super::reshape;
use super::response::ApiResponse;
use super::store::Store;
use super::switches::{Drift, List, ListStatus, MixedCompanies, Paging, Single, Switches, Twins};

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

pub(super) fn list_webhooks(store: &mut Store, switches: &Switches) -> ApiResponse {
    let (open, close) = match switches.list {
        List::Wrapped => ("{\"integrations\":[", "]}"),
        _ => ("[", "]"),
    };
    let nth = store.next_list();
    let visible = store.list_visible();
    let rows = visible.iter().map(|row| reshaped(row, switches.list));
    let mut rows: Vec<Cow<'_, str>> = rows.collect();
    add_twin(&mut rows, switches.twins, nth);
    change_companies(&mut rows, switches, nth);
    advance_states(&mut rows, switches.drift, nth);
    let n_all = rows.len();
    if switches.paging != Paging::Off {
        rows.truncate(switches.page_size.0);
    }
    let length: usize = rows.iter().map(|row| row.len() + 1).sum();
    let mut body = String::with_capacity(length + open.len() + close.len());
    body.push_str(open);
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(row);
    }
    body.push_str(close);
    let answer = ApiResponse::json(body).with_status(match switches.list_status {
        ListStatus::Ok => StatusCode::OK,
        ListStatus::Accepted => StatusCode::ACCEPTED,
        ListStatus::Gateway => StatusCode::NON_AUTHORITATIVE_INFORMATION,
    });
    let n_shown = rows.len();
    store.cut_last_list(n_shown);
    announce_pages(answer, switches.paging, n_shown, n_all)
}

/// Repeats the id of the first row at the end of the `nth` list.
fn add_twin(rows: &mut Vec<Cow<'_, str>>, twins: Twins, nth: usize) {
    let has_other_alias = match twins {
        Twins::Off => return,
        Twins::Once if nth > 1 => return,
        Twins::Once | Twins::Always => true,
        Twins::Equal => false,
    };
    if let Some(first) = rows.first() {
        rows.push(changed(first, |row| {
            reshape::make_twin(row, has_other_alias);
        }));
    }
}

/// Shows another company in the last row, or in all rows.
fn change_companies(rows: &mut [Cow<'_, str>], switches: &Switches, nth: usize) {
    let n = rows.len();
    let is_other = switches.other_company_from.is_some_and(|from| nth >= from);
    let is_mixed = switches.mixed_companies == MixedCompanies::On;
    for (at, row) in rows.iter_mut().enumerate() {
        if is_other || (is_mixed && at + 1 == n) {
            *row = changed(row, reshape::change_company);
        }
    }
}

/// Shows later times and higher counts than the list before.
fn advance_states(rows: &mut [Cow<'_, str>], drift: Drift, nth: usize) {
    if drift == Drift::On {
        for row in rows {
            *row = changed(row, |row| reshape::advance_state(row, nth));
        }
    }
}

/// Says in a header that `n_shown` of `n_all` rows are on this page, which is the only one that the sandbox has.
fn announce_pages(
    answer: ApiResponse,
    paging: Paging,
    n_shown: usize,
    n_all: usize,
) -> ApiResponse {
    match paging {
        Paging::Link if n_shown < n_all => {
            answer.with_header(LINK, format!("<{BASE}?page=2>; rel=\"next\""))
        }
        Paging::Total => answer.with_header(TOTAL, n_all.to_string()),
        Paging::Range if n_shown > 0 => {
            let range = format!("items 0-{}/{n_all}", n_shown - 1);
            let status = if n_shown < n_all {
                StatusCode::PARTIAL_CONTENT
            } else {
                answer.status
            };
            answer.with_status(status).with_header(CONTENT_RANGE, range)
        }
        _ => answer,
    }
}

fn changed<'r>(row: &str, change: impl FnOnce(&mut Object)) -> Cow<'r, str> {
    let mut object = Object::parse(row).expect("a row was rendered from an object");
    change(&mut object);
    Cow::Owned(object.to_text())
}

pub(super) fn get_webhook(store: &mut Store, switches: &Switches, id: u64) -> ApiResponse {
    let is_shown = match switches.single {
        Single::Shown => true,
        Single::NotFound => false,
        Single::Late => !store.is_first_question(id),
    };
    match store.get(id).filter(|_| is_shown) {
        Some(row) => ApiResponse::json(reshaped(row, switches.list).into_owned()),
        None => ApiResponse::error(switches, StatusCode::NOT_FOUND, "no such webhook"),
    }
}

fn reshaped(row: &RawValue, list: List) -> Cow<'_, str> {
    let change: fn(&mut Object) = match list {
        List::Array | List::Wrapped => return Cow::Borrowed(row.get()),
        List::StringIds => reshape::quote_ids,
        List::Masked => reshape::mask,
        List::NullFields => reshape::null_fields,
        List::ObjectFields => reshape::unescape_fields,
    };
    let mut object = Object::parse(row.get()).expect("what is stored was rendered from an object");
    change(&mut object);
    Cow::Owned(object.to_text())
}
