//! The summaries of all webhooks that the vendor's newer API lists, beside the list that hookferry copies.
//! Pure. Reads only what the vendor documents, in both spellings of a 64-bit number that JSON from protobuf has.

use super::webhook::{Webhook, WebhookId};
use serde::Deserialize;
use serde_json::value::RawValue;
use smol_str::SmolStr;
use std::collections::HashMap;

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

/// Summaries by the number that their webhooks have in the documented list.
#[derive(Debug)]
pub struct SummaryIndex(HashMap<WebhookId, Vec<Summary>>);

impl SummaryIndex {
    /// Indexes summaries.
    pub fn new(summaries: Vec<Summary>) -> Self {
        let mut by_id: HashMap<WebhookId, Vec<Summary>> = HashMap::new();
        for summary in summaries {
            by_id.entry(summary.id.clone()).or_default().push(summary);
        }
        Self(by_id)
    }

    /// The id of a webhook in the newer API.
    ///
    /// # Errors
    /// Why nothing names it there for certain, as a clause.
    pub fn uuid(&self, webhook: &Webhook) -> Result<&str, String> {
        let id = webhook.id().ok_or("it has no id")?;
        let unnamed = "the newer API does not name it";
        let summary = match self.0.get(&id).map(Vec::as_slice) {
            None | Some([]) => return Err(unnamed.to_owned()),
            Some([summary]) => summary,
            Some(_) => return Err("the newer API names several webhooks by its number".to_owned()),
        };
        // A wrong id would act on somebody else's webhook.
        if webhook.alias().as_deref() != Some(summary.alias.as_str()) {
            let alias = crate::untrusted::escape_truncated(&summary.alias, 40);
            return Err(format!(
                "the newer API knows another webhook by its number, '{alias}'"
            ));
        }
        summary.uuid.as_deref().ok_or_else(|| unnamed.to_owned())
    }
}

/// The response to the call; `OutboundWebhookSummary` in the vendor's `OpenAPI` description.
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
    use super::{SummaryIndex, parse_summaries};
    use crate::coralogix::webhook::Webhook;

    #[test]
    fn an_id_is_one_of_a_webhook_with_the_same_number_and_alias() {
        let body = br#"{"outboundWebhookSummaries":[
            {"id":"uuid-1","externalId":1,"name":"a"}, {"externalId":"2","name":"b"},
            {"id":"uuid-4","externalId":4,"name":"d"}, {"id":"uuid-5","externalId":4,"name":"d"}]}"#;
        let index = SummaryIndex::new(parse_summaries(body).expect("summaries"));
        let uuid = |json: &str| {
            let webhook = Webhook::parse(json).expect("an object");
            index.uuid(&webhook).map(str::to_owned)
        };
        let refusal = |why: &str| Err(why.to_owned());
        assert_eq!(uuid(r#"{"id":1,"alias":"a"}"#), Ok("uuid-1".to_owned()));
        let other = "the newer API knows another webhook by its number, 'a'";
        assert_eq!(uuid(r#"{"id":1,"alias":"b"}"#), refusal(other));
        let unnamed = "the newer API does not name it";
        assert_eq!(uuid(r#"{"id":2,"alias":"b"}"#), refusal(unnamed));
        assert_eq!(uuid(r#"{"id":3,"alias":"a"}"#), refusal(unnamed));
        assert_eq!(uuid(r#"{"alias":"a"}"#), refusal("it has no id"));
        let several = "the newer API names several webhooks by its number";
        assert_eq!(uuid(r#"{"id":4,"alias":"d"}"#), refusal(several));
    }

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
