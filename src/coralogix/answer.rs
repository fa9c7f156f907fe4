//! The response to a list, and lenient parsing of the response to a write.
//! Never treats an accepted write as failed because its response body is malformed.

use super::webhook::{self, Webhook};
use reqwest::header::{DATE, HeaderMap};
use std::time::SystemTime;

/// The response to a list request.
#[derive(Debug)]
pub struct ListResponse {
    /// The webhooks in the order of the response.
    pub webhooks: Vec<Webhook>,
    /// The company of all webhooks; `None` if they show none.
    pub company: Option<String>,
    /// The server's clock when it answered (`Date` header); `None` if the header is missing or invalid.
    pub server_time: Option<SystemTime>,
    /// The header that announces more webhooks; `None` unless the reader accepts incomplete lists.
    pub incomplete: Option<String>,
}

/// What a list folded into, with the facts that came with the list.
#[derive(Debug)]
pub struct FoldedList<T> {
    /// The result of the fold.
    pub folded: T,
    /// As in [`ListResponse`].
    pub company: Option<String>,
    /// As in [`ListResponse`].
    pub server_time: Option<SystemTime>,
    /// As in [`ListResponse`].
    pub incomplete: Option<String>,
}

pub(super) fn server_time(headers: &HeaderMap) -> Option<SystemTime> {
    let date = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok()
}

/// The webhooks in the response to an accepted write; empty if the response has any other format.
pub(super) fn parse_written_webhooks(body: &[u8]) -> Vec<Webhook> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Vec::new();
    };
    if text.trim_start().starts_with('{') {
        return Webhook::parse(text).into_iter().collect();
    }
    webhook::parse_list(text).unwrap_or_default()
}
