//! GET: returns the webhooks in the shape that the switch `list` selects; the stored ones stay as they are.

use std::borrow::Cow;

use hyper::StatusCode;
use serde_json::value::RawValue;

use super::object::Object;
use super::reshape;
use super::response::ApiResponse;
use super::store::Store;
use super::switches::{List, Switches};

pub(super) fn list_webhooks(store: &mut Store, switches: &Switches) -> ApiResponse {
    let (open, close) = match switches.list {
        List::Wrapped => ("{\"integrations\":[", "]}"),
        _ => ("[", "]"),
    };
    let rows = store.list_visible();
    let length: usize = rows.iter().map(|row| row.get().len() + 1).sum();
    let mut body = String::with_capacity(length + open.len() + close.len());
    body.push_str(open);
    for (index, row) in rows.into_iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(&reshaped(row, switches.list));
    }
    body.push_str(close);
    ApiResponse::json(body)
}

pub(super) fn get_webhook(store: &Store, switches: &Switches, id: u64) -> ApiResponse {
    match store.get(id) {
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
