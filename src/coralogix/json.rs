//! A lossless JSON parser: numbers and unescaped strings are slices of the input.
//! Never rounds a number and never merges duplicate keys.

use super::extent;
pub use super::scan::encode_string;
use super::scan::{self, Malformed, Scanner};
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

/// Deepest nesting that is parsed; a limit, so that no response can overflow the stack.
pub(super) const MAX_DEPTH: usize = 128;

/// One JSON value; numbers keep the exact text of the input.
#[derive(Clone)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number exactly as it was written, such as `1.10` or `1e400`.
    Number(&'a str),
    /// A string with its escapes decoded.
    String(Cow<'a, str>),
    /// The elements in order.
    Array(Vec<Self>),
    /// The members in order; keys are unique.
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// Why a text could not be read as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonError {
    /// The text is not valid JSON.
    NotJson,
    /// An object has the same key twice, so it is ambiguous which value counts.
    DuplicateKey,
    /// The value is nested deeper than 128 levels.
    TooDeep,
    /// There are more than 100,000 values inside, or their paths together are far longer than the text.
    TooLarge,
}

impl From<Malformed> for JsonError {
    fn from(_: Malformed) -> Self {
        Self::NotJson
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJson => "not JSON",
            Self::DuplicateKey => "an object has the same key twice",
            Self::TooDeep => "nested deeper than 128 levels",
            Self::TooLarge => "too much inside: more than 100,000 values, or very long keys",
        })
    }
}

impl<'a> Json<'a> {
    /// Parses a whole text as one value, such as the fields of a webhook.
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        if extent::is_too_large(text) {
            let problem = JsonError::TooLarge;
            return Err(if scan::is_json(text) {
                problem
            } else {
                JsonError::NotJson
            });
        }
        Self::parse_document(text)
    }

    /// Parses a whole text as one value, whose size somebody else has limited.
    pub fn parse_document(text: &'a str) -> Result<Self, JsonError> {
        let mut scanner = Scanner::new(text);
        match Self::parse_value(&mut scanner, MAX_DEPTH) {
            Ok(tree) if scanner.is_at_end() => Ok(tree),
            // A duplicate key or deep nesting is only worth reporting if the whole text is valid JSON.
            Err(problem) if scan::is_json(text) => Err(problem),
            _ => Err(JsonError::NotJson),
        }
    }

    /// The decoded text if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value under `key` if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, v)| v),
            _ => None,
        }
    }

    fn parse_value(scanner: &mut Scanner<'a>, depth: usize) -> Result<Self, JsonError> {
        if depth == 0 {
            return Err(JsonError::TooDeep);
        }
        match scanner.peek() {
            Some(b'{') => Self::parse_object(scanner, depth - 1),
            Some(b'[') => {
                scanner.consume(b'[');
                let mut elements = Vec::new();
                while scanner.next_element(elements.is_empty())? {
                    elements.push(Self::parse_value(scanner, depth - 1)?);
                }
                Ok(Self::Array(elements))
            }
            Some(b'"') => Ok(Self::String(decode_string(scanner.next_string()?)?)),
            _ => Ok(match scanner.next_value()? {
                "true" => Self::Bool(true),
                "false" => Self::Bool(false),
                "null" => Self::Null,
                number => Self::Number(number),
            }),
        }
    }

    fn parse_object(scanner: &mut Scanner<'a>, depth: usize) -> Result<Self, JsonError> {
        scanner.consume(b'{');
        let mut members: Vec<(Cow<'a, str>, Self)> = Vec::new();
        while let Some(key) = scanner.next_key(members.is_empty())? {
            members.push((decode_string(key)?, Self::parse_value(scanner, depth)?));
        }
        if has_duplicate(members.iter().map(|(key, _)| key.as_ref())) {
            return Err(JsonError::DuplicateKey);
        }
        Ok(Self::Object(members))
    }
}

/// Decodes a JSON string token; borrowed if it has no escape. Half a surrogate pair is an error.
pub fn decode_string(token: &str) -> Result<Cow<'_, str>, JsonError> {
    let inner = scan::unquote(token).ok_or(JsonError::NotJson)?;
    if inner.contains('\\') {
        let text = scan::unescape(inner).ok_or(JsonError::NotJson)?;
        Ok(Cow::Owned(text))
    } else {
        Ok(Cow::Borrowed(inner))
    }
}

/// Writes valid JSON without white space and with every string escaped the same way; an error if a string has half a
/// surrogate pair.
///
/// Numbers keep their notation, so `1` and `1.0` differ.
pub fn write_compact(text: &str, to: &mut dyn Write) -> io::Result<()> {
    scan::compact(text, |part| to.write_all(part.as_bytes()))
}

/// Whether an object in a valid JSON value has the same key twice.
pub(super) fn has_duplicate_key(token: &str) -> bool {
    contains_duplicate_key(&mut Scanner::new(token), MAX_DEPTH) == Ok(true)
}

fn contains_duplicate_key(scanner: &mut Scanner<'_>, depth: usize) -> Result<bool, Malformed> {
    let mut found = false;
    if depth > 0 && scanner.consume(b'{') {
        let mut keys = Vec::new();
        while let Some(key) = scanner.next_key(keys.is_empty())? {
            keys.push(decode_string(key).unwrap_or(Cow::Borrowed(key)));
            found |= contains_duplicate_key(scanner, depth - 1)?;
        }
        found |= has_duplicate(keys.iter().map(AsRef::as_ref));
    } else if depth > 0 && scanner.consume(b'[') {
        let mut is_first = true;
        while scanner.next_element(std::mem::take(&mut is_first))? {
            found |= contains_duplicate_key(scanner, depth - 1)?;
        }
    } else {
        scanner.next_value()?;
    }
    Ok(found)
}

/// Whether any key occurs twice.
pub(crate) fn has_duplicate<'k>(keys: impl Iterator<Item = &'k str> + Clone) -> bool {
    const FEW: usize = 12;
    if keys.clone().nth(FEW).is_none() {
        // For so few keys, comparing all pairs is faster than sorting.
        let mut rest = keys.clone();
        return keys.into_iter().any(|key| {
            rest.next();
            rest.clone().any(|other| other == key)
        });
    }
    let mut keys: Vec<&str> = keys.collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::{Json, JsonError, has_duplicate_key};
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_key_is_found_twice_exactly_where_the_parser_finds_it(
            keys in proptest::collection::vec("a|b|c|\\\\u0061", 4),
        ) {
            let [a, b, c, d] = &keys[..] else { unreachable!() };
            let text = format!("[1,{{\"{a}\":[{{\"{c}\":{{}}, \"{d}\" : null}}],\"{b}\":\"{a}\"}}]");
            let parsed = Json::parse(&text).err();
            prop_assert_eq!(has_duplicate_key(&text), parsed == Some(JsonError::DuplicateKey));
        }
    }
}
