//! The page of an evaluation: how good a model is on labelled comments, and where it errs.

use minijinja::{Value, context};

use super::super::numbers::figure;
use super::charts::{OTHERS, rounded};
use super::{Sections, render, view};
use crate::error::Result;
use crate::evaluation::{Evaluation, TaskEvaluation};
use crate::metrics::{CoveragePoint, ReliabilityBin};
use crate::summary::Figures;

/// Articles listed; JSON has all.
const ARTICLES: usize = 300;
/// A chart's inner square: left, top and side.
const LEFT: f64 = 45.0;
const TOP: f64 = 10.0;
const SIDE: f64 = 260.0;

/// The page.
pub fn evaluation(evaluation: &Evaluation) -> Result<String> {
    let mut sections = Sections::default();
    for (t, task) in evaluation.tasks.iter().enumerate() {
        sections.add(true, &format!("task-{t}"), &task.task);
        sections.add(!task.articles.is_empty(), &format!("task-{t}-articles"), &format!("{} by article", task.task));
        sections.add(!task.worst.is_empty(), &format!("task-{t}-worst"), &format!("{}: worst errors", task.task));
    }
    let tasks: Vec<Value> = evaluation.tasks.iter().enumerate().map(|(t, task)| task_view(t, task)).collect();
    render(
        "evaluation.html",
        context! { sections => view(&sections.0), belowline => env!("CARGO_PKG_VERSION"), tasks => tasks },
    )
}

fn task_view(t: usize, task: &TaskEvaluation) -> Value {
    let figures = &task.figures;
    let colour = |k: usize| OTHERS[k % OTHERS.len()];
    let curves: Vec<Value> = task
        .precision_recall
        .iter()
        .zip(&figures.labels)
        .enumerate()
        .filter_map(|(k, (curve, label))| {
            let curve = curve.as_ref()?;
            let points = curve.points.iter().map(|p| (p[0], p[1]));
            Some(context! {
                label => label.label.clone(),
                colour => colour(k),
                average => format!("{:.3}", curve.average_precision),
                line => line(points),
                table => view(curve.at_recalls.iter().map(|r| format!("{:.2}", r[1])).collect::<Vec<_>>()),
            })
        })
        .collect();
    let labels: Vec<Value> = figures
        .labels
        .iter()
        .zip(&figures.auc)
        .map(|(l, auc)| {
            let number = |n: f64| format!("{n:.3}");
            context! {
                label => l.label.clone(),
                precision => number(l.precision),
                recall => number(l.recall),
                f1 => number(l.f1),
                auc => auc.map(number),
                support => l.support,
            }
        })
        .collect();
    context! {
        id => format!("task-{t}"),
        task => task.task.clone(),
        rows => task.rows,
        metric => figures.metric.name(),
        figure => figure(&figures.estimate),
        accuracy => figures.accuracy,
        calibration_error => format!("{:.3}", figures.calibration_error),
        clusters => format!("{} {}", figures.cluster_count, figures.clusters),
        difference => task.difference.as_ref().map(|d| context! {
            against => d.against.clone(),
            other => format!("{:.3}", d.other),
            value => format!("{:+.3}", d.difference.value),
            low => format!("{:+.3}", d.difference.low),
            high => format!("{:+.3}", d.difference.high),
        }),
        labels => labels,
        confusion => figures.confusion.as_ref().map(|matrix| confusion(figures, matrix)),
        grid => view(grid()),
        of_likeliest => figures.confusion.is_some(),
        reliability => reliability(&figures.reliability),
        curves => curves,
        coverage => coverage(&figures.coverage),
        by_article => task.by_article.iter().map(|f| context! {
            question => f.question.clone(),
            metric => f.metric.name(),
            figure => figure(&f.estimate),
            accuracy => f.accuracy,
            coverage => coverage(&f.coverage),
        }).collect::<Vec<_>>(),
        articles => view(&task.articles[..task.articles.len().min(ARTICLES)]),
        articles_in_all => task.articles.len(),
        worst => view(&task.worst),
    }
}

/// A place in the inner square; both axes go from 0 to 1.
fn at(x: f64, y: f64) -> (f64, f64) {
    (rounded(LEFT + SIDE * x), rounded(TOP + SIDE * (1.0 - y)))
}

/// Points of a polyline.
fn line(points: impl Iterator<Item = (f64, f64)>) -> String {
    let points: Vec<String> = points
        .map(|(x, y)| {
            let (x, y) = at(x, y);
            format!("{x},{y}")
        })
        .collect();
    points.join(" ")
}

/// Places and names of the lines behind a chart.
fn grid() -> Vec<(f64, f64, String)> {
    [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().map(|v| (at(v, v).0, at(v, v).1, format!("{v}"))).collect()
}

fn reliability(bins: &[ReliabilityBin]) -> Value {
    let most = bins.iter().map(|b| b.weight).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let width = 1.0 / bins.len().max(1) as f64;
    let filled = || bins.iter().enumerate().filter(|(_, bin)| bin.weight > 0.0);
    let points: Vec<Value> = filled()
        .map(|(place, bin)| {
            let (x, y) = at(bin.confidence, bin.accuracy);
            context! {
                x => x,
                y => y,
                // The area of a point grows with its rows.
                r => rounded(2.0 + 7.0 * (bin.weight / most).sqrt()),
                from => format!("{:.2}", place as f64 * width),
                to => format!("{:.2}", (place + 1) as f64 * width),
                rows => bin.weight,
                mean => format!("{:.3}", bin.confidence),
                right => format!("{:.3}", bin.accuracy),
            }
        })
        .collect();
    context! { points => points, line => line(filled().map(|(_, bin)| (bin.confidence, bin.accuracy))) }
}

fn confusion(figures: &Figures, matrix: &[Vec<f64>]) -> Value {
    let rows: Vec<Value> = figures
        .labels
        .iter()
        .zip(matrix)
        .enumerate()
        .map(|(r, (label, counts))| {
            let all = counts.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            let cells: Vec<Value> = counts
                .iter()
                .enumerate()
                .map(|(c, &count)| context! { count => count, share => count / all, right => r == c })
                .collect();
            context! { label => label.label.clone(), cells => cells }
        })
        .collect();
    let labels: Vec<String> = figures.labels.iter().map(|l| l.label.clone()).collect();
    context! { labels => labels, rows => rows }
}

fn coverage(points: &[CoveragePoint]) -> Vec<Value> {
    points
        .iter()
        .map(|p| context! { min_conf => format!("{:.2}", p.min_conf), kept => p.coverage, right => p.accuracy })
        .collect()
}
