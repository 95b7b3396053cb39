//! Puts the training data of the built-in model together: `cargo run --release --example builtin -- DATA OUT`.
//!
//! DATA holds a folder a source with `train.csv`, OUT gets `comments.csv`: one column a task, filled where the source knows the task and
//! blank elsewhere. What labels become says `training/builtin/mapping.csv`. Comments that speak of a group without being hostile weigh
//! more, and sentences of our own about every group are added, for a model that learns hostility from what was found by slurs takes the
//! mere name of a group for one.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use csv::{Reader, StringRecord, Writer};

const RECIPE: &str = "training/builtin";
/// The tasks, in the order of the columns.
const TASKS: [&str; 2] = ["tone", "hostility"];
const NOT_HOSTILE: &str = "not_hostile";
/// Weight of comments that name a group and are not hostile.
const NAMES_A_GROUP: f64 = 5.0;
/// Weight of each of our own sentences.
const OWN: f64 = 0.1;

/// What a source's labels become.
struct Source {
    name: String,
    /// The column of labels.
    column: String,
    task: String,
    /// By label what it becomes (empty where no label of ours is meant), and two columns that must be equal for it.
    becomes: BTreeMap<String, (String, Option<[String; 2]>)>,
}

/// A term about a group of people.
struct Term {
    kind: String,
    term: String,
    /// Whether the word mostly means something else.
    everyday: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, out] = arguments.as_slice() else { return Err("usage: builtin DATA OUT".into()) };
    fs::create_dir_all(out)?;
    let mut writer = Writer::from_path(Path::new(out).join("comments.csv"))?;
    writer.write_record(["id", "source", "comment", "weight"].iter().chain(&TASKS))?;
    let recipe = Path::new(RECIPE);
    let terms = terms(&recipe.join("groups.csv"))?;
    for source in sources(&recipe.join("mapping.csv"))? {
        let rows = write(&source, &Path::new(data).join(&source.name), &terms, &mut writer)?;
        eprintln!("{}: {rows} rows for {}", source.name, source.task);
    }
    let rows = write_own(&recipe.join("sentences.csv"), &terms, &mut writer)?;
    eprintln!("own sentences: {rows} rows for hostility");
    writer.flush()?;
    Ok(())
}

fn sources(path: &Path) -> Result<Vec<Source>, Box<dyn Error>> {
    let mut sources: Vec<Source> = Vec::new();
    for row in Reader::from_path(path)?.records() {
        let row = row?;
        if sources.last().is_none_or(|source| source.name != row[0]) {
            let [name, column, task] = [0, 1, 4].map(|i| row[i].to_owned());
            sources.push(Source { name, column, task, becomes: BTreeMap::new() });
        }
        let equal = row[3].split_once('=').map(|(a, b)| [a.to_owned(), b.to_owned()]);
        let source = sources.last_mut().ok_or("no source")?;
        source.becomes.insert(row[2].to_owned(), (row[5].to_owned(), equal));
    }
    Ok(sources)
}

fn terms(path: &Path) -> Result<Vec<Term>, Box<dyn Error>> {
    let term = |row: StringRecord| Term { kind: row[0].into(), term: row[2].into(), everyday: &row[3] == "yes" };
    Reader::from_path(path)?.into_records().map(|row| Ok(term(row?))).collect()
}

fn write(
    source: &Source,
    folder: &Path,
    terms: &[Term],
    writer: &mut Writer<fs::File>,
) -> Result<usize, Box<dyn Error>> {
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
            let (becomes, equal) =
                source.becomes.get(label).ok_or(format!("{}: no mapping for `{label}`", source.name))?;
            let holds = equal.as_ref().is_none_or(|[a, b]| cell(&row, a) == cell(&row, b));
            labels.extend(Some(becomes.clone()).filter(|label| holds && !label.is_empty()));
        }
        let labels = match (labels.is_empty(), multiple) {
            // Looked at, and none of ours.
            (true, true) => "|".to_owned(),
            (true, false) => continue,
            _ => labels.into_iter().collect::<Vec<_>>().join("|"),
        };
        let comment = cell(&row, "comment");
        let weight = if labels == NOT_HOSTILE && names_a_group(&comment, terms) { NAMES_A_GROUP } else { 1.0 };
        let id = format!("{}-{}", source.name, cell(&row, "id"));
        let tasks = TASKS.map(|task| if task == source.task { labels.clone() } else { String::new() });
        writer.write_record([id, source.name.clone(), comment, weight.to_string()].iter().chain(&tasks))?;
        rows += 1;
    }
    Ok(rows)
}

/// Whether a comment has a term as whole words, or with an `s` behind it, in any case.
fn names_a_group(comment: &str, terms: &[Term]) -> bool {
    let comment = comment.to_lowercase();
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let named = |term: &str| {
        comment.match_indices(term).any(|(start, found)| {
            let rest = &comment[start + found.len()..];
            let begins = !comment[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            begins && (ends(rest) || rest.strip_prefix('s').is_some_and(ends))
        })
    };
    terms
        .iter()
        .filter(|term| !term.everyday && ["identity", "plural"].contains(&term.kind.as_str()))
        .any(|term| named(&term.term.to_lowercase()))
}

/// Every term in every sentence for training that its kind fits.
fn write_own(path: &Path, terms: &[Term], writer: &mut Writer<fs::File>) -> Result<usize, Box<dyn Error>> {
    let mut rows = 0;
    for row in Reader::from_path(path)?.records() {
        let row = row?;
        let [kind, usage, sentence] = [0, 1, 2].map(|i| row[i].to_owned());
        for term in terms.iter().filter(|term| usage == "train" && term.kind == kind) {
            let comment = sentence.replace("{term}", &term.term);
            let mut letters = comment.chars();
            let comment: String =
                letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.as_str().chars()).collect();
            rows += 1;
            let cells = [format!("own-{rows}"), "own".into(), comment, OWN.to_string()];
            let tasks = TASKS.map(|task| if task == "hostility" { NOT_HOSTILE } else { "" });
            writer.write_record(cells.iter().map(String::as_str).chain(tasks))?;
        }
    }
    Ok(rows)
}
