//! The one table of webhook types: their documented fields, and which parts of each field are secret.
//! Never rejects an unknown type; everything in a webhook of such a type is hidden.

use super::webhook::TypeId;
use crate::closest::{closest_names, did_you_mean};
use smol_str::{SmolStr, format_smolstr};

/// The kind of a field's value, which determines how it is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Shown as it is: a method, a uuid, a project key.
    Plain,
    /// Hidden completely; the text names what it is, such as `service key`.
    Secret(&'static str),
    /// One or more e-mail addresses: only the domain is shown.
    Email,
    /// An object of HTTP headers: names are shown, values are hidden except for a safe list.
    Headers,
    /// The body that the webhook sends: only `$PLACEHOLDER`s and the values of a safe list of keys are shown.
    Payload,
}

/// One field of a type's `integration_type_fields` (Table B of the vendor's page).
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The entry's `name`.
    pub name: &'static str,
    /// The kind of the entry's `value`.
    pub slot: Slot,
}

/// One documented type (Table A of the vendor's page).
#[derive(Debug)]
pub struct WebhookType {
    /// The vendor's number for the type.
    pub id: TypeId,
    /// Its name in Table B, which `--type` accepts.
    pub name: &'static str,
    /// The product name, which is also the `label` of its `integration_type` object.
    pub label: &'static str,
    /// The `icon` of its `integration_type` object.
    pub icon: &'static str,
    /// Its documented fields; values of all other fields are hidden.
    pub fields: &'static [Field],
}

const fn field(name: &'static str, slot: Slot) -> Field {
    Field { name, slot }
}

const GENERIC_FIELDS: &[Field] = &[
    field("uuid", Slot::Plain),
    field("method", Slot::Plain),
    field("headers", Slot::Headers),
    field("payload", Slot::Payload),
];

const fn webhook_type(
    id: u64,
    name: &'static str,
    label: &'static str,
    icon: &'static str,
    fields: &'static [Field],
) -> WebhookType {
    WebhookType {
        id: TypeId(id),
        name,
        label,
        icon,
        fields,
    }
}

/// The nine documented types, in the order of their numbers.
pub const WEBHOOK_TYPES: &[WebhookType] = &[
    webhook_type(0, "slack", "Slack", "/assets/settings/slack-48.png", &[]),
    webhook_type(
        1,
        "webhook",
        "WebHook",
        "/assets/webhook.png",
        GENERIC_FIELDS,
    ),
    webhook_type(
        2,
        "pager_duty",
        "PagerDuty",
        "/assets/settings/pagerDuty.png",
        &[field("serviceKey", Slot::Secret("service key"))],
    ),
    webhook_type(
        3,
        "sendlog",
        "SendLog",
        "/assets/invite.png",
        GENERIC_FIELDS,
    ),
    webhook_type(
        4,
        "email_group",
        "Email Group",
        "/assets/email-group.png",
        &[field("payload", Slot::Email)],
    ),
    webhook_type(
        5,
        "microsoft_teams",
        "Microsoft Teams",
        "/assets/settings/teams.png",
        &[],
    ),
    webhook_type(
        6,
        "jira",
        "Jira",
        "/assets/settings/jira.png",
        &[
            field("apiToken", Slot::Secret("api token")),
            field("email", Slot::Email),
            field("projectKey", Slot::Plain),
        ],
    ),
    webhook_type(
        7,
        "opsgenie",
        "Opsgenie",
        "/assets/settings/opsgenie.png",
        &[],
    ),
    webhook_type(
        8,
        "demisto",
        "Demisto",
        "/assets/settings/demisto.png",
        GENERIC_FIELDS,
    ),
];

/// Headers whose values are never secret, in lower case.
pub const SAFE_HEADERS: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-encoding",
    "content-type",
];

/// Payload keys whose string or number is shown, at any depth.
pub const SAFE_PAYLOAD_KEYS: &[&str] = &[
    "applicationName",
    "computerName",
    "severity",
    "subsystemName",
    "uuid",
];

impl WebhookType {
    /// The documented type with that number; `None` for a type that the vendor's page does not list.
    pub fn from_id(id: TypeId) -> Option<&'static Self> {
        WEBHOOK_TYPES.iter().find(|kind| kind.id == id)
    }

    /// The documented type with that Table B name.
    pub fn from_name(name: &str) -> Option<&'static Self> {
        WEBHOOK_TYPES.iter().find(|kind| kind.name == name)
    }

    /// The complete `integration_type` object of this type as JSON, for a webhook that lacks one.
    pub fn integration_type(&self) -> String {
        format!(
            r#"{{"label":"{}","icon":"{}","id":{}}}"#,
            self.label, self.icon, self.id
        )
    }

    /// The kind of the named field; [`UNKNOWN_SLOT`] (hidden) if the field is not documented.
    pub fn slot(&self, name: &str) -> Slot {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .map_or(UNKNOWN_SLOT, |field| field.slot)
    }
}

/// The slot of an undocumented field: hidden, so that a field the vendor adds can never leak.
pub const UNKNOWN_SLOT: Slot = Slot::Secret("unknown field");

/// Short names of documented types, in addition to their Table B names and labels.
const SHORT_NAMES: [(&str, &str); 3] = [
    ("email", "email_group"),
    ("teams", "microsoft_teams"),
    ("msteams", "microsoft_teams"),
];

/// Parses the name of a documented type, or a number; `None` for any other text.
///
/// A name is that of Table B, a label or a short name, without regard to case, spaces, `_` and `-`.
pub fn parse_type(text: &str) -> Option<TypeId> {
    let typed = letters(text);
    let short = SHORT_NAMES.iter().find(|(short, _)| *short == typed);
    let typed = short.map_or(typed, |(_, name)| letters(name));
    let documented = WEBHOOK_TYPES
        .iter()
        .find(|kind| [kind.name, kind.label].map(letters).contains(&typed));
    documented
        .map(|kind| kind.id)
        .or_else(|| text.parse().ok().map(TypeId))
}

fn letters(name: &str) -> String {
    let letters = name.chars().filter(|c| !" _-".contains(*c));
    letters.flat_map(char::to_lowercase).collect()
}

/// What to pass instead of a text that is not a type: the one that it may mean, and all documented names.
pub fn type_hint(text: &str) -> String {
    let names: Vec<&str> = WEBHOOK_TYPES.iter().map(|kind| kind.name).collect();
    let all = format!("pass one of {}, or a type number", names.join(", "));
    match did_you_mean(&closest_names(text, names)) {
        Some(question) => format!("{question} {all}"),
        None => all,
    }
}

/// The name of a type in every list and preview: `slack`, or `type 99` for an undocumented one.
pub fn type_name(id: TypeId) -> SmolStr {
    WebhookType::from_id(id).map_or_else(
        || format_smolstr!("type {id}"),
        |kind| SmolStr::new_static(kind.name),
    )
}
