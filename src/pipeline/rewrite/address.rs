//! Addresses within texts: where their host is, also behind a user's name, and the vendor's endpoints for logs.
//! Pure.

use crate::coralogix::region::Region;

/// A text, split at the host of its next address.
pub(super) struct AddressSplit<'t> {
    /// The text before the host, with the scheme and the user's name.
    pub(super) before: &'t str,
    /// The host, as it is written.
    pub(super) host: &'t str,
    /// The text behind the host: port, path, and whatever follows the address.
    pub(super) behind: &'t str,
}

/// Splits a text at the host of its next address; `None` if it has no address.
pub(super) fn next_address(text: &str) -> Option<AddressSplit<'_>> {
    const SCHEME_END: &str = "://";
    let mut colons = text.match_indices(':').map(|(at, _)| at);
    let start = colons.find(|at| text[*at..].starts_with(SCHEME_END))? + SCHEME_END.len();
    let rest = &text[start..];
    let is_end =
        |c: char| matches!(c, '/' | '?' | '#' | '\\' | '"' | '<' | '>') || c.is_whitespace();
    let authority = &rest[..rest.find(is_end).unwrap_or(rest.len())];
    let start = start + authority.rfind('@').map_or(0, |at| at + 1);
    let (before, rest) = text.split_at(start);
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let (host, behind) = rest.split_at(rest.find(|c| !is_host(c)).unwrap_or(rest.len()));
    Some(AddressSplit {
        before,
        host,
        behind,
    })
}

/// An endpoint for logs that the vendor has replaced: its path on `api.` hosts, and that of its successor on `ingress.`
/// hosts.
#[derive(Debug)]
pub(super) struct RetiredLogEndpoint {
    pub(super) path: &'static str,
    pub(super) successor: &'static str,
}

/// Source: the vendor's page of deprecated endpoints, read on 2026-11-27.
const RETIRED_LOG_ENDPOINTS: [RetiredLogEndpoint; 3] = [
    RetiredLogEndpoint {
        path: "/api/v1/logs",
        successor: "/logs/v1/singles",
    },
    RetiredLogEndpoint {
        path: "/logs/rest/singles",
        successor: "/logs/v1/singles",
    },
    RetiredLogEndpoint {
        path: "/logs/rest/bulk",
        successor: "/logs/v1/bulk",
    },
];

/// The port behind a host, with its colon, and what follows it.
pub(super) fn split_port(behind: &str) -> (&str, &str) {
    let digits = behind.strip_prefix(':').unwrap_or_default();
    let n_digits = digits.bytes().take_while(u8::is_ascii_digit).count();
    behind.split_at(if n_digits > 0 { n_digits + 1 } else { 0 })
}

/// The endpoint for logs that an address names, if the vendor has replaced it.
pub(super) fn retired_log_endpoint(
    host: &str,
    behind: &str,
) -> Option<&'static RetiredLogEndpoint> {
    let (_, path) = split_port(behind);
    let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    let names =
        |endpoint: &&RetiredLogEndpoint| path.strip_prefix(endpoint.path).is_some_and(is_end);
    let endpoint = RETIRED_LOG_ENDPOINTS.iter().find(names)?;
    (has_prefix(host, "api.") && Region::from_host(host).is_some()).then_some(endpoint)
}

/// Whether a host is one of the vendor's for a private connection, which exists only where it was set up.
pub(super) fn is_private_link(host: &str) -> bool {
    has_prefix(host, "private-link") && Region::from_host(host).is_some()
}

/// Whether an address is one to which logs are sent: the vendor's ingest, present or past.
pub(super) fn receives_logs(host: &str, behind: &str) -> bool {
    let is_ingest = has_prefix(host, "ingress.") && Region::from_host(host).is_some();
    is_ingest || is_private_link(host) || retired_log_endpoint(host, behind).is_some()
}

fn has_prefix(host: &str, prefix: &str) -> bool {
    let start = host.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
