//! When a schedule is due: the five fields of cron, in UTC, and the same moments in systemd's calendar.
//!
//! `croner` reads the fields. Because it takes more than other crons do, hookferry first refuses what only some of
//! them know: every scheduler that it writes files for has to start at the same moments.

mod field;

use croner::Cron;
use field::{DAY, Field, HOUR, MINUTE, MONTH, WEEKDAY};
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};
use std::fmt;

/// systemd's names and cron's numbers.
const WEEKDAYS: [(&str, i8); 7] = [
    ("Mon", 1),
    ("Tue", 2),
    ("Wed", 3),
    ("Thu", 4),
    ("Fri", 5),
    ("Sat", 6),
    ("Sun", 0),
];

/// After eight years, even a 29th of February has come again.
const LONGEST_WAIT_DAYS: usize = 8 * 366;
const MINUTES_PER_DAY: u16 = 24 * 60;

/// Moments that recur, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

impl Calendar {
    /// Reads minute, hour, day of the month, month and weekday.
    ///
    /// An error says what is wrong without repeating the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err("minute, hour, day of the month, month and weekday".to_owned());
        };
        let calendar = Self {
            minutes: Field::read(MINUTE, minute)?,
            hours: Field::read(HOUR, hour)?,
            days: Field::read(DAY, day)?,
            months: Field::read(MONTH, month)?,
            weekdays: Field::read(WEEKDAY, weekday)?,
        };
        // Not a question of numbers: to cron, 1-31 is a choice, and every day is one of both.
        if day != "*" && weekday != "*" {
            return Err("the day of the month or the weekday must be `*`, because cron would take the days that are either, and systemd those that are both".to_owned());
        }
        match calendar.next_after(DateTime::default()) {
            Some(_) => Ok(calendar),
            None => Err("no month of these has such a day".to_owned()),
        }
    }

    /// The first moment after another; `None` at the end of time.
    pub fn next_after(&self, moment: DateTime) -> Option<DateTime> {
        let days = moment.date().series(1.day()).take(LONGEST_WAIT_DAYS);
        let mut moments = days
            .filter(|date| self.has_date(*date))
            .flat_map(|date| self.moments_of(date));
        moments.find(|candidate| *candidate > moment)
    }

    /// The fewest minutes between two moments of one day or of neighbouring days.
    pub fn shortest_gap(&self) -> u32 {
        let mut minutes: Vec<u16> = self.minutes_of_day().collect();
        let tomorrow = minutes.first().map(|first| first + MINUTES_PER_DAY);
        minutes.extend(tomorrow);
        let gaps = minutes.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.min().unwrap_or(MINUTES_PER_DAY).into()
    }

    /// The moments in words, such as `at 03:17 (UTC)`.
    pub fn description(&self) -> String {
        let fields = self.to_string();
        let words = fields.parse().map(|cron: Cron| cron.describe());
        let words = words.unwrap_or(fields);
        let words = words.trim_end_matches('.').replacen("At every", "Every", 1);
        let (initial, rest) = words.split_at(1);
        format!("{}{rest} (UTC)", initial.to_lowercase())
    }

    /// The moments for systemd's `OnCalendar=`, without the time zone.
    pub fn systemd(&self) -> String {
        let [months, days, hours, minutes] =
            [&self.months, &self.days, &self.hours, &self.minutes].map(Field::systemd);
        let moments = format!("*-{months}-{days} {hours}:{minutes}:00");
        if self.weekdays.is_all() {
            return moments;
        }
        let is_on = |(_, number): &&(&str, i8)| self.weekdays.has(*number);
        let names = WEEKDAYS.iter().filter(is_on).map(|(name, _)| *name);
        let weekdays = names.collect::<Vec<&str>>().join(",");
        format!("{weekdays} {moments}")
    }

    fn has_date(&self, date: Date) -> bool {
        self.days.has(date.day())
            && self.months.has(date.month())
            && self.weekdays.has(date.weekday().to_sunday_zero_offset())
    }

    fn moments_of(&self, date: Date) -> impl Iterator<Item = DateTime> {
        let midnight = date.to_datetime(Time::midnight());
        let minutes = self.minutes_of_day().map(i64::from);
        minutes.map(move |minute| midnight.saturating_add(minute.minutes()))
    }

    fn minutes_of_day(&self) -> impl Iterator<Item = u16> {
        let hours = self.hours.numbers().iter();
        let minutes = self.minutes.numbers();
        hours.flat_map(move |hour| minutes.iter().map(move |minute| hour * 60 + minute))
    }
}

/// The five fields, in a form that every cron reads alike.
impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [
            &self.minutes,
            &self.hours,
            &self.days,
            &self.months,
            &self.weekdays,
        ];
        f.write_str(&fields.map(Field::cron).join(" "))
    }
}
