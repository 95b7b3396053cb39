//! Reports as CSV, for spreadsheets: one row a group of comments.

use super::batch::Report;
use super::batch::breakdown::{Breakdown, By};
use crate::error::{Error, Result};

/// One row an article and target, or a group of what `by` says: number of comments, and for each task `T` the count of each label
/// (`T_<label>`), of comments without one (`T_unlabelled`) and of those below a confidence of one half (`T_unsure`), and where there are such
/// the mean score (`T_mean_score`), the share of hostile comments (`T_hostile_share`) and how evenly they are divided (`T_division`).
/// Comments that name no such thing come behind the others, as `(none)`, and last those beyond what is counted apart, as `(others)`.
pub fn report(report: &Report, by: Option<By>) -> Result<String> {
    let empty = Breakdown { by: by.unwrap_or(By::ArticleAndTarget), groups: Vec::new(), without: None, beyond: None };
    let breakdown = match by {
        None => &report.pairs,
        Some(by) => report.breakdowns.iter().find(|b| b.by == by).unwrap_or(&empty),
    };
    let names: &[&str] = match breakdown.by {
        By::ArticleAndTarget => &["article", "title", "target"],
        By::Article => &["article", "title"],
        By::Target => &["target"],
        By::Source => &["source"],
        By::Week => &["week"],
    };
    let mut header: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    header.push("comments".into());
    for task in &report.tasks {
        let name = &task.task;
        header.extend(task.labels.iter().map(|label| neutral(&format!("{name}_{}", label.label))));
        header.extend(
            ["unlabelled", "unsure", "mean_score", "hostile_share", "division"]
                .map(|c| neutral(&format!("{name}_{c}"))),
        );
    }
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let failed = |e: ::csv::Error| Error::Config(format!("cannot write the report: {e}"));
    writer.write_record(&header).map_err(failed)?;
    // All rows of the table add up to all comments.
    for group in breakdown.groups.iter().chain(&breakdown.without).chain(&breakdown.beyond) {
        let text = |name: &str| match name {
            "title" => neutral(&group.title),
            "target" if breakdown.by == By::ArticleAndTarget => neutral(&group.target),
            _ => neutral(&group.name),
        };
        let mut row: Vec<String> = names.iter().map(|name| text(name)).collect();
        row.push(group.rows.to_string());
        for counts in &group.tasks {
            let number = |n: Option<f64>| n.map(|n| format!("{n:.6}")).unwrap_or_default();
            row.extend(counts.labels.iter().map(u64::to_string));
            row.extend([counts.unlabelled.to_string(), counts.unsure.to_string()]);
            row.extend([counts.mean_score, counts.hostile, counts.division].map(number));
        }
        writer.write_record(&row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|e| Error::Config(format!("cannot write the report: {e}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Text that no spreadsheet takes for a formula.
fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_like_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
        }
        assert_eq!(neutral("a=1"), "a=1");
    }
}
