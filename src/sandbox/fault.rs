//! Faults by request number, so that a test replays exactly. Parses and matches faults; never acts on one.

use std::str::FromStr;
use std::time::Duration;

use hyper::Method;

use super::spelling::SpellingError;

/// A fault at fixed requests of an account, parsed from `METHOD:NTH[xTIMES]:ACTION[,MODIFIER…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `None`: counts the requests of all methods together.
    method: Option<Method>,
    first: usize,
    /// Number of requests in a row; `None`: all from the first on.
    repetitions: Option<usize>,
    action: Action,
}

/// How to treat one request: how much of it takes effect, when, and what the client gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) delay: Duration,
    pub(super) commit: Commit,
    /// Delay of the effect after the reply; `None`: the effect comes first.
    pub(super) effect_delay: Option<Duration>,
    pub(super) reply: Reply,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Commit {
    None,
    /// The first half of a bulk request, rounded down: nothing of a single one.
    Half,
    #[default]
    All,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Reply {
    #[default]
    Normal,
    Close,
    Reset,
    Truncate,
    Stall,
    Status {
        code: u16,
        header: Option<WaitHeader>,
    },
    Html,
    Redirect(String),
}

/// A header that says when the server accepts requests again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WaitHeader {
    pub(super) name: &'static str,
    pub(super) value: WaitValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WaitValue {
    /// An HTTP date this long after the response.
    Date(Duration),
    /// The same moment in seconds since 1970.
    Epoch(Duration),
    /// The same moment in milliseconds since 1970.
    EpochMillis(Duration),
    Literal(String),
}

/// The headers of `WaitHeader`, which are modifiers, too.
const WAIT_HEADERS: [&str; 4] = [
    "retry-after",
    "ratelimit-reset",
    "x-ratelimit-reset",
    "ratelimit",
];

impl Fault {
    /// Every action and modifier with its meaning, one per line, for `--fault help`.
    pub fn help() -> &'static str {
        HELP
    }

    /// The action, if this fault applies to request number `of_method` of its method, which is number
    /// `of_all` of all requests.
    pub(super) fn action_for(
        &self,
        method: &Method,
        method_count: usize,
        total_count: usize,
    ) -> Option<&Action> {
        let number = match &self.method {
            None => total_count,
            Some(own) if own == method => method_count,
            Some(_) => return None,
        };
        let offset = number.checked_sub(self.first)?;
        self.repetitions
            .is_none_or(|times| offset < times)
            .then_some(&self.action)
    }
}

const HELP: &str = "\
METHOD:NTH[xTIMES]:ACTION[,MODIFIER...]
    METHOD is get, post, delete or any; requests are counted per account from 1;
    TIMES is the number of requests in a row (default 1, * for all that follow)
actions:
drop-before, drop-after    close without a response, before or after the effect
reset-before, reset-after  the same with a TCP reset
truncate                   take effect, then cut the response short
stall, stall-after         never respond, without or with the effect
late-commit=DURATION       close without a response now, take effect later
status=CODE                respond with CODE, without any effect
html-200                   take effect, then respond with 200 and an HTML page
redirect=URL               respond with 307 to URL, without any effect
delay=DURATION             wait, then respond as usual
modifiers:
commit=none|half|all       how much of the request takes effect
late=DURATION              take effect that long after the response
delay=DURATION             wait first
retry-after=TEXT           header of a status response; must come last; date+SECONDS gives an HTTP date,
                           epoch+SECONDS and epoch-ms+SECONDS the same moment as a number
ratelimit-reset=TEXT, x-ratelimit-reset=TEXT, ratelimit=TEXT
                           other headers of the same kind, one per fault
";

const ACTIONS: &str = "drop-before, drop-after, reset-before, reset-after, truncate, stall, \
    stall-after, late-commit=DURATION, status=CODE, html-200, redirect=URL, delay=DURATION";

impl FromStr for Fault {
    type Err = SpellingError;

    fn from_str(text: &str) -> Result<Self, SpellingError> {
        let mut parts = text.splitn(3, ':');
        let (Some(method), Some(position), Some(action)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid(text, "write METHOD:NTH[xTIMES]:ACTION"));
        };
        let method = match method {
            "any" => None,
            "get" => Some(Method::GET),
            "post" => Some(Method::POST),
            "delete" => Some(Method::DELETE),
            _ => {
                return Err(invalid(text, "the methods are get, post, delete, any"));
            }
        };
        let (first, times) = parse_position(position)
            .ok_or_else(|| invalid(text, "requests count from 1: write 2, 1x3 or 1x*"))?;
        Ok(Self {
            method,
            first,
            repetitions: times,
            action: parse_action(action).map_err(|hint| invalid(text, &hint))?,
        })
    }
}

fn invalid(text: &str, hint: &str) -> SpellingError {
    SpellingError::new(format!("invalid fault \"{text}\": {hint}"))
}

fn parse_position(position: &str) -> Option<(usize, Option<usize>)> {
    let (first, times) = match position.split_once('x') {
        None => (position, Some(1)),
        Some((first, "*")) => (first, None),
        Some((first, times)) => (first, Some(times.parse().ok()?)),
    };
    let first = first.parse().ok().filter(|&first| first > 0)?;
    Some((first, times))
}

fn parse_action(text: &str) -> Result<Action, String> {
    let (text, header) = split_header(text)?;
    let mut parts = text.split(',');
    let mut action = parse_base(parts.next().unwrap_or_default())?;
    for modifier in parts {
        apply_modifier(&mut action, modifier)?;
    }
    if let Some(own) = header {
        let Reply::Status { header, .. } = &mut action.reply else {
            return Err(format!("{} is for status=CODE only", own.name));
        };
        *header = Some(own);
    }
    let is_api_response = matches!(action.reply, Reply::Normal | Reply::Truncate);
    if is_api_response && (action.effect_delay.is_some() || action.commit == Commit::None) {
        return Err("a normal response needs the effect first".to_owned());
    }
    Ok(action)
}

fn parse_base(text: &str) -> Result<Action, String> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let (reply, commit) = match name {
        "drop-before" => (Reply::Close, Commit::None),
        "drop-after" | "late-commit" => (Reply::Close, Commit::All),
        "reset-before" => (Reply::Reset, Commit::None),
        "reset-after" => (Reply::Reset, Commit::All),
        "truncate" => (Reply::Truncate, Commit::All),
        "stall" => (Reply::Stall, Commit::None),
        "stall-after" => (Reply::Stall, Commit::All),
        "status" => (parse_status(value)?, Commit::None),
        "html-200" => (Reply::Html, Commit::All),
        "redirect" => (Reply::Redirect(value.to_owned()), Commit::None),
        "delay" => (Reply::Normal, Commit::All),
        _ => return Err(format!("the actions are {ACTIONS}")),
    };
    let late = match name {
        "late-commit" => Some(parse_duration(value)?),
        _ => None,
    };
    let delay = match name {
        "delay" => parse_duration(value)?,
        _ => Duration::ZERO,
    };
    Ok(Action {
        delay,
        commit,
        effect_delay: late,
        reply,
    })
}

fn apply_modifier(action: &mut Action, modifier: &str) -> Result<(), String> {
    match modifier.split_once('=') {
        Some(("commit", "none")) => action.commit = Commit::None,
        Some(("commit", "half")) => action.commit = Commit::Half,
        Some(("commit", "all")) => action.commit = Commit::All,
        Some(("late", value)) => action.effect_delay = Some(parse_duration(value)?),
        Some(("delay", value)) => action.delay = parse_duration(value)?,
        _ => {
            return Err(
                "the modifiers are commit=none|half|all, late=DURATION, delay=DURATION, \
                 and last retry-after=TEXT or another header"
                    .to_owned(),
            );
        }
    }
    Ok(())
}

fn parse_status(text: &str) -> Result<Reply, String> {
    text.parse()
        .ok()
        .filter(|code| (200..=599).contains(code))
        .map(|code| Reply::Status { code, header: None })
        .ok_or_else(|| "a status is a number from 200 to 599".to_owned())
}

/// Splits off the header, which comes last because its text may contain commas.
fn split_header(text: &str) -> Result<(&str, Option<WaitHeader>), String> {
    let find = |name: &'static str| {
        let (rest, value) = text.split_once(&format!(",{name}="))?;
        Some((rest, name, value))
    };
    match WAIT_HEADERS.into_iter().find_map(find) {
        None => Ok((text, None)),
        Some((rest, name, value)) => {
            let value = parse_wait_value(value)?;
            Ok((rest, Some(WaitHeader { name, value })))
        }
    }
}

fn parse_wait_value(text: &str) -> Result<WaitValue, String> {
    let (form, seconds) = text.split_once('+').unwrap_or((text, ""));
    // At most a century or so, which every form can express.
    let ahead = || match seconds.parse::<u32>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
        Err(_) => Err(format!("write {form}+SECONDS")),
    };
    match form {
        "date" => return ahead().map(WaitValue::Date),
        "epoch" => return ahead().map(WaitValue::Epoch),
        "epoch-ms" => return ahead().map(WaitValue::EpochMillis),
        _ => {}
    }
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        Ok(WaitValue::Literal(text.to_owned()))
    } else {
        Err("a header value must be printable ASCII".to_owned())
    }
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => Some(Duration::from_millis(1)),
        "s" => Some(Duration::from_secs(1)),
        "m" => Some(Duration::from_secs(60)),
        _ => None,
    };
    digits
        .parse()
        .ok()
        .zip(unit)
        .and_then(|(count, unit): (u32, Duration)| unit.checked_mul(count))
        .ok_or_else(|| "write a duration as 250ms, 2s or 1m".to_owned())
}
