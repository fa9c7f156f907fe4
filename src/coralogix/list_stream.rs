//! Streams a list of webhooks: parses it part by part as it arrives, so that the whole text is never held in memory.
//! Never passes on a part that does not parse, and never accepts a list before its end has arrived.

use super::listing::{
    JsonFlaw, NotAList, TextPosition, Webhook, diagnose_list, diagnose_rest, parse_list_part,
};
use super::scan::Scanner;

/// Approximate size of a part in bytes.
const PART_BYTES: usize = 1 << 20;

/// The incremental parser of a list response.
pub(super) struct ListStream<'t> {
    /// Received bytes that no part contains yet.
    buffer: Vec<u8>,
    /// Where the buffer starts in the response.
    buffer_start: TextPosition,
    /// How many bytes must be buffered before the next parse attempt; grows while a webhook is still incomplete.
    parse_threshold: usize,
    /// The number of webhooks passed on so far; `None` before the opening `[`.
    n_emitted: Option<usize>,
    is_complete: bool,
    /// Why the rest of the response is dropped: nothing that follows could make it a list.
    hopeless: Option<NotAList>,
    on_part: &'t mut (dyn FnMut(Vec<Webhook>) + Send),
}

impl<'t> ListStream<'t> {
    /// Creates a parser that passes each part to `on_part`, in order.
    pub(super) fn new(on_part: &'t mut (dyn FnMut(Vec<Webhook>) + Send)) -> Self {
        Self {
            buffer: Vec::with_capacity(2 * PART_BYTES),
            buffer_start: TextPosition::START,
            parse_threshold: PART_BYTES,
            n_emitted: None,
            is_complete: false,
            hopeless: None,
            on_part,
        }
    }

    /// Adds received bytes, and passes on a part if enough are buffered.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.hopeless.is_some() {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= self.parse_threshold {
            self.emit_part();
            // An incomplete webhook must not be parsed again for every chunk that arrives.
            self.parse_threshold = PART_BYTES.max(2 * self.buffer.len());
        }
    }

    /// Finishes the list; fails if it is incomplete or not a list of webhooks.
    pub(super) fn finish(mut self) -> Result<(), ListFlaw> {
        self.emit_part();
        let rest = match std::str::from_utf8(&self.buffer) {
            Ok(rest) => rest,
            // The rest of a response that is dropped can end within a character.
            Err(_) if self.hopeless.is_some() => "",
            Err(error) => {
                let valid = String::from_utf8_lossy(&self.buffer[..error.valid_up_to()]);
                let at = self.buffer_start.after(&valid);
                return Err(ListFlaw::NotUtf8(at, self.buffer));
            }
        };
        let problem = match (self.hopeless, self.n_emitted) {
            (Some(problem), _) => problem,
            (None, Some(_)) if self.is_complete && Scanner::new(rest).is_at_end() => return Ok(()),
            (None, Some(n)) => diagnose_rest(rest, self.buffer_start, n, self.is_complete),
            (None, None) => diagnose_list(rest),
        };
        Err(ListFlaw::NotAList(problem, self.buffer))
    }

    /// Drops the rest of a response that is long, and does not start like a list.
    fn give_up_if_endless(&mut self) {
        if self.buffer.len() < PART_BYTES || self.n_emitted.is_some() {
            return;
        }
        self.hopeless = match self.buffer.trim_ascii_start().first() {
            // Not valid UTF-8, which `finish` reports.
            Some(b'[') => return,
            Some(b'{') => Some(NotAList::OtherValue("an object")),
            Some(b'"') => Some(NotAList::OtherValue("a string")),
            Some(b'<') => Some(NotAList::NotJson(JsonFlaw::Html)),
            _ => Some(NotAList::NotJson(JsonFlaw::Text)),
        };
        self.buffer.truncate(PART_BYTES);
        self.buffer.shrink_to_fit();
    }

    /// Passes on all webhooks that have arrived completely.
    fn emit_part(&mut self) {
        if self.is_complete || self.hopeless.is_some() {
            return;
        }
        // `finish` reports invalid UTF-8, if the response gets that far: a broken connection is another error.
        let Some(part) =
            utf8_prefix(&self.buffer).and_then(|text| parse_list_part(text, self.n_emitted))
        else {
            self.give_up_if_endless();
            return;
        };
        self.hopeless.clone_from(&part.excess);
        // With room for the next part, so that it does not grow, and move, in many small steps.
        let mut tail = Vec::with_capacity(2 * PART_BYTES);
        tail.extend_from_slice(&self.buffer[part.end..]);
        self.buffer.truncate(part.end);
        let text = std::mem::replace(&mut self.buffer, tail);
        let text = String::from_utf8(text).expect("the part was found in text");
        self.buffer_start = self.buffer_start.after(&text);
        self.n_emitted = Some(self.n_emitted.unwrap_or(0) + part.n_webhooks());
        self.is_complete = part.is_last;
        (self.on_part)(part.into_webhooks(text.into()));
    }
}

/// Why a response is not a list, with what the parser had not passed on; that need not be the whole rest.
#[derive(Debug)]
pub(super) enum ListFlaw {
    /// It is not valid UTF-8 from here on.
    NotUtf8(TextPosition, Vec<u8>),
    NotAList(NotAList, Vec<u8>),
}

/// Decodes bytes whose last character may be incomplete; `None` if they are not valid UTF-8.
fn utf8_prefix(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_some() => None,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{ListFlaw, ListStream, PART_BYTES};
    use crate::coralogix::webhook::{Webhook, parse_list};
    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
    use proptest::sample::Index;

    /// Feeds a body to the parser in chunks of `piece` bytes: all webhooks as text, or the failure.
    fn parse_streamed(body: &[u8], piece: usize, part: usize) -> Result<String, String> {
        let mut webhooks = Vec::new();
        let mut take = |part: Vec<Webhook>| webhooks.extend(part);
        let mut intake = ListStream::new(&mut take);
        intake.parse_threshold = part;
        for bytes in body.chunks(piece.max(1)) {
            intake.feed(bytes);
            intake.parse_threshold = intake.parse_threshold.min(intake.buffer.len() + part);
        }
        intake.finish().map_err(|flaw| match flaw {
            ListFlaw::NotUtf8(at, _) => format!("not UTF-8 at {at}"),
            ListFlaw::NotAList(problem, _) => format!("{problem:?}"),
        })?;
        Ok(to_text(&webhooks))
    }

    /// The result of parsing the whole text at once.
    fn expected(body: &str) -> Result<String, String> {
        match parse_list(body) {
            Ok(webhooks) => Ok(to_text(&webhooks)),
            Err(problem) => Err(format!("{problem:?}")),
        }
    }

    fn to_text(webhooks: &[Webhook]) -> String {
        let members = |webhook: &Webhook| format!("{:?}", webhook.tokens().collect::<Vec<_>>());
        webhooks.iter().map(members).collect()
    }

    fn list(n: usize) -> String {
        let webhook = |ix| {
            format!(" {{\"id\": {ix}, \"alias\": \"é] }}, {{ \\\"{ix}\", \"x\": [{{}}, 1]}}\n")
        };
        let webhooks: Vec<String> = (0..n).map(webhook).collect();
        format!("\u{feff} [{}] \n", webhooks.join(","))
    }

    #[test]
    fn a_large_list_is_emitted_completely_in_many_parts() {
        let body = list(60_000);
        assert!(body.len() > 3 * PART_BYTES);
        let (mut n, mut n_parts) = (0, 0);
        let mut take = |part: Vec<Webhook>| {
            n += part.len();
            n_parts += 1;
        };
        let mut intake = ListStream::new(&mut take);
        for bytes in body.as_bytes().chunks(16_000) {
            intake.feed(bytes);
        }
        intake.finish().expect("a whole list");
        assert_eq!(n, 60_000);
        assert!(n_parts > 2, "{n_parts}");
    }

    #[test]
    fn failures_are_the_same_for_any_chunk_size() {
        let bodies: [(&[u8], &str); 19] = [
            (b"", "Empty"),
            (b" \n", "Empty"),
            (b"<html>", "Html"),
            (b"{\"webhooks\": []}", "OtherValue(\"an object\")"),
            (b"null", "OtherValue(\"null\")"),
            (b"[{\"id\": 1}, 2]", "Element(2)"),
            (
                b"[{\"id\": 1}, {\"id\": 2}, {\"id\": 3}, [], {}]",
                "Element(4)",
            ),
            (
                b"[{\"id\": 1}, {\"id\": 2}",
                "CutOff(TextPosition { line: 1, column: 21 })",
            ),
            (
                b"[{\"id\": 1},\n {\"id\": 2},]",
                "Malformed(TextPosition { line: 2, column: 12 })",
            ),
            (
                b"[{\"id\": 1}]\n\n x",
                "Malformed(TextPosition { line: 3, column: 2 })",
            ),
            (b"[", "CutOff(TextPosition { line: 1, column: 1 })"),
            (b"[{\"id\": 1},,2]", "Malformed"),
            (
                b"[{\"id\": 1} 2]",
                "Malformed(TextPosition { line: 1, column: 12 })",
            ),
            (b"[{\"id\": 1}] 2]", "Sequence"),
            (b"[{\"id\": 1}]\n[]", "Sequence"),
            ("[{\"id\": 1}\u{a0},{}]".as_bytes(), "Malformed"),
            ("[{\"id\": 1}]\u{3000}".as_bytes(), "Malformed"),
            (b"[{\"a\": \"\xff\"}]", "not UTF-8 at line 1, column 9"),
            (b"[{},\n{\"a\": \"\xff\"}]", "not UTF-8 at line 2, column 8"),
        ];
        for (body, expected) in bodies {
            for piece in 1..=body.len() + 1 {
                let wrong = parse_streamed(body, piece, 1).expect_err("no list");
                assert!(wrong.contains(expected), "{expected}: {wrong}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn pieces_make_no_difference(n in 0_usize..12, piece in 1_usize..40, part in 1_usize..200, end in 0_usize..900) {
            let body = list(n);
            prop_assert_eq!(parse_streamed(body.as_bytes(), piece, part), expected(&body));
            // A truncated list fails, wherever it is cut.
            if end < body.trim_end().len() {
                prop_assert_eq!(parse_streamed(&body.as_bytes()[..end], piece, part).is_err(), true);
            }
        }

        #[test]
        fn pieces_make_no_difference_to_what_is_no_list(
            n in 1_usize..6,
            piece in 1_usize..40,
            part in 1_usize..200,
            mutations in vec((any::<Index>(), 0..3_usize, "[\\[\\],{}\"2 \u{a0}\u{feff}\\\\]{0,2}"), 1..4),
        ) {
            let mut characters: Vec<char> = list(n).chars().collect();
            for (at, length, text) in mutations {
                let start = at.index(characters.len() + 1);
                let end = (start + length).min(characters.len());
                characters.splice(start..end, text.chars());
            }
            let body: String = characters.into_iter().collect();
            prop_assert_eq!(parse_streamed(body.as_bytes(), piece, part), expected(&body), "{}", body);
        }
    }
}
