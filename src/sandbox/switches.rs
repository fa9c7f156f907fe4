//! Every behavior that the vendor does not document, as a named switch. Parses switches; never acts on one.

use std::fmt::Write as _;
use std::time::Duration;

use super::spelling::SpellingError;

/// The value of a switch with a fixed list of values.
trait Choice: Sized {
    const SPELLINGS: &'static str;

    fn parse(text: &str) -> Option<Self>;
}

/// Defines an enum together with its spellings; the first variant is the default.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $first:ident = $text:literal $(, $other:ident = $other_text:literal)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(super) enum $name { #[default] $first, $($other),* }

        impl Choice for $name {
            const SPELLINGS: &'static str = concat!($text $(, "|", $other_text)*);

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $text => Some(Self::$first),
                    $($other_text => Some(Self::$other),)*
                    _ => None,
                }
            }
        }
    };
}

choice!(Body { Lenient = "lenient", Strict = "strict" });
choice!(Bulk {
    Atomic = "atomic",
    BestEffort = "best-effort",
    MultiStatus = "multi-status",
    StopAtBad = "stop-at-bad",
    Gone = "gone"
});
choice!(Order { Kept = "kept", Reversed = "reversed" });
choice!(Answers {
    Rows = "rows",
    NoIds = "no-ids",
    NoAlias = "no-alias",
    Short = "short",
    EmptyObject = "empty-object",
    Empty = "empty",
    Text = "text",
    Html = "html",
    BareIds = "bare-ids",
    IdsObject = "ids-object"
});
choice!(AnswerIds { Stored = "stored", Text = "text", Padded = "padded", Swapped = "swapped" });
choice!(Refusal { Status = "status", Words = "words" });
choice!(NewIds { Ascending = "ascending", Reused = "reused" });
choice!(SingleAnswer { Object = "object", Array = "array" });
choice!(AliasClash { Allow = "allow", Conflict = "409", BadRequest = "400" });
choice!(Alias { Stored = "stored", Trimmed = "trimmed", Tidied = "tidied" });
choice!(Url {
    Stored = "stored",
    Slash = "slash",
    NoQuery = "no-query",
    PercentDecoded = "percent-decoded",
    Portless = "portless"
});
choice!(Text { Stored = "stored", HtmlEscaped = "html-escaped" });
choice!(Json { Stored = "stored", Reserialised = "reserialised" });
choice!(Uuid { Stored = "stored", Fresh = "fresh" });
choice!(List {
    Array = "array",
    Wrapped = "wrapped",
    StringIds = "string-ids",
    Masked = "masked",
    NullFields = "null-fields",
    ObjectFields = "object-fields"
});
choice!(Paging { Off = "off", Link = "link", Total = "total", Range = "range", Silent = "silent" });
choice!(ListStatus { Ok = "200", Accepted = "202", Gateway = "203" });
choice!(MixedCompanies { Off = "off", On = "on" });
choice!(Twins { Off = "off", Once = "once", Always = "always", Equal = "equal" });
choice!(Auth { Ok = "ok", ReadOnly = "read-only", Revoked = "revoked" });
choice!(Errors { Json = "json", Html = "html", Empty = "empty", Plain = "plain", Echo = "echo" });
choice!(EchoAs {
    Sent = "sent",
    Upper = "upper",
    Pieces = "pieces",
    Percent = "percent",
    Json = "json",
    Html = "html",
    Base64 = "base64",
    Hex = "hex"
});
choice!(RateLimitHeader {
    None = "none",
    RetryAfter = "retry-after",
    RetryAfterDate = "retry-after-date",
    RateLimitReset = "ratelimit-reset",
    XRateLimitReset = "x-ratelimit-reset"
});
choice!(UnknownId { NotFound = "404", Create = "create" });
choice!(UnknownType { Accept = "accept", BadRequest = "400" });
choice!(Drift { Off = "off", On = "on" });
choice!(ExtraKeys { Stored = "stored", Dropped = "dropped", Flipped = "flipped" });
choice!(Update { Stored = "stored", Ignored = "ignored" });
choice!(Summaries {
    Served = "served",
    TextNumbers = "text-numbers",
    Absent = "404",
    Forbidden = "403",
    OtherShape = "other-shape",
    Empty = "empty",
    Fewer = "fewer",
    More = "more",
    NewerType = "newer-type",
    Lagging = "lagging"
});
choice!(DeliveryTest {
    Sent = "sent",
    Absent = "404",
    Forbidden = "403",
    OtherShape = "other-shape"
});
choice!(Delete { Done = "done", Ignored = "ignored" });
choice!(Single { Shown = "shown", NotFound = "404", Late = "late" });

/// How one account behaves where the vendor's page is silent; the default is the friendliest interpretation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    pub(super) body: Body,
    pub(super) bulk: Bulk,
    pub(super) order: Order,
    pub(super) answer: Answers,
    pub(super) answer_ids: AnswerIds,
    pub(super) single_answer: SingleAnswer,
    pub(super) refusal: Refusal,
    pub(super) new_ids: NewIds,
    pub(super) alias_clash: AliasClash,
    pub(super) alias: Alias,
    pub(super) url: Url,
    pub(super) text: Text,
    pub(super) json: Json,
    pub(super) uuid: Uuid,
    pub(super) list: List,
    pub(super) paging: Paging,
    pub(super) page_size: PageSize,
    pub(super) list_status: ListStatus,
    pub(super) twins: Twins,
    pub(super) mixed_companies: MixedCompanies,
    pub(super) other_company_from: Option<usize>,
    pub(super) auth: Auth,
    pub(super) errors: Errors,
    pub(super) echo_as: EchoAs,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) rate_limit_header: RateLimitHeader,
    pub(super) unknown_id: UnknownId,
    pub(super) unknown_type: UnknownType,
    pub(super) poison: Option<String>,
    pub(super) poison_type: Option<u64>,
    pub(super) poison_status: Option<u16>,
    pub(super) update: Update,
    pub(super) delete: Delete,
    pub(super) single: Single,
    pub(super) summaries: Summaries,
    pub(super) delivery_test: DeliveryTest,
    pub(super) drift: Drift,
    pub(super) extra_keys: ExtraKeys,
    pub(super) max_bytes: Option<usize>,
    pub(super) max_items: Option<usize>,
    pub(super) visible_after: usize,
    pub(super) created_ahead: i64,
}

/// How many webhooks a page of the list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageSize(pub(super) usize);

impl Default for PageSize {
    fn default() -> Self {
        Self(10)
    }
}

/// How many requests an account accepts in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateLimit {
    pub(super) n_requests: usize,
    pub(super) window: Duration,
}

impl RateLimit {
    fn parse(text: &str) -> Option<Self> {
        let (n_requests, seconds) = text.split_once('/')?;
        let window = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
        Some(Self {
            n_requests: n_requests.parse().ok()?,
            window,
        })
    }
}

struct Entry {
    name: &'static str,
    values: &'static str,
    meaning: &'static str,
    set: fn(&mut Switches, &str) -> Option<()>,
}

/// One line of [`TABLE`] for a field that holds a [`Choice`].
macro_rules! entry {
    ($name:literal, $field:ident: $choice:ident, $meaning:literal) => {
        Entry {
            name: $name,
            values: $choice::SPELLINGS,
            meaning: $meaning,
            set: |switches, value| {
                switches.$field = $choice::parse(value)?;
                Some(())
            },
        }
    };
}

const TABLE: [Entry; 42] = [
    entry!("body", body: Body, "strict: 400 if a body contains a field that the server owns"),
    entry!("bulk", bulk: Bulk, "what one invalid item does to its bulk request"),
    entry!("order", order: Order, "order in which a bulk request's webhooks are created and returned"),
    entry!("answer", answer: Answers, "response to an accepted POST; bare-ids: [1050,1051]; ids-object: {\"ids\":[1050,1051]}"),
    entry!("answer-ids", answer_ids: AnswerIds, "ids in the response to a POST: in quotes; in quotes with zeros in front; swapped between the first two webhooks of a bulk request"),
    entry!("single-answer", single_answer: SingleAnswer, "shape of the response to a single POST"),
    entry!("refusal", refusal: Refusal, "words: a refused POST gets 200 and {\"inserted\":N,\"errors\":[...]}"),
    entry!("new-ids", new_ids: NewIds, "reused: a new webhook gets the lowest number that a DELETE has freed"),
    entry!("alias-clash", alias_clash: AliasClash, "what a second webhook with the same alias and type gets"),
    entry!("alias", alias: Alias, "tidied: trimmed and in lower case"),
    entry!("url", url: Url, "slash: '/' added to the path; no-query: query dropped; percent-decoded: %2F becomes '/', and so on; portless: the scheme's usual port dropped"),
    entry!("text", text: Text, "html-escaped: '&', '<', '>' and '\"' become entities in the alias, the url, and the texts in the fields"),
    entry!("json", json: Json, "reserialised: integration_type_fields with other key order and spacing"),
    entry!("uuid", uuid: Uuid, "fresh: the server replaces the uuid in the fields"),
    entry!("list", list: List, "shape of the response to GET"),
    entry!("paging", paging: Paging, "a list holds only its first page and says so in a header: Link, X-Total-Count, or Content-Range with status 206; silent: it does not say so"),
    Entry {
        name: "page-size",
        values: "N",
        meaning: "webhooks on a page (default 10)",
        set: |switches, value| {
            switches.page_size = PageSize(value.parse().ok().filter(|size| *size > 0)?);
            Some(())
        },
    },
    entry!("list-status", list_status: ListStatus, "status of a list"),
    entry!("twins", twins: Twins, "a list repeats its first webhook's id: with another alias in the first list only, or always; equal: with the same content"),
    entry!("mixed-companies", mixed_companies: MixedCompanies, "on: the last webhook of a list shows another company"),
    Entry {
        name: "other-company-from",
        values: "N",
        meaning: "from the Nth list on, all webhooks show another company",
        set: |switches, value| {
            switches.other_company_from = Some(value.parse().ok().filter(|nth| *nth > 0)?);
            Some(())
        },
    },
    entry!("auth", auth: Auth, "read-only: 403 on POST and DELETE; revoked: 401 on everything"),
    entry!("errors", errors: Errors, "format of error bodies; echo: the key comes back, and the body of the request, or of the last one that had any"),
    entry!("echo-as", echo_as: EchoAs, "spelling of what comes back with errors=echo; pieces: the first six characters of each word"),
    Entry {
        name: "rate-limit",
        values: "N/SECONDS",
        meaning: "429 for every request above N in a window of SECONDS, which may be a fraction",
        set: |switches, value| {
            switches.rate_limit = Some(RateLimit::parse(value)?);
            Some(())
        },
    },
    entry!("rate-limit-header", rate_limit_header: RateLimitHeader, "what these 429 say: nothing; Retry-After in seconds or as a date; RateLimit-Reset in seconds; X-RateLimit-Reset in seconds since 1970"),
    entry!("unknown-id", unknown_id: UnknownId, "what a POST with an unknown id does"),
    entry!("unknown-type", unknown_type: UnknownType, "what a POST of a type that the page does not list gets"),
    Entry {
        name: "poison",
        values: "TEXT",
        meaning: "a POSTed webhook whose alias contains TEXT is refused",
        set: |switches, value| {
            switches.poison = Some((!value.is_empty()).then(|| value.to_owned())?);
            Some(())
        },
    },
    Entry {
        name: "poison-type",
        values: "N",
        meaning: "a POSTed webhook of the type with the number N is refused",
        set: |switches, value| {
            switches.poison_type = Some(value.parse().ok()?);
            Some(())
        },
    },
    Entry {
        name: "poison-status",
        values: "CODE",
        meaning: "the status of these refusals, from 400 to 599 (default 400); with errors=html as a firewall answers",
        set: |switches, value| {
            let code = value.parse().ok()?;
            switches.poison_status = (400..=599).contains(&code).then_some(code);
            switches.poison_status.map(drop)
        },
    },
    entry!("update", update: Update, "ignored: a POST with an id is accepted and answered with what was sent, and the old content stays"),
    entry!("delete", delete: Delete, "ignored: a DELETE is accepted, and the webhook stays"),
    entry!("single", single: Single, "404: a GET of an id finds no webhook; late: the first GET of an id that the last list does not show finds none"),
    entry!("summaries", summaries: Summaries, "the newer API's summaries of all webhooks; text-numbers: externalId in quotes; fewer: without the last webhook; more: with a Slack webhook that the list lacks; newer-type: with a webhook of a type that only the newer API has; lagging: a new webhook is missing from the next reading"),
    entry!("delivery-test", delivery_test: DeliveryTest, "the newer API's test of a webhook; sent: a real request to its url, if that is on this machine"),
    entry!("drift", drift: Drift, "on: every list shows another last_triggered_at and a higher success_count in each webhook"),
    entry!("extra-keys", extra_keys: ExtraKeys, "what becomes of keys that the page does not list; flipped: the opposite of each boolean is stored"),
    Entry {
        name: "max-bytes",
        values: "N",
        meaning: "413 for a POST body above N bytes (default 67108864)",
        set: |switches, value| {
            switches.max_bytes = Some(value.parse().ok()?);
            Some(())
        },
    },
    Entry {
        name: "max-items",
        values: "N",
        meaning: "413 for a bulk request of more than N webhooks",
        set: |switches, value| {
            switches.max_items = Some(value.parse().ok()?);
            Some(())
        },
    },
    Entry {
        name: "created-ahead",
        values: "SECONDS",
        meaning: "created_at comes from a clock that is so many seconds ahead of the Date header; negative: behind",
        set: |switches, value| {
            switches.created_ahead = value.parse().ok()?;
            Some(())
        },
    },
    Entry {
        name: "visible-after",
        values: "N",
        meaning: "a created webhook is missing from the next N list reads",
        set: |switches, value| {
            switches.visible_after = value.parse().ok()?;
            Some(())
        },
    },
];

impl Switches {
    /// Parses any number of `name=value` texts; a later one overrides an earlier one.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, SpellingError> {
        let mut switches = Self::default();
        for text in texts {
            switches.apply(text.as_ref())?;
        }
        Ok(switches)
    }

    /// Every switch with its values, the default first, and its meaning, for `--switch help`.
    pub fn help() -> String {
        let mut help = String::new();
        for Entry {
            name,
            values,
            meaning,
            ..
        } in &TABLE
        {
            let _ = writeln!(help, "{name}={values}\n    {meaning}");
        }
        help
    }

    fn apply(&mut self, text: &str) -> Result<(), SpellingError> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(SpellingError::new(format!(
                "switch \"{text}\" has no '='; write NAME=VALUE"
            )));
        };
        let Some(entry) = TABLE.iter().find(|entry| entry.name == name) else {
            let names: Vec<_> = TABLE.iter().map(|entry| entry.name).collect();
            return Err(SpellingError::new(format!(
                "unknown switch \"{name}\"; the switches are: {}",
                names.join(", ")
            )));
        };
        (entry.set)(self, value).ok_or_else(|| {
            SpellingError::new(format!(
                "invalid value \"{value}\" for switch \"{name}\"; write {name}={}",
                entry.values
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Switches, TABLE};

    #[test]
    fn the_first_spelling_of_each_choice_is_its_default() {
        for entry in TABLE.iter().filter(|entry| entry.values.contains('|')) {
            let first = entry.values.split('|').next().expect("split yields one");
            let parsed = Switches::parse([format!("{}={first}", entry.name)]);
            assert_eq!(parsed, Ok(Switches::default()), "{}", entry.name);
        }
    }
}
