//! The page of a report on many comments.

use minijinja::{Value, context};
use serde::Serialize;
use serde_json::json;

use super::super::batch::breakdown::{Breakdown, Group};
use super::super::batch::sample::{Shown, ShownVerdict};
use super::super::batch::tally::Counts;
use super::super::batch::timeline::seconds;
use super::super::batch::{Crossing, LabelReport, ModelCard, Report, TaskReport};
use super::super::numbers::{count, day, figure, percent};
use super::charts::{chart, colours, segments};
use super::{Sections, embedded, render, view};
use crate::error::Result;
use crate::labels::TaskKind;
use crate::quantification::Unstable;
use crate::summary::Figures;

/// Groups listed of each breakdown; the JSON and CSV formats have all.
const GROUPS: usize = 300;
/// A comment with the words to mark cut out.
#[derive(Debug, Serialize)]
struct Comment {
    pieces: Vec<Piece>,
    cut: bool,
    place: String,
    verdicts: Vec<Said>,
}

#[derive(Debug, Serialize)]
struct Piece {
    text: String,
    strength: i8,
}

#[derive(Debug, Serialize)]
struct Said {
    task: String,
    said: String,
    confidence: f64,
}

/// The report.
pub fn report(report: &Report) -> Result<String> {
    let colours: Vec<Vec<usize>> = report.tasks.iter().map(colours).collect();
    let tasks: Vec<Value> = report
        .tasks
        .iter()
        .zip(&colours)
        .enumerate()
        .map(|(t, (task, colours))| task_view(report, t, task, colours))
        .collect();
    let timeline = report.timeline.as_ref().map(|timeline| {
        let charts = report.tasks.iter().zip(&colours).enumerate();
        charts.map(|(t, (task, colours))| chart(t, task, colours, timeline.unit, &timeline.periods)).collect::<Vec<_>>()
    });
    let has_examples =
        |task: &TaskReport| task.labels.iter().any(|l| !l.clearest.is_empty() || !l.undecided.is_empty());
    let mut sections = Sections::default();
    sections.add(!report.caveats.is_empty(), "caveats", "Before you read on");
    sections.add(true, "model", "What was scored");
    report.tasks.iter().enumerate().for_each(|(t, task)| sections.add(true, &format!("task-{t}"), &task.task));
    sections.add(timeline.is_some(), "time", "Over time");
    if let Some(crossing) = &report.crossing {
        sections.add(true, "crossing", &format!("{} against {}", crossing.rows, crossing.columns));
    }
    for breakdown in &report.breakdowns {
        let name = breakdown.by.name();
        sections.add(true, &format!("by-{name}"), &format!("By {name}"));
    }
    for (t, task) in report.tasks.iter().enumerate() {
        sections.add(has_examples(task), &format!("task-{t}-examples"), &format!("Comments: {}", task.task));
    }
    sections.add(!report.alike.largest.is_empty(), "alike", "Nearly the same");
    sections.add(!report.rejects.is_empty(), "rejects", "Rows not used");
    sections.add(!report.sample.is_empty(), "comments", "Search comments");
    render(
        "report.html",
        context! {
            sections => view(&sections.0),
            belowline => report.belowline,
            date => report.date.map(day),
            rows => report.rows,
            rows_read => report.rows_read,
            rejected => report.rows_rejected,
            time => view(&report.time),
            caveats => view(&report.caveats),
            scores_from_input => report.scores_from_input,
            model => report.model.as_ref().map(model_view),
            tasks => tasks,
            timeline => timeline,
            crossing => report.crossing.as_ref().map(crossing_view),
            breakdowns => report.breakdowns.iter().map(|b| breakdown_view(report, b, &colours)).collect::<Vec<_>>(),
            alike => view(&report.alike),
            rejects => view(&report.rejects),
            shown => report.sample.len(),
            data => embedded(&data(report)),
        },
    )
}

fn task_view(report: &Report, t: usize, task: &TaskReport, colours: &[usize]) -> Value {
    let counts: Vec<u64> = task.labels.iter().map(|l| l.count).collect();
    let labels: Vec<Value> = task
        .labels
        .iter()
        .zip(colours)
        .map(|(label, &colour)| {
            context! {
                label => label.label.clone(),
                colour => colour,
                count => label.count,
                share => label.share,
                corrected => view(label.corrected),
                unstable => label.unstable.map(|reason| match reason {
                    Unstable::HardlyTold => "unstable: hardly told apart",
                    Unstable::Wide => "unstable: wide",
                }),
                mean_probability => label.mean_probability,
            }
        })
        .collect();
    let with = |label: &LabelReport, colour: usize| {
        context! {
            label => label.label.clone(),
            colour => colour,
            words => view(&label.typical),
            clearest => view(label.clearest.iter().map(|c| comment(c, t)).collect::<Vec<_>>()),
            undecided => view(label.undecided.iter().map(|c| comment(c, t)).collect::<Vec<_>>()),
        }
    };
    let pairs = || task.labels.iter().zip(colours);
    let typical: Vec<Value> =
        pairs().filter(|(l, _)| !l.typical.is_empty()).map(|(l, &colour)| with(l, colour)).collect();
    let examples: Vec<Value> = pairs()
        .filter(|(l, _)| !l.clearest.is_empty() || !l.undecided.is_empty())
        .map(|(l, &colour)| with(l, colour))
        .collect();
    context! {
        id => format!("task-{t}"),
        task => task.task.clone(),
        kind => match task.kind {
            TaskKind::SingleLabel => "One label a comment",
            TaskKind::MultiLabel => "Any number of labels a comment",
        },
        mean_score => task.mean_score.map(|score| format!("{score:+.2}")),
        unsure => task.unsure as f64 / report.rows.max(1) as f64,
        unlabelled => task.unlabelled,
        corrected_by => task.corrected_by.clone(),
        corrected_rows => count(task.corrected_rows),
        mix => view(segments(&task.labels, &counts, task.unlabelled, report.rows, colours)),
        labels => labels,
        typical => typical,
        examples => examples,
    }
}

fn model_view(model: &ModelCard) -> Value {
    let row = |task: &str, figures: &Figures| {
        context! {
            task => task,
            question => figures.question.clone(),
            metric => figures.metric.name(),
            figure => figure(&figures.estimate),
            accuracy => figures.accuracy,
            calibration_error => format!("{:.3}", figures.calibration_error),
        }
    };
    let quality: Vec<Value> =
        model.tasks.iter().flat_map(|task| task.figures.iter().map(move |f| row(&task.task, f))).collect();
    context! {
        date => model.date.map(day),
        trained_by => model.trained_by.clone(),
        comments => model.comments,
        language => model.language,
        fingerprint => model.fingerprint.get(..16).unwrap_or(&model.fingerprint),
        known_articles => model.rows_under_seen_articles + model.rows_under_unseen_articles > 0,
        seen => model.rows_under_seen_articles,
        unseen => model.rows_under_unseen_articles,
        quality => quality,
    }
}

fn crossing_view(crossing: &Crossing) -> Value {
    // No label stands last and is shown where it occurs.
    let columns: Vec<usize> = (0..crossing.column_labels.len())
        .filter(|&c| c + 1 < crossing.column_labels.len() || crossing.counts.iter().any(|row| row[c] > 0))
        .collect();
    let rows = crossing.row_labels.iter().zip(&crossing.counts).enumerate();
    let rows = rows.filter(|(r, (_, counts))| r + 1 < crossing.row_labels.len() || counts.iter().any(|&n| n > 0));
    let table: Vec<Value> = rows
        .map(|(_, (label, counts))| {
            let all = counts.iter().sum::<u64>().max(1) as f64;
            let cells: Vec<Value> =
                columns.iter().map(|&c| context! { count => counts[c], share => counts[c] as f64 / all }).collect();
            context! { label => label, cells => cells }
        })
        .collect();
    context! {
        rows => crossing.rows.clone(),
        columns => crossing.columns.clone(),
        column_labels => columns.iter().map(|&c| crossing.column_labels[c].clone()).collect::<Vec<_>>(),
        table => table,
    }
}

fn breakdown_view(report: &Report, breakdown: &Breakdown, colours: &[Vec<usize>]) -> Value {
    let has = |of: &dyn Fn(&Counts) -> bool, t: usize| breakdown.groups.iter().any(|g| of(&g.tasks[t]));
    let mut columns = Vec::new();
    let mut shown = Vec::new();
    for (t, task) in report.tasks.iter().enumerate() {
        let name = &task.task;
        let score = has(&|c| c.mean_score.is_some(), t);
        let hostile = has(&|c| c.hostile.is_some(), t);
        let division = has(&|c| c.division.is_some(), t);
        columns.push(context! { title => name, numeric => false });
        for (is_there, title) in [
            (score, format!("net {name} score")),
            (hostile, "share hostile".into()),
            (division, "division".into()),
            (true, format!("unsure of {name}")),
        ] {
            if is_there {
                columns.push(context! { title => title, numeric => true });
            }
        }
        shown.push((score, hostile, division));
    }
    let cells = |group: &Group| -> Vec<Value> {
        let mut cells = Vec::new();
        for (t, counts) in group.tasks.iter().enumerate() {
            let task = &report.tasks[t];
            let (score, hostile, division) = shown[t];
            let bar = segments(&task.labels, &counts.labels, counts.unlabelled, group.rows, &colours[t]);
            // Bars are sorted by their first part.
            let first = counts.labels.first().map_or(0.0, |&n| n as f64 / group.rows.max(1) as f64);
            cells.push(context! { segments => view(bar), sort => format!("{first:.4}") });
            let unsure = counts.unsure as f64 / group.rows.max(1) as f64;
            let signed = |score: f64| format!("{score:+.2}");
            let plain = |value: f64| format!("{value:.2}");
            let number = |value: Option<f64>, text: &dyn Fn(f64) -> String| {
                context! { text => value.map(text).unwrap_or_default(), sort => value.map(|v| format!("{v:.4}")).unwrap_or_default() }
            };
            cells.extend(score.then(|| number(counts.mean_score, &signed)));
            cells.extend(hostile.then(|| number(counts.hostile, &percent)));
            cells.extend(division.then(|| number(counts.division, &plain)));
            cells.push(number(Some(unsure), &percent));
        }
        cells
    };
    let groups: Vec<Value> = breakdown
        .groups
        .iter()
        .take(GROUPS)
        .map(|group| {
            let name = if group.title.is_empty() { &group.name } else { &group.title };
            context! { name => name, rows => group.rows, cells => cells(group) }
        })
        .collect();
    context! {
        by => breakdown.by.name(),
        total => breakdown.groups.len(),
        left_out => breakdown.groups.len() > GROUPS,
        rows_without => breakdown.without.as_ref().map_or(0, |group| group.rows),
        columns => columns,
        groups => groups,
        has_division => shown.iter().any(|s| s.2),
    }
}

/// Where a comment stands, in one line.
fn place(comment: &Shown) -> String {
    let article = comment.title.as_deref().or(comment.article_id.as_deref());
    let parts = [article, comment.target.as_deref(), comment.time.as_deref(), comment.id.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A comment with the words marked that drove a task's label.
fn comment(comment: &Shown, t: usize) -> Comment {
    let mut pieces = Vec::new();
    let mut from = 0;
    let marks = comment.tasks.get(t).map_or(&[][..], |v| &v.marks);
    for &(start, end, strength) in marks {
        pieces.push(Piece { text: comment.text[from..start].into(), strength: 0 });
        pieces.push(Piece { text: comment.text[start..end].into(), strength });
        from = end;
    }
    pieces.push(Piece { text: comment.text[from..].into(), strength: 0 });
    pieces.retain(|piece| !piece.text.is_empty());
    let said = |v: &ShownVerdict| Said {
        task: v.task.clone(),
        said: if v.predicted.is_empty() { "no label".into() } else { v.predicted.join(", ") },
        confidence: v.confidence,
    };
    Comment { pieces, cut: comment.cut, place: place(comment), verdicts: comment.tasks.iter().map(said).collect() }
}

/// The comments that can be searched: text in pieces, each of them a text, or a text with its strength for each task.
fn data(report: &Report) -> serde_json::Value {
    let tasks: Vec<_> = report
        .tasks
        .iter()
        .map(|task| json!({ "name": task.task, "labels": task.labels.iter().map(|l| &l.label).collect::<Vec<_>>() }))
        .collect();
    let comments: Vec<_> = report
        .sample
        .iter()
        .map(|comment| {
            let verdicts: Vec<_> = comment
                .tasks
                .iter()
                .zip(&report.tasks)
                .map(|(v, task)| {
                    let place = |label: &String| task.labels.iter().position(|l| l.label == *label);
                    let labels: Vec<_> = v.predicted.iter().filter_map(place).collect();
                    json!({ "labels": labels, "confidence": v.confidence, "score": v.score })
                })
                .collect();
            json!({
                "row": comment.row,
                "id": comment.id,
                "place": place(comment),
                "seconds": comment.time.as_deref().and_then(seconds),
                "cut": comment.cut,
                "pieces": pieces(comment),
                "verdicts": verdicts,
            })
        })
        .collect();
    json!({ "tasks": tasks, "comments": comments })
}

/// A comment cut wherever a word is marked for some task.
fn pieces(comment: &Shown) -> Vec<serde_json::Value> {
    let mut marks: Vec<(usize, usize)> =
        comment.tasks.iter().flat_map(|v| v.marks.iter().map(|&(start, end, _)| (start, end))).collect();
    marks.sort_unstable();
    marks.dedup();
    let strength = |start: usize| -> Vec<i8> {
        let of = |v: &ShownVerdict| v.marks.iter().find(|m| m.0 == start).map_or(0, |m| m.2);
        comment.tasks.iter().map(of).collect()
    };
    let mut pieces = Vec::new();
    let mut from = 0;
    for (start, end) in marks {
        if start > from {
            pieces.push(json!(comment.text[from..start]));
        }
        pieces.push(json!([comment.text[start..end], strength(start)]));
        from = end;
    }
    if from < comment.text.len() {
        pieces.push(json!(comment.text[from..]));
    }
    pieces
}
