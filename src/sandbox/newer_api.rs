//! The vendor's newer API as far as hookferry asks it: summaries of all webhooks, and test deliveries.
//!
//! A test delivery sends a real request, but only to this machine.

use std::io;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Host, Position, Url};

use super::object::Object;
use super::response::ApiResponse;
use super::store::{Store, type_id};
use super::switches::{DeliveryTest, Summaries, Switches};

/// The path that all calls start with.
const BASE: &str = "/mgmt/openapi/5/integrations/webhooks/v1/";

/// The newer API's names of the types, by their number in the documented API.
const TYPES: [&str; 9] = [
    "SLACK",
    "GENERIC",
    "PAGERDUTY",
    "SEND_LOG",
    "EMAIL_GROUP",
    "MICROSOFT_TEAMS",
    "JIRA",
    "OPSGENIE",
    "DEMISTO",
];

/// How long a destination may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// A call of the newer API.
pub(super) enum NewerRoute {
    /// The summaries of all webhooks.
    Summaries,
    /// A test delivery of the webhook with this number in the documented API; `None` if there is no such webhook.
    Test(Option<u64>),
}

/// What a test delivery sends, and where to.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    url: String,
    message: Value,
}

/// The call that a path names.
pub(super) fn route(path: &str, store: &Store) -> Option<NewerRoute> {
    match path.strip_prefix(BASE)? {
        "list/summaries" => Some(NewerRoute::Summaries),
        rest => {
            let uuid = rest.strip_suffix("/test")?;
            let mut ids = store.all().filter_map(|row| number(&parse(row.get())));
            Some(NewerRoute::Test(ids.find(|id| store.uuid(*id) == uuid)))
        }
    }
}

pub(super) fn respond(store: &mut Store, switches: &Switches, route: &NewerRoute) -> ApiResponse {
    match route {
        NewerRoute::Summaries => summaries(store, switches),
        NewerRoute::Test(id) => test(store, switches, *id),
    }
}

fn summaries(store: &mut Store, switches: &Switches) -> ApiResponse {
    let not_found = StatusCode::NOT_FOUND;
    match switches.summaries {
        Summaries::Absent => return ApiResponse::error(switches, not_found, "no such path"),
        Summaries::Forbidden => {
            let why = "the key lacks outbound-webhooks:ReadSummary";
            return ApiResponse::error(switches, StatusCode::FORBIDDEN, why);
        }
        Summaries::OtherShape => return ApiResponse::json(json!({ "webhooks": [] }).to_string()),
        Summaries::Empty => return ApiResponse::json("{}"),
        _ => {}
    }
    let lags = switches.summaries == Summaries::Lagging;
    let hidden = store.witness_all();
    let objects = store.all().map(|row| parse(row.get()));
    let mut rows: Vec<Value> = objects
        .filter(|object| !(lags && number(object).is_some_and(|id| hidden.contains(&id))))
        .map(|object| summary(&object, store, switches))
        .collect();
    let extra = |number: u64, kind: &str| json!({ "id": store.uuid(number), "externalId": number, "name": "Night shift", "type": kind });
    match switches.summaries {
        Summaries::Fewer => drop(rows.pop()),
        Summaries::More => rows.push(extra(9001, "SLACK")),
        Summaries::NewerType => rows.push(extra(9002, "MS_TEAMS_WORKFLOW")),
        _ => {}
    }
    ApiResponse::json(json!({ "outboundWebhookSummaries": rows }).to_string())
}

fn summary(object: &Object, store: &Store, switches: &Switches) -> Value {
    let id = number(object).unwrap_or_default();
    let kind = type_id(object).and_then(|id| TYPES.get(usize::try_from(id).ok()?));
    let external_id = match switches.summaries {
        Summaries::TextNumbers => Value::from(id.to_string()),
        _ => Value::from(id),
    };
    json!({
        "id": store.uuid(id),
        "externalId": external_id,
        "name": object.text("alias"),
        "type": kind.unwrap_or(&"UNKNOWN"),
        "createdAt": object.text("created_at"),
        "updatedAt": object.text("updated_at"),
    })
}

fn test(store: &Store, switches: &Switches, id: Option<u64>) -> ApiResponse {
    match switches.delivery_test {
        DeliveryTest::Sent => {}
        DeliveryTest::Absent => {
            return ApiResponse::error(switches, StatusCode::NOT_FOUND, "no such path");
        }
        DeliveryTest::Forbidden => {
            let why = "the key lacks outbound-webhooks:ReadConfig";
            return ApiResponse::error(switches, StatusCode::FORBIDDEN, why);
        }
        DeliveryTest::OtherShape => return ApiResponse::json("{\"status\":\"sent\"}"),
    }
    let Some(object) = id.and_then(|id| store.object(id)) else {
        return ApiResponse::error(switches, StatusCode::NOT_FOUND, "no such webhook");
    };
    let alias = object.text("alias").unwrap_or_default();
    ApiResponse::json("{\"success\":{}}").with_delivery(Delivery {
        url: object.text("url").unwrap_or_default(),
        message: json!({ "text": format!("A test of the webhook '{alias}'") }),
    })
}

impl Delivery {
    /// Sends the message, and returns the answer of the newer API.
    pub(super) async fn send(self) -> ApiResponse {
        let (status, text) = match self.post().await {
            Ok((status, _)) if (200..300).contains(&status) => {
                return ApiResponse::json("{\"success\":{}}");
            }
            Ok(answer) => answer,
            Err(why) => (0, why),
        };
        let failure = json!({
            "errorMessage": format!("POST {}: {text}", self.url),
            "displayMessage": text,
            "statusCode": status,
        });
        ApiResponse::json(json!({ "failure": failure }).to_string())
    }

    /// The status and the body of the destination's answer.
    async fn post(&self) -> Result<(u16, String), String> {
        let url = Url::parse(&self.url).ok().filter(is_on_this_machine);
        let url = url.ok_or("the sandbox delivers to 127.0.0.1 only")?;
        let no_answer = |_| "no answer from the destination".to_owned();
        let answer = tokio::time::timeout(DELIVERY_TIMEOUT, exchange(&url, &self.message)).await;
        let answer = answer.map_err(|_| "no answer in time".to_owned())?;
        let answer = answer.map_err(no_answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or("the destination does not speak HTTP")?;
        Ok((status, body.to_owned()))
    }
}

/// Sends the message on a connection of its own, and returns the whole answer.
async fn exchange(url: &Url, message: &Value) -> io::Result<String> {
    let address = &url[Position::BeforeHost..Position::AfterPort];
    let port = url.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect((url.host_str().unwrap_or_default(), port)).await?;
    let (path, body) = (
        &url[Position::BeforePath..Position::AfterQuery],
        message.to_string(),
    );
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn is_on_this_machine(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host(), Some(Host::Ipv4(host)) if host.is_loopback())
}

fn parse(row: &str) -> Object {
    Object::parse(row).expect("what is stored was rendered from an object")
}

fn number(object: &Object) -> Option<u64> {
    object.number("id")
}
