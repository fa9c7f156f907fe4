//! The behavior of a simulated server where the vendor's page says nothing, drawn anew for every seed.

use super::object::Spelling;
use super::random::Random;

/// How a bulk request ends when the server refuses some of its webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bulk {
    /// The server creates nothing and refuses the request.
    Atomic,
    /// The server creates the others, and the response has fewer rows.
    BestEffort,
    /// The server creates those before the first bad one, and refuses the request.
    StopAtBad,
}

/// The rows of the response to a bulk request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rows {
    Whole,
    Reversed,
    /// The last one is missing.
    Short,
    /// Only every second one has an id.
    FewIds,
    Empty,
    /// The whole account, not only what was created.
    Everything,
}

/// What the server answers for a single webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ById {
    Works,
    /// 404 for every webhook.
    NeverFound,
    Fails,
    /// 404 for a webhook that the last list does not show: to the first question, and as long as lists lag.
    Late,
}

/// The behavior of one simulated server, and the settings of the user who runs the push.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, drawn by itself"
)]
pub(super) struct Switches {
    pub(super) bulk: Bulk,
    pub(super) rows: Rows,
    /// The status with which the server refuses a webhook.
    pub(super) refusal: u16,
    /// How the server respells every alias that it stores, if it does.
    pub(super) respells: Option<Spelling>,
    pub(super) alters_url: bool,
    pub(super) replaces_uuid: bool,
    /// Whether responses show what was sent, even if the server stored something else.
    pub(super) echoes: bool,
    /// Whether the server accepts updates and deletes, shows what was sent, and keeps the old content.
    pub(super) ignores_updates: bool,
    /// Whether the server refuses an existing alias with 409.
    pub(super) has_clash: bool,
    /// The server refuses more webhooks in one request with 413.
    pub(super) most_items: usize,
    /// How long lists hide a write, in milliseconds.
    pub(super) lag: u64,
    /// Whether each list lags by a random time, up to `lag`.
    pub(super) is_flapping: bool,
    /// How many lists hide a write.
    pub(super) hidden_observations: u32,
    pub(super) ids_fall: bool,
    /// Whether the server gives the number of a webhook that is gone to the next one that it creates.
    pub(super) reuses_ids: bool,
    /// Whether the server dates a webhook anew when it is updated.
    pub(super) redates: bool,
    /// How far the clock of `created_at` is behind that of the responses, in milliseconds.
    pub(super) skew: i64,
    pub(super) by_id: ById,
    /// Percentage of actions that delete.
    pub(super) deletes: u64,
    /// Percentage of requests with a fault.
    pub(super) faults: u64,
    /// Percentage of opportunities at which the foreign writer acts.
    pub(super) foreign: u64,
    /// Percentage of webhooks that the server refuses.
    pub(super) poison: u64,
    /// Whether late commits and lagging lists stay within what the design allows.
    pub(super) is_bounded: bool,
    pub(super) settle: u64,
    pub(super) batch_size: usize,
    /// How long the run may wait in total, in milliseconds.
    pub(super) wait_budget: u64,
    /// Whether the run knows the target's clock.
    pub(super) has_clock: bool,
}

impl Switches {
    /// A server that does exactly what the vendor's page says.
    pub(super) fn calm(random: &mut Random) -> Self {
        Self {
            bulk: random.pick(&[Bulk::Atomic, Bulk::BestEffort, Bulk::StopAtBad]),
            rows: random.pick(&[Rows::Whole, Rows::Reversed]),
            refusal: 400,
            respells: None,
            alters_url: false,
            replaces_uuid: false,
            echoes: false,
            ignores_updates: false,
            has_clash: false,
            most_items: usize::MAX,
            lag: 0,
            is_flapping: false,
            hidden_observations: 0,
            ids_fall: random.percent(30),
            reuses_ids: false,
            redates: false,
            skew: 0,
            by_id: ById::Works,
            deletes: random.pick(&[0, 0, 10, 100]),
            faults: 0,
            foreign: 0,
            poison: 0,
            is_bounded: true,
            settle: random.pick(&[0, 200, 2_000, 10_000, 30_000, 30_000, 30_000]),
            batch_size: random.pick(&[1, 2, 3, 5, 10, 100]),
            wait_budget: 900_000,
            has_clock: random.percent(80),
        }
    }

    /// A server that does anything the vendor's page allows.
    pub(super) fn wild(random: &mut Random) -> Self {
        let mut switches = Self::calm(random);
        let answers = [
            Rows::Whole,
            Rows::Whole,
            Rows::Whole,
            Rows::Reversed,
            Rows::Short,
            Rows::FewIds,
            Rows::Empty,
            Rows::Everything,
        ];
        switches.rows = random.pick(&answers);
        switches.refusal = random.pick(&[400, 409, 422, 403, 500, 503]);
        switches.is_bounded = !random.percent(10);
        switches.draw_alterations(random);
        switches.draw_lag(random);
        switches.faults = random.pick(&[0, 5, 20, 40, 70]);
        switches.foreign = random.pick(&[0, 0, 0, 3, 15]);
        switches.poison = random.pick(&[0, 0, 10, 40, 90]);
        switches.has_clash = random.percent(15);
        switches.ignores_updates = random.percent(15);
        switches.reuses_ids = random.percent(30);
        switches.redates = random.percent(10);
        switches.by_id = random.pick(&[
            ById::Works,
            ById::Works,
            ById::Works,
            ById::Works,
            ById::NeverFound,
            ById::Fails,
            ById::Late,
        ]);
        switches.most_items = random.pick(&[usize::MAX, usize::MAX, usize::MAX, 7, 3, 1, 0]);
        if random.percent(5) {
            switches.settle = 400_000;
        }
        if random.percent(10) {
            switches.wait_budget = random.below(60_000);
        }
        switches
    }

    /// Whether the server gives only ordinary responses.
    pub(super) fn is_calm(&self) -> bool {
        let answers_all = matches!(self.rows, Rows::Whole | Rows::Reversed);
        answers_all && self.hidden_observations == 0 && self.most_items >= self.batch_size
    }

    /// Whether the server stores something other than what was sent.
    pub(super) fn alters(&self) -> bool {
        self.respells.is_some() || self.alters_url || self.replaces_uuid
    }

    fn draw_alterations(&mut self, random: &mut Random) {
        self.respells = random.pick(&[
            None,
            None,
            None,
            Some(Spelling::Tidy),
            Some(Spelling::Prefixed),
        ]);
        self.alters_url = random.percent(20);
        self.replaces_uuid = random.percent(20);
        self.echoes = random.percent(25);
        self.skew = random.pick(&[0, 0, 0, 900, 20_000]);
    }

    fn draw_lag(&mut self, random: &mut Random) {
        let longest = if self.is_bounded {
            self.settle.min(10_000)
        } else {
            self.settle * 3
        };
        if random.percent(30) {
            self.lag = random.below(longest + 1);
            self.is_flapping = random.percent(30);
        } else if random.percent(15) && (self.settle >= 10_000 || !self.is_bounded) {
            self.hidden_observations = 1 + u32::from(random.percent(50));
        }
    }
}
