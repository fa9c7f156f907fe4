//! Renders `account list`: the profiles of a config file, as a table; as JSON, the view is the document.
//! Pure. Shows where keys are, and never has a key itself.

use super::columns::{table, truncated};
use super::style::Meaning;
use crate::coralogix::account::AccountProfile;
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::coralogix::webhook::WebhookId;
use crate::document::DocumentBody;
use crate::render::page::Page;
use crate::untrusted;
use crate::untrusted::name_cell;
use crate::wording::counted;
use serde::Serialize;

/// Maximum width of a cell in columns.
const MAX_CELL_WIDTH: usize = 48;
const HEADINGS: [&str; 5] = ["profile", "host", "key", "company", "label"];

/// The profiles of a config file.
#[derive(Debug, Serialize)]
pub struct AccountsView {
    /// The file's path; `None` if neither an option nor the environment determines it.
    #[serde(rename = "config_file")]
    pub file: Option<String>,
    /// Whether the file exists.
    pub exists: bool,
    /// One row for each profile.
    #[serde(rename = "profiles")]
    pub rows: Vec<AccountRow>,
}

impl DocumentBody for AccountsView {
    const KIND: &'static str = "accounts";
}

/// A profile of the config file.
#[derive(Debug, Serialize)]
pub struct AccountRow {
    profile: String,
    label: Option<String>,
    host: String,
    url: String,
    region: Option<&'static str>,
    key_from: Option<String>,
    company_id: Option<WebhookId>,
}

impl AccountRow {
    /// A profile with the API of its account, and where its key comes from, in words.
    pub fn new(profile: &AccountProfile, endpoint: &Endpoint, key_from: Option<String>) -> Self {
        Self {
            profile: profile.name.clone(),
            label: profile.label.clone(),
            host: endpoint.host().to_owned(),
            url: endpoint.base().to_string(),
            region: endpoint.region().map(Region::code),
            key_from,
            company_id: profile.company_id.as_ref().map(WebhookId::new),
        }
    }
}

/// Renders the profiles as a table.
pub fn text(view: &AccountsView, page: Page) -> String {
    let file = view.file.as_deref().map(untrusted::escape);
    let file = match (file, view.exists) {
        (Some(file), true) => file,
        (Some(file), false) => {
            return format!(
                "No profiles: the config file {file} does not exist.\nA profile gives an account a name; `hookferry --help` shows an example.\n"
            );
        }
        (None, _) => {
            return "No profiles: neither XDG_CONFIG_HOME nor HOME is set, so there is no default config file; pass one with --config.\n"
                .to_owned();
        }
    };
    let mut out = String::new();
    if !view.rows.is_empty() {
        let rows: Vec<[String; 5]> = view.rows.iter().map(cells).collect();
        out.push_str(&table(HEADINGS, &rows, page));
        out.push('\n');
    }
    let total = format!("{} in {file}", counted(view.rows.len(), "profile"));
    out.push_str(&page.palette.paint(Meaning::Heading, &total));
    out.push('\n');
    out
}

fn cells(row: &AccountRow) -> [String; 5] {
    let or_dash = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), name_cell);
    [
        name_cell(&row.profile),
        truncated(&row.host, MAX_CELL_WIDTH),
        truncated(row.key_from.as_deref().unwrap_or("-"), MAX_CELL_WIDTH),
        or_dash(row.company_id.as_ref().map(WebhookId::as_str)),
        or_dash(row.label.as_deref()),
    ]
}
