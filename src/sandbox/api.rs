//! The documented calls, and those of the newer API: authorizes, routes and executes requests. Touches no socket.

use hyper::header::{ALLOW, AUTHORIZATION, HeaderMap};
use hyper::{Method, StatusCode};

use super::newer_api::{self, NewerRoute};
use super::request_log::LoggedRequest;
use super::response::ApiResponse;
use super::store::Store;
use super::switches::{Auth, Bulk, Switches};
use super::{read, write};

/// The path of all calls but one; the list is served with and without a trailing slash.
pub(super) const BASE: &str = "/api/v1/external/integrations";

/// The path of the call that takes an array.
pub(super) const BULK: &str = "/api/v1/external/integrations-bulk";

/// The largest request body that is read, unless an account allows more.
pub(super) const MAX_BYTES: usize = 64 * 1024 * 1024;

enum Route {
    Collection,
    One(u64),
    Bulk,
    Newer(NewerRoute),
}

/// Executes a request and returns the response for the client.
///
/// `half`: applies the first half of the items only.
pub(super) fn respond(
    store: &mut Store,
    switches: &Switches,
    keys: [Option<&str>; 2],
    request: &LoggedRequest,
    half: bool,
) -> ApiResponse {
    if let Err((status, message)) = authorize(switches, keys, request) {
        return ApiResponse::error(switches, status, message);
    }
    let Some(route) = route(&request.path, store, switches) else {
        return ApiResponse::error(switches, StatusCode::NOT_FOUND, "no such path");
    };
    dispatch(store, switches, request, &route, half)
}

fn dispatch(
    store: &mut Store,
    switches: &Switches,
    request: &LoggedRequest,
    route: &Route,
    half: bool,
) -> ApiResponse {
    let limit = switches.max_bytes.unwrap_or(MAX_BYTES);
    if request.is_oversize || (request.method == Method::POST && request.body.len() > limit) {
        return ApiResponse::error(
            switches,
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large",
        );
    }
    // Half of a single item is nothing: nothing is applied, although the response reports an empty success.
    match (&request.method, route) {
        (&Method::GET, Route::Collection) => read::list_webhooks(store, switches),
        (&Method::GET, &Route::One(id)) => read::get_webhook(store, switches, id),
        (&Method::GET, Route::Newer(route)) => newer_api::respond(store, switches, route),
        (&Method::POST, Route::Bulk) => write::post_bulk(store, switches, &request.body, half),
        (&Method::POST, Route::Collection) | (&Method::DELETE, Route::One(_)) if half => {
            ApiResponse::json("{}")
        }
        (&Method::POST, Route::Collection) => write::post_single(store, switches, &request.body),
        (&Method::DELETE, &Route::One(id)) => write::delete(store, switches, id),
        (_, route) => {
            let allowed = match route {
                Route::Collection => "GET, POST",
                Route::One(_) => "GET, DELETE",
                Route::Bulk => "POST",
                Route::Newer(_) => "GET",
            };
            let status = StatusCode::METHOD_NOT_ALLOWED;
            ApiResponse::error(switches, status, "no such method here").with_header(ALLOW, allowed)
        }
    }
}

fn authorize(
    switches: &Switches,
    keys: [Option<&str>; 2],
    request: &LoggedRequest,
) -> Result<(), (StatusCode, &'static str)> {
    let sent = bearer(&request.headers);
    if switches.auth == Auth::Revoked || sent.is_none() || !keys.contains(&sent) {
        return Err((StatusCode::UNAUTHORIZED, "the API key is missing or wrong"));
    }
    if switches.auth == Auth::ReadOnly && request.method != Method::GET {
        return Err((StatusCode::FORBIDDEN, "the API key may not write"));
    }
    Ok(())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(key.trim_start_matches(' '))
}

fn route(path: &str, store: &Store, switches: &Switches) -> Option<Route> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    if path.strip_suffix('/').unwrap_or(path) == BULK {
        return (switches.bulk != Bulk::Gone).then_some(Route::Bulk);
    }
    if let Some(route) = newer_api::route(path, store) {
        return Some(Route::Newer(route));
    }
    match path.strip_prefix(BASE)? {
        "" | "/" => Some(Route::Collection),
        rest => rest.strip_prefix('/')?.parse().ok().map(Route::One),
    }
}
