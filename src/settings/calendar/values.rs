//! The numbers that one part of a date or a time may be: read as systemd reads them, shown as short as they can be.

/// A part of a date or a time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// What messages call it.
    pub(super) name: &'static str,
    /// The smallest number.
    pub(super) min: u16,
    /// The largest number.
    pub(super) max: u16,
    /// How many digits systemd writes.
    pub(super) width: usize,
}

/// Some of the numbers of a unit, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CalendarValues {
    unit: &'static Unit,
    /// In order, each once.
    members: Vec<u16>,
}

/// Numbers that are equally far from each other; a single one is its own last.
#[derive(Debug, Clone, Copy)]
pub(super) struct CalendarSpan {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) step: u16,
}

impl CalendarValues {
    /// Every number of the unit.
    pub(super) fn all(unit: &'static Unit) -> Self {
        let members = (unit.min..=unit.max).collect();
        Self { unit, members }
    }

    /// One number, which the unit has.
    pub(super) fn one(unit: &'static Unit, number: u16) -> Self {
        let members = vec![number];
        Self { unit, members }
    }

    /// Those numbers, of which the unit has each.
    pub(super) fn from_members(unit: &'static Unit, mut members: Vec<u16>) -> Self {
        members.sort_unstable();
        members.dedup();
        Self { unit, members }
    }

    /// Reads `*`, or a list of numbers, ranges `a..b` and steps `a/n` and `a..b/n`.
    pub(super) fn read(unit: &'static Unit, text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::all(unit));
        }
        let mut members = Vec::new();
        for part in text.split(',') {
            members.extend(numbers(unit, part)?);
        }
        Ok(Self::from_members(unit, members))
    }

    /// Whether it is every number of the unit.
    pub(super) fn is_all(&self) -> bool {
        self.members.len() == usize::from(self.unit.max - self.unit.min) + 1
    }

    /// Whether the number is one of them.
    pub(super) fn has(&self, number: u16) -> bool {
        self.members.binary_search(&number).is_ok()
    }

    /// The numbers in order.
    pub(super) fn members(&self) -> &[u16] {
        &self.members
    }

    /// The only number, where there is only one.
    pub(super) fn only(&self) -> Option<u16> {
        match self.members[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// How far apart they are, where they divide the unit, from its smallest number on, into equal parts.
    pub(super) fn division(&self) -> Option<u16> {
        let Unit { min, max, .. } = self.unit;
        match self.spans()[..] {
            [CalendarSpan { first, last, step }] if first == *min && last + step == max + 1 => {
                Some(step)
            }
            _ => None,
        }
    }

    /// The numbers as spans: three or more that are equally far apart are one.
    pub(super) fn spans(&self) -> Vec<CalendarSpan> {
        let mut spans = Vec::new();
        let mut rest = self.members.as_slice();
        while let [first, after @ ..] = rest {
            let step = after.first().map_or(1, |second| second - first);
            let is_even = |pair: &&[u16]| pair[1] - pair[0] == step;
            let n_steps = rest.windows(2).take_while(is_even).count();
            let n = if n_steps < 2 { 1 } else { n_steps + 1 };
            spans.push(CalendarSpan {
                first: *first,
                last: rest[n - 1],
                step: if n == 1 { 1 } else { step },
            });
            rest = &rest[n..];
        }
        spans
    }

    /// As systemd writes them, every step with its end: where it has none, systemd up to at least 258 passes over
    /// moments at the turn of a month (its issues 22665 and 40260).
    pub(super) fn systemd(&self) -> String {
        if self.is_all() {
            return "*".to_owned();
        }
        let width = self.unit.width;
        let one = |CalendarSpan { first, last, step }: CalendarSpan| match (last == first, step) {
            (true, _) => format!("{first:0width$}"),
            (false, 1) => format!("{first:0width$}..{last:0width$}"),
            (false, _) => format!("{first:0width$}..{last:0width$}/{step}"),
        };
        let spans: Vec<String> = self.spans().into_iter().map(one).collect();
        spans.join(",")
    }
}

/// A number, a range or a step.
fn numbers(unit: &'static Unit, text: &str) -> Result<Vec<u16>, String> {
    let Unit { name, min, max, .. } = unit;
    let (range, step) = match text.split_once('/') {
        Some(("*", _)) => {
            return Err(format!(
                "a step of the {name} begins at a number, as in {min}/2"
            ));
        }
        Some((range, step)) => (range, Some(step)),
        None => (text, None),
    };
    let step = match step.map(str::parse::<u16>) {
        None => None,
        Some(Ok(step)) if step > 0 => Some(step),
        Some(_) => return Err(format!("a step of the {name} is a number of at least 1")),
    };
    let (first, last) = match (range.split_once(".."), step) {
        (Some((first, last)), _) => {
            let (first, last) = (number(unit, first)?, number(unit, last)?);
            // systemd refuses a range of one second, too.
            if first >= last {
                return Err(format!("a range of the {name} goes upwards"));
            }
            (first, last)
        }
        (None, None) => {
            let number = number(unit, range)?;
            (number, number)
        }
        (None, Some(step)) => {
            let first = number(unit, range)?;
            if first.saturating_add(step) > *max {
                return Err(format!(
                    "a step of the {name} leads beyond {max} at once, so it repeats nothing"
                ));
            }
            (first, *max)
        }
    };
    let step = usize::from(step.unwrap_or(1));
    Ok((first..=last).step_by(step).collect())
}

fn number(unit: &'static Unit, text: &str) -> Result<u16, String> {
    let Unit { name, min, max, .. } = unit;
    // systemd reads a year of two digits as one of a century that it chooses.
    let has_digits = text.len() <= 4 && (unit.width < 4 || text.len() == 4);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = (has_digits && is_number).then(|| text.parse::<u16>());
    number
        .and_then(Result::ok)
        .filter(|number| (min..=max).contains(&number))
        .ok_or_else(|| format!("the {name} is a number from {min} to {max}"))
}
