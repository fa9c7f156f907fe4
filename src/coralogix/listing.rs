//! Many webhooks in one text: a single pass indexes every member of every object.
//! Copies nothing: a webhook is a range of that index, and a member is two slices of the text.

use super::json;
use super::key_layout::KeyLayout;
use super::known_key::KnownKey;
use super::scan::{Malformed, Scanner};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How many members a webhook may have if some are to be removed without copying the others.
const MASK_BITS: usize = 64;

/// A webhook as a lossless JSON object: key order and the text of every value are those of the response.
///
/// All webhooks of a response share its text and its index of members, so a clone copies neither.
#[derive(Clone)]
pub struct Webhook {
    pub(super) parsed: Arc<ParsedText>,
    first_member: u32,
    /// The index of its layout.
    layout: u32,
    /// A bit mask of removed members by index; only the first 64 members can be masked.
    removed_mask: u64,
}

/// A text and the index of its objects' members.
pub(super) struct ParsedText {
    text: Box<str>,
    members: Vec<MemberRange>,
    /// Usually one: few accounts list their webhooks with keys in different orders.
    layouts: Vec<KeyLayout>,
}

/// Where a member of an object is in the text.
#[derive(Clone, Copy)]
struct MemberRange {
    /// Where the key's token starts. It is scanned again when it is needed, because the index of a large account takes
    /// as much memory as a quarter of its text.
    key_start: u32,
    value: TextRange,
}

/// A member of a webhook.
#[derive(Clone, Copy)]
pub(super) struct Member<'w> {
    /// Its key, if the vendor documents it.
    pub(super) known_key: Option<KnownKey>,
    range: MemberRange,
    text: &'w str,
}

impl<'w> Member<'w> {
    /// Its raw key, quotes included.
    pub(super) fn key_token(self) -> &'w str {
        let key = Scanner::new(&self.text[self.range.key_start as usize..]).next_string();
        key.expect("the index starts at a string")
    }

    /// Its decoded key.
    pub(super) fn key(self) -> Cow<'w, str> {
        let token = self.key_token();
        json::decode_string(token).unwrap_or(Cow::Borrowed(token))
    }

    /// Its raw value.
    pub(super) fn value(self) -> &'w str {
        &self.text[self.range.value.range()]
    }
}

/// A range of the shared text; responses are limited to 1 GiB, so 32 bits suffice.
#[derive(Clone, Copy)]
struct TextRange {
    start: u32,
    end: u32,
}

impl TextRange {
    /// The range of `part` in `whole`, of which it must be a slice.
    fn locate(part: &str, whole: &str) -> Self {
        let start = part.as_ptr() as usize - whole.as_ptr() as usize;
        Self {
            start: to_u32(start),
            end: to_u32(start + part.len()),
        }
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

fn to_u32(at: usize) -> u32 {
    u32::try_from(at).expect("a text of at most 1 GiB")
}

/// Why a text is not a list of webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAList {
    /// The text is not valid JSON.
    NotJson(JsonFlaw),
    /// It is JSON, but not an array; holds the name of what it is, such as `an object`.
    OtherValue(&'static str),
    /// The element at this position, counted from 1, is not an object.
    Element(usize),
    /// It has more than 1,000,000 elements.
    TooLong,
    /// The object at this position, counted from 1, has more than 100,000 members.
    TooManyMembers(usize),
}

/// What is wrong with a text that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFlaw {
    /// There is nothing but white space.
    Empty,
    /// It is a page for browsers.
    Html,
    /// It does not even start like JSON.
    Text,
    /// One JSON value follows another, usually each on a line of its own.
    Sequence,
    /// It ends in the middle of a value, here.
    CutOff(TextPosition),
    /// It stops being JSON here.
    Malformed(TextPosition),
}

/// A place in a text, counted from 1; columns count bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPosition {
    line: usize,
    column: usize,
}

impl TextPosition {
    /// The first byte of a text.
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The position behind a part of the text that starts here. A byte order mark takes no column.
    pub(super) fn after(self, part: &str) -> Self {
        let part = part.trim_start_matches('\u{feff}');
        match part.rfind('\n') {
            None => Self {
                column: self.column + part.len(),
                ..self
            },
            Some(last) => Self {
                line: self.line + part.bytes().filter(|byte| *byte == b'\n').count(),
                column: part.len() - last,
            },
        }
    }

    /// Where a position in `prefix` and what follows is in the whole text, if what follows starts here.
    fn locate(self, inner: Self, prefix: &str) -> Self {
        if inner.line == 1 {
            Self {
                column: (self.column + inner.column).saturating_sub(prefix.len() + 1),
                ..self
            }
        } else {
            Self {
                line: self.line + inner.line - 1,
                ..inner
            }
        }
    }
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The most webhooks of a list: a response of 64 kB can be 22 million empty objects, once it is decompressed.
const MAX_WEBHOOKS: usize = 1_000_000;
/// The most members of a webhook.
const MAX_MEMBERS: usize = 100_000;

/// Parses a JSON array of webhooks, which share `text`.
pub fn parse_list(text: impl Into<Box<str>>) -> Result<Vec<Webhook>, NotAList> {
    let text = text.into();
    match parse_list_part(&text, None) {
        Some(part) if part.is_last && Scanner::new(&text[part.end..]).is_at_end() => {
            Ok(part.into_webhooks(text))
        }
        Some(ListPart {
            excess: Some(excess),
            ..
        }) => Err(excess),
        _ => Err(diagnose_list(&text)),
    }
}

/// The complete webhooks at the start of a text.
pub(super) struct ListPart {
    index: Index,
    /// The offset in the text at which the part ends.
    pub(super) end: usize,
    /// Whether the list ends with this part.
    pub(super) is_last: bool,
    /// Why the list has to end here although it goes on: it is too large.
    pub(super) excess: Option<NotAList>,
}

impl ListPart {
    pub(super) fn n_webhooks(&self) -> usize {
        self.index.objects.len()
    }

    /// Builds the webhooks; `text` is the parsed text, or its prefix up to the part's end.
    pub(super) fn into_webhooks(self, text: Box<str>) -> Vec<Webhook> {
        self.index.into_webhooks(text)
    }
}

/// Parses the complete webhooks at the start of `text`, which continues a list after `n_before` webhooks.
///
/// Without `n_before` the text must start the list; returns `None` if it does not.
pub(super) fn parse_list_part(text: &str, n_before: Option<usize>) -> Option<ListPart> {
    let mut index = Index::default();
    let body = match n_before {
        None => text.trim_start_matches('\u{feff}').trim_start(),
        Some(_) => text,
    };
    let mut scanner = Scanner::new(body);
    if n_before.is_none() && !scanner.consume(b'[') {
        return None;
    }
    let offset_of = |scanner: &Scanner<'_>| text.len() - body.len() + scanner.position();
    let mut end = offset_of(&scanner);
    let mut is_last = false;
    let mut excess = None;
    loop {
        let n_so_far = n_before.unwrap_or(0) + index.objects.len();
        match scanner.next_element(n_so_far == 0) {
            Ok(true) if n_so_far == MAX_WEBHOOKS => {
                excess = Some(NotAList::TooLong);
                break;
            }
            Ok(true) => {}
            Ok(false) => {
                is_last = true;
                end = offset_of(&scanner);
                break;
            }
            Err(Malformed) => break,
        }
        match index.add_object(&mut scanner, text) {
            Ok(()) => end = offset_of(&scanner),
            Err(NoObject::TooManyMembers) => {
                excess = Some(NotAList::TooManyMembers(n_so_far + 1));
                break;
            }
            // What is not a webhook, or is still incomplete, is left out.
            Err(NoObject::Malformed) => break,
        }
    }
    Some(ListPart {
        index,
        end,
        is_last,
        excess,
    })
}

/// Why the next value is no webhook.
enum NoObject {
    Malformed,
    TooManyMembers,
}

impl From<Malformed> for NoObject {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// The members of the objects in a text.
#[derive(Default)]
struct Index {
    members: Vec<MemberRange>,
    layouts: Vec<KeyLayout>,
    /// For each object, the index of its first member, and that of its layout.
    objects: Vec<(u32, u32)>,
    /// The keys of the object that is being added.
    keys: Vec<Option<KnownKey>>,
}

impl Index {
    /// Indexes the next object; leaves no trace of anything else.
    fn add_object(&mut self, scanner: &mut Scanner<'_>, whole: &str) -> Result<(), NoObject> {
        let first = self.members.len();
        self.keys.clear();
        if let Err(why) = self.add_members(scanner, whole) {
            self.members.truncate(first);
            return Err(why);
        }
        if self.layouts.last().map(KeyLayout::keys) != Some(&self.keys) {
            self.layouts.push(KeyLayout::new(&self.keys));
        }
        let layout = to_u32(self.layouts.len() - 1);
        self.objects.push((to_u32(first), layout));
        Ok(())
    }

    fn add_members(&mut self, scanner: &mut Scanner<'_>, whole: &str) -> Result<(), NoObject> {
        if !scanner.consume(b'{') {
            return Err(NoObject::Malformed);
        }
        while let Some(key) = scanner.next_key(self.keys.is_empty())? {
            if self.keys.len() == MAX_MEMBERS {
                return Err(NoObject::TooManyMembers);
            }
            self.keys.push(KnownKey::from_token(key));
            self.members.push(MemberRange {
                key_start: TextRange::locate(key, whole).start,
                value: TextRange::locate(scanner.next_value()?, whole),
            });
        }
        Ok(())
    }

    /// Builds the webhooks; `text` is the indexed text.
    fn into_webhooks(mut self, text: Box<str>) -> Vec<Webhook> {
        self.members.shrink_to_fit();
        let parsed = Arc::new(ParsedText {
            text,
            members: self.members,
            layouts: self.layouts,
        });
        let webhook = |(first_member, layout): (u32, u32)| Webhook {
            parsed: Arc::clone(&parsed),
            first_member,
            layout,
            removed_mask: 0,
        };
        self.objects.into_iter().map(webhook).collect()
    }
}

/// Finds out why a text is not a list of webhooks.
pub(super) fn diagnose_list(text: &str) -> NotAList {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    let start = TextPosition::START.after(&text[..text.len() - body.len()]);
    match serde_json::from_str::<&RawValue>(body) {
        Err(error) => NotAList::NotJson(flaw(body, start, &error)),
        Ok(raw) if raw.get().starts_with('[') => match parse_list_part(body, None) {
            // Nothing is wrong with this list, so it is what came before it.
            Some(part) if part.is_last => NotAList::NotJson(JsonFlaw::Malformed(start)),
            part => NotAList::Element(part.map_or(0, |part| part.n_webhooks()) + 1),
        },
        Ok(raw) => NotAList::OtherValue(json_type_name(raw.get())),
    }
}

/// Finds out why a list is not one whose first `n` webhooks have been read; `rest` is what follows them, and starts at
/// `start`. `is_complete` says that the list's end has been read, too.
pub(super) fn diagnose_rest(
    rest: &str,
    start: TextPosition,
    n: usize,
    is_complete: bool,
) -> NotAList {
    // Stands for what has been read.
    let prefix = match n {
        _ if is_complete => "[]",
        0 => "[",
        _ => "[{}",
    };
    match diagnose_list(&format!("{prefix}{rest}")) {
        NotAList::NotJson(flaw) => NotAList::NotJson(match flaw {
            JsonFlaw::CutOff(at) => JsonFlaw::CutOff(start.locate(at, prefix)),
            JsonFlaw::Malformed(at) => JsonFlaw::Malformed(start.locate(at, prefix)),
            other => other,
        }),
        NotAList::Element(ix) => NotAList::Element(ix + n.saturating_sub(1)),
        other => other,
    }
}

/// What is wrong with a text that starts at `start`.
fn flaw(body: &str, start: TextPosition, error: &serde_json::Error) -> JsonFlaw {
    let inner = TextPosition {
        line: error.line(),
        column: error.column(),
    };
    let at = start.locate(inner, "");
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<&RawValue>();
    if body.trim().is_empty() {
        JsonFlaw::Empty
    } else if body.starts_with('<') {
        JsonFlaw::Html
    } else if matches!(values.next(), Some(Ok(_))) && matches!(values.next(), Some(Ok(_))) {
        JsonFlaw::Sequence
    } else if !body.starts_with(['[', '{', '"']) {
        JsonFlaw::Text
    } else if error.is_eof() {
        JsonFlaw::CutOff(at)
    } else {
        JsonFlaw::Malformed(at)
    }
}

fn json_type_name(token: &str) -> &'static str {
    match token.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'"') => "a string",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        _ => "a number",
    }
}

/// Parses a text that is one object.
pub(super) fn parse_object(text: Box<str>) -> Option<Webhook> {
    let mut index = Index::default();
    let mut scanner = Scanner::new(&text);
    index.add_object(&mut scanner, &text).ok()?;
    if !scanner.is_at_end() {
        return None;
    }
    index.into_webhooks(text).pop()
}

impl Webhook {
    /// The members that are not masked.
    pub(super) fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let keys = self.key_layout().keys().iter().enumerate();
        let shown = keys.filter(|(ix, _)| !self.is_removed(*ix));
        shown.map(|(ix, key)| self.member_at(ix, *key))
    }

    /// The first member with that key.
    pub(super) fn member(&self, key: KnownKey) -> Option<Member<'_>> {
        // All members with a key are removed, or none.
        let ix = self.key_layout().position(key)?;
        (!self.is_removed(ix)).then(|| self.member_at(ix, Some(key)))
    }

    /// Whether every member has a documented key, and no two have the same.
    pub(super) fn has_only_documented_keys(&self) -> bool {
        self.key_layout().is_documented()
    }

    /// The members that the vendor does not document; usually there is none.
    pub(super) fn unknown_members(&self) -> impl Iterator<Item = Member<'_>> {
        let members = (!self.has_only_documented_keys()).then(|| self.members());
        let members = members.into_iter().flatten();
        members.filter(|member| member.known_key.is_none())
    }

    fn member_at(&self, ix: usize, known_key: Option<KnownKey>) -> Member<'_> {
        Member {
            known_key,
            range: self.parsed.members[self.first_member as usize + ix],
            text: &self.parsed.text,
        }
    }

    fn is_removed(&self, ix: usize) -> bool {
        ix < MASK_BITS && self.removed_mask >> ix & 1 == 1
    }

    /// Whether both are the same slice of the same response, not just equal.
    pub(crate) fn is_same_slice(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.parsed, &other.parsed)
            && (self.first_member, self.removed_mask) == (other.first_member, other.removed_mask)
    }

    fn key_layout(&self) -> &KeyLayout {
        &self.parsed.layouts[self.layout as usize]
    }

    /// Returns the webhook without the members that `is_removed` selects; the rest keeps its order and text.
    #[must_use]
    pub(crate) fn without(mut self, is_removed: impl Fn(KnownKey) -> bool) -> Self {
        let keys = self.key_layout().keys();
        if keys.len() <= MASK_BITS {
            let removed = keys.iter().enumerate();
            let removed = removed.filter(|(_, key)| key.is_some_and(&is_removed));
            self.removed_mask |= removed.fold(0, |bits, (ix, _)| bits | 1 << ix);
            return self;
        }
        // There are more members than mask bits, so the remaining ones get an index of their own.
        let kept = self.members();
        let kept = kept.filter(|member| !member.known_key.is_some_and(&is_removed));
        let (keys, members): (Vec<_>, _) =
            kept.map(|member| (member.known_key, member.range)).unzip();
        let index = Index {
            members,
            layouts: vec![KeyLayout::new(&keys)],
            objects: vec![(0, 0)],
            keys,
        };
        index
            .into_webhooks(self.parsed.text.clone())
            .pop()
            .unwrap_or(self)
    }
}

/// Whether a key token, quotes included, spells that name.
pub(super) fn key_matches(token: &str, name: &str) -> bool {
    let inner = &token[1..token.len() - 1];
    inner == name
        || (inner.contains('\\') && json::decode_string(token).is_ok_and(|key| key == name))
}
