//! Retention: which backups of one account to keep, decided from their times in UTC. Pure.
//! The rules have the names and meanings of restic's.

use jiff::{Span, Timestamp, civil::DateTime, tz::TimeZone};
use serde::Serialize;
use std::fmt;

/// A retention policy; a backup is kept if any rule keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Keep this many of the newest backups.
    pub last: usize,
    /// Keep the newest backup of each hour, for this many hours that have a backup.
    pub hourly: usize,
    /// Keep the newest backup of each day, for this many days that have a backup.
    pub daily: usize,
    /// Keep the newest backup of each ISO week, for this many weeks that have a backup.
    pub weekly: usize,
    /// Keep the newest backup of each month, for this many months that have a backup.
    pub monthly: usize,
    /// Keep the newest backup of each year, for this many years that have a backup.
    pub yearly: usize,
    /// Keep every backup within this period before the newest one, and the last one from before the period.
    pub within: Option<Within>,
}

/// A period in calendar units, such as two years and five months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    years: u16,
    months: u16,
    days: u16,
    hours: u16,
}

impl Within {
    /// Parses `2y5m7d3h`: years, months, days, and hours in that order, each at most once; `m` means months.
    ///
    /// `None` for anything else, including an empty period.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut amounts = [0u16; 4];
        for (amount, unit) in amounts.iter_mut().zip(['y', 'm', 'd', 'h']) {
            let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if let Some(after) = digits.strip_prefix(unit) {
                *amount = rest[..rest.len() - digits.len()].parse().ok()?;
                rest = after;
            }
        }
        let [years, months, days, hours] = amounts;
        let is_some = amounts.iter().any(|amount| *amount > 0);
        (rest.is_empty() && is_some).then_some(Self {
            years,
            months,
            days,
            hours,
        })
    }

    /// The time this long before `newest`; [`Timestamp::MIN`] if that is out of range.
    fn start_before(self, newest: Timestamp) -> Timestamp {
        let span = Span::new()
            .try_years(self.years)
            .and_then(|span| span.try_months(self.months))
            .and_then(|span| span.try_days(self.days))
            .and_then(|span| span.try_hours(self.hours));
        span.and_then(|span| to_utc(newest).checked_sub(span))
            .and_then(|moment| TimeZone::UTC.to_timestamp(moment))
            .unwrap_or(Timestamp::MIN)
    }
}

/// Why a backup is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// The newest of all, which is never removed.
    Newest,
    /// Among the newest, as counted by `last`.
    Last,
    /// The newest of its hour.
    Hourly,
    /// The newest of its day.
    Daily,
    /// The newest of its ISO week.
    Weekly,
    /// The newest of its month.
    Monthly,
    /// The newest of its year.
    Yearly,
    /// The oldest of all, kept because a calendar rule is not used up.
    Oldest,
    /// Current at some time in the period `within`.
    Within,
}

impl Reason {
    /// The code of the reason in text and JSON output.
    pub fn code(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Last => "last",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
            Self::Oldest => "oldest",
            Self::Within => "within",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Policy {
    /// Whether the policy has no rule, which can only be a mistake.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The reasons to keep each backup, in the order of `times`; a backup without a reason is to be removed.
    ///
    /// The newest backup has a reason under every policy. As in restic, a calendar rule that the existing backups
    /// do not use up also keeps the oldest one.
    pub fn reasons(&self, times: &[Timestamp]) -> Vec<Vec<Reason>> {
        let mut reasons = vec![Vec::new(); times.len()];
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by_key(|&ix| std::cmp::Reverse(times[ix]));
        let (Some(&newest), Some(&oldest)) = (order.first(), order.last()) else {
            return reasons;
        };
        reasons[newest].push(Reason::Newest);
        for &ix in order.iter().take(self.last) {
            reasons[ix].push(Reason::Last);
        }
        for (reason, period_of, count) in self.calendar_rules() {
            let mut left = count;
            let mut previous = None;
            for &ix in &order {
                let period = Some(period_of(to_utc(times[ix])));
                if left > 0 && period != previous {
                    reasons[ix].push(reason);
                    left -= 1;
                }
                previous = period;
            }
            if left > 0 && !reasons[oldest].contains(&reason) {
                reasons[oldest].push(Reason::Oldest);
            }
        }
        if let Some(within) = self.within {
            let since = within.start_before(times[newest]);
            // Unchanged content is not stored again, so the last backup before the period was current when it began.
            let n_later = order.iter().filter(|&&ix| times[ix] >= since).count();
            for &ix in order.iter().take(n_later + 1) {
                reasons[ix].push(Reason::Within);
            }
        }
        for reasons in &mut reasons {
            reasons.dedup();
        }
        reasons
    }

    fn calendar_rules(&self) -> [(Reason, PeriodFn, usize); 5] {
        [
            (Reason::Hourly, hour, self.hourly),
            (Reason::Daily, day, self.daily),
            (Reason::Weekly, week, self.weekly),
            (Reason::Monthly, month, self.monthly),
            (Reason::Yearly, year, self.yearly),
        ]
    }
}

fn to_utc(time: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(time)
}

/// Maps a time to its hour, day, week, month, or year.
type PeriodFn = fn(DateTime) -> PeriodKey;

/// Identifies an hour, day, week, month, or year; equal for two backups of the same one.
type PeriodKey = (i16, i8, i8, i8);

fn hour(time: DateTime) -> PeriodKey {
    (time.year(), time.month(), time.day(), time.hour())
}

fn day(time: DateTime) -> PeriodKey {
    (time.year(), time.month(), time.day(), 0)
}

fn week(time: DateTime) -> PeriodKey {
    let week = time.date().iso_week_date();
    (week.year(), week.week(), 0, 0)
}

fn month(time: DateTime) -> PeriodKey {
    (time.year(), time.month(), 0, 0)
}

fn year(time: DateTime) -> PeriodKey {
    (time.year(), 0, 0, 0)
}
