//! Calendar expressions: parsed as systemd parses them, and converted to cron where cron can express them.

use crate::support::generator::cases;
use crate::support::tools;
use hookferry::settings::calendar::{Calendar, NotCron};
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
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
fn the_canonical_form_is_explicit() {
    for (text, canonical) in [
        ("*-*-* 03:17", "*-*-* 03:17:00"),
        ("3:17", "*-*-* 03:17:00"),
        ("03:17 UTC", "*-*-* 03:17:00"),
        ("mon..fri 06:30:15", "Mon..Fri *-*-* 06:30:15"),
        ("Sunday,sat", "Sat,Sun *-*-* 00:00:00"),
        ("Tue..Wed", "Tue,Wed *-*-* 00:00:00"),
        ("Mon..Sun 1:1", "*-*-* 01:01:00"),
        ("*-01,07-01", "*-01,07-01 00:00:00"),
        ("07-31 12:00", "*-07-31 12:00:00"),
        ("*:0/15", "*-*-* *:00..45/15:00"),
        ("*-*-* 0..23/1:5", "*-*-* *:05:00"),
        (
            "*-*-1..9/4,31 8..18:0,1,2",
            "*-*-01..09/4,31 08..18:00..02:00",
        ),
        ("2030/2-*-*", "2030..2198/2-*-* 00:00:00"),
        ("2027,2028-*-*", "2027,2028-*-* 00:00:00"),
        ("HOURLY", "*-*-* *:00:00"),
        ("daily", "*-*-* 00:00:00"),
        ("weekly", "Mon *-*-* 00:00:00"),
        ("monthly", "*-*-01 00:00:00"),
        ("  12:00   UTC ", "*-*-* 12:00:00"),
    ] {
        let calendar = calendar(text);
        assert_eq!(calendar.to_string(), canonical, "{text}");
        assert_eq!(Calendar::parse(canonical), Ok(calendar), "{text}");
    }
}

#[test]
fn what_cannot_be_understood_says_why_and_repeats_nothing() {
    snapshots!();
    let mut out = String::new();
    for text in [
        "",
        "UTC",
        "canary",
        "canary 03:17",
        "03:17 Canary/Zone",
        "*-*-* 03:17 CET",
        "24:00",
        "3:60",
        "3:17:60",
        "3",
        "3:17:0.5",
        "3:17:0:0",
        "*:*/15",
        "*:5/0",
        "*:5/x",
        "*:5/60",
        "18..8:00",
        "0:0:45..45",
        "-1:00",
        "*-13-01",
        "*-*-00",
        "*-*~1",
        "*-02-30",
        "2025-02-29",
        "26-01-01",
        "1969-01-01",
        "*-*-*-* 1:1",
        "Mon..",
        "Fri..Mon",
        "Mon-Fri 03:17",
        "03:17 Mon",
        "03:17 *-*-*",
        "03:17 03:18",
        "*-*-*T03:17",
        "1..2..3:00",
        ",:00",
        "0003:00",
        "00003:00",
        "٣:00",
        "Sun 2026-01-05",
        "minutely",
    ] {
        match Calendar::parse(text) {
            Ok(calendar) => {
                let _ = writeln!(out, "{text:?} is {calendar}");
            }
            Err(why) => {
                assert!(!why.to_lowercase().contains("canary"));
                let text = text.replace("canary", "[word]").replace("Canary", "[word]");
                let _ = writeln!(out, "{text:?}: {why}");
            }
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn simple_calendars_are_described_in_words() {
    for (text, words) in [
        ("03:17", Some("every day at 03:17 UTC")),
        ("3,15:17", Some("every day at 03:17 and 15:17 UTC")),
        ("*:05", Some("every day, at minute 5 of every hour")),
        ("Mon..Fri 06:30", Some("every Mon..Fri at 06:30 UTC")),
        ("monthly", Some("on day 1 of every month at 00:00 UTC")),
        ("*-*-1,15 06:30", None),
        ("*-01-01", None),
        ("06:30:01", None),
        ("*:0/15", Some("every day, every 15 minutes")),
        ("*:*", Some("every day, every minute")),
        ("*:0/7", None),
        ("*:5/15", None),
        ("8..18:0/15", None),
        ("Mon *-*-01 06:30", None),
    ] {
        assert_eq!(calendar(text).description().as_deref(), words, "{text}");
    }
}

#[test]
fn cron_is_equivalent_or_the_reason_it_cannot_be_is_reported() {
    for (text, cron) in [
        ("03:17", Ok("17 3 * * *")),
        ("Mon..Fri 06:30", Ok("30 6 * * 1-5")),
        ("Sat,Sun 06:30", Ok("30 6 * * 0,6")),
        ("*-01,07-01 00:00", Ok("0 0 1 1,7 *")),
        ("*:0/15", Ok("0-45/15 * * * *")),
        ("0/7:05", Ok("5 0-21/7 * * *")),
        ("8..18:00", Ok("0 8-18 * * *")),
        ("hourly", Ok("0 * * * *")),
        ("weekly", Ok("0 0 * * 1")),
        ("Mon *-*-1..31 00:00", Ok("0 0 * * 1")),
        ("Mon *-*-01 00:00", Err(NotCron::Days)),
        ("2027-*-* 00:00", Err(NotCron::Years)),
        ("00:00:30", Err(NotCron::Seconds)),
        ("*:*:*", Err(NotCron::Seconds)),
    ] {
        assert_eq!(calendar(text).cron().as_deref(), cron.as_deref(), "{text}");
    }
}

#[test]
fn the_shortest_gap_between_moments() {
    for (text, minutes) in [
        ("*:0/5", 5),
        ("*:0,4", 4),
        ("*:*", 1),
        ("*:02,58", 4),
        ("03:17", 1440),
        ("0,23:00", 60),
    ] {
        assert_eq!(calendar(text).shortest_gap(), minutes, "{text}");
    }
}

/// A component of a date or time: `*`, or a list of numbers, ranges and steps.
fn component(min: u16, max: u16, width: usize) -> BoxedStrategy<String> {
    let number = move |n: u16| format!("{n:0width$}");
    let one = (min..=max).prop_map(number);
    let range = (min..max).prop_flat_map(move |first| {
        (first + 1..=max).prop_map(move |last| format!("{}..{}", number(first), number(last)))
    });
    let step = (min..max).prop_flat_map(move |first| {
        (1..=max - first).prop_map(move |step| format!("{}/{step}", number(first)))
    });
    let range_and_step = (range.clone(), 1u16..20).prop_map(|(range, n)| format!("{range}/{n}"));
    let element = prop_oneof![4 => one, 1 => range, 1 => step, 1 => range_and_step];
    let list = proptest::collection::vec(element, 1..4).prop_map(|parts| parts.join(","));
    prop_oneof![1 => Just("*".to_owned()), 2 => list].boxed()
}

fn weekdays() -> impl Strategy<Value = String> {
    const DAYS: [&str; 7] = ["Mon", "tue", "Wednesday", "Thu", "FRI", "Sat", "Sun"];
    let range = (0..7usize, 0..7usize)
        .prop_map(|(a, b)| format!("{}..{} ", DAYS[a.min(b)], DAYS[a.max(b)]));
    let list = subsequence(DAYS.to_vec(), 1..4).prop_map(|days| days.join(",") + " ");
    prop_oneof![3 => Just(String::new()), 1 => range, 1 => list]
}

/// Any expression that this program and systemd should parse alike.
fn expression() -> impl Strategy<Value = String> {
    let year = prop_oneof![6 => Just("*".to_owned()), 1 => component(2026, 2199, 4)];
    let date = (year, component(1, 12, 2), component(1, 31, 2));
    let date = date.prop_map(|(year, month, day)| format!("{year}-{month}-{day} "));
    let date = prop_oneof![1 => Just(String::new()), 1 => Just("*-*-* ".to_owned()), 3 => date];
    let second = prop_oneof![2 => Just(String::new()), 1 => component(0, 59, 2).prop_map(|s| format!(":{s}"))];
    let time = (component(0, 23, 1), component(0, 59, 2), second);
    let time = time.prop_map(|(hour, minute, second)| format!("{hour}:{minute}{second}"));
    (weekdays(), date, time).prop_map(|(weekdays, date, time)| weekdays + &date + &time)
}

/// Almost an expression: pieces in any order.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "Mon", "Sun", "tues", "..", ",", " ", "-", ":", "/", "*", "0", "1", "7", "23", "31", "59",
        "60", "2027", "UTC", "~", "daily", "T", "03:17", "*-*-*", "Mon ", " 1:1",
    ];
    proptest::collection::vec(select(PIECES), 1..7).prop_map(|pieces| pieces.concat())
}

/// Whether the calendar elapses at that moment.
fn is_moment(calendar: &Calendar, moment: &str) -> bool {
    let moment: DateTime = moment.parse().unwrap();
    let before = moment.checked_sub(jiff::Span::new().seconds(1)).unwrap();
    calendar.next_after(before) == Some(moment)
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

/// Compares the next moments computed by systemd and by this program, for expressions and their canonical forms.
fn compare_with_systemd(texts: &[String]) {
    let parsed: Vec<(&String, Calendar)> = texts
        .iter()
        .filter_map(|text| Some((text, Calendar::parse(text).ok()?)))
        .collect();
    let forms = parsed.iter().flat_map(|(text, calendar)| {
        // As written to a unit: with an explicit time zone.
        [text.trim().to_owned(), format!("{calendar} UTC")]
    });
    let forms: Vec<String> = forms.collect();
    let output = Command::new("systemd-analyze")
        .env("TZ", "UTC")
        .args(["calendar", &format!("--iterations={MOMENTS}")])
        .arg(format!("--base-time={}", BASE.strftime("%F %T UTC")))
        .args(&forms)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{forms:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = String::from_utf8(output.stdout).unwrap();
    let sections = output.split("Normalized form:").skip(1);
    let theirs: Vec<Vec<String>> = sections.map(parse_moments).collect();
    assert_eq!(theirs.len(), forms.len(), "{output}");
    for ((text, calendar), theirs) in parsed.iter().zip(theirs.chunks(2)) {
        let ours = moments(calendar);
        assert_eq!(theirs[1], ours, "{calendar}, from {text}");
        // For a step without an end, systemd skips some moments: its issues 22665 and 40260.
        let has_open_step = text.contains('/');
        if has_open_step {
            let elapses = |moment: &&String| is_moment(calendar, moment);
            let odd: Vec<&String> = theirs[0].iter().filter(|m| !elapses(m)).collect();
            assert!(odd.is_empty(), "{text}: {odd:?}");
        } else {
            assert_eq!(theirs[0], ours, "{text}");
        }
    }
}

fn systemd(test: &str) -> bool {
    tools::is_installed(test, "systemd-analyze")
}

/// Draws many expressions at once, so that one process can parse all of them.
fn draw(strategy: impl Strategy<Value = String>, n: u32) -> Vec<String> {
    let mut runner = TestRunner::new(cases(n));
    let n = runner.config().cases;
    let one = |_| strategy.new_tree(&mut runner).unwrap().current();
    (0..n).map(one).collect()
}

#[test]
fn systemd_computes_the_same_moments() {
    if systemd("systemd_computes_the_same_moments") {
        let texts = draw(expression(), 256);
        let n_parsed = texts
            .iter()
            .filter(|text| Calendar::parse(text).is_ok())
            .count();
        assert!(
            n_parsed * 10 > texts.len() * 8,
            "only {n_parsed} were parsed"
        );
        compare_with_systemd(&texts);
    }
}

#[test]
fn systemd_accepts_everything_that_parses_here() {
    if systemd("systemd_accepts_everything_that_parses_here") {
        let texts = draw(pieces(), 8192);
        assert!(texts.iter().any(|text| Calendar::parse(text).is_ok()));
        compare_with_systemd(&texts);
    }
}

/// The numbers of a cron field, in the syntax that every cron accepts.
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
    let weekdays = numbers(weekday, 0, 6);
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

    #[test]
    fn the_cron_form_fires_at_the_same_moments(text in expression()) {
        if let Ok(calendar) = Calendar::parse(&text)
            && let Ok(cron) = calendar.cron()
        {
            prop_assert_eq!(cron_moments(&cron), moments(&calendar), "{} from {}", cron, text);
        }
    }

    #[test]
    fn parsing_never_panics_and_the_canonical_form_is_stable(text in prop_oneof![expression(), pieces(), any::<String>()]) {
        if let Ok(calendar) = Calendar::parse(&text) {
            let canonical = calendar.to_string();
            let again = Calendar::parse(&canonical);
            prop_assert_eq!(again.as_ref().map(ToString::to_string), Ok(canonical));
            prop_assert_eq!(again, Ok(calendar));
        }
    }
}
