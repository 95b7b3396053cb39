//! Puts the training data of the built-in model together: `cargo run --release --example builtin -- DATA OUT`.
//!
//! DATA holds a folder a source with `train.csv` (and `articles.csv`), OUT gets `comments.csv`: one column a task, filled where the source knows
//! the task and blank elsewhere. What labels become says `training/builtin/mapping.csv`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use csv::{Reader, StringRecord, Writer};

/// The tasks, in the order of the columns.
const TASKS: [&str; 3] = ["tone", "hostility", "stance"];

/// What a source's labels become.
struct Source {
    name: String,
    /// The column of labels.
    column: String,
    task: String,
    /// By label; empty where no label of ours is meant.
    becomes: BTreeMap<String, String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, out] = arguments.as_slice() else { return Err("usage: builtin DATA OUT".into()) };
    fs::create_dir_all(out)?;
    let mut writer = Writer::from_path(Path::new(out).join("comments.csv"))?;
    writer
        .write_record(["id", "source", "article_id", "article", "target", "parent", "comment"].iter().chain(&TASKS))?;
    for source in sources(Path::new("training/builtin/mapping.csv"))? {
        let rows = write(&source, &Path::new(data).join(&source.name), &mut writer)?;
        eprintln!("{}: {rows} rows for {}", source.name, source.task);
    }
    writer.flush()?;
    Ok(())
}

fn sources(path: &Path) -> Result<Vec<Source>, Box<dyn Error>> {
    let mut sources: Vec<Source> = Vec::new();
    for row in Reader::from_path(path)?.records() {
        let row = row?;
        if sources.last().is_none_or(|source| source.name != row[0]) {
            let [name, column, task] = [0, 1, 3].map(|i| row[i].to_owned());
            sources.push(Source { name, column, task, becomes: BTreeMap::new() });
        }
        let source = sources.last_mut().ok_or("no source")?;
        source.becomes.insert(row[2].to_owned(), row[4].to_owned());
    }
    Ok(sources)
}

fn write(source: &Source, folder: &Path, writer: &mut Writer<fs::File>) -> Result<usize, Box<dyn Error>> {
    let articles = articles(&folder.join("articles.csv"))?;
    let mut reader = Reader::from_path(folder.join("train.csv")).map_err(|e| format!("{}: {e}", folder.display()))?;
    let header = reader.headers()?.clone();
    let cell = |row: &StringRecord, name: &str| {
        let place = header.iter().position(|column| column == name);
        place.and_then(|place| row.get(place)).unwrap_or_default().to_owned()
    };
    let multiple = source.task == "tone";
    let mut rows = 0;
    for row in reader.records() {
        let row = row?;
        let mut labels = BTreeSet::new();
        for label in cell(&row, &source.column).split('|').filter(|label| !label.is_empty()) {
            let becomes = source.becomes.get(label).ok_or(format!("{}: no mapping for `{label}`", source.name))?;
            labels.extend(Some(becomes.clone()).filter(|label| !label.is_empty()));
        }
        let labels = match (labels.is_empty(), multiple) {
            // Looked at, and none of ours.
            (true, true) => "|".to_owned(),
            (true, false) => continue,
            _ => labels.into_iter().collect::<Vec<_>>().join("|"),
        };
        let article_id = cell(&row, "article_id");
        let article = articles.get(&article_id).cloned().unwrap_or_else(|| cell(&row, "article"));
        // Rows under one text stand under one article, whether the source gives it a name or not.
        let article_id = if article_id.is_empty() && !article.is_empty() { article.clone() } else { article_id };
        let name = &source.name;
        let id = format!("{name}-{}", cell(&row, "id"));
        let [target, parent, comment] = ["target", "parent", "comment"].map(|column| cell(&row, column));
        let tasks = TASKS.map(|task| if task == source.task { labels.clone() } else { String::new() });
        writer.write_record([id, name.clone(), article_id, article, target, parent, comment].iter().chain(&tasks))?;
        rows += 1;
    }
    Ok(rows)
}

/// Bodies by id; none where there is no such file.
fn articles(path: &Path) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut articles = BTreeMap::new();
    if path.exists() {
        for row in Reader::from_path(path)?.records() {
            let row = row?;
            articles.insert(row[0].to_owned(), row[1].to_owned());
        }
    }
    Ok(articles)
}
