//! Where things stand in charts.

use minijinja::{Value, context};
use serde::Serialize;

use super::super::batch::tally::is_hostile;
use super::super::batch::timeline::{Period, Unit};
use super::super::batch::{LabelReport, TaskReport};
use super::super::numbers;

/// Colours in the style sheet.
const COLOURS: usize = 10;
/// Colours of the poles of a task whose labels have numbers, and of what is hostile.
const POSITIVE: usize = 0;
const NEGATIVE: usize = 1;
const NEUTRAL: usize = 2;
const HOSTILE: usize = 5;
/// Colours of other labels, in this order.
pub(super) const OTHERS: [usize; 7] = [3, 4, 6, 7, 8, 9, 0];

/// A part of a bar.
#[derive(Debug, Serialize)]
pub(super) struct Segment {
    label: String,
    colour: usize,
    share: f64,
    x: f64,
    width: f64,
}

/// A colour for each label: poles and what is hostile have their own.
pub(super) fn colours(task: &TaskReport) -> Vec<usize> {
    let mut others = OTHERS.iter().cycle();
    let mut of = |label: &LabelReport| match label.number {
        Some(number) if number > 0.0 => POSITIVE,
        Some(number) if number < 0.0 => NEGATIVE,
        Some(_) => NEUTRAL,
        None if is_hostile(&label.label) => HOSTILE,
        None => others.next().copied().unwrap_or(NEUTRAL),
    };
    task.labels.iter().map(|label| of(label) % COLOURS).collect()
}

/// A bar of the labels' counts, side by side; of a task with several labels a comment they fill the bar together.
pub(super) fn segments(
    labels: &[LabelReport],
    counts: &[u64],
    unlabelled: u64,
    rows: u64,
    colours: &[usize],
) -> Vec<Segment> {
    let all = (counts.iter().sum::<u64>() + unlabelled).max(1) as f64;
    let mut x = 0.0;
    let named = labels.iter().map(|l| l.label.as_str()).zip(counts.iter().copied()).zip(colours.iter().copied());
    named
        .chain([(("no label", unlabelled), NEUTRAL)])
        .filter(|((_, count), _)| *count > 0)
        .map(|((label, count), colour)| {
            let width = 100.0 * count as f64 / all;
            let segment = Segment {
                label: label.into(),
                colour,
                share: count as f64 / rows.max(1) as f64,
                x: rounded(x),
                width: rounded(width),
            };
            x += width;
            segment
        })
        .collect()
}

/// Coordinates need no more digits.
pub(super) fn rounded(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

/// Stacked columns over time, in a space of 720 by 190.
pub(super) fn chart(t: usize, task: &TaskReport, colours: &[usize], unit: Unit, periods: &[Period]) -> Value {
    const LEFT: f64 = 50.0;
    const WIDTH: f64 = 665.0;
    const TOP: f64 = 10.0;
    const HEIGHT: f64 = 155.0;
    let stack = |period: &Period| -> Vec<u64> {
        let counts = &period.tasks[t];
        counts.labels.iter().copied().chain([counts.unlabelled]).collect()
    };
    let highest = periods.iter().map(|p| stack(p).iter().sum::<u64>()).max().unwrap_or(0).max(1);
    let step = round_step(highest);
    let top = highest.div_ceil(step) * step;
    let y = |count: u64| rounded(TOP + HEIGHT * (1.0 - count as f64 / top as f64));
    let pitch = WIDTH / periods.len().max(1) as f64;
    let names = || task.labels.iter().map(|l| l.label.as_str()).chain(["no label"]);
    let all_colours = || colours.iter().copied().chain([NEUTRAL]);
    let mut rects = Vec::new();
    for (place, period) in periods.iter().enumerate() {
        let mut below = 0;
        for ((count, name), colour) in
            stack(period).into_iter().zip(names()).zip(all_colours()).filter(|((n, _), _)| *n > 0)
        {
            rects.push(context! {
                x => rounded(LEFT + pitch * place as f64),
                y => y(below + count),
                width => rounded((pitch * 0.86).min(40.0)),
                height => rounded(y(below) - y(below + count)),
                colour => colour,
                title => format!("{}: {} {name}", period.name, numbers::count(count)),
            });
            below += count;
        }
    }
    let lines: Vec<Value> = (0..=top / step).map(|i| context! { y => y(i * step), value => i * step }).collect();
    let last = periods.len().saturating_sub(1);
    let mut places = vec![0, last / 2, last];
    places.dedup();
    let tick = |place: usize| {
        let anchor = if place == 0 {
            "start"
        } else if place == last {
            "end"
        } else {
            "middle"
        };
        let x = if place == last && last > 0 { LEFT + WIDTH } else { LEFT + pitch * place as f64 };
        context! { x => rounded(x), anchor => anchor, text => periods[place].name.clone() }
    };
    let has_unlabelled = periods.iter().any(|p| p.tasks[t].unlabelled > 0);
    let legend: Vec<Value> = names()
        .zip(all_colours())
        .take(task.labels.len() + usize::from(has_unlabelled))
        .map(|(label, colour)| context! { label => label, colour => colour })
        .collect();
    let table: Vec<Value> = periods
        .iter()
        .map(|p| {
            let mut labels = stack(p);
            labels.truncate(legend.len());
            context! { name => p.name.clone(), rows => p.rows, labels => labels }
        })
        .collect();
    context! {
        task => task.task.clone(),
        unit => match unit { Unit::Day => "day", Unit::Week => "week", Unit::Month => "month", Unit::Year => "year" },
        rects => rects,
        lines => lines,
        ticks => if periods.is_empty() { Vec::new() } else { places.into_iter().map(tick).collect() },
        legend => legend,
        table => table,
    }
}

/// A round number that goes three to five times into another, or 1.
fn round_step(highest: u64) -> u64 {
    let rough = highest.div_ceil(4);
    let mut power = 1;
    while power * 10 <= rough {
        power *= 10;
    }
    [1, 2, 5, 10].into_iter().map(|n| n * power).find(|&step| step >= rough).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_an_axis_are_round() {
        assert_eq!([1, 3, 4, 7, 90, 101, 12_345].map(round_step), [1, 1, 1, 2, 50, 50, 5000]);
    }
}
