//! Other packages on the same folds: what `examples/peers.py` says of them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use belowline::input::Example;
use belowline::labels::{LabelSet, SEPARATOR, TaskKind, split_cell};
use belowline::metrics::Judged;
use belowline::training::HeldOut;
use ndarray::Array2;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/peers.py");
/// How often a running peer is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The peers that a Python can import.
pub struct Peers {
    python: PathBuf,
    /// What a peer may take for the folds of one question.
    timeout: Duration,
    /// Those that are there.
    pub installed: Vec<Peer>,
    /// Names of those that are not.
    pub missing: Vec<String>,
}

/// A package that one could take instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    several_labels: bool,
}

/// The folds that a peer is to be judged on.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// All comments, with the labels of one task.
    pub examples: &'q [Example],
    /// Single- or multi-label.
    pub kind: TaskKind,
    /// The task's labels.
    pub labels: &'q LabelSet,
    /// Which rows are held out when, and their true labels.
    pub held: &'q HeldOut,
}

/// What came of asking a peer.
pub enum Answer {
    /// Predictions of all held-out rows.
    Done(Predicted),
    /// It cannot learn such a task.
    Unable,
    /// It was stopped.
    NotDoneIn(Duration),
    /// Why there are no predictions.
    Failed(String),
}

/// A peer's predictions, in the order of the question's rows.
pub struct Predicted {
    /// True and predicted classes.
    pub judged: Vec<Judged>,
    /// Probabilities, rows by labels.
    pub probabilities: Array2<f64>,
    /// What its trainings took together, in seconds.
    pub seconds: f64,
}

impl Peers {
    /// None at all.
    pub fn none() -> Self {
        Peers { python: PathBuf::new(), timeout: Duration::ZERO, installed: Vec::new(), missing: Vec::new() }
    }

    /// Asks a Python what it can import. It must at least have scikit-learn.
    pub fn find(python: &Path, timeout: Duration) -> Result<Self> {
        let output = Command::new(python)
            .args([SCRIPT, "list"])
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run {}", python.display()))?;
        ensure!(output.status.success(), "{} {SCRIPT} list: {}", python.display(), output.status);
        let mut peers = Peers { python: python.into(), timeout, ..Peers::none() };
        for line in String::from_utf8(output.stdout)?.lines() {
            let [name, version, labels] = line.split('\t').collect::<Vec<_>>()[..] else {
                bail!("{SCRIPT} list: not a line of three cells: {line}");
            };
            if version.is_empty() {
                peers.missing.push(name.into());
            } else {
                let several_labels = labels == "multi-label";
                peers.installed.push(Peer { name: name.into(), version: version.into(), several_labels });
            }
        }
        if peers.missing.iter().any(|name| name == "scikit-learn") {
            bail!(
                "{} cannot import scikit-learn: `pip install scikit-learn` into it, and `fasttext-wheel` and `vowpalwabbit` to \
                 compare with these too",
                python.display()
            );
        }
        Ok(peers)
    }

    /// Cross-validates a peer.
    pub fn ask(&self, peer: &Peer, question: Question) -> Answer {
        if question.kind == TaskKind::MultiLabel && !peer.several_labels {
            return Answer::Unable;
        }
        self.run(peer, question).unwrap_or_else(|error| Answer::Failed(format!("{error:#}")))
    }

    fn run(&self, peer: &Peer, question: Question) -> Result<Answer> {
        let folder = tempfile::tempdir().context("no place for temporary files")?;
        let path = |name: &str| folder.path().join(name);
        write_rows(&path("rows.csv"), question)?;
        let mut command = Command::new(&self.python);
        command.args([SCRIPT, "run", &peer.name]).args([path("rows.csv"), path("out.csv")]);
        if question.kind == TaskKind::MultiLabel {
            command.arg("--multi-label");
        }
        // Into files: a pipe that nobody reads would stop the peer when it is full.
        command.stdin(Stdio::null()).stdout(File::create(path("stdout"))?).stderr(File::create(path("stderr"))?);
        let start = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot run {}", self.python.display()))?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if start.elapsed() >= self.timeout {
                child.kill()?;
                child.wait()?;
                return Ok(Answer::NotDoneIn(self.timeout));
            }
            std::thread::sleep(LOOK);
        };
        if !status.success() {
            let said = std::fs::read(path("stderr"))?;
            let said = String::from_utf8_lossy(&said);
            bail!("{status}: {}", said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing"));
        }
        let said = std::fs::read_to_string(path("stdout"))?;
        let seconds = said.lines().find_map(|line| line.strip_prefix("seconds ")?.parse().ok());
        let seconds = seconds.context("it does not say how long it took")?;
        let (judged, probabilities) = read_predictions(File::open(path("out.csv"))?, question)?;
        Ok(Answer::Done(Predicted { judged, probabilities, seconds }))
    }
}

/// The labelled rows with everything that belowline sees of them. Those that are held out in no fold have none.
fn write_rows(path: &Path, question: Question) -> Result<()> {
    let mut fold_of = vec![String::new(); question.examples.len()];
    for (&row, fold) in question.held.rows.iter().zip(&question.held.folds) {
        fold_of[row] = fold.to_string();
    }
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(["row", "fold", "labels", "weight", "comment", "target", "article", "parent"])?;
    for (row, example) in question.examples.iter().enumerate() {
        let Some(cell) = example.labels.first().and_then(Option::as_deref) else { continue };
        let labels: Vec<&str> = split_cell(cell).collect();
        let article = example.article.as_ref().map(|a| format!("{}\n\n{}", a.title, a.body));
        writer.write_record([
            &row.to_string(),
            &fold_of[row],
            &labels.join(&SEPARATOR.to_string()),
            &example.weight.to_string(),
            &example.comment,
            example.target.as_deref().unwrap_or_default(),
            article.as_deref().map(str::trim).unwrap_or_default(),
            example.parent.as_deref().unwrap_or_default(),
        ])?;
    }
    writer.flush()?;
    Ok(())
}

/// Predictions in the order of the held-out rows; every one of them must be there, once, and nothing else.
fn read_predictions(csv: impl std::io::Read, question: Question) -> Result<(Vec<Judged>, Array2<f64>)> {
    let Question { kind, labels, held, .. } = question;
    let place_of: std::collections::HashMap<usize, usize> =
        held.rows.iter().enumerate().map(|(place, &row)| (row, place)).collect();
    let mut reader = csv::Reader::from_reader(csv);
    let names: Vec<String> = reader.headers()?.iter().skip(2).map(str::to_owned).collect();
    ensure!(names == labels.names(), "it knows other labels than the data: {}", names.join(", "));
    let mut predicted: Vec<Option<Vec<usize>>> = vec![None; held.rows.len()];
    let mut probabilities = Array2::zeros((held.rows.len(), labels.len()));
    for record in reader.records() {
        let record = record?;
        let row: usize = record[0].parse()?;
        let place = *place_of.get(&row).with_context(|| format!("row {row} is held out in no fold"))?;
        let mut classes = split_cell(&record[1])
            .map(|label| labels.index(label).with_context(|| format!("row {row} is given an unknown label")))
            .collect::<Result<Vec<_>>>()?;
        classes.sort_unstable();
        ensure!(predicted[place].replace(classes).is_none(), "row {row} is predicted twice");
        for (class, cell) in record.iter().skip(2).enumerate() {
            let p: f64 = cell.parse()?;
            ensure!((0.0..=1.0).contains(&p), "row {row} has a probability of {p}");
            probabilities[[place, class]] = p;
        }
        let sum = probabilities.row(place).sum();
        ensure!(
            kind == TaskKind::MultiLabel || (sum - 1.0).abs() < 1e-3,
            "row {row} has probabilities that add up to {sum:.4}"
        );
    }
    let judged = held.judged.iter().zip(predicted).zip(&held.rows).map(|((gold, predicted), row)| {
        let predicted = predicted.with_context(|| format!("row {row} is not predicted"))?;
        Ok(Judged { predicted, ..gold.clone() })
    });
    Ok((judged.collect::<Result<_>>()?, probabilities))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> HeldOut {
        let judged = |gold| Judged { gold: vec![gold], predicted: vec![0], weight: 2.0 };
        HeldOut {
            question: "new comments",
            rows: vec![3, 5],
            folds: vec![1, 0],
            judged: vec![judged(0), judged(1)],
            probabilities: Array2::zeros((2, 2)),
            clusters: vec![0, 1],
        }
    }

    fn read(kind: TaskKind, csv: &str) -> Result<(Vec<Judged>, Array2<f64>)> {
        let labels = LabelSet::new(["a", "b"]);
        read_predictions(csv.as_bytes(), Question { examples: &[], kind, labels: &labels, held: &held() })
    }

    #[test]
    fn predictions_find_their_rows_whatever_the_order() {
        let (judged, p) = read(TaskKind::MultiLabel, "row,predicted,a,b\n5,b,0.25,0.75\n3,a|b,0.5,1\n").unwrap();
        assert_eq!(judged[0], Judged { gold: vec![0], predicted: vec![0, 1], weight: 2.0 });
        assert_eq!(judged[1], Judged { gold: vec![1], predicted: vec![1], weight: 2.0 });
        assert_eq!(p, ndarray::array![[0.5, 1.0], [0.25, 0.75]]);
    }

    #[test]
    fn predictions_of_other_rows_or_labels_are_refused() {
        let message = |csv| read(TaskKind::SingleLabel, csv).unwrap_err().to_string();
        assert_eq!(message("row,predicted,a,c\n"), "it knows other labels than the data: a, c");
        assert_eq!(message("row,predicted,a,b\n4,a,1,0\n"), "row 4 is held out in no fold");
        assert_eq!(message("row,predicted,a,b\n3,a,1,0\n3,a,1,0\n"), "row 3 is predicted twice");
        assert_eq!(message("row,predicted,a,b\n3,a,1,0\n"), "row 5 is not predicted");
        assert_eq!(message("row,predicted,a,b\n3,c,1,0\n"), "row 3 is given an unknown label");
        assert_eq!(message("row,predicted,a,b\n3,a,0.9,0.9\n"), "row 3 has probabilities that add up to 1.8000");
        assert_eq!(message("row,predicted,a,b\n3,a,NaN,0\n"), "row 3 has a probability of NaN");
    }

    #[test]
    fn a_row_of_no_fold_is_given_without_one_and_an_unlabelled_row_not_at_all() {
        let example = |label: Option<&str>| Example {
            comment: "Größe, \"ja\"".into(),
            labels: vec![label.map(str::to_owned)],
            ..Example::default()
        };
        let examples: Vec<Example> =
            [Some("a"), None, None, Some(" a | b "), None, Some("b")].map(example).into_iter().collect();
        let (labels, held) = (LabelSet::new(["a", "b"]), held());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        let question = Question { examples: &examples, kind: TaskKind::MultiLabel, labels: &labels, held: &held };
        write_rows(&path, question).unwrap();
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            "row,fold,labels,weight,comment,target,article,parent\n\
             0,,a,1,\"Größe, \"\"ja\"\"\",,,\n3,1,a|b,1,\"Größe, \"\"ja\"\"\",,,\n5,0,b,1,\"Größe, \"\"ja\"\"\",,,\n"
        );
    }
}
