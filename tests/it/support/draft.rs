//! A webhook by its meaning, and its JSON in any spelling.

use super::spelling::{Spelling, Tree};

/// The meaning of a webhook, independent of its spelling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) alias: String,
    pub(crate) type_id: u64,
    pub(crate) url: String,
    pub(crate) fields: Fields,
    pub(crate) unknown: Vec<(String, Tree)>,
}

/// The meaning of `integration_type_fields`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fields {
    /// Missing, null, `""`, `"[]"` or `[]`.
    None,
    /// Named entries; an empty list counts as [`Fields::None`].
    Entries(Vec<(String, Tree)>),
    /// Another JSON value.
    Other(Tree),
    /// Text that is not JSON.
    Text(String),
}

impl Draft {
    /// The webhook as an account lists it.
    pub(crate) fn json(&self, id: usize, spelling: &mut Spelling) -> String {
        let type_id = self.type_id.to_string();
        let number = [type_id.clone(), format!("\"{type_id}\"")];
        let label = ["\"label\"", "\"name\"", "\"icon\""][spelling.pick(3)];
        let nested = format!("{{{label}:\"{}\",\"id\":{type_id}}}", spelling.pick(9));
        let mut members = vec![
            ("id", id.to_string()),
            ("alias", spelling.string(&self.alias)),
            ("integration_type_id", number[spelling.pick(2)].clone()),
            ("integrationTypeId", type_id),
            ("integration_type", nested),
            ("company_id", spelling.pick(999).to_string()),
            (
                "created_at",
                format!("\"2024-01-01T00:00:{:02}Z\"", spelling.pick(60)),
            ),
            ("updated_at", "null".to_owned()),
        ];
        match (self.url.is_empty(), spelling.pick(3)) {
            (false, _) => members.push(("url", spelling.string(&self.url))),
            (true, 0) => members.push(("url", "\"\"".to_owned())),
            (true, 1) => members.push(("url", "null".to_owned())),
            (true, _) => {}
        }
        if let Some(fields) = self.fields.json(spelling) {
            members.push(("integration_type_fields", fields));
        }
        for (key, value) in &self.unknown {
            members.push((key, spelling.value(value)));
        }
        spelling.object(members)
    }
}

impl Fields {
    fn json(&self, spelling: &mut Spelling) -> Option<String> {
        let json = match self {
            Self::None => {
                let empty = ["null", "\"\"", "\"[]\"", "[]", "\" [ ] \"", ""][spelling.pick(6)];
                return (!empty.is_empty()).then(|| empty.to_owned());
            }
            Self::Text(text) => return Some(spelling.string(text)),
            Self::Other(tree) => spelling.value(tree),
            Self::Entries(entries) => {
                let entries = spelling.shuffled(entries.clone());
                spelling.value(&entry_list(&entries))
            }
        };
        Some(match spelling.pick(3) {
            1 => json,
            _ => spelling.string(&json),
        })
    }

    /// The value that a reader of the plainly spelled fields finds; `None` where there is no value to inspect.
    pub(crate) fn tree(&self) -> Option<Tree> {
        match self {
            Self::None | Self::Text(_) => None,
            Self::Other(tree) => Some(tree.clone()),
            Self::Entries(entries) => (!entries.is_empty()).then(|| entry_list(entries)),
        }
    }
}

fn entry_list(entries: &[(String, Tree)]) -> Tree {
    let entry = |(name, value): &(String, Tree)| {
        Tree::Object(vec![
            ("name".to_owned(), Tree::text(name)),
            ("value".to_owned(), value.clone()),
        ])
    };
    Tree::List(entries.iter().map(entry).collect())
}

/// An account's list response: the drafts in this order, with ids from `first_id` on.
pub(crate) fn list(drafts: &[&Draft], first_id: usize, spelling: &mut Spelling) -> String {
    let webhooks: Vec<String> = (first_id..)
        .zip(drafts)
        .map(|(id, draft)| draft.json(id, spelling))
        .collect();
    format!("[{}]", webhooks.join(","))
}
