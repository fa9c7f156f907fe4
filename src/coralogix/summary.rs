//! The summaries of all webhooks that the vendor's newer API lists, beside the list that hookferry copies.
//! Pure. Reads only what the vendor documents, in both spellings of a 64-bit number that JSON from protobuf has.

use super::webhook::WebhookId;
use serde::Deserialize;
use serde_json::value::RawValue;
use smol_str::SmolStr;

/// The newer API's names of the types that the documented list can hold, types 0 to 8.
const LISTED_TYPES: [&str; 9] = [
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

/// One webhook as the newer API summarizes it: no destination and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its id in the newer API, a UUID; `None` if the summary has none.
    pub uuid: Option<String>,
    /// Its id in the documented list.
    pub id: WebhookId,
    /// Its alias; not escaped for display.
    pub alias: String,
    /// The newer API's name of its type, such as `PAGERDUTY`; not escaped for display.
    pub kind: SmolStr,
}

impl Summary {
    /// Whether the documented list knows its type, so that it has to be in that list; also if the summary has none, because
    /// then nothing says that the list may lack it.
    pub fn has_listed_type(&self) -> bool {
        self.kind.is_empty() || LISTED_TYPES.contains(&self.kind.as_str())
    }
}

/// The response to the call; `OutboundWebhookSummary` in the vendor's OpenAPI description.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    outbound_webhook_summaries: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: Option<String>,
    /// A number, or a string of digits.
    external_id: Box<RawValue>,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<SmolStr>,
}

/// Parses the response; `None` if it has another shape.
pub(super) fn parse_summaries(body: &[u8]) -> Option<Vec<Summary>> {
    let response: Response = serde_json::from_slice(body).ok()?;
    let rows = response.outbound_webhook_summaries.into_iter();
    rows.map(|row| {
        Some(Summary {
            uuid: row.id,
            id: WebhookId::from_token(row.external_id.get())?,
            alias: row.name.unwrap_or_default(),
            kind: row.kind.unwrap_or_default(),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::parse_summaries;

    #[test]
    fn a_number_may_be_text() {
        let parse = |id: &str| {
            let body = format!("{{\"outboundWebhookSummaries\":[{{\"externalId\":{id}}}]}}");
            parse_summaries(body.as_bytes()).map(|rows| rows[0].id.to_string())
        };
        assert_eq!(parse("1050").as_deref(), Some("1050"));
        assert_eq!(parse("\"1050\"").as_deref(), Some("1050"));
        assert_eq!(
            parse("9007199254740993").as_deref(),
            Some("9007199254740993")
        );
        assert_eq!(parse("null"), None);
        assert_eq!(parse("{}"), None);
    }

    #[test]
    fn another_shape_is_no_list() {
        for body in [
            "",
            "{}",
            "[]",
            "{\"outboundWebhookSummaries\":[1]}",
            "<html>",
        ] {
            assert_eq!(parse_summaries(body.as_bytes()), None, "{body}");
        }
    }
}
