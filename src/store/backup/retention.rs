//! Which backups of one account are kept: a pure decision over their times, in UTC.
//! The rules have the names and the meaning that users of restic know.

use jiff::{Span, Timestamp, civil::DateTime, tz::TimeZone};
use std::fmt;

/// How many backups are kept; a backup stays if any rule keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The newest backups, at most so many.
    pub last: usize,
    /// The newest backup of each hour, for so many hours that have one.
    pub hourly: usize,
    /// The newest backup of each day, for so many days that have one.
    pub daily: usize,
    /// The newest backup of each ISO week, for so many weeks that have one.
    pub weekly: usize,
    /// The newest backup of each month, for so many months that have one.
    pub monthly: usize,
    /// The newest backup of each year, for so many years that have one.
    pub yearly: usize,
    /// Every backup that is at most this much older than the newest one, and the one that held when this time began.
    pub within: Option<Within>,
}

/// A length of time in calendar units, such as two years and five months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    years: u16,
    months: u16,
    days: u16,
    hours: u16,
}

impl Within {
    /// Reads `2y5m7d3h`: years, months, days and hours in that order, each at most once; `m` is months.
    ///
    /// `None` for anything else, also for no time at all.
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

    /// The moment that lies this long before another; the earliest one there is, where there is none.
    fn before(self, newest: Timestamp) -> Timestamp {
        let span = Span::new()
            .try_years(self.years)
            .and_then(|span| span.try_months(self.months))
            .and_then(|span| span.try_days(self.days))
            .and_then(|span| span.try_hours(self.hours));
        span.and_then(|span| in_utc(newest).checked_sub(span))
            .and_then(|moment| TimeZone::UTC.to_timestamp(moment))
            .unwrap_or(Timestamp::MIN)
    }
}

/// Why a backup is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is the newest one, which is never removed.
    Newest,
    /// It is one of the last.
    Last,
    /// It is the newest of its hour.
    Hourly,
    /// It is the newest of its day.
    Daily,
    /// It is the newest of its week.
    Weekly,
    /// It is the newest of its month.
    Monthly,
    /// It is the newest of its year.
    Yearly,
    /// It is the oldest one, and a rule has room left.
    Oldest,
    /// It held at some moment of the policy's length of time.
    Within,
}

impl Reason {
    /// The reason in one word, as text and JSON show it.
    pub fn word(self) -> &'static str {
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
        f.write_str(self.word())
    }
}

impl Policy {
    /// Whether it keeps nothing, so that it can only be a mistake.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Why each backup is kept, in the order of the times given; those without a reason are to be removed.
    ///
    /// The newest has a reason under every policy. As in restic, a calendar rule that is not used up by the backups
    /// there are keeps the oldest one besides.
    pub fn reasons(&self, times: &[Timestamp]) -> Vec<Vec<Reason>> {
        let mut reasons = vec![Vec::new(); times.len()];
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(times[at]));
        let (Some(&newest), Some(&oldest)) = (order.first(), order.last()) else {
            return reasons;
        };
        reasons[newest].push(Reason::Newest);
        for &at in order.iter().take(self.last) {
            reasons[at].push(Reason::Last);
        }
        for (reason, bucket, count) in self.calendar() {
            let mut left = count;
            let mut previous = None;
            for &at in &order {
                let bucket = Some(bucket(in_utc(times[at])));
                if left > 0 && bucket != previous {
                    reasons[at].push(reason);
                    left -= 1;
                }
                previous = bucket;
            }
            if left > 0 && !reasons[oldest].contains(&reason) {
                reasons[oldest].push(Reason::Oldest);
            }
        }
        if let Some(within) = self.within {
            let since = within.before(times[newest]);
            // What has not changed is not stored again: the one before is what held when the time began.
            let n_later = order.iter().filter(|&&at| times[at] >= since).count();
            for &at in order.iter().take(n_later + 1) {
                reasons[at].push(Reason::Within);
            }
        }
        for reasons in &mut reasons {
            reasons.dedup();
        }
        reasons
    }

    fn calendar(&self) -> [(Reason, Calendar, usize); 5] {
        [
            (Reason::Hourly, hour, self.hourly),
            (Reason::Daily, day, self.daily),
            (Reason::Weekly, week, self.weekly),
            (Reason::Monthly, month, self.monthly),
            (Reason::Yearly, year, self.yearly),
        ]
    }
}

fn in_utc(time: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(time)
}

/// Tells which backups are of one hour, day, week, month or year.
type Calendar = fn(DateTime) -> Bucket;

/// What two backups of one hour, day, week, month or year have in common.
type Bucket = (i16, i8, i8, i8);

fn hour(time: DateTime) -> Bucket {
    (time.year(), time.month(), time.day(), time.hour())
}

fn day(time: DateTime) -> Bucket {
    (time.year(), time.month(), time.day(), 0)
}

fn week(time: DateTime) -> Bucket {
    let week = time.date().iso_week_date();
    (week.year(), week.week(), 0, 0)
}

fn month(time: DateTime) -> Bucket {
    (time.year(), time.month(), 0, 0)
}

fn year(time: DateTime) -> Bucket {
    (time.year(), 0, 0, 0)
}
