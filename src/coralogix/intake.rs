//! Streams a list of webhooks: parses it part by part as it arrives, so that the whole text is never held in memory.
//! Never passes on a part that does not parse, and never accepts a list before its end has arrived.

use super::listing::{NotAList, Webhook, list_part, why_no_list};
use super::scan::Scanner;
use crate::http::failure::Failure;

/// Approximate size of a part in bytes.
const PART: usize = 1 << 20;

/// The incremental parser of a list response.
pub(super) struct Intake<'t> {
    /// Received bytes that no part contains yet.
    rest: Vec<u8>,
    /// How many bytes must be buffered before the next parse attempt; grows while a webhook is still incomplete.
    enough: usize,
    /// The number of webhooks passed on so far; `None` before the opening `[`.
    n_taken: Option<usize>,
    is_over: bool,
    take: &'t mut (dyn FnMut(Vec<Webhook>) + Send),
}

impl<'t> Intake<'t> {
    /// Creates a parser that passes each part to `take`, in order.
    pub(super) fn into(take: &'t mut (dyn FnMut(Vec<Webhook>) + Send)) -> Self {
        Self {
            rest: Vec::with_capacity(2 * PART),
            enough: PART,
            n_taken: None,
            is_over: false,
            take,
        }
    }

    /// Adds received bytes, and passes on a part if enough are buffered.
    pub(super) fn arrived(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        if self.rest.len() >= self.enough {
            self.cut();
            // An incomplete webhook must not be parsed again for every chunk that arrives.
            self.enough = PART.max(2 * self.rest.len());
        }
    }

    /// Finishes the list; an error if it is incomplete or not a list of webhooks.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        self.cut();
        let rest = whole_text(&self.rest)?;
        if self.is_over && Scanner::new(rest).is_at_end() {
            return Ok(());
        }
        let Some(n) = self.n_taken else {
            let first = rest.trim_start().chars().next();
            return Err(not_a_list(&why_no_list(rest), first));
        };
        let problem = match left(rest, n).filter(|_| !self.is_over) {
            Some(left) => match why_no_list(&format!("[{left}")) {
                NotAList::Element(at) => NotAList::Element(n + at),
                problem => problem,
            },
            None => NotAList::NotJson,
        };
        Err(not_a_list(&problem, Some('[')))
    }

    /// Passes on all webhooks that have arrived completely.
    fn cut(&mut self) {
        if self.is_over {
            return;
        }
        // `end` reports invalid UTF-8, if the response gets that far: a broken connection is another error.
        let Some(part) = begun_text(&self.rest).and_then(|text| list_part(text, self.n_taken))
        else {
            return;
        };
        let tail = self.rest.split_off(part.end);
        let text = std::mem::replace(&mut self.rest, tail);
        let text = String::from_utf8(text).expect("the part was found in text");
        self.n_taken = Some(self.n_taken.unwrap_or(0) + part.n_webhooks());
        self.is_over = part.is_last;
        (self.take)(part.webhooks(text.into()));
    }
}

/// The rest of a list after the comma that must follow `n_before` webhooks; `None` if the comma is missing.
fn left(rest: &str, n_before: usize) -> Option<&str> {
    let mut scanner = Scanner::new(rest);
    (n_before == 0 || scanner.take(b',')).then(|| &rest[scanner.at()..])
}

/// Decodes bytes whose last character may be incomplete; `None` if they are not valid UTF-8.
fn begun_text(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_some() => None,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
    }
}

fn whole_text(bytes: &[u8]) -> Result<&str, Failure> {
    let no_text = |_| Failure::Unusable("not valid UTF-8".to_owned());
    std::str::from_utf8(bytes).map_err(no_text)
}

/// The failure for a response that is not a list of webhooks; `first` is its first character.
fn not_a_list(problem: &NotAList, first: Option<char>) -> Failure {
    match problem {
        NotAList::NotJson if first.is_none() => Failure::Unusable("empty".to_owned()),
        NotAList::NotJson if first == Some('<') => Failure::Unusable("an HTML page".to_owned()),
        // A truncated list may arrive completely on the next attempt.
        NotAList::NotJson if first == Some('[') => Failure::Lost {
            why: "response cut short".to_owned(),
            is_timeout: false,
        },
        NotAList::NotJson => Failure::Unusable("not JSON".to_owned()),
        NotAList::OtherValue(name) => Failure::Unusable(format!("{name}, not a list of webhooks")),
        NotAList::Element(at) => {
            Failure::Unusable(format!("a list whose element {at} is not a webhook"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Intake, PART, not_a_list};
    use crate::coralogix::webhook::{Webhook, parse_list};
    use crate::http::failure::Failure;
    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
    use proptest::sample::Index;

    /// Feeds a body to the parser in chunks of `piece` bytes: all webhooks as text, or the failure.
    fn taken(body: &[u8], piece: usize, part: usize) -> Result<String, String> {
        let mut webhooks = Vec::new();
        let mut take = |part: Vec<Webhook>| webhooks.extend(part);
        let mut intake = Intake::into(&mut take);
        intake.enough = part;
        for bytes in body.chunks(piece.max(1)) {
            intake.arrived(bytes);
            intake.enough = intake.enough.min(intake.rest.len() + part);
        }
        intake.end().map_err(|failure| words(&failure))?;
        Ok(written(&webhooks))
    }

    fn words(failure: &Failure) -> String {
        match failure {
            Failure::Unusable(why) | Failure::Lost { why, .. } => why.clone(),
            other => other.brief(),
        }
    }

    /// The result of parsing the whole text at once.
    fn expected(body: &str) -> Result<String, String> {
        let bare = body.trim_start_matches('\u{feff}').trim_start();
        match parse_list(body) {
            Ok(webhooks) => Ok(written(&webhooks)),
            Err(problem) => Err(words(&not_a_list(&problem, bare.chars().next()))),
        }
    }

    fn written(webhooks: &[Webhook]) -> String {
        let members = |webhook: &Webhook| format!("{:?}", webhook.tokens().collect::<Vec<_>>());
        webhooks.iter().map(members).collect()
    }

    fn list(n: usize) -> String {
        let webhook = |at| {
            format!(" {{\"id\": {at}, \"alias\": \"é] }}, {{ \\\"{at}\", \"x\": [{{}}, 1]}}\n")
        };
        let webhooks: Vec<String> = (0..n).map(webhook).collect();
        format!("\u{feff} [{}] \n", webhooks.join(","))
    }

    #[test]
    fn a_large_list_comes_in_many_parts_and_none_of_it_is_lost() {
        let body = list(60_000);
        assert!(body.len() > 3 * PART);
        let (mut n, mut n_parts) = (0, 0);
        let mut take = |part: Vec<Webhook>| {
            n += part.len();
            n_parts += 1;
        };
        let mut intake = Intake::into(&mut take);
        for bytes in body.as_bytes().chunks(16_000) {
            intake.arrived(bytes);
        }
        intake.end().expect("a whole list");
        assert_eq!(n, 60_000);
        assert!(n_parts > 2, "{n_parts}");
    }

    #[test]
    fn an_answer_is_told_for_what_it_is_wherever_it_is_cut() {
        let bodies: [(&[u8], &str); 17] = [
            (b"", "empty"),
            (b" \n", "empty"),
            (b"<html>", "an HTML page"),
            (b"{\"webhooks\": []}", "an object, not a list"),
            (b"null", "null, not a list"),
            (b"[{\"id\": 1}, 2]", "element 2 is not a webhook"),
            (
                b"[{\"id\": 1}, {\"id\": 2}, {\"id\": 3}, [], {}]",
                "element 4 is not a webhook",
            ),
            (b"[{\"id\": 1}, {\"id\": 2}", "cut short"),
            (b"[{\"id\": 1}, {\"id\": 2},]", "cut short"),
            (b"[{\"id\": 1}] x", "cut short"),
            (b"[", "cut short"),
            (b"[{\"id\": 1},,2]", "cut short"),
            (b"[{\"id\": 1} 2]", "cut short"),
            (b"[{\"id\": 1}] 2]", "cut short"),
            ("[{\"id\": 1}\u{a0},{}]".as_bytes(), "cut short"),
            ("[{\"id\": 1}]\u{3000}".as_bytes(), "cut short"),
            (b"[{\"a\": \"\xff\"}]", "not valid UTF-8"),
        ];
        for (body, expected) in bodies {
            for piece in 1..=body.len() + 1 {
                let wrong = taken(body, piece, 1).expect_err("no list");
                assert!(wrong.contains(expected), "{expected}: {wrong}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn pieces_make_no_difference(n in 0_usize..12, piece in 1_usize..40, part in 1_usize..200, end in 0_usize..900) {
            let body = list(n);
            prop_assert_eq!(taken(body.as_bytes(), piece, part), expected(&body));
            // A truncated list fails, wherever it is cut.
            if end < body.trim_end().len() {
                prop_assert_eq!(taken(&body.as_bytes()[..end], piece, part).is_err(), true);
            }
        }

        #[test]
        fn pieces_make_no_difference_to_what_is_no_list(
            n in 1_usize..6,
            piece in 1_usize..40,
            part in 1_usize..200,
            wounds in vec((any::<Index>(), 0..3_usize, "[\\[\\],{}\"2 \u{a0}\u{feff}\\\\]{0,2}"), 1..4),
        ) {
            let mut characters: Vec<char> = list(n).chars().collect();
            for (at, length, text) in wounds {
                let start = at.index(characters.len() + 1);
                let end = (start + length).min(characters.len());
                characters.splice(start..end, text.chars());
            }
            let body: String = characters.into_iter().collect();
            prop_assert_eq!(taken(body.as_bytes(), piece, part), expected(&body), "{}", body);
        }
    }
}
