//! One of cron's five fields: the numbers that it stands for.

use croner::Cron;

/// What a field counts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// Its position among the fields.
    ix: usize,
    /// What messages call it.
    name: &'static str,
    min: u16,
    max: u16,
    /// What can stand for the numbers, from the smallest on.
    names: &'static [&'static str],
}

pub(super) const MINUTE: &Unit = &unit(0, "minute", 0, 59, &[]);
pub(super) const HOUR: &Unit = &unit(1, "hour", 0, 23, &[]);
pub(super) const DAY: &Unit = &unit(2, "day of the month", 1, 31, &[]);
pub(super) const MONTH: &Unit = &unit(
    3,
    "month",
    1,
    12,
    &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
);
/// From Sunday on; 7 is Sunday, too, but not to Kubernetes.
pub(super) const WEEKDAY: &Unit = &unit(
    4,
    "weekday",
    0,
    6,
    &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
);

const fn unit(
    ix: usize,
    name: &'static str,
    min: u16,
    max: u16,
    names: &'static [&'static str],
) -> Unit {
    Unit {
        ix,
        name,
        min,
        max,
        names,
    }
}

/// Some of the numbers of a unit, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    unit: &'static Unit,
    /// In order, each once.
    numbers: Vec<u16>,
}

impl Field {
    /// Reads `*`, or a list of numbers, names, ranges and steps, as cron does.
    pub(super) fn read(unit: &'static Unit, text: &str) -> Result<Self, String> {
        let mut fields = ["*"; 5];
        fields[unit.ix] = text;
        let cron: Option<Cron> = Some(fields.join(" "))
            .filter(|_| unit.is_plain(text))
            .and_then(|fields| fields.parse().ok());
        let cron = cron.ok_or_else(|| unit.expected())?;
        let pattern = &cron.pattern;
        let field = match unit.ix {
            0 => &pattern.minutes,
            1 => &pattern.hours,
            2 => &pattern.days,
            3 => &pattern.months,
            _ => &pattern.days_of_week,
        };
        let numbers = field.values();
        Ok(Self { unit, numbers })
    }

    /// Whether it is every number of the unit.
    pub(super) fn is_all(&self) -> bool {
        self.numbers.len() == usize::from(self.unit.max - self.unit.min) + 1
    }

    /// The numbers in order.
    pub(super) fn numbers(&self) -> &[u16] {
        &self.numbers
    }

    /// Whether the number, which is not negative, is one of them.
    pub(super) fn has(&self, number: i8) -> bool {
        self.numbers.contains(&number.unsigned_abs().into())
    }

    /// As every cron reads it.
    pub(super) fn cron(&self) -> String {
        let all = self.unit.min..=self.unit.max;
        let steps_to = |step: &u16| {
            let numbers = all.clone().step_by(usize::from(*step));
            numbers.eq(self.numbers.iter().copied())
        };
        match (2..=self.unit.max).find(steps_to) {
            // What `written` would give an end, which nobody writes in a crontab.
            Some(step) if self.numbers.len() > 2 => format!("*/{step}"),
            _ => self.written("-", 1),
        }
    }

    /// As systemd reads it.
    ///
    /// Every step has an end: where it has none, systemd up to at least 258 passes over moments at the turn of a
    /// month (its issues 22665 and 40260).
    pub(super) fn systemd(&self) -> String {
        self.written("..", 2)
    }

    /// A list of numbers and of ranges, each with its step; three numbers that are equally far apart are a range.
    fn written(&self, to: &str, width: usize) -> String {
        if self.is_all() {
            return "*".to_owned();
        }
        let mut parts = Vec::new();
        let mut rest = self.numbers.as_slice();
        while let [first, after @ ..] = rest {
            let step = after.first().map_or(1, |second| second - first);
            let is_even = |pair: &&[u16]| pair[1] - pair[0] == step;
            let n_steps = rest.windows(2).take_while(is_even).count();
            let n = if n_steps < 2 { 1 } else { n_steps + 1 };
            let last = rest[n - 1];
            parts.push(match (n, step) {
                (1, _) => format!("{first:0width$}"),
                (_, 1) => format!("{first:0width$}{to}{last:0width$}"),
                _ => format!("{first:0width$}{to}{last:0width$}/{step}"),
            });
            rest = &rest[n..];
        }
        parts.join(",")
    }
}

impl Unit {
    /// Whether the text has only what every cron knows: `croner` also reads names anywhere in a word and in any
    /// field, gaps in lists, and letters with meanings of their own.
    fn is_plain(&self, text: &str) -> bool {
        let is_number = |word: &str| {
            matches!(word.len(), 1 | 2) && word.bytes().all(|byte| byte.is_ascii_digit())
        };
        let is_name = |word: &str| {
            self.names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(word))
        };
        text.split([',', '-', '/'])
            .all(|word| word == "*" || is_number(word) || is_name(word))
    }

    fn expected(&self) -> String {
        let Self { name, min, max, .. } = self;
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(" ({first} to {last})"),
            _ => String::new(),
        };
        format!(
            "the {name} is `*`, or from {min} to {max}{names}: lists as in 1,3, ranges as in 1-5, steps as in */2"
        )
    }
}
