//! The one door for a server's words: what an answer says in a text of its own is shown if it repeats nothing that the
//! server was sent, and otherwise withheld. Never filters: a text with a hole in it still tells what it was cut from.
//! Pure.

use super::spelling::spellings;
use crate::secret::{hides_part_of_url, resembles_vendor_key, url_outline};
use crate::untrusted;
use icu_casemap::CaseMapper;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use url::Url;

/// Sharing as many characters in a row with what was sent counts as repeating it.
const RUN: usize = 4;
/// The most bytes of an answer that are searched for words.
const MAX_WORDS_BYTES: usize = 64 * 1024;
/// The most characters that are shown.
const MAX_SHOWN_CHARS: usize = 200;
/// Longer words with a digit look like a credential, and so do words of twice that length without one.
const MAX_WORD_CHARS: usize = 24;

/// What servers write about common mistakes, and what is shown for it when the words are withheld; the first one counts.
const REASONS: &[(&[&str], &str)] = &[
    (
        &["already exist", "duplicate", "not unique"],
        "already exists",
    ),
    (&["in use", "is used by", "referenced"], "still in use"),
    (
        &["too long", "too large", "exceeds", "maximum length"],
        "something is too long",
    ),
    (&["too many", "quota", "limit"], "a limit is reached"),
    (&["expired"], "something has expired"),
    (
        &["unauthorized", "unauthenticated", "authentication"],
        "not authenticated",
    ),
    (
        &[
            "forbidden",
            "denied",
            "permission",
            "not allowed",
            "may not",
        ],
        "not allowed",
    ),
    (&["unsupported", "not supported"], "not supported"),
    (
        &["not found", "does not exist", "no such", "unknown"],
        "not found",
    ),
    (
        &["required", "missing", "must not be empty"],
        "something is missing",
    ),
    (
        &[
            "invalid",
            "malformed",
            "not valid",
            "must be",
            "unexpected",
            "parse",
        ],
        "something is not valid",
    ),
    (&["timeout", "timed out"], "timed out"),
    (&["maintenance"], "maintenance"),
    (&["unavailable", "overloaded"], "not available"),
    (&["internal"], "internal error"),
];

/// Words of a server that passed the door, or a notice of ours in their place: short, escaped, without a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShownWords(String);

impl ShownWords {
    /// A notice of ours in place of a server's words.
    pub(crate) fn ours(notice: &'static str) -> Self {
        Self(notice.to_owned())
    }

    /// The text; empty if the server said nothing.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the server said nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for ShownWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a server knows from us, and so may repeat.
#[derive(Default)]
pub struct SentValues {
    values: Vec<String>,
    /// Whether it may know more than the values: then no words of its own are shown.
    is_incomplete: bool,
}

impl SentValues {
    /// Of a server that may know more than anybody could compare its words with.
    pub(crate) fn incomplete() -> Self {
        Self {
            values: Vec::new(),
            is_incomplete: true,
        }
    }

    /// Adds a value that was sent, as a text of any kind.
    pub fn add(&mut self, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.values.push(value);
        }
    }

    /// Why a text must not be shown; `None` if it repeats none of the values.
    fn withholding_reason(&self, words: &str) -> Option<&'static str> {
        if self.is_incomplete {
            return Some("they may repeat a request");
        }
        let spelled = spellings(words);
        if !spelled.is_complete {
            return Some("they are encoded too often");
        }
        let words: Vec<Vec<char>> = spelled.texts.iter().map(|text| fold(text)).collect();
        let runs: HashSet<&[char]> = words.iter().flat_map(|text| text.windows(RUN)).collect();
        let is_repeated = |value: &String| {
            let spelled = spellings(without_scheme(value)).texts;
            spelled.iter().any(|text| shares_run(&runs, &fold(text)))
                || short_parts(&spelled)
                    .iter()
                    .any(|part| words.iter().any(|text| contains_word(text, part)))
        };
        self.values
            .iter()
            .any(is_repeated)
            .then_some("they repeat part of the request")
    }

    /// Lets a server's words through the door.
    pub fn show(&self, words: &str) -> ShownWords {
        self.show_or(words, None)
    }

    /// Like [`show`](Self::show); if the words are withheld, `reason` stands in for them, or what their signs tell.
    pub(crate) fn show_or(&self, words: &str, reason: Option<&'static str>) -> ShownWords {
        let words = words.trim();
        if words.is_empty() {
            return ShownWords::default();
        }
        let withheld_because = if words.len() > MAX_WORDS_BYTES {
            Some("they are too long")
        } else {
            let secret = words.split_whitespace().any(resembles_secret);
            self.withholding_reason(words)
                .or_else(|| secret.then_some("they look like a secret"))
        };
        ShownWords(match withheld_because {
            None => untrusted::escape_truncated(words, MAX_SHOWN_CHARS),
            Some(why) => match reason.or_else(|| reason_in(words)) {
                Some(reason) => format!("{reason} (words withheld: {why})"),
                None => format!("words withheld: {why}"),
            },
        })
    }

    /// Lets a name from an answer through the door, such as the host of a redirect; `None` if it has to stay outside.
    pub(crate) fn show_name(&self, name: &str) -> Option<ShownWords> {
        let is_shown = name.len() <= MAX_SHOWN_CHARS
            && !resembles_vendor_key(name)
            && self.withholding_reason(name).is_none();
        is_shown.then(|| ShownWords(untrusted::escape(name)))
    }
}

/// The reason of which the words have a sign.
fn reason_in(words: &str) -> Option<&'static str> {
    let head = words.get(..MAX_WORDS_BYTES).unwrap_or(words).to_lowercase();
    let has_reason = |(signs, _): &&(&[&str], &str)| signs.iter().any(|sign| head.contains(sign));
    REASONS.iter().find(has_reason).map(|(_, reason)| *reason)
}

fn fold(text: &str) -> Vec<char> {
    CaseMapper::new().fold_string(text).chars().collect()
}

fn shares_run(runs: &HashSet<&[char]>, value: &[char]) -> bool {
    let mut own = value.windows(RUN);
    own.any(|run| runs.contains(run) && run.iter().any(|character| !character.is_whitespace()))
}

/// The scheme of a url is no secret, and every other text about urls names it.
fn without_scheme(value: &str) -> &str {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| value.starts_with(scheme));
    scheme.map_or(value, |scheme| &value[scheme.len()..])
}

/// Values, and parts of urls and of `user:password`, that are too short for a run.
fn short_parts(spelled: &[String]) -> Vec<Vec<char>> {
    let mut parts: Vec<String> = Vec::new();
    for text in spelled {
        parts.push(text.clone());
        if text.contains(char::is_whitespace) {
            continue;
        }
        if let Some((user, password)) = text.split_once(':') {
            parts.extend([user.to_owned(), password.to_owned()]);
        }
        // The value has lost its scheme.
        if let Ok(url) = Url::parse(&format!("https://{text}")) {
            parts.push(url.username().to_owned());
            parts.extend(url.password().map(str::to_owned));
            parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
            parts.extend(url.fragment().map(str::to_owned));
        }
    }
    let parts = parts.iter().map(|part| fold(part.trim()));
    parts
        .filter(|part| (1..RUN).contains(&part.len()))
        .collect()
}

/// Whether a text contains a part with no letter or digit on either side of it.
fn contains_word(text: &[char], part: &[char]) -> bool {
    let is_open = |at: Option<&char>| at.is_none_or(|character| !character.is_alphanumeric());
    let mut windows = text.windows(part.len()).enumerate();
    windows.any(|(at, window)| {
        window == part
            && is_open(at.checked_sub(1).and_then(|before| text.get(before)))
            && is_open(text.get(at + part.len()))
    })
}

/// Whether a word looks like a credential, or like a url with more than a host.
fn resembles_secret(word: &str) -> bool {
    const PUNCTUATION: &[char] = &[
        '"', '\'', '`', '(', ')', '<', '>', '[', ']', '{', '}', ',', ';', '.', ':',
    ];
    let bare = word.trim_matches(PUNCTUATION);
    if bare.contains("://") && !bare.ends_with("://") {
        return url_outline(bare).is_none_or(|outline| hides_part_of_url(&outline));
    }
    let has_digit = bare.bytes().any(|byte| byte.is_ascii_digit());
    bare.len() > MAX_WORD_CHARS && (has_digit || bare.len() > 2 * MAX_WORD_CHARS)
        || resembles_vendor_key(bare)
}

#[cfg(test)]
mod tests {
    use super::SentValues;

    fn sent(values: &[&str]) -> SentValues {
        let mut sent = SentValues::default();
        for value in values {
            sent.add(*value);
        }
        sent
    }

    /// What is shown of words in answer to these values.
    fn shown(values: &[&str], words: &str) -> String {
        sent(values).show(words).as_str().to_owned()
    }

    #[test]
    fn words_that_repeat_nothing_are_shown() {
        let values = ["https://hooks.example.net/T0/B0", "42", "s3cr3t"];
        for words in [
            "the alias is taken",
            "url must start with https://",
            "item 420: bad type",
            "ключ не подходит",
            "",
        ] {
            assert_eq!(shown(&values, words), words);
        }
    }

    #[test]
    fn every_spelling_of_a_part_of_a_value_withholds_the_words() {
        for (value, words) in [
            ("s3cr3tvalue", "bad value 'r3tv'"),
            ("s3cr3tvalue", "bad value S3CR3T"),
            ("918273", "number 918273 is not allowed"),
            ("Bearer abcdefgh", "token abcdefgh"),
            ("https://user:pw1@x.example/", "password pw1 is weak"),
            ("https://x.example/?k=a1b", "bad k=a1b"),
            ("https://x.example/?k=ab%2Bcd", "bad k: ab+cd"),
            ("https://x.example/?k=ab+cd", "bad k: ab%2Bcd"),
            ("Basic dXNlcjphYmM=", "login of user with abc"),
            ("pass\"word", "value \"pass\\\"w"),
            ("p\"a\"s\"s", r"value p\u0022a\u0022s\u0022s"),
            ("a&b&c&d", "value a&amp;b&amp;c&amp;d"),
            ("hunter2", "you sent aHVudGVyMg=="),
            ("hunter2", "you sent 68756e74657232"),
            ("one\ntwo", "you sent 650a7477"),
            ("xyz", "the value xyz is too short"),
            ("7", "value: 7"),
            ("straße-geheim", "wert STRASSE"),
            ("hunter2", "%252525%2525252568unter2"),
        ] {
            let text = shown(&[value], words);
            assert!(
                text.contains("words withheld: they "),
                "{value}, {words}: {text}"
            );
        }
    }

    #[test]
    fn what_looks_like_a_secret_is_withheld_whoever_it_belongs_to() {
        for words in [
            "key cxtp_x",
            "see https://hooks.example.net/T0/B0",
            "token abcdefghijklmnopqrstuvwxyz0",
        ] {
            let text = shown(&[], words);
            assert!(
                text.ends_with("words withheld: they look like a secret)")
                    || text.starts_with("words withheld: they look like a secret"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_reason_of_ours_stands_in_for_words_that_are_withheld() {
        assert_eq!(
            shown(&["hunter2"], "Alias hunter2 already exists"),
            "already exists (words withheld: they repeat part of the request)"
        );
        let any = SentValues::incomplete();
        assert_eq!(
            any.show("the cat sat").as_str(),
            "words withheld: they may repeat a request"
        );
    }

    #[test]
    fn nothing_is_cut_before_it_is_compared() {
        let words = format!("{}hunter2", "x ".repeat(98));
        assert!(shown(&["hunter2"], &words).contains("withheld"));
        let long = "x ".repeat(200);
        assert_eq!(shown(&[], &long).chars().count(), 201);
        assert_eq!(
            shown(&[], &"x ".repeat(40_000)),
            "words withheld: they are too long"
        );
    }

    #[test]
    fn a_host_that_spells_a_key_is_not_shown() {
        let key = sent(&["cxtp_abcdefgh"]);
        assert!(key.show_name("abcdefgh.evil.example").is_none());
        let shown = key.show_name("login.example.org");
        assert_eq!(
            shown.map(|host| host.to_string()).as_deref(),
            Some("login.example.org")
        );
    }
}
