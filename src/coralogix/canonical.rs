//! The canonical form of content: the bytes that its digests cover, the same however a value's JSON is formatted.
//! Written straight from the JSON text, without a tree. Every part carries its length, so that no two contents collide.

use super::content::Fingerprint;
use super::decimal::normalize_decimal;
use super::extent;
use super::json::{JsonError, MAX_DEPTH, decode_string};
use super::scan::{self, Scanner};
use ring::digest::{self, SHA256};
use smol_str::SmolStr;
use std::ops::Range;

/// What the text of `integration_type_fields` turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldsForm {
    /// No text, `null` or an empty list.
    Empty,
    /// JSON, which may have two entries of the same name.
    Json { has_duplicate_names: bool },
    /// Text that is not JSON, or too deep or too large to parse.
    Text,
    /// JSON in which an object has the same key twice.
    DuplicateKey,
}

/// Writes a canonical form.
pub(super) struct CanonicalWriter {
    out: Vec<u8>,
    /// The members of the objects that are being written, the innermost last.
    members: Vec<MemberSpan>,
}

/// Where a member of an object starts in the output, and where its key ends.
struct MemberSpan {
    start: usize,
    key_end: usize,
}

/// The bytes of a length or a count.
const LENGTH: usize = size_of::<u64>();

impl CanonicalWriter {
    pub(super) fn new() -> Self {
        Self {
            out: Vec::with_capacity(1024),
            members: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Fingerprint {
        Fingerprint::from_digest(&digest::digest(&SHA256, &self.out))
    }

    pub(super) fn tag(&mut self, tag: u8) {
        self.out.push(tag);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn string(&mut self, text: &str) {
        self.tag(b'"');
        self.text(text);
    }

    /// A member as its raw token: missing, null and `""` are one; a number or a truth value never equals the text that
    /// spells it.
    pub(super) fn optional(&mut self, token: Option<&str>) {
        match token {
            None | Some("null" | "\"\"") => self.tag(b'-'),
            Some(token) => self.token(token),
        }
    }

    /// One JSON value.
    pub(super) fn token(&mut self, token: &str) {
        if let Some(text) = unescaped_string(token) {
            self.string(text);
        } else if self.whole(token, Self::value).is_err() {
            self.raw(token);
        }
    }

    /// What cannot be read as one value, such as half a surrogate pair: equals only the same bytes.
    pub(super) fn raw(&mut self, token: &str) {
        self.tag(b'!');
        self.text(token);
    }

    /// The text of `integration_type_fields`: a list of entries is sorted by their names, if each has one of its own.
    ///
    /// Writes nothing if the text is no JSON value, or an empty one.
    pub(super) fn fields(&mut self, text: &str) -> FieldsForm {
        if text.trim().is_empty() {
            return FieldsForm::Empty;
        }
        let start = self.out.len();
        let mut has_duplicate_names = false;
        let written = self.whole(text, |writer, scanner, depth| {
            if scanner.peek() == Some(b'[') {
                has_duplicate_names = writer.entries(scanner, depth - 1)?;
                Ok(())
            } else {
                writer.value(scanner, depth)
            }
        });
        match written {
            Ok(()) if is_empty_value(&self.out[start..]) => {
                self.out.truncate(start);
                FieldsForm::Empty
            }
            Ok(()) => FieldsForm::Json {
                has_duplicate_names,
            },
            Err(JsonError::DuplicateKey) => FieldsForm::DuplicateKey,
            Err(JsonError::NotJson | JsonError::TooDeep | JsonError::TooLarge) => FieldsForm::Text,
        }
    }

    /// Writes a whole text as one value; writes nothing if that fails.
    fn whole(
        &mut self,
        text: &str,
        write: impl FnOnce(&mut Self, &mut Scanner<'_>, usize) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        if extent::is_too_large(text) {
            return Err(JsonError::TooLarge);
        }
        let start = self.out.len();
        let mut scanner = Scanner::new(text);
        let problem = match write(self, &mut scanner, MAX_DEPTH) {
            Ok(()) if scanner.is_at_end() => return Ok(()),
            // A duplicate key or deep nesting is only worth reporting if the whole text is valid JSON.
            Err(problem) if scan::is_json(text) => problem,
            _ => JsonError::NotJson,
        };
        self.out.truncate(start);
        self.members.clear();
        Err(problem)
    }

    fn value(&mut self, scanner: &mut Scanner<'_>, depth: usize) -> Result<(), JsonError> {
        if depth == 0 {
            return Err(JsonError::TooDeep);
        }
        match scanner.peek() {
            Some(b'{') => self.object(scanner, depth - 1).map(drop),
            Some(b'[') => self.array(scanner, depth - 1),
            Some(b'"') => {
                self.string(&decode_string(scanner.next_string()?)?);
                Ok(())
            }
            _ => {
                self.literal(scanner.next_value()?);
                Ok(())
            }
        }
    }

    fn literal(&mut self, token: &str) {
        match token {
            "null" => self.tag(b'n'),
            "true" => self.tag(b't'),
            "false" => self.tag(b'f'),
            number => {
                self.tag(b'0');
                self.text(&normalize_decimal(number));
            }
        }
    }

    fn array(&mut self, scanner: &mut Scanner<'_>, depth: usize) -> Result<(), JsonError> {
        let open = self.open(scanner, b'[');
        let mut n = 0;
        while scanner.next_element(n == 0)? {
            n += 1;
            self.value(scanner, depth)?;
        }
        self.close(open, n);
        Ok(())
    }

    /// Writes an object with its members sorted by key; returns the text of its `name`, if it has one.
    fn object(
        &mut self,
        scanner: &mut Scanner<'_>,
        depth: usize,
    ) -> Result<Option<SmolStr>, JsonError> {
        let open = self.open(scanner, b'{');
        let first = self.members.len();
        let mut name = None;
        while let Some(key) = scanner.next_key(self.members.len() == first)? {
            let key = decode_string(key)?;
            let start = self.out.len();
            self.text(&key);
            self.members.push(MemberSpan {
                start,
                key_end: self.out.len(),
            });
            if key == "name" && scanner.peek() == Some(b'"') {
                let text = decode_string(scanner.next_string()?)?;
                self.string(&text);
                name = Some(SmolStr::new(text));
            } else {
                self.value(scanner, depth)?;
            }
        }
        self.close(open, self.members.len() - first);
        self.sort_members(first)?;
        self.members.truncate(first);
        Ok(name)
    }

    /// Writes the entries of `integration_type_fields`, sorted by name if each has one of its own; returns whether two
    /// have the same name.
    fn entries(&mut self, scanner: &mut Scanner<'_>, depth: usize) -> Result<bool, JsonError> {
        let open = self.open(scanner, b'[');
        let first = self.out.len();
        let mut entries: Vec<(Option<SmolStr>, Range<usize>)> = Vec::new();
        while scanner.next_element(entries.is_empty())? {
            let start = self.out.len();
            let name = match scanner.peek() {
                Some(b'{') => self.object(scanner, depth - 1)?,
                _ => self.value(scanner, depth).map(|()| None)?,
            };
            entries.push((name, start..self.out.len()));
        }
        self.close(open, entries.len());
        let is_named = entries.iter().all(|(name, _)| name.is_some());
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut neighbours = entries.windows(2);
        let is_twin = |pair: &[(Option<SmolStr>, _)]| pair[0].0.is_some() && pair[0].0 == pair[1].0;
        let has_duplicate_names = neighbours.any(is_twin);
        if is_named && !has_duplicate_names {
            self.reorder(first, entries.iter().map(|(_, entry)| entry));
        }
        Ok(has_duplicate_names)
    }

    /// Consumes the bracket that opens a list or an object, and leaves room for the number of its parts; returns where.
    fn open(&mut self, scanner: &mut Scanner<'_>, bracket: u8) -> usize {
        scanner.consume(bracket);
        self.tag(bracket);
        let at = self.out.len();
        self.length(0);
        at
    }

    fn close(&mut self, at: usize, n_parts: usize) {
        self.out[at..at + LENGTH].copy_from_slice(&(n_parts as u64).to_le_bytes());
    }

    /// Sorts the members from `first` on, which were written last, by their keys.
    fn sort_members(&mut self, first: usize) -> Result<(), JsonError> {
        let members = &self.members[first..];
        let key = |member: &MemberSpan| &self.out[member.start + LENGTH..member.key_end];
        if members.is_sorted_by(|a, b| key(a) < key(b)) {
            return Ok(());
        }
        let ends = members.iter().skip(1).map(|member| member.start);
        let mut sorted: Vec<_> = members.iter().zip(ends.chain([self.out.len()])).collect();
        sorted.sort_by_key(|(member, _)| key(member));
        if sorted
            .windows(2)
            .any(|pair| key(pair[0].0) == key(pair[1].0))
        {
            return Err(JsonError::DuplicateKey);
        }
        let start = members[0].start;
        let sorted = sorted.into_iter().map(|(member, end)| member.start..end);
        let sorted: Vec<Range<usize>> = sorted.collect();
        self.reorder(start, sorted.iter());
        Ok(())
    }

    /// Puts parts of the output into another order; together they are all of it from `start` on.
    fn reorder<'r>(&mut self, start: usize, parts: impl Iterator<Item = &'r Range<usize>> + Clone) {
        if parts.clone().is_sorted_by_key(|part| part.start) {
            return;
        }
        let before = self.out.split_off(start);
        for part in parts {
            self.out
                .extend_from_slice(&before[part.start - start..part.end - start]);
        }
    }

    fn length(&mut self, n: usize) {
        self.out.extend_from_slice(&(n as u64).to_le_bytes());
    }
}

/// Whether a canonical form is that of `null` or of an empty list.
fn is_empty_value(form: &[u8]) -> bool {
    match form {
        [b'n'] => true,
        [b'[', length @ ..] => *length == [0; LENGTH],
        _ => false,
    }
}

/// The text of a JSON string token without escapes; `None` for any other token.
fn unescaped_string(token: &str) -> Option<&str> {
    scan::unquote(token).filter(|inner| !inner.contains('\\'))
}

#[cfg(test)]
mod tests {
    use super::CanonicalWriter;
    use crate::coralogix::content::{is_equal, value_digest};
    use crate::coralogix::json::Json;
    use proptest::prelude::*;

    /// A JSON text from so few parts that two often have the same content in another spelling.
    fn json_text() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null"),
            Just("true"),
            Just("1"),
            Just("1.0"),
            Just("10e-1"),
            Just("\"1\""),
            Just("\"a\""),
            Just("\"\\u0061\""),
            Just("\"\""),
            Just(" 2 "),
        ];
        let key = prop_oneof![Just("\"a\""), Just("\"b\""), Just("\"\\u0062\"")];
        leaf.prop_map(str::to_owned)
            .prop_recursive(3, 12, 3, move |inner| {
                let member =
                    (key.clone(), inner.clone()).prop_map(|(key, value)| format!("{key}:{value}"));
                prop_oneof![
                    proptest::collection::vec(inner, 0..3)
                        .prop_map(|all| format!("[{}]", all.join(","))),
                    proptest::collection::vec(member, 0..3)
                        .prop_map(|all| format!("{{{}}}", all.join(" , "))),
                ]
            })
    }

    fn form_of_fields(text: &str) -> Vec<u8> {
        let mut canon = CanonicalWriter::new();
        canon.fields(text);
        canon.out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn two_values_have_one_form_exactly_if_their_trees_are_equal(a in json_text(), b in json_text()) {
            if let (Ok(left), Ok(right)) = (Json::parse(&a), Json::parse(&b)) {
                prop_assert_eq!(value_digest(&a) == value_digest(&b), is_equal(&left, &right));
            }
        }

        #[test]
        fn the_order_of_named_entries_does_not_matter(values in proptest::collection::vec(json_text(), 0..4), turn in 0..4_usize) {
            let entry = |(n, value): (usize, &String)| format!("{{\"value\":{value},\"name\":\"n{n}\"}}");
            let mut entries: Vec<String> = values.iter().enumerate().map(entry).collect();
            let before = form_of_fields(&format!("[{}]", entries.join(",")));
            let turn = turn.min(entries.len());
            entries.rotate_left(turn);
            prop_assert_eq!(form_of_fields(&format!("[{}]", entries.join(", "))), before);
        }
    }

    #[test]
    fn entries_without_names_of_their_own_keep_their_order() {
        for (left, right) in [
            (
                r#"[{"name":"a","value":1},{"name":"a","value":2}]"#,
                r#"[{"name":"a","value":2},{"name":"a","value":1}]"#,
            ),
            (
                r#"[{"name":"b"},{"value":1}]"#,
                r#"[{"value":1},{"name":"b"}]"#,
            ),
            ("[2,1]", "[1,2]"),
        ] {
            assert_ne!(form_of_fields(left), form_of_fields(right), "{left}");
        }
        assert_eq!(form_of_fields(" [ ] "), form_of_fields("null"));
    }
}
