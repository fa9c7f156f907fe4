//! The sandbox's log of requests; its `Display` and `Debug` never show a header or a body.

use std::fmt;
use std::time::Instant;

use hyper::body::Bytes;
use hyper::{HeaderMap, Method};

/// One request and its outcome, so that a test can assert what a client did.
#[derive(Clone)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// The moment at which its last byte had been read.
    pub received_at: Instant,
    /// The number of its connection to this account, counted from 1; equal numbers mean reuse.
    pub connection: u64,
    /// The method as sent.
    pub method: Method,
    /// The path as sent, with the query.
    pub path: String,
    /// All headers as sent, the key included.
    pub headers: HeaderMap,
    /// The body as sent; empty when it was too large to be read.
    pub body: Bytes,
    /// Number of webhooks in the body: the length of an array, 1 for an object, else 0.
    pub n_items: usize,
    /// What the client got.
    pub outcome: Outcome,
    /// Number of webhooks that it created, updated or deleted so far; a late commit counts when it happens.
    pub n_committed: usize,
    /// Whether the body was too large to be read.
    pub(super) is_oversize: bool,
}

/// What a client got for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing so far: it waits for its delay to pass.
    Delayed,
    /// A complete answer with this status.
    Answered(u16),
    /// The first half of an answer with this status.
    Truncated(u16),
    /// A closed connection.
    Dropped,
    /// A reset connection.
    Reset,
    /// Nothing, for as long as the client stays.
    Stalled,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delayed => formatter.write_str("delayed"),
            Self::Answered(status) => write!(formatter, "{status}"),
            Self::Truncated(status) => write!(formatter, "{status} cut short"),
            Self::Dropped => formatter.write_str("dropped"),
            Self::Reset => formatter.write_str("reset"),
            Self::Stalled => formatter.write_str("stalled"),
        }
    }
}

impl fmt::Display for LoggedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path,
            outcome,
            n_items: items,
            n_committed: committed,
            ..
        } = self;
        write!(
            formatter,
            "{method} {path} -> {outcome} ({items} sent, {committed} committed)"
        )
    }
}

impl fmt::Debug for LoggedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
