//! Responses before they go to a socket: statuses, error bodies, and the bytes of a truncated response.

use std::time::SystemTime;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;

use super::newer_api::Delivery;
use super::switches::{Errors, Switches};

pub(super) const JSON: &str = "application/json; charset=utf-8";
pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const PLAIN: &str = "text/plain; charset=utf-8";

#[derive(Clone, Debug)]
pub(super) struct ApiResponse {
    pub(super) status: StatusCode,
    content_type: &'static str,
    header: Option<(HeaderName, String)>,
    body: Bytes,
    /// Number of webhooks that the request created, updated or deleted.
    pub(super) committed: usize,
    /// What has to be delivered before the answer is known.
    pub(super) delivery: Option<Delivery>,
}

impl ApiResponse {
    pub(super) fn new(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self {
            status,
            content_type,
            header: None,
            body: body.into(),
            committed: 0,
            delivery: None,
        }
    }

    pub(super) fn json(body: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, JSON, body)
    }

    /// The HTML page that a gateway sends in place of the API's response.
    pub(super) fn html(status: StatusCode) -> Self {
        let page = format!("<!DOCTYPE html>\n<html><body><h1>{status}</h1></body></html>\n");
        Self::new(status, HTML, page)
    }

    /// An error, with a body in the format that the switch `errors` selects.
    pub(super) fn error(switches: &Switches, status: StatusCode, message: &str) -> Self {
        match switches.errors {
            Errors::Json | Errors::Echo => {
                let body = json!({ "code": status.as_u16(), "message": message });
                Self::new(status, JSON, body.to_string())
            }
            Errors::Html => Self::html(status),
            Errors::Empty => Self::new(status, PLAIN, ""),
            Errors::Plain => Self::new(status, PLAIN, format!("{message}\n")),
        }
    }

    /// An error that repeats what the account was sent.
    pub(super) fn with_message(mut self, message: &str) -> Self {
        let body = json!({ "code": self.status.as_u16(), "message": message });
        self.body = body.to_string().into();
        self.content_type = JSON;
        self
    }

    #[cfg(test)]
    pub(super) fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn with_committed(mut self, count: usize) -> Self {
        self.committed = count;
        self
    }

    pub(super) fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = Some(delivery);
        self
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some((name, value)) = self.header {
            // Only a test's own fault can name a value that no header can hold; then leave the header out.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }

    /// The bytes of this response, as they go over the wire, up to the middle of its body.
    pub(super) fn first_half(&self) -> Vec<u8> {
        // Announce one byte for an empty body, or nothing would be missing.
        let announced_length = self.body.len().max(1);
        let head = format!(
            "HTTP/1.1 {}\r\ndate: {}\r\ncontent-type: {}\r\ncontent-length: {announced_length}\r\n\r\n",
            self.status,
            httpdate::fmt_http_date(SystemTime::now()),
            self.content_type
        );
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body[..self.body.len() / 2]);
        bytes
    }
}
