//! `docs/json.md` describes exactly the documents of `docs/schema/`, and every kind of document has its schema.
//!
//! What the schemas say stands in the page between `<!-- table: NAME -->` and `<!-- end -->`, where the name is that of a
//! schema or of a part of it: `plan`, `plan/step`. With `HOOKFERRY_DOCS` in the environment, the test writes the page.

use crate::support::schema::{FILES, SUFFIX, errors};
use crate::support::source::files_below;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const PAGE: &str = "docs/json.md";
const START: &str = "<!-- table: ";
const END: &str = "<!-- end -->";

#[test]
fn the_page_about_json_says_what_the_schemas_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let made = with_tables(&page);
    if std::env::var_os("HOOKFERRY_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(
        page == made,
        "{PAGE} is not what docs/schema says: run HOOKFERRY_DOCS=1 cargo test --test it json_docs"
    );
}

#[test]
fn a_document_that_differs_from_its_schema_is_noticed() {
    let document = json!({
        "format_version": "1.0", "kind": "error", "tool": "hookferry", "exit_code": 1, "meaning": "failed", "error": null,
        "hint": null
    });
    assert_eq!(errors(&document), None);
    for (member, value) in [
        ("novel", json!(1)),
        ("kind", json!("novel")),
        ("exit_code", json!("1")),
    ] {
        let mut wrong = document.clone();
        wrong[member] = value;
        assert!(errors(&wrong).is_some(), "{member}");
    }
    for member in document.as_object().unwrap().keys() {
        let mut wrong = document.clone();
        wrong.as_object_mut().unwrap().remove(member);
        assert!(errors(&wrong).is_some(), "{member}");
    }
}

#[test]
fn every_kind_of_document_has_a_schema_and_a_section() {
    let declaration = "const KIND: &'static str = \"";
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let texts = files_below(&src).into_iter();
    let texts = texts.map(|path| std::fs::read_to_string(path).unwrap());
    let mut in_source: BTreeSet<String> = texts
        .flat_map(|text| words_after(&text, declaration))
        .collect();
    in_source.remove("test");
    assert_eq!(in_source, kinds(), "kinds in src, and in docs/schema");
    let listed: BTreeSet<String> = listed_kinds().map(str::to_owned).collect();
    assert_eq!(listed, kinds(), "kinds that the envelope lists");
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let headings: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("## "))
        .collect();
    for kind in kinds() {
        let name = format!("`{kind}`");
        assert!(
            headings.iter().any(|heading| heading.contains(&name)),
            "{PAGE} has no section about {kind}"
        );
    }
}

/// A member that may be missing says when; all others are always there.
#[test]
fn a_member_that_may_be_missing_says_when() {
    for (name, schema) in &*FILES {
        for object in objects(schema) {
            let required = object["required"].as_array();
            for (member, about) in object["properties"].as_object().unwrap() {
                let is_required =
                    required.is_some_and(|names| names.iter().any(|name| name == member));
                let description = about["description"].as_str().unwrap_or_default();
                assert!(
                    is_required || description.contains("omitted"),
                    "{name}: {member} may be missing, and its description does not say when it is omitted"
                );
            }
        }
    }
}

/// Every part of a schema that lists the members of an object, except of the one whose members exclude each other.
fn objects(schema: &Value) -> Vec<&Value> {
    let (inner, is_object): (Vec<&Value>, bool) = match schema {
        Value::Array(elements) => (elements.iter().collect(), false),
        Value::Object(members) => {
            let lists_members = schema["properties"].is_object() && schema["type"].is_string();
            (
                members.values().collect(),
                lists_members && schema["maxProperties"].is_null(),
            )
        }
        _ => return Vec::new(),
    };
    let own = is_object.then_some(schema);
    own.into_iter()
        .chain(inner.into_iter().flat_map(objects))
        .collect()
}

fn words_after(text: &str, start: &str) -> Vec<String> {
    let ends = text.split(start).skip(1);
    ends.map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

fn kinds() -> BTreeSet<String> {
    let names = FILES.keys().filter_map(|name| name.strip_suffix(SUFFIX));
    names
        .filter(|name| *name != "common")
        .map(str::to_owned)
        .collect()
}

/// Every kind in the order in which the envelope lists them.
fn listed_kinds() -> impl Iterator<Item = &'static str> {
    let kinds = &FILES["common.schema.json"]["$defs"]["kind"]["enum"];
    kinds.as_array().unwrap().iter().map(text)
}

/// The page with every table made anew.
fn with_tables(page: &str) -> String {
    let subjects: BTreeSet<&str> = page.split(START).skip(1).map(subject).collect();
    let mut parts = page.split(START);
    let mut made = parts.next().unwrap().to_owned();
    for part in parts {
        let name = subject(part);
        let rest = part.split_once(END).expect("a table has an end").1;
        let table = if name == "common/kind" {
            kinds_table()
        } else {
            table(name, &subjects)
        };
        made.extend([START, name, " -->\n\n", &table, "\n", END, rest]);
    }
    made
}

fn subject(part: &str) -> &str {
    part.split_once(" -->").expect("a table has a name").0
}

/// Every kind of document, with where it comes from and its schema.
fn kinds_table() -> String {
    let row = |kind: &str| {
        let file = format!("{kind}{SUFFIX}");
        let about = FILES[&file]["description"].as_str().unwrap();
        format!("| [`{kind}`](schema/{file}) | {about} |\n")
    };
    let rows: String = listed_kinds().map(row).collect();
    format!("| kind | the document |\n|---|---|\n{rows}")
}

/// The members of an object, or the values of a member, as a table.
fn table(name: &str, subjects: &BTreeSet<&str>) -> String {
    let (file, schema) = named(name);
    let values = schema["oneOf"].as_array();
    if let Some(values) = values.filter(|values| values[0]["const"].is_string()) {
        let row = |value: &Value| {
            format!(
                "| `{}` | {} |\n",
                text(&value["const"]),
                text(&value["description"])
            )
        };
        let rows: String = values.iter().map(row).collect();
        let heading = name.rsplit('/').next().unwrap();
        return format!("| `{heading}` | meaning |\n|---|---|\n{rows}");
    }
    let mut rows: Vec<(String, String)> = Vec::new();
    for (member, about) in schema["properties"].as_object().unwrap() {
        let cell = Cell {
            file: &file,
            subjects,
        }
        .of(about);
        match rows.last_mut() {
            // The kind of a document is in its heading.
            _ if about["const"].is_string() => {}
            Some((members, last)) if *last == cell => {
                members.extend([", `", member, "`"]);
            }
            _ => rows.push((format!("`{member}`"), cell)),
        }
    }
    let rows = rows
        .iter()
        .map(|(members, cell)| ["| ", members, " | ", cell, " |\n"].concat());
    let rows = rows.collect::<String>();
    format!("| member | meaning |\n|---|---|\n{rows}")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The schema with a name as the page has it, and the name of its file.
fn named(name: &str) -> (String, &'static Value) {
    let (kind, part) = name.split_once('/').unwrap_or((name, ""));
    let file = format!("{kind}{SUFFIX}");
    let schema = FILES
        .get(&file)
        .unwrap_or_else(|| panic!("no schema {file}"));
    let schema = if part.is_empty() {
        schema
    } else {
        &schema["$defs"][part]
    };
    assert!(schema.is_object(), "no schema {name}");
    (file, schema)
}

/// Writes what a member means.
struct Cell<'a> {
    file: &'a str,
    /// What has a table of its own in the page.
    subjects: &'a BTreeSet<&'a str>,
}

impl Cell<'_> {
    fn of(&self, member: &Value) -> String {
        let about = member["description"].as_str().map(str::to_owned);
        let about =
            about.or_else(|| Some(self.target(member)?.1["description"].as_str()?.to_owned()));
        let values = self.values(member, about.as_deref().unwrap_or_default());
        let parts = [self.shape(member), about, values];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }

    /// The schema to which a reference leads, with the name that it would have in the page.
    fn target(&self, schema: &Value) -> Option<(String, &'static Value)> {
        let reference = schema["$ref"].as_str()?;
        let (file, part) = reference.split_once("#/$defs/").unwrap_or((reference, ""));
        let file = if file.is_empty() { self.file } else { file };
        let kind = file.strip_suffix(SUFFIX).unwrap();
        let name = if part.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}/{part}")
        };
        let schema = named(&name).1;
        Some((name, schema))
    }

    /// The members of the objects in a member, unless a table lists them.
    fn shape(&self, schema: &Value) -> Option<String> {
        if let Some((name, target)) = self.target(schema) {
            let file = format!("{}{SUFFIX}", name.split('/').next().unwrap());
            let inner = Cell {
                file: &file,
                subjects: self.subjects,
            };
            return if self.subjects.contains(name.as_str()) {
                None
            } else {
                inner.shape(target)
            };
        }
        if let Some(one) = schema["items"]
            .as_object()
            .map(|_| &schema["items"])
            .or(schema["anyOf"].get(0))
        {
            return self.shape(one);
        }
        let member = |(name, about): (&String, &Value)| match self.shape(about) {
            Some(inner) => format!("\"{name}\": {}", inner.trim_matches('`')),
            None => format!("\"{name}\""),
        };
        let members = schema["properties"].as_object()?.iter().map(member);
        Some(format!("`{{{}}}`", members.collect::<Vec<_>>().join(", ")))
    }

    /// The values that a member may have, unless what is said about it names them.
    fn values(&self, schema: &Value, about: &str) -> Option<String> {
        let schema = match self.target(schema) {
            Some((name, _)) if self.subjects.contains(name.as_str()) => return None,
            Some((_, target)) => target,
            None => schema,
        };
        let values = schema["enum"].as_array()?.iter().filter_map(Value::as_str);
        let values: Vec<String> = values.map(|value| format!("`{value}`")).collect();
        if values.iter().all(|value| about.contains(value)) {
            return None;
        }
        let (last, others) = values.split_last()?;
        Some(format!("{} or {last}", others.join(", ")))
    }
}
