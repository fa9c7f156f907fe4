//! Draws a campaign's setup from its seed: two accounts, the target's habits and faults, and how each run is disturbed.

use hookferry::sandbox::seeds::Seeds;
use serde_json::{Value, json};

/// Pseudo-random numbers from a seed, identical on every platform (splitmix64).
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

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(super) fn pick<'a>(&mut self, options: &[&'a str]) -> &'a str {
        options[self.below(options.len())]
    }
}

/// How one run of the program is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disturbance {
    None,
    /// Sends this signal once the target has received this many more requests.
    Signal(&'static str, usize),
}

/// Everything that a seed determines.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) seeds: Seeds,
    pub(super) switches: Vec<String>,
    pub(super) faults: Vec<String>,
    pub(super) disturbances: Vec<Disturbance>,
    /// The run before which the run records are deleted, if any.
    pub(super) lost_before: Option<usize>,
    /// The run before which another writer creates a webhook of another type, if any.
    pub(super) foreign_before: Option<usize>,
    pub(super) batch_size: usize,
    /// The value of `--settle`, in milliseconds.
    pub(super) settle: u32,
    /// Whether the server alters what it stores, so that without the run record a copy looks like a conflict.
    pub(super) is_altering: bool,
    /// Whether a habit can keep exit code 0 away, however often the program runs.
    pub(super) is_obstructed: bool,
    /// How the rollbacks at the end are disturbed, one after the other; `None`: nothing is rolled back.
    pub(super) rollback: Option<Vec<Disturbance>>,
}

impl Setup {
    pub(super) fn has_switch(&self, switch: &str) -> bool {
        self.switches.iter().any(|own| own == switch)
    }

    /// How many webhooks a list shows without saying that there are more; `None`: all, or it says so.
    pub(super) fn silent_page_size(&self) -> Option<usize> {
        self.has_switch("paging=silent").then_some(PAGE_SIZE)
    }
}

/// The webhooks on a page of a server that splits its lists.
const PAGE_SIZE: usize = 6;

const KINDS: [(u64, &str); 3] = [(0, "Slack"), (1, "WebHook"), (2, "PagerDuty")];
/// The type of the webhook that another writer creates; no source webhook has it.
pub(super) const FOREIGN_TYPE: u64 = 5;

/// The alias of a webhook of which the target has an older version.
pub(super) const UPDATED: &str = "Updated";

fn webhook(alias: &str, kind: usize, variant: usize) -> Value {
    let (type_id, label) = KINDS[kind];
    let fields = json!([
        {"name": "serviceKey", "value": format!("canary-{variant}&<a>")},
        {"name": "uuid", "value": format!("00000000-0000-4000-8000-{variant:012}")},
    ]);
    json!({
        "alias": alias,
        "url": format!("https://hooks.example.com:443/services/canary-{variant}%2Fa?token=canary&b=1"),
        "integration_type_fields": fields.to_string(),
        "integration_type_id": type_id,
        "integration_type": {"label": label, "icon": "/assets/icon.png", "id": type_id},
    })
}

/// Draws the setup of a seed.
pub(super) fn draw(seed: u64) -> Setup {
    let mut random = Random::new(seed);
    let seeds = accounts(&mut random);
    let is_altering = random.percent(30);
    let is_obstructed = random.percent(25);
    let mut switches = switches(&mut random, is_altering, is_obstructed);
    let faults = faults(&mut random);
    // Outside the guarantee: a server that creates part of a batch, refuses the request, and lists that part only later.
    let is_partial = |fault: &String| fault.contains("status=4") && fault.contains("commit=half");
    if faults.iter().any(is_partial) {
        switches.retain(|switch| !switch.starts_with("visible-after"));
    }
    let n_disturbances = random.below(4);
    let disturbances = (0..n_disturbances)
        .map(|_| disturbance(&mut random))
        .collect();
    let is_late = faults.iter().any(|fault| fault.contains("late"));
    let settle = settle(&switches);
    // Without its record a run can neither wait for late effects nor recognize the server's alterations.
    let may_lose = !is_late && !is_altering && settle == SETTLE;
    if !may_lose {
        // A run that starts when the target shows another company takes it for another account, without records.
        switches.retain(|switch| !switch.starts_with("other-company-from"));
    }
    let lost_before = (may_lose && random.percent(20)).then(|| 1 + random.below(2));
    let foreign_before = random.percent(30).then(|| random.below(3));
    let batch_size = 1 + random.below(6);
    let rollback = random.percent(35).then(|| {
        let n = random.below(3);
        (0..n).map(|_| disturbance(&mut random)).collect()
    });
    // If the response to an update is lost, nobody can tell what the server altered from what it had before.
    let is_updating = seeds
        .source
        .iter()
        .any(|webhook| webhook["alias"] == UPDATED);
    // Cut off before the read-back, the record holds the padded id of the answer. Whether the list's number is that
    // webhook is unknown, and stays so until somebody closes the run.
    let has = |wanted: &str| switches.iter().any(|switch| switch == wanted);
    // If the server alters what it stores, too, a swapped id in such a record leaves a conflict.
    let is_misnamed = has("answer-ids=padded") || (is_altering && has("answer-ids=swapped"));
    let is_obstructed = is_obstructed || (is_altering && is_updating) || is_misnamed;
    Setup {
        seeds,
        switches,
        faults,
        disturbances,
        lost_before,
        foreign_before,
        batch_size,
        settle,
        is_altering,
        is_obstructed,
        rollback,
    }
}

/// The usual `--settle`, in milliseconds.
const SETTLE: u32 = 600;

/// A list that lags by a number of reads must catch up within the settle window, even on a busy machine.
fn settle(switches: &[String]) -> u32 {
    let is_lagging = |switch: &String| switch.starts_with("visible-after");
    if switches.iter().any(is_lagging) {
        4000
    } else {
        SETTLE
    }
}

fn alias(n: usize) -> String {
    if n % 3 == 1 {
        format!("Hook {n} & <co>")
    } else {
        format!("Hook {n}")
    }
}

fn accounts(random: &mut Random) -> Seeds {
    let (source, target) = (Vec::new(), Vec::new());
    let mut seeds = Seeds { source, target };
    for n in 0..2 + random.below(9) {
        let hook = webhook(&alias(n), random.below(KINDS.len()), random.below(3));
        // hookferry counts identical copies, so some webhooks occur two or three times.
        let copies = if random.percent(15) {
            2 + random.below(2)
        } else {
            1
        };
        let n_in_target = if random.percent(20) {
            random.below(copies + 1)
        } else {
            0
        };
        seeds
            .source
            .extend(std::iter::repeat_n(hook.clone(), copies));
        seeds.target.extend(std::iter::repeat_n(hook, n_in_target));
    }
    // The target has an older version of a webhook, which the migration updates.
    if random.percent(25) {
        let kind = random.below(KINDS.len());
        seeds.source.push(webhook(UPDATED, kind, 1));
        seeds.target.push(webhook(UPDATED, kind, 4));
    }
    for n in 0..random.below(4) {
        let kind = random.below(KINDS.len());
        seeds.target.push(webhook(&format!("own {n}"), kind, 7 + n));
    }
    seeds
}

fn switches(random: &mut Random, is_altering: bool, is_obstructed: bool) -> Vec<String> {
    const HABITS: &[&str] = &[
        "order=reversed",
        "answer=no-ids",
        "answer=no-alias",
        "answer=short",
        "answer=empty-object",
        "answer=empty",
        "answer=text",
        "answer=html",
        "answer=bare-ids",
        "answer=ids-object",
        "answer-ids=text",
        "answer-ids=padded",
        "answer-ids=swapped",
        "json=reserialised",
        "list=string-ids",
        "list=object-fields",
        "max-items=3",
        "max-items=1",
        "bulk=best-effort",
        "bulk=multi-status",
        "bulk=stop-at-bad",
        "refusal=words",
        "body=strict",
        "errors=html",
        "errors=empty",
        "errors=echo",
        "alias=trimmed",
        "new-ids=reused",
        "single=late",
        "single=late visible-after=1",
        "visible-after=1",
        "visible-after=2",
        "twins=once",
        "twins=equal",
        "rate-limit=6/0.3",
        "rate-limit=6/0.3 rate-limit-header=retry-after",
        "rate-limit=6/0.3 rate-limit-header=retry-after-date",
        "rate-limit=6/0.3 rate-limit-header=ratelimit-reset",
        "rate-limit=6/0.3 rate-limit-header=x-ratelimit-reset",
    ];
    const ALTERATIONS: &[&str] = &[
        "url=slash",
        "url=no-query",
        "url=percent-decoded",
        "url=portless",
        "text=html-escaped",
        "uuid=fresh",
        "alias=tidied",
    ];
    const OBSTACLES: &[&str] = &[
        "paging=link page-size=6",
        "paging=total page-size=6",
        "paging=range page-size=6",
        "paging=silent page-size=6",
        "list-status=202",
        "list-status=203",
        "twins=always",
        "mixed-companies=on",
        "other-company-from=3",
        "other-company-from=6",
        "poison=1 poison-status=400",
        "poison=1 poison-status=403 errors=html",
        "poison=1 poison-status=409",
        "poison=1 poison-status=422 refusal=words",
        "poison=1 refusal=words bulk=best-effort",
        "poison=1 poison-status=500",
        "poison=1 poison-status=503 errors=html",
        "poison-type=1 poison-status=415",
        "poison-type=1 poison-status=403 errors=html",
        "update=ignored",
        "alias-clash=409",
        "alias-clash=400 refusal=words",
        "created-ahead=7200",
        "created-ahead=-7200",
    ];
    let mut picks: Vec<&str> = (0..random.below(4)).map(|_| random.pick(HABITS)).collect();
    if is_altering {
        picks.push(random.pick(ALTERATIONS));
    }
    if is_obstructed {
        picks.push(random.pick(OBSTACLES));
    }
    let switches = picks.iter().flat_map(|pick| pick.split(' '));
    switches.map(str::to_owned).collect()
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
    const DELETE: &[&str] = &[
        "drop-before",
        "drop-after",
        "reset-after",
        "stall-after",
        "status=500",
        "status=503,commit=all",
        "status=404",
        "status=404,commit=all",
        "status=429,retry-after=0",
    ];
    let mut faults = Vec::new();
    if random.percent(20) {
        faults.push(format!(
            "delete:{}:{}",
            1 + random.below(4),
            random.pick(DELETE)
        ));
    }
    for _ in 0..random.below(4) {
        let (method, action) = if random.percent(75) {
            ("post", random.pick(POST))
        } else {
            ("get", random.pick(GET))
        };
        faults.push(format!("{method}:{}:{action}", 1 + random.below(5)));
    }
    faults
}

fn disturbance(random: &mut Random) -> Disturbance {
    match random.below(6) {
        0 => Disturbance::None,
        1 => Disturbance::Signal("INT", 1 + random.below(6)),
        2 => Disturbance::Signal("TERM", 1 + random.below(6)),
        _ => Disturbance::Signal("KILL", 1 + random.below(7)),
    }
}
