//! A calendar as the five fields of cron, where these mean the same.

use super::values::{CalendarSpan, CalendarValues, Unit};
use super::{Calendar, unit};
use std::fmt;

/// From Sunday on; 7 is not known to all.
const WEEKDAY: &Unit = &unit("weekday", 0, 6, 1);

/// Why cron cannot say what a calendar says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCron {
    /// It names years.
    Years,
    /// It does not begin its minutes at their first second.
    Seconds,
    /// It asks for a weekday and a day of the month at once; cron would take either.
    Days,
}

impl fmt::Display for NotCron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Years => "cron has no years, and this names some",
            Self::Seconds => "cron has no seconds, and this begins at another than 0",
            Self::Days => {
                "this asks for weekdays and days of the month at once, and cron would take every day that is one of both"
            }
        })
    }
}

impl Calendar {
    /// Minute, hour, day of the month, month and weekday as cron writes them.
    ///
    /// What a step means is written out as the numbers it gives, in forms that every cron reads alike.
    pub fn cron(&self) -> Result<String, NotCron> {
        if !self.years.is_all() {
            return Err(NotCron::Years);
        }
        if self.seconds.only() != Some(0) {
            return Err(NotCron::Seconds);
        }
        if !self.days.is_all() && !self.weekdays.is_all() {
            return Err(NotCron::Days);
        }
        let weekdays = self.weekdays.members().iter().map(|day| day % 7);
        let weekdays = CalendarValues::from_members(WEEKDAY, weekdays.collect());
        let fields = [
            &self.minutes,
            &self.hours,
            &self.days,
            &self.months,
            &weekdays,
        ];
        Ok(fields.map(field).join(" "))
    }

    /// The fewest minutes between two moments of one day or of neighbouring days, as far as minutes and hours tell.
    pub fn shortest_gap(&self) -> u32 {
        let mut moments = Vec::new();
        for hour in self.hours.members() {
            for minute in self.minutes.members() {
                moments.push(u32::from(*hour) * 60 + u32::from(*minute));
            }
        }
        let to_tomorrow = moments.first().map(|first| first + 24 * 60);
        moments.extend(to_tomorrow);
        let gaps = moments.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.min().unwrap_or(24 * 60)
    }
}

fn field(values: &CalendarValues) -> String {
    if values.is_all() {
        return "*".to_owned();
    }
    let one = |CalendarSpan { first, last, step }: CalendarSpan| match (last == first, step) {
        (true, _) => first.to_string(),
        (false, 1) => format!("{first}-{last}"),
        // Not `*/n` nor `n/m`: the former makes cron ask for both kinds of days, the latter is not known to all.
        (false, _) => format!("{first}-{last}/{step}"),
    };
    let spans: Vec<String> = values.spans().into_iter().map(one).collect();
    spans.join(",")
}
