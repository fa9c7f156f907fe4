//! A webhook's id as the token that its account lists: a number or a text, which are two things to a server.
//! Pure. `"007"` is not `7`: whoever wrote the one in place of the other would overwrite somebody else's webhook.

use super::json;
use smol_str::{SmolStr, format_smolstr};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The most zeros that a number's plain notation adds to its digits; beyond, it keeps an exponent.
const MAX_ADDED_ZEROS: i64 = 64;

/// A webhook's id in one account.
///
/// Two ids are equal if their plain notation is: `1050`, `1050.0`, `1.05e3` and `"1050"` name one webhook, because
/// one server may spell the id that it assigned in two ways, as a number in an answer and as a text in a list.
/// `"007"` and `7` are never equal, nor are `" 7"` and `7`. Bodies get the token as listed, never another spelling.
///
/// Cloning a short id, as usual ids are, does not allocate.
#[derive(Clone)]
pub struct WebhookId {
    /// A number without exponent and trailing zeros of a fraction; a text as it is.
    plain: SmolStr,
    form: Form,
}

/// How an account writes an id.
#[derive(Clone, PartialEq, Eq)]
enum Form {
    Text,
    /// In plain notation.
    Number,
    /// In another notation, such as `1.05e3`.
    SpelledNumber(Box<str>),
}

impl WebhookId {
    /// Takes an id as a user types it or a CSV file holds it, where nothing tells a number from a text.
    ///
    /// It equals the webhook's id in either form. In JSON it is a number if its digits are a JSON number.
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let is_number = text == "0" || !text.starts_with('0') && is_digits(text);
        Self {
            plain: text.into(),
            form: if is_number { Form::Number } else { Form::Text },
        }
    }

    /// Takes an id that is a string in JSON, decoded.
    pub fn from_text(text: impl AsRef<str>) -> Self {
        Self {
            plain: text.as_ref().into(),
            form: Form::Text,
        }
    }

    /// Takes an id that is a number in JSON, as its token.
    pub(crate) fn from_number(token: &str) -> Self {
        let plain = plain_decimal(token);
        let form = if plain == token {
            Form::Number
        } else {
            Form::SpelledNumber(token.into())
        };
        Self { plain, form }
    }

    /// Takes the JSON token of an id; `None` if it is neither a string nor a number that is not negative.
    pub(crate) fn from_token(token: &str) -> Option<Self> {
        match token.as_bytes().first()? {
            b'"' => json::decode_string(token).ok().map(Self::from_text),
            b'0'..=b'9' => Some(Self::from_number(token)),
            _ => None,
        }
    }

    /// The id without quotes, a number in plain notation; not escaped for display.
    pub fn as_str(&self) -> &str {
        &self.plain
    }

    /// The id as a JSON token, exactly as the account listed it.
    pub fn to_json(&self) -> Cow<'_, str> {
        match &self.form {
            Form::Text => Cow::Owned(json::encode_string(&self.plain)),
            Form::Number => Cow::Borrowed(&self.plain),
            Form::SpelledNumber(token) => Cow::Borrowed(token),
        }
    }

    /// Whether the account writes it as a number.
    pub(crate) fn is_number(&self) -> bool {
        self.form != Form::Text
    }

    /// Whether both are equal and of one form, as two lists of one account show one webhook.
    ///
    /// A write that trusts an id from elsewhere needs this: for it, a text never equals a number.
    pub(crate) fn is_listed_as(&self, other: &Self) -> bool {
        self == other && self.is_number() == other.is_number()
    }

    /// Whether the ids differ, but would be one number if both were numbers, such as `7` and `"007"`.
    ///
    /// Whether they name one webhook is unknown, so neither proves that the other one is there, or that it is gone.
    pub(crate) fn is_equal_only_in_digits(&self, other: &Self) -> bool {
        self != other
            && self
                .decimal()
                .is_some_and(|decimal| Some(decimal) == other.decimal())
    }

    /// The number that the id is, or that its text would be, in plain notation; `None` for any other text.
    pub(crate) fn decimal(&self) -> Option<SmolStr> {
        let text = self.plain.trim();
        let is_numeral = text.starts_with(|first: char| first.is_ascii_digit() || first == '+')
            && text.ends_with(|last: char| last.is_ascii_digit() || last == '.')
            && text.bytes().all(|byte| b"0123456789.eE+-".contains(&byte))
            && text.parse::<f64>().is_ok();
        is_numeral.then(|| plain_decimal(text.trim_start_matches('+')))
    }
}

impl PartialEq for WebhookId {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

impl Eq for WebhookId {}

impl Hash for WebhookId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.plain.hash(state);
    }
}

impl PartialOrd for WebhookId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WebhookId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.plain.cmp(&other.plain)
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::untrusted::escape(&self.plain))
    }
}

impl fmt::Debug for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The largest whole number up to which no program that keeps numbers as floats rounds any.
const MAX_EXACT: u64 = 1 << 53;

/// The digits of a number that is whole, however it is written, such as `1.05e3`; `None` if it is not whole, or if whoever
/// wrote it as a float may have rounded it.
pub(crate) fn whole_number(token: &str) -> Option<Cow<'_, str>> {
    if is_digits(token) {
        return Some(Cow::Borrowed(token));
    }
    let is_number = token.starts_with(|first: char| first.is_ascii_digit())
        && token.bytes().all(|byte| b"0123456789.eE+-".contains(&byte));
    let plain = is_number.then(|| plain_decimal(token))?;
    let value: u64 = plain.parse().ok()?;
    (value <= MAX_EXACT).then(|| Cow::Owned(plain.into()))
}

/// The plain notation of a decimal number that is not negative: exact, whatever its size; one for each value.
fn plain_decimal(number: &str) -> SmolStr {
    if is_digits(number) && !number.starts_with('0') {
        return number.into();
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let n_leading = digits.len() - significant.len();
    let significant = significant.trim_end_matches('0');
    if significant.is_empty() {
        return "0".into();
    }
    // An exponent that is no i64 cannot be written out either, so the number stays as it is.
    let Ok(exponent) = exponent.parse::<i64>() else {
        return number.into();
    };
    let (n_whole, n_leading) = (to_i64(whole.len()), to_i64(n_leading));
    let point = exponent.saturating_add(n_whole - n_leading);
    with_point(significant, point, number)
}

/// Writes digits with the decimal point after the first `point` of them, or as many places before them if negative.
fn with_point(digits: &str, point: i64, number: &str) -> SmolStr {
    let n = to_i64(digits.len());
    if point < -MAX_ADDED_ZEROS || point > n.saturating_add(MAX_ADDED_ZEROS) {
        return format_smolstr!("{digits}e{}", point.saturating_sub(n));
    }
    let zeros = |n: i64| "0".repeat(usize::try_from(n).unwrap_or_default());
    if point <= 0 {
        return format_smolstr!("0.{}{digits}", zeros(-point));
    }
    match usize::try_from(point) {
        Ok(point) if point < digits.len() => {
            format_smolstr!("{}.{}", &digits[..point], &digits[point..])
        }
        Ok(_) => format_smolstr!("{digits}{}", zeros(point - n)),
        Err(_) => number.into(),
    }
}

fn to_i64(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{WebhookId, whole_number};

    fn id(token: &str) -> WebhookId {
        WebhookId::from_token(token).expect(token)
    }

    #[test]
    fn numbers_are_equal_as_exact_decimals() {
        let equal = [
            ("1050", "1050.0"),
            ("1050", "1.05e3"),
            ("1050", "105E+1"),
            ("1050", "10500e-1"),
            ("0", "0.000"),
            ("0.5", "5e-1"),
            ("7.25", "72.5e-1"),
            ("10000000000000000000000", "1e22"),
            ("1e500", "10e499"),
        ];
        for (one, other) in equal {
            assert_eq!(id(one), id(other));
        }
        let different = [
            ("9007199254740993", "9007199254740992"),
            ("1050", "1050.0000000000000000000000001"),
            ("1e500", "1e501"),
            ("1e99999999999999999999", "1e99999999999999999998"),
        ];
        for (one, other) in different {
            assert_ne!(id(one), id(other));
        }
    }

    #[test]
    fn no_text_but_a_whole_number_is_one() {
        for text in ["1050", "1050.0", "1.05e3"] {
            assert_eq!(whole_number(text).as_deref(), Some("1050"));
        }
        for text in [
            "",
            "105é",
            "日",
            "1_050",
            "0x10",
            "1.5",
            "-1",
            "1e-5",
            "1.0.0",
            "9007199254740994.0",
        ] {
            assert_eq!(whole_number(text), None, "{text}");
        }
    }

    #[test]
    fn paths_get_a_plain_integer_and_bodies_the_token_as_listed() {
        let listed = [
            ("1050.0", "1050"),
            ("1.05e3", "1050"),
            ("1050", "1050"),
            ("1E2", "100"),
            ("\"1050\"", "1050"),
            ("\"007\"", "007"),
            ("\" 7\"", " 7"),
            ("\"a\\\"b\"", "a\"b"),
        ];
        for (token, plain) in listed {
            assert_eq!(id(token).as_str(), plain);
            assert_eq!(id(token).to_json(), token);
        }
    }

    #[test]
    fn a_text_equals_a_number_only_in_its_plain_notation() {
        assert_eq!(id("\"1050\""), id("1050"));
        assert_eq!(id("\"1050\""), WebhookId::new("1050"));
        assert!(!id("\"1050\"").is_listed_as(&id("1050")));
        for text in ["\"007\"", "\" 7\"", "\"7.0\"", "\"+7\"", "\"7e0\""] {
            assert_ne!(id(text), id("7"), "{text}");
            assert!(id(text).is_equal_only_in_digits(&id("7")), "{text}");
            assert!(id("7").is_equal_only_in_digits(&id(text)), "{text}");
        }
        for text in [
            "\"7\"",
            "\"8\"",
            "\"7a\"",
            "\"\"",
            "\"nan\"",
            "\"007-1\"",
            "\"٧\"",
        ] {
            assert!(!id(text).is_equal_only_in_digits(&id("7")), "{text}");
        }
    }

    #[test]
    fn only_strings_and_numbers_are_ids() {
        for token in ["null", "true", "{}", "[]", "-7", "\"\\ud800\""] {
            assert_eq!(WebhookId::from_token(token), None, "{token}");
        }
    }

    #[test]
    fn a_typed_id_is_a_number_if_json_could_write_it_so() {
        for (typed, json) in [
            ("7", "7"),
            ("0", "0"),
            ("007", "\"007\""),
            ("", "\"\""),
            ("a", "\"a\""),
        ] {
            assert_eq!(WebhookId::new(typed).to_json(), json);
        }
    }
}
