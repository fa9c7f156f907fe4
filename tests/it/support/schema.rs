//! Holds documents to the schemas in `docs/schema/`. There, a program may expect members that are not named, because a
//! later minor version adds some; here, a document has exactly the members that its schema names.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Every schema by the name of its file, such as `plan.schema.json`.
pub(crate) static FILES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let files = super::source::files_below(&folder()).into_iter();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&text).unwrap())
    };
    files.map(read).collect()
});

/// The end of a schema's file name, after the kind of its documents.
pub(crate) const SUFFIX: &str = ".schema.json";

static SCHEMAS: LazyLock<CompiledSchemas> = LazyLock::new(CompiledSchemas::new);

struct CompiledSchemas {
    all: Schemas,
    by_kind: BTreeMap<String, SchemaIndex>,
}

/// What is wrong with a document; `None` if its kind has a schema, and it follows it.
pub(crate) fn errors(document: &Value) -> Option<String> {
    let Some(kind) = document["kind"].as_str() else {
        return Some("it has no kind".to_owned());
    };
    let Some(schema) = SCHEMAS.by_kind.get(kind) else {
        return Some(format!("the kind {kind} has no schema in docs/schema"));
    };
    let outcome = SCHEMAS.all.validate(document, *schema);
    outcome.err().map(|error| format!("{error:#}"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema")
}

impl CompiledSchemas {
    fn new() -> Self {
        let (mut all, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        let parts = FILES.iter().flat_map(|(name, schema)| parts(name, schema));
        let parts: BTreeSet<String> = parts.collect();
        let location = |name: &str| folder().join(name).to_str().unwrap().to_owned();
        for (name, schema) in &*FILES {
            let mut schema = schema.clone();
            tighten(&mut schema, &format!("{name}#"), &parts);
            compiler.add_resource(&location(name), schema).unwrap();
        }
        let mut compile = |name: &String| {
            let kind = name.strip_suffix(SUFFIX)?;
            let schema = compiler.compile(&location(name), &mut all);
            Some((kind.to_owned(), schema.unwrap()))
        };
        let by_kind = FILES.keys().filter_map(&mut compile).collect();
        Self { all, by_kind }
    }
}

/// The schema to which a reference in a file leads, by file and place: `common.schema.json#/$defs/side`.
fn resolved(file: &str, reference: &str) -> String {
    match reference.split_once('#') {
        Some(("", place)) => format!("{file}#{place}"),
        _ => reference.to_owned(),
    }
}

/// The schemas that describe a part of an object, because others combine them by `allOf`.
fn parts(file: &str, schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match schema {
        Value::Array(elements) => {
            found.extend(elements.iter().flat_map(|element| parts(file, element)));
        }
        Value::Object(members) => {
            let combined = members.get("allOf").and_then(Value::as_array);
            let references = combined.into_iter().flatten();
            let references = references.filter_map(|part| part["$ref"].as_str());
            found.extend(references.map(|reference| resolved(file, reference)));
            found.extend(members.values().flat_map(|member| parts(file, member)));
        }
        _ => {}
    }
    found
}

/// Forbids members that a schema does not name, wherever it describes a whole object.
fn tighten(schema: &mut Value, place: &str, parts: &BTreeSet<String>) {
    match schema {
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| tighten(element, place, parts)),
        Value::Object(members) => {
            let file = place.split_once('#').unwrap().0;
            let is_whole = is_object_schema(members) && !parts.contains(place);
            let reference = members.get("$ref").and_then(Value::as_str);
            let is_part = reference.is_some_and(|name| parts.contains(&resolved(file, name)));
            if is_whole || is_part && !place.ends_with("/allOf") {
                members.insert("unevaluatedProperties".to_owned(), false.into());
            }
            for (key, member) in members {
                tighten(member, &format!("{place}/{key}"), parts);
            }
        }
        _ => {}
    }
}

fn is_object_schema(members: &Map<String, Value>) -> bool {
    members.get("properties").is_some_and(Value::is_object)
        && members.contains_key("type")
        && !members.contains_key("additionalProperties")
}
