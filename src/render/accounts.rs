//! Renders `account list`: the profiles of a config file, as a table and as JSON.
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
#[derive(Debug)]
pub struct AccountsView {
    /// The file's path; `None` if neither an option nor the environment determines it.
    pub file: Option<String>,
    /// Whether the file exists.
    pub exists: bool,
    /// One row for each profile.
    pub rows: Vec<AccountRow>,
}

/// A profile of the config file.
#[derive(Debug)]
pub struct AccountRow {
    /// The profile's name, label, and expected company id.
    pub profile: AccountProfile,
    /// The API of its account.
    pub endpoint: Endpoint,
    /// Where its key comes from, in words; `None` if the profile has no key.
    pub key: Option<String>,
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
        name_cell(&row.profile.name),
        truncated(row.endpoint.host(), MAX_CELL_WIDTH),
        truncated(row.key.as_deref().unwrap_or("-"), MAX_CELL_WIDTH),
        or_dash(row.profile.company_id.as_deref()),
        or_dash(row.profile.label.as_deref()),
    ]
}

/// The profiles as JSON.
#[derive(Serialize)]
struct AccountsDocument<'a> {
    config_file: Option<&'a str>,
    exists: bool,
    profiles: Vec<ProfileDocument<'a>>,
}

/// A profile as JSON.
#[derive(Serialize)]
struct ProfileDocument<'a> {
    profile: &'a str,
    label: Option<&'a str>,
    host: &'a str,
    url: &'a str,
    region: Option<&'static str>,
    key_from: Option<&'a str>,
    company_id: Option<WebhookId>,
}

impl DocumentBody for AccountsDocument<'_> {
    const KIND: &'static str = "accounts";
}

/// Renders the profiles as JSON.
pub fn document(view: &AccountsView) -> impl DocumentBody {
    AccountsDocument {
        config_file: view.file.as_deref(),
        exists: view.exists,
        profiles: view.rows.iter().map(ProfileDocument::from).collect(),
    }
}

impl<'a> From<&'a AccountRow> for ProfileDocument<'a> {
    fn from(row: &'a AccountRow) -> Self {
        Self {
            profile: &row.profile.name,
            label: row.profile.label.as_deref(),
            host: row.endpoint.host(),
            url: row.endpoint.base().as_str(),
            region: row.endpoint.region().map(Region::code),
            key_from: row.key.as_deref(),
            company_id: row.profile.company_id.as_ref().map(WebhookId::new),
        }
    }
}
