//! When schedules are due: read as cron reads it, and said as systemd understands it.

use crate::support::generator::cases;
use hookferry::settings::calendar::Calendar;
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::fmt::Write as _;
use std::process::Command;

const BASE: DateTime = DateTime::constant(2026, 2, 27, 22, 58, 59, 0);
const MOMENTS: usize = 8;

fn calendar(text: &str) -> Calendar {
    Calendar::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// The next moments after [`BASE`], as `2026-02-28 03:17:00`.
fn moments(calendar: &Calendar) -> Vec<String> {
    let next = |moment: &DateTime| calendar.next_after(*moment);
    let moments = std::iter::successors(calendar.next_after(BASE), next);
    moments
        .take(MOMENTS)
        .map(|moment| moment.strftime("%F %T").to_string())
        .collect()
}

#[test]
fn the_fields_get_one_form_for_cron_and_one_for_systemd() {
    for (text, cron, systemd) in [
        ("17 3 * * *", "17 3 * * *", "*-*-* 03:17:00"),
        (" 17\t03  * * * ", "17 3 * * *", "*-*-* 03:17:00"),
        (
            "30 6 * * MON-FRI",
            "30 6 * * 1-5",
            "Mon,Tue,Wed,Thu,Fri *-*-* 06:30:00",
        ),
        ("0 0 * * sun,6", "0 0 * * 0,6", "Sat,Sun *-*-* 00:00:00"),
        ("0 0 * * 6-7", "0 0 * * 0,6", "Sat,Sun *-*-* 00:00:00"),
        ("0 0 * * 0-7", "0 0 * * *", "*-*-* 00:00:00"),
        ("0 0 1 jan,JUL *", "0 0 1 1,7 *", "*-01,07-01 00:00:00"),
        ("*/15 * * * *", "*/15 * * * *", "*-*-* *:00..45/15:00"),
        ("0-45/15 * * * *", "*/15 * * * *", "*-*-* *:00..45/15:00"),
        ("5 */7 * * *", "5 */7 * * *", "*-*-* 00..21/7:05:00"),
        (
            "0,1,2 8-18 1-9/4,31 * *",
            "0-2 8-18 1-9/4,31 * *",
            "*-*-01..09/4,31 08..18:00..02:00",
        ),
        ("0 0 1-31 * *", "0 0 * * *", "*-*-* 00:00:00"),
        ("* * * * *", "* * * * *", "*-*-* *:*:00"),
    ] {
        let calendar = calendar(text);
        assert_eq!(calendar.to_string(), cron, "{text}");
        assert_eq!(calendar.systemd(), systemd, "{text}");
        assert_eq!(Calendar::parse(cron), Ok(calendar), "{text}");
    }
}

#[test]
fn what_cannot_be_understood_says_why_and_repeats_nothing() {
    snapshots!();
    let mut out = String::new();
    for text in [
        "",
        "canary",
        "17 3 * *",
        "0 17 3 * * *",
        "*-*-* 03:17",
        "@daily",
        "60 3 * * *",
        "17 24 * * *",
        "17 3 0 * *",
        "17 3 * 13 *",
        "17 3 * * 8",
        "canary 3 * * *",
        "17 3 * * canary",
        "-1 3 * * *",
        "5-1 3 * * *",
        "1-2-3 3 * * *",
        "*/0 3 * * *",
        "5/2 3 * * *",
        "1/2/3 3 * * *",
        "/2 3 * * *",
        "1,,2 3 * * *",
        ", 3 * * *",
        "003 3 * * *",
        "+3 3 * * *",
        "\u{663} 3 * * *",
        "JAN 3 * * *",
        "17 3 * MON *",
        "17 3 * 1JAN *",
        "17 3 * * SUNMON",
        "17 3 * * \u{17f}UN",
        "17 3 * * FRI-MON",
        "17 3 L * *",
        "17 3 15W * *",
        "17 3 ? * *",
        "17 3 * * 5L",
        "17 3 * * MON#2",
        "17 3 * * +MON",
        "17 3 1 * MON",
        "17 3 1-31 * MON",
        "17 3 */2 * MON",
        "17 3 31 2,4 *",
        "17 3 30 FEB *",
    ] {
        match Calendar::parse(text) {
            Ok(calendar) => {
                let _ = writeln!(out, "{text:?} is {calendar}");
            }
            Err(why) => {
                assert!(!why.contains("canary"));
                let text = text.replace("canary", "[word]");
                let _ = writeln!(out, "{text:?}: {why}");
            }
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn moments_are_described_in_words() {
    snapshots!();
    let texts = [
        "17 3 * * *",
        "17 3,15 * * *",
        "5 * * * *",
        "30 6 * * MON-FRI",
        "0 0 1 * *",
        "0 0 1 JAN *",
        "*/15 * * * *",
        "*/15 8-18 * * *",
        "* * * * *",
    ];
    let lines = texts.map(|text| format!("{text}: {}\n", calendar(text).description()));
    insta::assert_snapshot!(lines.concat());
}

#[test]
fn a_leap_day_comes_again_after_a_century_without_one() {
    let calendar = calendar("0 0 29 2 *");
    let last = date(2096, 2, 29).at(0, 0, 0, 0);
    assert_eq!(
        calendar.next_after(last),
        Some(date(2104, 2, 29).at(0, 0, 0, 0))
    );
}

#[test]
fn the_shortest_gap_between_moments() {
    for (text, minutes) in [
        ("*/5 * * * *", 5),
        ("0,4 * * * *", 4),
        ("* * * * *", 1),
        ("2,58 * * * *", 4),
        ("17 3 * * *", 1440),
        ("0 0,23 * * *", 60),
    ] {
        assert_eq!(calendar(text).shortest_gap(), minutes, "{text}");
    }
}

/// A field: `*`, a step of it, or a list of numbers, ranges and steps.
fn field(min: u16, max: u16) -> BoxedStrategy<String> {
    let one = (min..=max).prop_map(|n| n.to_string());
    let range = (min..=max)
        .prop_flat_map(move |first| (first..=max).prop_map(move |last| format!("{first}-{last}")));
    let step = (range.clone(), 1u16..20).prop_map(|(range, n)| format!("{range}/{n}"));
    let element = prop_oneof![4 => one, 1 => range, 1 => step];
    let list = proptest::collection::vec(element, 1..4).prop_map(|parts| parts.join(","));
    let every = (1u16..20).prop_map(|n| format!("*/{n}"));
    prop_oneof![2 => Just("*".to_owned()), 1 => every, 4 => list].boxed()
}

/// Any five fields.
fn expression() -> impl Strategy<Value = String> {
    let time = (field(0, 59), field(0, 23));
    let days = prop_oneof![
        3 => field(1, 31).prop_map(|day| (day, "*".to_owned())),
        2 => field(0, 7).prop_map(|weekday| ("*".to_owned(), weekday)),
        1 => (field(1, 31), field(0, 7)),
    ];
    (time, days, field(1, 12)).prop_map(|((minute, hour), (day, weekday), month)| {
        format!("{minute} {hour} {day} {month} {weekday}")
    })
}

/// Almost an expression: pieces in any order.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "MON", "sun", "Jan", "-", ",", " ", " ", " ", "/", "*", "* * ", "0", "1", "7", "23", "31",
        "59", "60", "L", "W", "#", "?", "@daily", "+",
    ];
    proptest::collection::vec(select(PIECES), 1..9).prop_map(|pieces| pieces.concat())
}

/// Parses the moments in output such as `Next elapse: Fri 2026-02-27 23:00:00 UTC`; none if it is `never`.
fn parse_moments(output: &str) -> Vec<String> {
    let is_moment = |line: &&str| line.contains("Next elapse") || line.contains("Iter");
    let moment = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [.., date, time, "UTC"] => Some(format!("{date} {time}")),
            _ => None,
        }
    };
    output
        .lines()
        .filter(is_moment)
        .filter_map(moment)
        .collect()
}

/// Compares the next moments computed by systemd and by this program.
fn compare_with_systemd(texts: &[String]) {
    let calendars: Vec<(&String, Calendar)> = texts
        .iter()
        .filter_map(|text| Some((text, Calendar::parse(text).ok()?)))
        .collect();
    assert!(calendars.len() * 2 > texts.len(), "{}", calendars.len());
    // As written to a unit: with an explicit time zone.
    let forms = calendars
        .iter()
        .map(|(_, calendar)| calendar.systemd() + " UTC");
    let output = Command::new("systemd-analyze")
        .env("TZ", "UTC")
        .args(["calendar", &format!("--iterations={MOMENTS}")])
        .arg(format!("--base-time={}", BASE.strftime("%F %T UTC")))
        .args(forms)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = String::from_utf8(output.stdout).unwrap();
    let sections = output.split("Normalized form:").skip(1);
    let theirs: Vec<Vec<String>> = sections.map(parse_moments).collect();
    assert_eq!(theirs.len(), calendars.len(), "{output}");
    for ((text, calendar), theirs) in calendars.iter().zip(theirs) {
        assert_eq!(
            theirs,
            moments(calendar),
            "{}, from {text}",
            calendar.systemd()
        );
    }
}

/// Draws many expressions at once, so that one process can parse all of them.
fn draw(strategy: impl Strategy<Value = String>, n: u32) -> Vec<String> {
    let mut runner = TestRunner::new(cases(n));
    let n = runner.config().cases;
    let one = |_| strategy.new_tree(&mut runner).unwrap().current();
    (0..n).map(one).collect()
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_computes_the_same_moments() {
    compare_with_systemd(&draw(expression(), 256));
}

/// The numbers of a field, by the rules of crontab(5).
fn numbers(field: &str, min: u32, max: u32) -> Vec<u32> {
    let number = |text: &str| -> u32 { text.parse().unwrap() };
    let mut found = Vec::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first), number(last)),
            None if range == "*" => (min, max),
            None => (number(range), number(range)),
        };
        assert!(min <= first && first <= last && last <= max, "{field}");
        found.extend((first..=last).filter(|n| (n - first) % number(step) == 0));
    }
    found
}

/// The next moments at which cron would start a job, found by testing every minute of several years.
fn cron_moments(cron: &str) -> Vec<String> {
    let fields: Vec<&str> = cron.split(' ').collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        panic!("{cron}");
    };
    let (minutes, hours) = (numbers(minute, 0, 59), numbers(hour, 0, 23));
    let (days, months) = (numbers(day, 1, 31), numbers(month, 1, 12));
    let mut weekdays = numbers(weekday, 0, 7);
    weekdays.extend(weekdays.contains(&7).then_some(0));
    let is_day = |date: &Date| {
        let number = |n: i8| u32::try_from(n).unwrap();
        let of_month = days.contains(&number(date.day()));
        let of_week = weekdays.contains(&number(date.weekday().to_sunday_zero_offset()));
        // The trap: if both day fields are restricted, cron matches either of them.
        let is_day = if day.starts_with('*') || weekday.starts_with('*') {
            of_month && of_week
        } else {
            of_month || of_week
        };
        is_day && months.contains(&number(date.month()))
    };
    let mut found = Vec::new();
    let days = date(2026, 2, 27).series(jiff::Span::new().days(1));
    for date in days.take(366 * 9).filter(is_day) {
        for hour in 0..24 {
            for minute in 0..60 {
                let moment = format!("{date} {hour:02}:{minute:02}:00");
                let is_later = moment > BASE.strftime("%F %T").to_string();
                if is_later && hours.contains(&hour) && minutes.contains(&minute) {
                    found.push(moment);
                }
                if found.len() == MOMENTS {
                    return found;
                }
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(cases(128))]

    /// What the user wrote, what cron gets, and the moments are the same.
    #[test]
    fn cron_fires_at_the_same_moments(text in expression()) {
        if let Ok(calendar) = Calendar::parse(&text) {
            let written = calendar.to_string();
            prop_assert_eq!(cron_moments(&text), moments(&calendar), "{}", written);
            prop_assert_eq!(cron_moments(&written), moments(&calendar), "{}", written);
        }
    }

    #[test]
    fn reading_never_panics_and_the_written_form_is_stable(text in prop_oneof![expression(), pieces(), any::<String>()]) {
        if let Ok(calendar) = Calendar::parse(&text) {
            prop_assert_eq!(Calendar::parse(&calendar.to_string()), Ok(calendar));
        }
    }
}
