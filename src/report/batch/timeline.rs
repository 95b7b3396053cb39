//! Comments over time.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Serialize;

use super::Task;
use super::tally::{Counts, Tally};

/// Years outside are slips of the pen; the bound keeps memory flat.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2100;

/// First and last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Day (in UTC) of the first comment, as `2026-03-17`; `None` if no time can be read.
    pub first: Option<String>,
    /// Day of the last one.
    pub last: Option<String>,
    /// Rows with a time that cannot be read, or that lies outside 1970 to 2100.
    pub unreadable: u64,
    /// Rows without a time.
    pub missing: u64,
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A day, in UTC where times have offsets.
    Day,
    /// An ISO week, from Monday.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// Counts by period.
#[derive(Debug, Clone, Serialize)]
pub struct Timeline {
    /// How long the periods are: as short as the span of time allows.
    pub unit: Unit,
    /// Periods in order, from the first with comments to the last.
    pub periods: Vec<Period>,
}

/// One period.
#[derive(Debug, Clone, Serialize)]
pub struct Period {
    /// `2026-03-17`, `2026-W12`, `2026-03` or `2026`.
    pub name: String,
    /// Comments in it.
    pub rows: u64,
    /// What was counted, a task each.
    pub tasks: Vec<Counts>,
}

/// Seconds since 1970 of a time as exports write it: RFC 3339, a civil date with or without time (taken as UTC), Unix seconds or
/// milliseconds.
pub(in crate::report) fn seconds(time: &str) -> Option<i64> {
    let time = time.trim();
    let whole = time
        .split_once('.')
        .map_or(time, |(whole, part)| if part.bytes().all(|b| b.is_ascii_digit()) { whole } else { time });
    let found = if whole.len() >= 9 && whole.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = whole.parse().ok()?;
        match whole.len() {
            // A longer number may be a date without separators.
            9..=10 => Timestamp::from_second(number).ok()?,
            13 => Timestamp::from_millisecond(number).ok()?,
            _ => return None,
        }
    } else if let Ok(timestamp) = time.parse::<Timestamp>() {
        timestamp
    } else {
        let zoneless = time.strip_suffix(" UTC").unwrap_or(time);
        let civil = zoneless.parse::<DateTime>().or_else(|_| zoneless.parse::<Date>().map(DateTime::from)).ok()?;
        civil.to_zoned(TimeZone::UTC).ok()?.timestamp()
    };
    YEARS.contains(&date(found.as_second())?.year()).then(|| found.as_second())
}

fn date(seconds: i64) -> Option<Date> {
    Timestamp::from_second(seconds).ok().map(|t| t.to_zoned(TimeZone::UTC).date())
}

/// The day that so many days after 1970 began.
fn day(days: i64) -> Date {
    // Days come from `seconds`, which keeps them in range.
    Date::constant(1970, 1, 1).saturating_add(SignedDuration::from_hours(24 * days))
}

/// The ISO week of a day, as `2026-W12`.
fn week(date: Date) -> String {
    let week = date.iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}

/// Gathers counts by day.
#[derive(Debug, Default)]
pub(super) struct Days {
    days: BTreeMap<i64, Tally>,
    unreadable: u64,
    missing: u64,
}

impl Days {
    /// Counts a row; gives its time in seconds.
    pub(super) fn add(&mut self, time: Option<&str>, tasks: &[Task], row: &Tally) -> Option<i64> {
        let Some(time) = time else {
            self.missing += 1;
            return None;
        };
        let Some(seconds) = seconds(time) else {
            self.unreadable += 1;
            return None;
        };
        self.days.entry(seconds.div_euclid(86_400)).or_insert_with(|| Tally::new(tasks)).merge(row);
        Some(seconds)
    }

    /// The span; `None` if no row has a time.
    pub(super) fn span(&self) -> Option<Span> {
        let name = |(days, _): (&i64, &Tally)| day(*days).to_string();
        let (first, last) = (self.days.first_key_value().map(name), self.days.last_key_value().map(name));
        let Days { unreadable, missing, .. } = *self;
        (first.is_some() || unreadable > 0).then_some(Span { first, last, unreadable, missing })
    }

    /// Calls `emit` with the name of each week that has comments, and their counts.
    pub(super) fn weeks(&self, tasks: &[Task], emit: impl FnMut((String, Tally))) {
        self.fold(tasks, week).into_iter().filter(|(_, tally)| tally.rows > 0).for_each(emit);
    }

    pub(super) fn timeline(&self, tasks: &[Task]) -> Option<Timeline> {
        let (first, last) = (self.days.first_key_value()?, self.days.last_key_value()?);
        let (unit, name): (Unit, fn(Date) -> String) = match last.0 - first.0 {
            ..63 => (Unit::Day, |d| d.to_string()),
            63..731 => (Unit::Week, week),
            731..3651 => (Unit::Month, |d| format!("{}-{:02}", d.year(), d.month())),
            _ => (Unit::Year, |d| d.year().to_string()),
        };
        let periods = self.fold(tasks, name).into_iter();
        let periods = periods.map(|(name, tally)| Period { name, rows: tally.rows, tasks: tally.counts(tasks) });
        Some(Timeline { unit, periods: periods.collect() })
    }

    /// Days of one name together, from the first to the last; in between there may be empty ones.
    fn fold(&self, tasks: &[Task], name: impl Fn(Date) -> String) -> Vec<(String, Tally)> {
        let mut periods: Vec<(String, Tally)> = Vec::new();
        let (Some((&first, _)), Some((&last, _))) = (self.days.first_key_value(), self.days.last_key_value()) else {
            return periods;
        };
        for days in first..=last {
            let name = name(day(days));
            if periods.last().is_none_or(|(last, _)| *last != name) {
                periods.push((name, Tally::new(tasks)));
            }
            if let (Some((_, sum)), Some(tally)) = (periods.last_mut(), self.days.get(&days)) {
                sum.merge(tally);
            }
        }
        periods
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_exports_write_them() {
        let noon = Some(1_773_748_800);
        for time in [
            "2026-03-17T12:00:00Z", "2026-03-17T13:00:00+01:00", "2026-03-17 12:00:00", "2026-03-17T12:00",
            "2026-03-17 12:00:00 UTC", "1773748800", "1773748800000", "1773748800.5", " 2026-03-17T12:00:00.000Z ",
        ] {
            assert_eq!(seconds(time), noon, "{time}");
        }
        assert_eq!(seconds("2026-03-17"), Some(1_773_705_600));
        for time in [
            "", "yesterday", "17.03.2026", "0001-01-01", "9999-12-31", "99999999999999999999", "2026-02-30",
            "202603171200",
        ] {
            assert_eq!(seconds(time), None, "{time}");
        }
    }

    #[test]
    fn periods_are_as_short_as_the_span_allows_and_weeks_are_iso_weeks() {
        let of = |times: &[&str]| {
            let mut days = Days::default();
            for time in times {
                days.add(Some(time), &[], &Tally::of(&[], &[]));
            }
            days.timeline(&[]).map(|t| (t.unit, t.periods.into_iter().map(|p| (p.name, p.rows)).collect::<Vec<_>>()))
        };
        let names = |found: &[(&str, u64)]| found.iter().map(|&(n, r)| (n.to_owned(), r)).collect::<Vec<_>>();
        assert_eq!(of(&["x"]), None);
        assert_eq!(
            of(&["2026-01-02", "2026-01-01", "2026-01-02T23:59:59Z"]),
            Some((Unit::Day, names(&[("2026-01-01", 1), ("2026-01-02", 2)])))
        );
        assert_eq!(
            of(&["2027-01-01", "2026-12-31", "2026-12-01"]),
            Some((
                Unit::Day,
                [
                    vec![("2026-12-01".to_owned(), 1)],
                    (2..=30).map(|d| (format!("2026-12-{d:02}"), 0)).collect(),
                    names(&[("2026-12-31", 1), ("2027-01-01", 1)])
                ]
                .concat()
            ))
        );
        let weeks = of(&["2027-01-01", "2026-12-31", "2026-06-01"]).unwrap();
        assert_eq!((weeks.0, weeks.1.len()), (Unit::Week, 31));
        assert_eq!((&weeks.1[0], &weeks.1[30]), (&("2026-W23".to_owned(), 1), &("2026-W53".to_owned(), 2)));
        let months = of(&["2020-02-01", "2026-02-01"]).unwrap().1;
        assert_eq!(
            (months.len(), &months[0], &months[1]),
            (73, &("2020-02".to_owned(), 1), &("2020-03".to_owned(), 0))
        );
        assert_eq!(of(&["1999-02-01", "2026-02-01"]).unwrap().0, Unit::Year);
    }
}
