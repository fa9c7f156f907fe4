//! What came in place of a list of webhooks, in words: what a response is, where it goes wrong, whether to ask again.
//! Shows nothing of a response but names of keys, and words that pass the door for servers' words.

use super::failure::json_message;
use super::json;
use super::list_stream::ListFlaw;
use super::listing::{JsonFlaw, NotAList, TextPosition};
use super::scan::Scanner;
use crate::http::failure::{Failure, Unusable, UnusableCause};
use crate::http::server_words::SentValues;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING,
};

/// The most bytes of a response in which words for people are looked for.
const MAX_WORDS_BYTES: usize = 64 << 10;
/// The most keys of an object that are named.
const MAX_NAMED_KEYS: usize = 6;
/// Longer names may be values in the place of a name.
const MAX_KEY_CHARS: usize = 24;
/// The first bytes of gzip data.
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// The failure of a response that is not a list; `sent` is what it may repeat.
pub(super) fn list_failure(flaw: &ListFlaw, headers: &HeaderMap, sent: &SentValues) -> Failure {
    let unusable = match flaw {
        ListFlaw::NotUtf8(at, bytes) => not_utf8(*at, bytes, headers),
        ListFlaw::NotAList(NotAList::NotJson(JsonFlaw::CutOff(at)), _)
            if !announces_its_end(headers) =>
        {
            // The connection may have ended too early, so the next answer can be whole.
            return Failure::Lost {
                why: format!("response cut short at {at}"),
                is_timeout: false,
            };
        }
        ListFlaw::NotAList(problem, bytes) => {
            not_a_list(problem, &String::from_utf8_lossy(bytes), sent)
        }
    };
    Failure::Unusable(unusable)
}

/// Whether the response showed by itself where it ends, so that what arrived is the whole of it.
fn announces_its_end(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

fn not_a_list(problem: &NotAList, text: &str, sent: &SentValues) -> Unusable {
    let damaged = |what: String| Unusable::new(UnusableCause::Damaged, what);
    let other_form = |what: String| Unusable::new(UnusableCause::OtherForm, what);
    match problem {
        NotAList::NotJson(flaw) => match flaw {
            JsonFlaw::Empty => Unusable::new(UnusableCause::OtherServer, "empty"),
            JsonFlaw::Html => Unusable::new(UnusableCause::OtherServer, "an HTML page"),
            JsonFlaw::Sequence => other_form(
                "one JSON value after another, where an array of webhooks belongs".to_owned(),
            ),
            JsonFlaw::CutOff(at) => damaged(format!(
                "complete, and yet its JSON ends in the middle, at {at}"
            )),
            JsonFlaw::Text => plain_text(text, sent),
            JsonFlaw::Malformed(at) => damaged(format!("not JSON at {at}")),
        },
        NotAList::OtherValue("an object") => other_form(object(text, sent)),
        NotAList::OtherValue(name) => {
            other_form(format!("{name}, where an array of webhooks belongs"))
        }
        NotAList::Element(at) => {
            other_form(format!("an array whose element {at} is not a webhook"))
        }
        NotAList::TooLong => Unusable::new(
            UnusableCause::TooLarge,
            "a list of more than 1,000,000 webhooks",
        ),
        NotAList::TooManyMembers(at) => Unusable::new(
            UnusableCause::TooLarge,
            format!("a list whose webhook {at} has more than 100,000 members"),
        ),
    }
}

/// What does not even start like JSON, such as a gateway's `upstream is busy`.
fn plain_text(text: &str, sent: &SentValues) -> Unusable {
    let what = if text.len() > MAX_WORDS_BYTES {
        "text, not JSON".to_owned()
    } else {
        format!("text instead of JSON: {}", sent.show(text))
    };
    Unusable::new(UnusableCause::OtherServer, what)
}

/// What an object in the place of the array shows: a message, or which keys it has.
fn object(text: &str, sent: &SentValues) -> String {
    let json = Some(text).filter(|text| text.len() <= MAX_WORDS_BYTES);
    let json = json.and_then(|text| serde_json::from_str(text.trim_start_matches('\u{feff}')).ok());
    let message = json.as_ref().filter(|json| !wraps_a_list(json));
    let message = message.and_then(json_message);
    if let Some(message) = message.filter(|message| !message.trim().is_empty()) {
        let shown = sent.show(&message);
        return format!("an object with a message, where an array of webhooks belongs: {shown}");
    }
    let what = match harmless_keys(text, sent).as_slice() {
        [] => "an object".to_owned(),
        [key] => format!("an object with the key {key}"),
        [keys @ .., last] => format!("an object with the keys {} and {last}", keys.join(", ")),
    };
    format!("{what}, where an array of webhooks belongs")
}

/// Whether a member of an object is an array of something other than errors.
fn wraps_a_list(json: &serde_json::Value) -> bool {
    let mut members = json.as_object().into_iter().flatten();
    members.any(|(key, value)| value.is_array() && key != "errors")
}

/// The names of an object's first keys, in backquotes; empty if any of them may be more than a name.
fn harmless_keys(text: &str, sent: &SentValues) -> Vec<String> {
    let mut scanner = Scanner::new(text.trim_start_matches('\u{feff}').trim_start());
    scanner.consume(b'{');
    let mut keys = Vec::new();
    while let Ok(Some(key)) = scanner.next_key(keys.is_empty()) {
        let Some(name) = harmless_key(key, sent) else {
            return Vec::new();
        };
        keys.push(format!("`{name}`"));
        // The text of a large object ends in the middle.
        if keys.len() == MAX_NAMED_KEYS || scanner.next_value().is_err() {
            break;
        }
    }
    keys
}

/// A key as it may be shown: a short name without digits, as programs give them, that repeats nothing that was sent.
fn harmless_key(token: &str, sent: &SentValues) -> Option<String> {
    let name = json::decode_string(token).ok()?;
    let is_plain = |letter: char| letter.is_ascii_alphabetic() || "_-.@$".contains(letter);
    let is_name = name.len() <= MAX_KEY_CHARS && name.chars().all(is_plain);
    let shown = sent.show_name(&name).filter(|_| is_name)?;
    Some(shown.to_string())
}

/// What a response that is not valid UTF-8 is; hookferry undoes gzip only where the headers say so.
fn not_utf8(at: TextPosition, bytes: &[u8], headers: &HeaderMap) -> Unusable {
    let encoding = header(headers, CONTENT_ENCODING.as_str());
    let encoding = encoding.filter(|encoding| encoding != "identity");
    let content_type = header(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let charset = content_type.split_once("charset=").map(|(_, name)| name);
    let what = if let Some(encoding) = encoding {
        let name = known_name(&encoding, &KNOWN_ENCODINGS).map_or_else(
            || "in another way than its header may say".to_owned(),
            |name| format!("with `{name}`"),
        );
        format!("compressed {name}, which hookferry did not ask for")
    } else if bytes.starts_with(GZIP_MAGIC) {
        "compressed with gzip, which no header says".to_owned()
    } else if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        "in UTF-16, where UTF-8 belongs".to_owned()
    } else {
        match charset.and_then(|charset| known_name(charset, &KNOWN_CHARSETS)) {
            Some(charset) => format!("not valid UTF-8 at {at}; its header says charset={charset}"),
            None => format!("not valid UTF-8 at {at}"),
        }
    };
    Unusable::new(UnusableCause::Damaged, what)
}

/// The names of encodings and charsets that a message may repeat; anything else in a header may be what was sent.
const KNOWN_ENCODINGS: [&str; 6] = ["br", "compress", "deflate", "gzip", "x-gzip", "zstd"];
const KNOWN_CHARSETS: [&str; 10] = [
    "big5",
    "euc-jp",
    "euc-kr",
    "gb18030",
    "gbk",
    "iso-8859-1",
    "iso-8859-15",
    "shift_jis",
    "utf-16",
    "windows-1252",
];

/// The known name that a header states, whatever its quotes.
fn known_name<'k>(stated: &str, known: &[&'k str]) -> Option<&'k str> {
    let stated = stated.trim().trim_matches('"');
    known.iter().copied().find(|name| *name == stated)
}

/// The value of a header, in lower case.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_lowercase())
}
