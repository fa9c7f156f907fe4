//! Moments that come again, in the form of systemd's calendar: `Mon..Fri *-*-* 03:17`.
//! All of them are UTC. What is read here is read by systemd with the same meaning.

mod cron;
mod values;

pub use cron::NotCron;

use jiff::civil::{Date, DateTime, Time};
use std::fmt;
use values::{CalendarValues, Unit};

const WEEKDAY: &Unit = &unit("weekday", 1, 7, 1);
const YEAR: &Unit = &unit("year", 1970, 2199, 4);
const MONTH: &Unit = &unit("month", 1, 12, 2);
const DAY: &Unit = &unit("day", 1, 31, 2);
const HOUR: &Unit = &unit("hour", 0, 23, 2);
const MINUTE: &Unit = &unit("minute", 0, 59, 2);
const SECOND: &Unit = &unit("second", 0, 59, 2);

/// The moment before the first that systemd knows.
const BEFORE_ALL: DateTime = DateTime::constant(1969, 12, 31, 23, 59, 59, 0);

/// Short and long, from Monday on.
const WEEKDAYS: [(&str, &str); 7] = [
    ("Mon", "Monday"),
    ("Tue", "Tuesday"),
    ("Wed", "Wednesday"),
    ("Thu", "Thursday"),
    ("Fri", "Friday"),
    ("Sat", "Saturday"),
    ("Sun", "Sunday"),
];

/// Words that stand for a whole calendar.
const SHORTHANDS: [(&str, &str); 4] = [
    ("hourly", "*-*-* *:00:00"),
    ("daily", "*-*-* 00:00:00"),
    ("weekly", "Mon *-*-* 00:00:00"),
    ("monthly", "*-*-01 00:00:00"),
];

const fn unit(name: &'static str, min: u16, max: u16, width: usize) -> Unit {
    Unit {
        name,
        min,
        max,
        width,
    }
}

/// Moments that come again, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    weekdays: CalendarValues,
    years: CalendarValues,
    months: CalendarValues,
    days: CalendarValues,
    hours: CalendarValues,
    minutes: CalendarValues,
    seconds: CalendarValues,
}

impl Calendar {
    /// Reads `[WEEKDAYS] [DATE] [TIME] [UTC]`, or `hourly`, `daily`, `weekly` or `monthly`.
    ///
    /// An error says what is wrong without repeating the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_matches(' ');
        let shorthand = SHORTHANDS
            .iter()
            .find(|(word, _)| text.eq_ignore_ascii_case(word));
        let text = shorthand.map_or(text, |(_, calendar)| calendar);
        let mut words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        words.pop_if(|word| *word == "UTC");
        if words.is_empty() {
            return Err("it names no time".to_owned());
        }
        let mut words = words.into_iter().peekable();
        let is_weekday = |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic());
        let weekdays = match words.next_if(is_weekday) {
            Some(word) => weekdays(word)?,
            None => CalendarValues::all(WEEKDAY),
        };
        let date = words.next_if(|word| !word.contains(':'));
        let [years, months, days] = date_of(date.unwrap_or("*-*-*"))?;
        let time = words.next_if(|word| word.contains(':'));
        let [hours, minutes, seconds] = time_of(time.unwrap_or("00:00:00"))?;
        match words.next() {
            Some(word) if is_weekday(&word) => {
                return Err("times are UTC; another time zone cannot be named".to_owned());
            }
            Some(_) => {
                return Err("its parts are weekdays, date and time, in that order".to_owned());
            }
            None => {}
        }
        let calendar = Self {
            weekdays,
            years,
            months,
            days,
            hours,
            minutes,
            seconds,
        };
        if calendar.next_after(BEFORE_ALL).is_none() {
            return Err("the calendar has no such day".to_owned());
        }
        Ok(calendar)
    }

    /// The first moment after another, to the second; `None` where there is none any more.
    pub fn next_after(&self, moment: DateTime) -> Option<DateTime> {
        let later = self.time_after(moment.time());
        if let Some(time) = later.filter(|_| self.has_date(moment.date())) {
            return Some(moment.date().to_datetime(time));
        }
        let mut date = moment.date().tomorrow().ok()?;
        let first = self.first_time()?;
        while u16::try_from(date.year()).ok()? <= YEAR.max {
            if self.has_date(date) {
                return Some(date.to_datetime(first));
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// What it means in words, where that is simple.
    pub fn description(&self) -> Option<String> {
        let is_any = [&self.years, &self.months]
            .into_iter()
            .all(CalendarValues::is_all);
        let day = match (self.weekdays.is_all(), self.days.is_all(), self.days.only()) {
            _ if !is_any => return None,
            (true, true, _) => "every day".to_owned(),
            (false, true, _) => format!("every {}", self.weekdays_text()),
            (true, false, Some(day)) => format!("on day {day} of every month"),
            _ => return None,
        };
        if self.seconds.only() != Some(0) {
            return None;
        }
        if self.hours.is_all()
            && let Some(minutes) = self.minutes.division()
        {
            return Some(match minutes {
                1 => format!("{day}, every minute"),
                _ => format!("{day}, every {minutes} minutes"),
            });
        }
        let minute = self.minutes.only()?;
        if self.hours.is_all() {
            return Some(format!("{day}, at minute {minute} of every hour"));
        }
        match *self.hours.members() {
            [hour] => Some(format!("{day} at {hour:02}:{minute:02} UTC")),
            [first, second] => Some(format!(
                "{day} at {first:02}:{minute:02} and {second:02}:{minute:02} UTC"
            )),
            _ => None,
        }
    }

    fn has_date(&self, date: Date) -> bool {
        let number = |number: i8| u16::from(number.unsigned_abs());
        let weekday = number(date.weekday().to_monday_one_offset());
        self.days.has(number(date.day()))
            && self.weekdays.has(weekday)
            && self.months.has(number(date.month()))
            && self.years.has(date.year().unsigned_abs())
    }

    fn first_time(&self) -> Option<Time> {
        let first = |values: &CalendarValues| values.members().first().copied();
        let [hour, minute, second] = [&self.hours, &self.minutes, &self.seconds].map(first);
        clock(hour?, minute?, second?)
    }

    /// The first time of a day after another.
    fn time_after(&self, time: Time) -> Option<Time> {
        let hours = self.hours.members().iter();
        let times = hours.flat_map(|hour| {
            let minutes = self.minutes.members().iter();
            minutes.flat_map(move |minute| {
                let seconds = self.seconds.members().iter();
                seconds.filter_map(move |second| clock(*hour, *minute, *second))
            })
        });
        times.into_iter().find(|candidate| *candidate > time)
    }

    fn weekdays_text(&self) -> String {
        let name = |day: u16| WEEKDAYS[usize::from(day) - 1].0;
        let mut out = Vec::new();
        let mut rest = self.weekdays.members();
        while let [first, ..] = rest {
            let n = 1 + rest
                .windows(2)
                .take_while(|pair| pair[1] == pair[0] + 1)
                .count();
            // A range of two is longer than both.
            let n = if n == 2 { 1 } else { n };
            out.push(match n {
                1 => name(*first).to_owned(),
                _ => format!("{}..{}", name(*first), name(rest[n - 1])),
            });
            rest = &rest[n..];
        }
        out.join(",")
    }
}

/// The form of systemd, with everything that it implies, without the time zone.
impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.weekdays.is_all() {
            write!(f, "{} ", self.weekdays_text())?;
        }
        let [years, months, days] =
            [&self.years, &self.months, &self.days].map(CalendarValues::systemd);
        let [hours, minutes, seconds] =
            [&self.hours, &self.minutes, &self.seconds].map(CalendarValues::systemd);
        write!(f, "{years}-{months}-{days} {hours}:{minutes}:{seconds}")
    }
}

fn clock(hour: u16, minute: u16, second: u16) -> Option<Time> {
    let [hour, minute, second] = [hour, minute, second].map(|number| i8::try_from(number).ok());
    Time::new(hour?, minute?, second?, 0).ok()
}

fn weekdays(text: &str) -> Result<CalendarValues, String> {
    let mut members = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        if first > last {
            return Err("a range of weekdays goes from Mon to Sun".to_owned());
        }
        members.extend(first..=last);
    }
    Ok(CalendarValues::from_members(WEEKDAY, members))
}

fn weekday(text: &str) -> Result<u16, String> {
    let is_it = |(short, long): &(&str, &str)| {
        text.eq_ignore_ascii_case(short) || text.eq_ignore_ascii_case(long)
    };
    let ix = WEEKDAYS.iter().position(is_it);
    ix.and_then(|ix| u16::try_from(ix + 1).ok()).ok_or_else(|| {
        let words = SHORTHANDS.map(|(word, _)| word).join(", ");
        format!(
            "weekdays are Mon, Tue, Wed, Thu, Fri, Sat and Sun, in lists with `,` and ranges with `..`; words that stand for a calendar are {words}"
        )
    })
}

fn date_of(text: &str) -> Result<[CalendarValues; 3], String> {
    if text.contains('~') {
        return Err("days cannot be counted from the end of the month (`~`)".to_owned());
    }
    let parts: Vec<&str> = text.split('-').collect();
    let (year, month, day) = match parts[..] {
        [year, month, day] => (year, month, day),
        [month, day] => ("*", month, day),
        _ => return Err("a date has the form YEAR-MONTH-DAY, such as *-*-01".to_owned()),
    };
    Ok([
        CalendarValues::read(YEAR, year)?,
        CalendarValues::read(MONTH, month)?,
        CalendarValues::read(DAY, day)?,
    ])
}

fn time_of(text: &str) -> Result<[CalendarValues; 3], String> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute, second] => (hour, minute, CalendarValues::read(SECOND, second)?),
        [hour, minute] => (hour, minute, CalendarValues::one(SECOND, 0)),
        _ => return Err("a time has the form HH:MM or HH:MM:SS".to_owned()),
    };
    Ok([
        CalendarValues::read(HOUR, hour)?,
        CalendarValues::read(MINUTE, minute)?,
        second,
    ])
}
