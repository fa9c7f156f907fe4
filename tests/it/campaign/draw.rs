//! What a seed stands for: two accounts, the habits and faults of the target, and what is done to each run.

use hookferry::sandbox::seeds::Seeds;
use serde_json::{Value, json};

/// Numbers that follow from a seed, the same everywhere (splitmix64).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the bound.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(super) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// What happens to one run of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing.
    Undisturbed,
    /// That signal, once the target has seen so many more requests.
    Signal(&'static str, usize),
}

/// Everything that a seed stands for.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) seeds: Seeds,
    pub(super) switches: Vec<String>,
    pub(super) faults: Vec<String>,
    pub(super) fates: Vec<Fate>,
    /// The run before which the records are lost, if they are.
    pub(super) lost_before: Option<usize>,
    /// The run before which somebody else creates a webhook of another type.
    pub(super) foreign_before: Option<usize>,
    pub(super) batch_size: usize,
    /// What is given to `--settle`, in milliseconds.
    pub(super) settle: u32,
    /// Whether the server alters what it is given, so that without the record a copy looks like a conflict.
    pub(super) is_altering: bool,
}

const KINDS: [(u64, &str); 3] = [(0, "Slack"), (1, "WebHook"), (2, "PagerDuty")];
/// The type of what somebody else creates: none of the source has it.
pub(super) const FOREIGN_TYPE: u64 = 5;

fn webhook(alias: &str, kind: usize, variant: usize) -> Value {
    let (type_id, label) = KINDS[kind];
    let fields = json!([{"name": "serviceKey", "value": format!("canary-{variant}")}]);
    json!({
        "alias": alias,
        "url": format!("https://hooks.example.com/services/canary-{variant}?token=canary"),
        "integration_type_fields": fields.to_string(),
        "integration_type_id": type_id,
        "integration_type": {"label": label, "icon": "/assets/icon.png", "id": type_id},
    })
}

/// Draws everything from the seed.
pub(super) fn draw(seed: u64) -> Drawn {
    let mut random = Random::new(seed);
    let seeds = accounts(&mut random);
    let is_altering = random.percent(30);
    let mut switches = switches(&mut random, is_altering);
    let faults = faults(&mut random);
    // Beyond the promise: a server that creates a part, refuses the request, and lists the part only later.
    let is_partial = |fault: &String| fault.contains("status=4") && fault.contains("commit=half");
    if faults.iter().any(is_partial) {
        switches.retain(|switch| !switch.starts_with("visible-after"));
    }
    let n_fates = random.below(4);
    let fates = (0..n_fates).map(|_| fate(&mut random)).collect();
    let is_late = faults.iter().any(|fault| fault.contains("late"));
    let settle = settle(&switches);
    // Who loses the record loses what it is for: waiting for what comes late, and knowing alterations.
    let may_lose = !is_late && !is_altering && settle == SETTLE;
    Drawn {
        seeds,
        settle,
        switches,
        faults,
        fates,
        lost_before: (may_lose && random.percent(20)).then(|| 1 + random.below(2)),
        foreign_before: random.percent(30).then(|| random.below(3)),
        batch_size: 1 + random.below(6),
        is_altering,
    }
}

/// The usual `--settle`, in milliseconds.
const SETTLE: u32 = 600;

/// A list that lags by a number of reads must lag less than the window, on a busy machine too.
fn settle(switches: &[String]) -> u32 {
    let is_lagging = |switch: &String| switch.starts_with("visible-after");
    if switches.iter().any(is_lagging) {
        4000
    } else {
        SETTLE
    }
}

fn accounts(random: &mut Random) -> Seeds {
    let (source, target) = (Vec::new(), Vec::new());
    let mut seeds = Seeds { source, target };
    for n in 0..2 + random.below(9) {
        let each = webhook(
            &format!("hook {n}"),
            random.below(KINDS.len()),
            random.below(3),
        );
        // Copies are counted, so some webhooks come two or three times.
        let copies = if random.percent(15) {
            2 + random.below(2)
        } else {
            1
        };
        let there = if random.percent(20) {
            random.below(copies + 1)
        } else {
            0
        };
        seeds
            .source
            .extend(std::iter::repeat_n(each.clone(), copies));
        seeds.target.extend(std::iter::repeat_n(each, there));
    }
    for n in 0..random.below(4) {
        let kind = random.below(KINDS.len());
        seeds.target.push(webhook(&format!("own {n}"), kind, 7 + n));
    }
    seeds
}

fn switches(random: &mut Random, is_altering: bool) -> Vec<String> {
    const HABITS: &[&str] = &[
        "order=reversed",
        "answer=no-ids",
        "answer=no-alias",
        "answer=short",
        "answer=empty-object",
        "answer=empty",
        "answer=text",
        "answer=html",
        "json=reserialised",
        "list=string-ids",
        "list=object-fields",
        "max-items=3",
        "max-items=1",
        "bulk=best-effort",
        "bulk=multi-status",
        "bulk=stop-at-bad",
        "body=strict",
        "errors=html",
        "errors=empty",
        "errors=echo",
        "alias=trimmed",
        "visible-after=1",
    ];
    const ALTERATIONS: &[&str] = &["url=slash", "url=no-query", "uuid=fresh", "alias=tidied"];
    let mut switches: Vec<String> = (0..random.below(4))
        .map(|_| random.one(HABITS).to_owned())
        .collect();
    if is_altering {
        switches.push(random.one(ALTERATIONS).to_owned());
    }
    switches
}

fn faults(random: &mut Random) -> Vec<String> {
    const POST: &[&str] = &[
        "drop-before",
        "drop-after",
        "reset-before",
        "reset-after",
        "truncate",
        "html-200",
        "stall",
        "stall-after",
        "late-commit=150ms",
        "drop-after,commit=half",
        "status=500",
        "status=500,commit=all",
        "status=502,commit=half",
        "status=503,commit=all",
        "status=504,commit=all",
        "status=520,commit=half",
        "status=400,commit=half",
        "status=409",
        "status=413",
        "status=422,commit=half",
        "status=429,retry-after=0",
        "status=429,commit=half,retry-after=0",
        "delay=80ms",
    ];
    const GET: &[&str] = &[
        "status=500",
        "status=503",
        "drop-before",
        "reset-before",
        "truncate",
        "delay=60ms",
        "status=429,retry-after=0",
    ];
    let mut faults = Vec::new();
    for _ in 0..random.below(4) {
        let (method, action) = if random.percent(75) {
            ("post", random.one(POST))
        } else {
            ("get", random.one(GET))
        };
        faults.push(format!("{method}:{}:{action}", 1 + random.below(5)));
    }
    faults
}

fn fate(random: &mut Random) -> Fate {
    match random.below(6) {
        0 => Fate::Undisturbed,
        1 => Fate::Signal("INT", 1 + random.below(6)),
        2 => Fate::Signal("TERM", 1 + random.below(6)),
        _ => Fate::Signal("KILL", 1 + random.below(7)),
    }
}
