//! What the tests of the program share: a folder to run it in, tiny labelled comments and a model trained on them.
#![allow(dead_code)] // Each test file uses its own part.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use assert_cmd::Command;
use belowline::input::Example;
use belowline::model::{Model, texts};
use tempfile::TempDir;

/// Trains in the blink of an eye.
pub const FAST: &str = "[training]\nsearch = \"none\"\n[validation]\nfolds = 2\nresamples = 50\n";

/// What `predict` ends with where the model was trained with articles and the input has none.
pub const WITHOUT_ARTICLES: &str =
    "warning: the model was trained with articles or parents and the input has neither: name them with --articles\n";

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.env_remove("SOURCE_DATE_EPOCH").env_remove("COLUMNS").output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(!err.contains("panicked"), "{err}");
        Run { status: output.status.code().unwrap(), out: String::from_utf8(output.stdout).unwrap(), err }
    }

    /// Standard output of a run that ended well.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.status, 0, "{}", self.err);
        self.out
    }

    /// Standard error of a run that failed, without the leading `error: ` and the line end.
    #[track_caller]
    pub fn failure(self) -> String {
        self.error(1)
    }

    /// The same for a command line that cannot be carried out as given.
    #[track_caller]
    pub fn usage(self) -> String {
        self.error(2)
    }

    #[track_caller]
    fn error(self, status: i32) -> String {
        assert_eq!((self.status, self.out.as_str()), (status, ""), "{}", self.err);
        self.err.strip_prefix("error: ").expect(&self.err).trim_end().to_owned()
    }
}

/// A folder of its own for each test; the program runs in it, so that files go by their bare names.
pub struct Folder(TempDir);

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    /// A folder with `comments.csv`, `articles.csv`, `fast.toml` and the model `m` that was trained on them.
    pub fn with_model() -> Self {
        let folder = Folder::with_comments();
        folder.write("m", model());
        folder
    }

    /// The same without the model.
    pub fn with_comments() -> Self {
        let folder = Folder::new();
        folder.write("comments.csv", comments());
        folder.write("articles.csv", ARTICLES);
        folder.write("fast.toml", FAST);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Names of the files in the folder, sorted; a temporary file that was left behind would be among them.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs the program with arguments that blanks part.
    pub fn run(&self, arguments: &str) -> Run {
        Run::of(&mut self.program(arguments))
    }

    /// The same with something on standard input.
    pub fn run_on(&self, arguments: &str, input: impl Into<Vec<u8>>) -> Run {
        Run::of(self.program(arguments).write_stdin(input))
    }

    fn program(&self, arguments: &str) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("belowline");
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command
    }

    /// The program as the standard library runs it, for pipes and odd places.
    pub fn process(&self, arguments: &str) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("belowline"));
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command
    }
}

/// Articles of [`comments`].
pub const ARTICLES: &str = "article_id,title,body,url\n\
    buses,Free buses,The town council wants free buses for everybody from May on.,\n\
    uniforms,School uniforms,\"The school board votes on uniforms, at last.\",\n\
    bridge,The old bridge,Engineers say that the bridge has to close for a year.,\n";

/// The header of [`comments`].
pub const HEADER: &str = "id,article_id,target,parent,comment,stance,tone";

/// Sixty labelled comments, no two the same, as CSV. Some have targets and parents; stance and tone can be told from the words.
pub fn comments() -> String {
    let mut csv = format!("{HEADER}\n");
    for i in 0..60 {
        csv += &format!("c{i},{}\n", comment(i));
    }
    csv
}

/// One row of [`comments`] without its id; from number 60 on they repeat.
pub fn comment(i: usize) -> String {
    let (stance, openers) = [
        ("favor", ["I fully support this plan", "What a great idea", "Yes, please, do it", "Good for all of us"]),
        ("against", ["I oppose this plan", "What a terrible waste", "No, never, stop it", "Bad for all of us"]),
        ("none", ["When does the vote start", "Who wrote this piece", "Is there a map", "Where is the town hall"]),
    ][i % 3];
    let subject = ["the buses", "the school", "the bridge", "our taxes", "the council"][i % 5];
    let (tone, closer) = [
        ("civil", "Thank you for explaining it"),
        ("angry", "I am so angry about it"),
        ("angry|hostile", "You idiots make me so angry"),
        ("|", "See page four"),
    ][i % 4];
    let article = ["buses", "uniforms", "bridge"][i / 3 % 3];
    let target = ["", "Town Council"][i / 2 % 2];
    let parent = ["", "Somebody has to pay for it."][i / 5 % 2];
    format!("{article},{target},{parent},\"{}: {subject}. {closer}!\",{stance},{tone}", openers[i / 3 % 4])
}

/// The bytes of the model that the program trains on [`comments`], trained once a test file.
pub fn model() -> &'static [u8] {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    MODEL.get_or_init(|| {
        let folder = Folder::with_comments();
        folder.run("train comments.csv --articles articles.csv --config fast.toml -o m").done();
        folder.bytes("m")
    })
}

/// The cells of a CSV text, the header first.
pub fn table(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// One column of a CSV text, by its name.
#[track_caller]
pub fn column(csv: &str, name: &str) -> Vec<String> {
    let table = table(csv);
    let place = table[0].iter().position(|n| n == name).unwrap_or_else(|| panic!("no column {name}"));
    table[1..].iter().map(|row| row[place].clone()).collect()
}

/// Share of comments that a model's first task labels right.
pub fn accuracy(model: &Model, examples: &[Example]) -> f64 {
    let verdicts = model.scorer().score(&examples.iter().map(texts).collect::<Vec<_>>());
    let labels = &model.heads[0].labels;
    let right = examples
        .iter()
        .zip(verdicts)
        .filter(|(example, verdicts)| example.labels[0].as_deref() == Some(labels.name(verdicts[0].predicted[0])));
    right.count() as f64 / examples.len() as f64
}
