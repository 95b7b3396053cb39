//! Several files, read one after the other as one stream of rows.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::Encoding;

use super::articles::Articles;
use super::columns::{ColumnNames, Role, shown};
use super::decode::{self, Text};
use super::format::{self, Opened, RawRow, RawRows};
use super::mapping::Mapping;
use super::record::{Header, Record, Row};
use crate::error::{Error, Position, Result};

/// Reads rows.
pub trait RecordReader: Send {
    /// What the file says about its columns.
    fn header(&self) -> &Header;

    /// Chooses the label columns whose cells become [`super::Example::labels`] of the rows to come.
    ///
    /// # Errors
    /// [`Error::Input`] if a CSV header lacks one; then the choice stays as it was.
    fn select_tasks(&mut self, tasks: &[String]) -> Result<()>;

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// Only if the file cannot be read on: [`Error::Io`], text that is malformed in its encoding, a record
    /// that is too long. What is wrong with one row only comes as [`Row::Bad`].
    fn read_row(&mut self) -> Result<Option<Row>>;
}

/// How inputs are to be read.
#[derive(Debug, Clone)]
pub struct InputOptions {
    /// Names of the columns.
    pub columns: ColumnNames,
    /// Label of the encoding. A byte order mark outweighs it; with neither, the text is UTF-8.
    pub encoding: Option<String>,
    /// Articles that rows name by `article_id`.
    pub articles: Option<Arc<Articles>>,
    /// Label columns whose cells are wanted.
    pub tasks: Vec<String>,
    /// The longest record that is read, in bytes of UTF-8: the bound on memory. 256 MiB by default.
    pub max_record_bytes: usize,
}

impl InputOptions {
    /// The default of `max_record_bytes`.
    pub const MAX_RECORD_BYTES: usize = 256 * 1024 * 1024;
}

impl Default for InputOptions {
    fn default() -> Self {
        InputOptions {
            columns: ColumnNames::default(),
            encoding: None,
            articles: None,
            tasks: Vec::new(),
            max_record_bytes: Self::MAX_RECORD_BYTES,
        }
    }
}

/// One file with the meaning of its columns.
struct FileReader {
    rows: Box<dyn RawRows>,
    mapping: Mapping,
    bytes_read: Arc<AtomicU64>,
    size: Option<u64>,
}

impl FileReader {
    fn open(path: &Path, encoding: Option<&'static Encoding>, options: &InputOptions) -> Result<Self> {
        Self::new(format::open(path, encoding, options)?, options)
    }

    fn new(opened: Opened, options: &InputOptions) -> Result<Self> {
        let mapping = Mapping::new(opened.rows.header(), opened.rows.path(), options)?;
        Ok(FileReader { rows: opened.rows, mapping, bytes_read: opened.bytes_read, size: opened.size })
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }
}

impl RecordReader for FileReader {
    fn header(&self) -> &Header {
        self.rows.header()
    }

    fn select_tasks(&mut self, tasks: &[String]) -> Result<()> {
        self.mapping.select_tasks(self.rows.header(), self.rows.path(), tasks)
    }

    fn read_row(&mut self) -> Result<Option<Row>> {
        Ok(self.rows.next_row()?.map(|row| match row {
            RawRow::Good(position, raw) => self.mapping.row(position, raw, self.rows.article()),
            RawRow::Bad(bad) => Row::Bad(bad),
        }))
    }
}

/// Rows that are looked at before the first usable one.
const MAX_PEEKED: usize = 1000;

/// A file whose turn has not come.
enum Waiting {
    /// Closed again after a look at its header, so that a thousand inputs do not need a thousand handles.
    Closed(PathBuf),
    /// A pipe cannot be opened twice.
    Open(Box<FileReader>),
}

/// Several files, read one after the other as one stream of rows.
///
/// [`Row`]s keep the positions in their own files; records are counted anew in each.
pub struct Inputs {
    options: InputOptions,
    encoding: Option<&'static Encoding>,
    header: Header,
    /// Whether files bring the articles of their rows.
    holds_articles: bool,
    /// `None` when all is read, or reading failed.
    current: Option<Box<FileReader>>,
    /// Rows that were looked at and not taken yet.
    peeked: VecDeque<Row>,
    waiting: VecDeque<Waiting>,
    /// Bytes of the files that are done with.
    bytes_done: u64,
    bytes_total: Option<u64>,
}

impl Inputs {
    /// Opens all files and reads their headers, so that what is wrong with the last is told before the first
    /// is worked through. `-` is standard input. A folder stands for the files in it that are named as rows (`.csv`, `.tsv`, `.jsonl`,
    /// `.ndjson`, also with `.gz` or `.zst`), else for its pages (`.html`, `.txt`), in the order of their names.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read; [`Error::Config`] for no file at all, standard input given
    /// twice, or an unknown encoding; [`Error::Input`] for a header that is missing or malformed, lacks a
    /// column that is needed, or differs from that of the first file.
    pub fn open(paths: &[PathBuf], options: InputOptions) -> Result<Self> {
        let encoding = options.encoding.as_deref().map(decode::encoding).transpose()?;
        let paths = files(paths)?;
        let [first_path, others @ ..] = paths.as_slice() else {
            return Err(Error::Config("there is no input to read".to_owned()));
        };
        if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::Config("standard input, `-`, can be given once only".to_owned()));
        }
        let first = FileReader::open(first_path, encoding, &options)?;
        let mut bytes_total = first.size;
        let mut waiting = VecDeque::new();
        for path in others {
            let reader = FileReader::open(path, encoding, &options)?;
            check_same_header(&first, &reader)?;
            bytes_total = bytes_total.zip(reader.size).map(|(sum, size)| sum + size);
            waiting.push_back(match reader.size {
                Some(_) => Waiting::Closed(path.clone()),
                None => Waiting::Open(Box::new(reader)),
            });
        }
        Ok(Inputs::of(options, encoding, first, waiting, bytes_total))
    }

    /// Reads one text that comes from elsewhere than a file. `name` says in its ending how rows are written, and messages name it.
    ///
    /// # Errors
    /// As of [`Inputs::open`].
    pub fn read(bytes: Text, name: &Path, options: InputOptions) -> Result<Self> {
        let encoding = options.encoding.as_deref().map(decode::encoding).transpose()?;
        let file = FileReader::new(format::read(bytes, name, encoding, &options)?, &options)?;
        Ok(Inputs::of(options, encoding, file, VecDeque::new(), None))
    }

    fn of(
        options: InputOptions,
        encoding: Option<&'static Encoding>,
        first: FileReader,
        waiting: VecDeque<Waiting>,
        bytes_total: Option<u64>,
    ) -> Self {
        Inputs {
            options,
            encoding,
            header: first.header().clone(),
            holds_articles: first.rows.article().is_some(),
            current: Some(Box::new(first)),
            peeked: VecDeque::new(),
            waiting,
            bytes_done: 0,
            bytes_total,
        }
    }

    /// The header that all inputs have.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the header names a column; `None` for JSON lines, where every line may differ.
    pub fn has_column(&self, name: &str) -> Option<bool> {
        match &self.header {
            Header::Columns(columns) => Some(columns.iter().any(|column| column == name)),
            Header::Json => None,
        }
    }

    /// Whether rows can come with an article or a parent: from a file of articles or a column of their own. JSON lines always can.
    pub fn has_contexts(&self) -> bool {
        let column = |role| self.has_column(self.options.columns.name(role)) != Some(false);
        self.holds_articles || self.options.articles.is_some() || column(Role::Article) || column(Role::Parent)
    }

    /// Chooses the label columns whose cells become [`super::Example::labels`] of the rows to come.
    ///
    /// # Errors
    /// [`Error::Input`] if a CSV header lacks one: it names the columns there are, and the nearest.
    pub fn select_tasks(&mut self, tasks: &[String]) -> Result<()> {
        if let Some(current) = &mut self.current {
            current.select_tasks(tasks)?;
        }
        for waiting in &mut self.waiting {
            if let Waiting::Open(reader) = waiting {
                reader.select_tasks(tasks)?;
            }
        }
        self.options.tasks = tasks.to_vec();
        Ok(())
    }

    /// The next row of the current file, else the first of the next; `None` after the last.
    ///
    /// # Errors
    /// As of [`RecordReader::read_row`]; nothing is read after one.
    pub fn read_row(&mut self) -> Result<Option<Row>> {
        match self.peeked.pop_front() {
            Some(row) => Ok(Some(row)),
            None => self.read_on(),
        }
    }

    fn read_on(&mut self) -> Result<Option<Row>> {
        while let Some(current) = &mut self.current {
            match current.read_row() {
                Ok(Some(row)) => return Ok(Some(row)),
                Ok(None) => self.open_next()?,
                Err(error) => {
                    self.stop();
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    /// A look at the first usable row among those to come; [`Inputs::read_row`] gives it, and the bad ones before it, later. `None` where there
    /// is none among the next thousand.
    ///
    /// # Errors
    /// As of [`Inputs::read_row`].
    pub fn peek_good(&mut self) -> Result<Option<&Record>> {
        while self.peeked.len() < MAX_PEEKED && !matches!(self.peeked.back(), Some(Row::Good(_))) {
            match self.read_on()? {
                Some(row) => self.peeked.push_back(row),
                None => break,
            }
        }
        Ok(self.peeked.iter().find_map(|row| match row {
            Row::Good(record) => Some(&**record),
            Row::Bad(_) => None,
        }))
    }

    /// Bytes read so far, compressed ones where files are compressed.
    pub fn bytes_read(&self) -> u64 {
        let current = self.current.as_ref().map_or(0, |file| file.bytes_read());
        self.bytes_done + current
    }

    /// Bytes to read in all, compressed ones where files are compressed; `None` if standard input or another
    /// pipe is among the inputs.
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    fn open_next(&mut self) -> Result<()> {
        self.bytes_done = self.bytes_read();
        self.current = None;
        self.current = match self.waiting.pop_front() {
            None => None,
            Some(Waiting::Open(reader)) => Some(reader),
            Some(Waiting::Closed(path)) => {
                let reader = FileReader::open(&path, self.encoding, &self.options);
                // The file may have changed since its header was looked at.
                let reader = reader.and_then(|reader| {
                    if reader.header() == &self.header {
                        return Ok(reader);
                    }
                    let position = Position::file(path.display().to_string());
                    Err(Error::input(position, "the header changed during the run"))
                });
                Some(Box::new(reader.inspect_err(|_| self.waiting.clear())?))
            }
        };
        Ok(())
    }

    fn stop(&mut self) {
        self.bytes_done = self.bytes_read();
        self.current = None;
        self.waiting.clear();
    }
}

/// The files that paths stand for: of a folder those in it that are named as rows, else its pages; sorted.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |e| Error::io("read", path, e);
        let entries: std::io::Result<Vec<PathBuf>> =
            std::fs::read_dir(path).map_err(failed)?.map(|entry| Ok(entry?.path())).collect();
        let entries: Vec<PathBuf> = entries.map_err(failed)?.into_iter().filter(|path| path.is_file()).collect();
        let named = |endings: &[&str]| -> Vec<PathBuf> {
            entries.iter().filter(|path| format::is_named(path, endings)).cloned().collect()
        };
        let [rows, html, text] = [named(&format::ROWS), named(&format::HTML), named(&format::TEXT)];
        // Texts beside tables are notes on them; web pages are not.
        if !rows.is_empty() && !html.is_empty() {
            return Err(Error::Config(format!(
                "{}: the folder holds tables and web pages, which are not read together: name the files of one kind",
                path.display()
            )));
        }
        let mut found = if rows.is_empty() { [html, text].concat() } else { rows };
        if found.is_empty() {
            return Err(Error::Config(format!(
                "{}: the folder holds no .csv, .tsv, .jsonl or .ndjson file and no .html or .txt page, compressed or not",
                path.display()
            )));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// Rows of several inputs go into one output, so that all need the header of the first.
fn check_same_header(first: &FileReader, other: &FileReader) -> Result<()> {
    let name = first.rows.path();
    let difference = match (first.header(), other.header()) {
        (Header::Json, Header::Json) => return Ok(()),
        (Header::Columns(_), Header::Json) => format!("JSON lines here, CSV in {name}"),
        (Header::Json, Header::Columns(_)) => format!("CSV here, JSON lines in {name}"),
        (Header::Columns(ours), Header::Columns(theirs)) => {
            let unlike = ours.iter().zip(theirs).position(|(a, b)| a != b);
            match unlike {
                Some(i) => format!("column {} is {} here, {} in {name}", i + 1, shown(&theirs[i]), shown(&ours[i])),
                None if ours.len() == theirs.len() => return Ok(()),
                None => format!("{} columns here, {} in {name}", theirs.len(), ours.len()),
            }
        }
    };
    Err(Error::input(
        Position::file(other.rows.path()),
        format!("{difference}: inputs that are read together need the same header"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    /// A folder of files, named by their contents.
    fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let paths = files.iter().map(|(name, content)| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        });
        let paths = paths.collect();
        (folder, paths)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    /// Comments of good rows, messages of bad ones.
    fn all(inputs: &mut Inputs) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(row) = inputs.read_row().unwrap() {
            seen.push(match row {
                Row::Good(record) => record.example.comment,
                Row::Bad(bad) => bad.into_error().to_string(),
            });
        }
        seen
    }

    fn error_of(files: &[(&str, &[u8])]) -> String {
        let (folder, paths) = folder(files);
        let error = Inputs::open(&paths, InputOptions::default()).err().unwrap();
        let place = format!("{}/", folder.path().display());
        error.to_string().replace(&place, "")
    }

    #[test]
    fn several_files_are_one_stream_whatever_their_dress() {
        let utf16: Vec<u8> = "\u{FEFF}id\tcomment\n4\tд\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (_folder, paths) = folder(&[
            ("a.csv", "\u{FEFF}id,comment\n1,ä\n".as_bytes()),
            ("b.csv.gz", &gzip("id;comment\r\n2;ß\r\n".as_bytes())),
            ("c.tsv.zst", &zstd::encode_all("id\tcomment\n3\té\n".as_bytes(), 1).unwrap()),
            ("d.tsv", &utf16),
        ]);
        let sizes: u64 = paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        let mut inputs = Inputs::open(&paths, InputOptions::default()).unwrap();
        assert_eq!(inputs.bytes_total(), Some(sizes));
        assert_eq!(inputs.has_column("id"), Some(true));
        assert_eq!(inputs.has_column("tone"), Some(false));
        assert_eq!(all(&mut inputs), ["ä", "ß", "é", "д"]);
        assert_eq!(inputs.bytes_read(), sizes);
        assert!(inputs.read_row().unwrap().is_none());
    }

    #[test]
    fn json_lines_have_no_header() {
        let (_folder, paths) =
            folder(&[("a.jsonl", b"{\"comment\":\"a\",\"tone\":\"joy\"}\n"), ("b.ndjson", b"{\"comment\":\"b\"}\n")]);
        let mut inputs = Inputs::open(&paths, InputOptions::default()).unwrap();
        assert_eq!(inputs.header(), &Header::Json);
        assert_eq!(inputs.has_column("tone"), None);
        inputs.select_tasks(&["tone".to_owned()]).unwrap();
        assert_eq!(all(&mut inputs), ["a", "b"]);
    }

    #[test]
    fn headers_that_differ_are_told_by_the_first_difference() {
        assert_eq!(
            error_of(&[("a.csv", b"id,comment\n"), ("b.csv", b"comment,id\n")]),
            "b.csv: column 1 is `comment` here, `id` in a.csv: inputs that are read together need the same header"
        );
        assert_eq!(
            error_of(&[("a.csv", b"id,comment\n"), ("b.csv", b"id,comment,tone\n")]),
            "b.csv: 3 columns here, 2 in a.csv: inputs that are read together need the same header"
        );
        assert_eq!(
            error_of(&[("a.csv", b"id,comment\n"), ("b.jsonl", b"")]),
            "b.jsonl: JSON lines here, CSV in a.csv: inputs that are read together need the same header"
        );
    }

    #[test]
    fn tasks_are_selected_in_all_files() {
        let (folder, paths) =
            folder(&[("a.csv", b"tone,comment,stance\njoy,a,favor\n"), ("b.csv", b"tone,comment,stance\n|,b,\n")]);
        let mut inputs = Inputs::open(&paths, InputOptions::default()).unwrap();
        let error = inputs.select_tasks(&["stence".to_owned()]).unwrap_err().to_string();
        assert_eq!(
            error.replace(&format!("{}/", folder.path().display()), ""),
            "a.csv: there is no column `stence`; did you mean `stance`? The columns are `tone`, `comment`, \
             `stance`. Name the labels to use with `--task NAME`"
        );
        inputs.select_tasks(&["stance".to_owned(), "tone".to_owned()]).unwrap();
        let mut labels = Vec::new();
        while let Some(Row::Good(record)) = inputs.read_row().unwrap() {
            labels.push(record.example.labels);
        }
        let cell = |text: &str| Some(text.to_owned());
        assert_eq!(labels, [vec![cell("favor"), cell("joy")], vec![None, cell("|")]]);
    }

    #[test]
    fn articles_are_joined_and_the_rows_own_wins() {
        let (folder, paths) = folder(&[
            ("a.csv", b"article_id,article,comment\n 1 ,,a\n9,own,b\n9,,c\n,,d\n"),
            ("articles.csv", b"article_id,title,body\n1,T,B\n"),
        ]);
        let articles = Arc::new(Articles::load(&paths[1], None).unwrap());
        let open = |articles| {
            let options = InputOptions { articles, ..InputOptions::default() };
            Inputs::open(&paths[..1], options).unwrap()
        };
        let mut inputs = open(Some(Arc::clone(&articles)));
        let mut next = || match inputs.read_row().unwrap().unwrap() {
            Row::Good(record) => Ok(record.example),
            Row::Bad(bad) => Err(bad.into_error().to_string()),
        };
        let first = next().unwrap();
        assert_eq!(first.article_id.as_deref(), Some("1"));
        assert!(Arc::ptr_eq(&first.article.unwrap(), &articles.get("1").unwrap()));
        assert_eq!(next().unwrap().article.unwrap().body, "own");
        assert_eq!(
            next().unwrap_err().replace(&format!("{}/", folder.path().display()), ""),
            "a.csv, line 4, record 3, byte 42, column `article_id`: this article is not among the 1 of \
             articles.csv: add it there, or leave the cell empty"
        );
        assert_eq!(next().unwrap().article, None);
        assert_eq!(all(&mut open(None)), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_before_the_first_row() {
        let (folder, mut paths) = folder(&[("a.csv", b"comment\na\n")]);
        paths.push(folder.path().join("gone.csv"));
        let error = Inputs::open(&paths, InputOptions::default()).err().unwrap();
        let expected = format!("cannot read {}: ", paths[1].display());
        assert!(matches!(error, Error::Io { .. }));
        assert!(error.to_string().starts_with(&expected), "{error}");
    }

    #[test]
    fn a_folder_stands_for_the_tables_in_it_in_the_order_of_their_names() {
        let (folder, _) = folder(&[
            (
                "b.CSV", b"comment
b
",
            ),
            (
                "a.csv.gz.csv", b"comment
a
",
            ),
            (
                "notes.txt", b"comment
x
",
            ),
            ("c.gz", b"no table by its name"),
        ]);
        fs::create_dir(folder.path().join("deeper.csv")).unwrap();
        let mut inputs = Inputs::open(&[folder.path().to_owned()], InputOptions::default()).unwrap();
        assert_eq!(inputs.peek_good().unwrap().unwrap().example.comment, "a");
        let mut comments = Vec::new();
        while let Some(Row::Good(record)) = inputs.read_row().unwrap() {
            comments.push(record.example.comment);
        }
        assert_eq!(comments, ["a", "b"], "and a row that was looked at is not lost");
        let empty = tempfile::tempdir().unwrap();
        let error = Inputs::open(&[empty.path().to_owned()], InputOptions::default()).err().unwrap();
        assert!(error.to_string().ends_with("and no .html or .txt page, compressed or not"));
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let message = |paths: &[&str], encoding: Option<&str>| {
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            let options = InputOptions { encoding: encoding.map(str::to_owned), ..InputOptions::default() };
            let error = Inputs::open(&paths, options).err().unwrap();
            assert!(matches!(error, Error::Config(_)));
            error.to_string()
        };
        assert_eq!(message(&[], None), "there is no input to read");
        assert_eq!(message(&["-", "-"], None), "standard input, `-`, can be given once only");
        assert!(message(&["a.csv"], Some("klingon")).starts_with("there is no encoding `klingon`."));
    }

    #[test]
    fn nothing_is_read_after_an_error() {
        let mut shift_jis = b"comment\nok\n".to_vec();
        shift_jis.extend(b"\x81\x20\nok\n");
        let (_folder, paths) = folder(&[("a.csv", &shift_jis), ("b.csv", b"comment\nb\n")]);
        let options = InputOptions { encoding: Some("shift_jis".to_owned()), ..InputOptions::default() };
        let mut inputs = Inputs::open(&paths, options).unwrap();
        assert!(matches!(inputs.read_row(), Ok(Some(Row::Good(_)))));
        let error = inputs.read_row().unwrap_err().to_string();
        assert!(error.contains("a.csv: the file is not Shift_JIS at byte 11,"), "{error}");
        assert!(inputs.read_row().unwrap().is_none());
    }

    #[test]
    fn bad_rows_do_not_end_the_stream() {
        let (folder, paths) = folder(&[("a.csv", b"id,comment\n1\n2,b\n3,\"c\n"), ("b.csv", b"id,comment\n4,d\n")]);
        let mut inputs = Inputs::open(&paths, InputOptions::default()).unwrap();
        let rows = all(&mut inputs).join("\n");
        let rows = rows.replace(&format!("{}/", folder.path().display()), "");
        let starts: Vec<&str> = rows.lines().map(|row| row.split(':').next().unwrap()).collect();
        assert_eq!(
            starts,
            ["a.csv, line 2, record 1, byte 11", "b", "a.csv, line 4, record 3, byte 17, column `comment`", "d",]
        );
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_opened_once_and_have_no_size() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.csv", "b.csv"].map(|name| folder.path().join(name));
        let made = std::process::Command::new("mkfifo").args(&paths).status();
        assert!(made.unwrap().success());
        let writers = paths.clone().map(|path| std::thread::spawn(move || fs::write(path, "comment\na\n").unwrap()));
        let mut inputs = Inputs::open(&paths, InputOptions::default()).unwrap();
        assert_eq!(inputs.bytes_total(), None);
        assert_eq!(all(&mut inputs), ["a", "a"]);
        assert_eq!(inputs.bytes_read(), 20);
        for writer in writers {
            writer.join().unwrap();
        }
    }

    #[test]
    fn readers_can_go_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Inputs>();
        is_send::<Row>();
    }
}
