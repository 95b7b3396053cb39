//! From a raw row to an example, by the columns that the header has and the user asked for.

use std::borrow::Cow;
use std::sync::Arc;

use super::articles::Articles;
use super::cell::{self, Column, Fault};
use super::columns::{Role, missing_column};
use super::example::{Article, Example};
use super::reader::InputOptions;
use super::record::{Header, Raw, Record, Row};
use crate::error::{Error, Position, Result};

/// Knows where in a row everything stands.
pub(super) struct Mapping {
    /// By role; `None` where the file has no such column.
    roles: [Option<Column>; Role::ALL.len()],
    tasks: Vec<Column>,
    articles: Option<Arc<Articles>>,
    /// The article of the last row that brought its own: rows under one article mostly stand together, and
    /// sharing it saves memory here and analysis later.
    last_article: Option<Arc<Article>>,
}

impl Mapping {
    /// Finds the columns of all roles and tasks.
    ///
    /// # Errors
    /// [`Error::Input`] if the comment's column, or one that was asked for by name, is not in the header.
    pub(super) fn new(header: &Header, path: &str, options: &InputOptions) -> Result<Self> {
        let mut roles = [const { None }; Role::ALL.len()];
        for role in Role::ALL {
            let name = options.columns.name(role);
            roles[role as usize] = Column::find(header, name);
            let needed = role == Role::Comment || options.columns.is_mapped(role);
            if let (None, true, Header::Columns(columns)) = (&roles[role as usize], needed, header) {
                let remedy = format!("Name the one to use with `--column {}=NAME`", role.default_name());
                return Err(Error::input(Position::file(path), missing_column(name, columns, &remedy)));
            }
        }
        let mut mapping = Mapping { roles, tasks: Vec::new(), articles: options.articles.clone(), last_article: None };
        mapping.select_tasks(header, path, &options.tasks)?;
        Ok(mapping)
    }

    /// Chooses the label columns whose cells are wanted.
    ///
    /// # Errors
    /// [`Error::Input`] if one is not in the header; JSON lines have none, so there it is never an error.
    pub(super) fn select_tasks(&mut self, header: &Header, path: &str, tasks: &[String]) -> Result<()> {
        let find = |task: &String| match (Column::find(header, task), header) {
            (None, Header::Columns(columns)) => Err(Error::input(
                Position::file(path),
                missing_column(task, columns, "Name the labels to use with `--task NAME`"),
            )),
            (found, _) => Ok(found),
        };
        let found: Result<Vec<_>> = tasks.iter().map(find).collect();
        self.tasks = found?.into_iter().flatten().collect();
        Ok(())
    }

    /// Reads a row; `above` is the article that its file holds.
    pub(super) fn row(&mut self, position: Position, raw: Raw, above: Option<&Arc<Article>>) -> Row {
        match self.example(&raw, above) {
            Ok(example) => Row::Good(Box::new(Record { position, example, raw })),
            Err(fault) => Row::Bad(fault.of_row(position, raw.to_bytes())),
        }
    }

    fn example(&mut self, raw: &Raw, above: Option<&Arc<Article>>) -> std::result::Result<Example, Fault> {
        let Some(comment) = self.text(raw, Role::Comment)? else {
            let column = self.roles[Role::Comment as usize].as_ref();
            return Err(Fault {
                column: column.map(|column| column.name.clone()),
                reason: "the comment is missing or blank".to_owned(),
            });
        };
        let comment = comment.into_owned();
        let article_id = self.key(raw, Role::ArticleId)?;
        let labels: std::result::Result<_, _> = self.tasks.iter().map(|task| cell::label(raw, task)).collect();
        Ok(Example {
            id: self.key(raw, Role::Id)?,
            article: self.article(raw, article_id.as_deref(), above)?,
            article_id,
            target: self.key(raw, Role::Target)?,
            parent: self.text(raw, Role::Parent)?.map(Cow::into_owned),
            comment,
            author: self.key(raw, Role::Author)?,
            time: self.key(raw, Role::Time)?,
            weight: self.weight(raw)?,
            fold: self.key(raw, Role::Fold)?,
            source: self.key(raw, Role::Source)?,
            guessed: self.guessed(raw)?,
            labels: labels?,
        })
    }

    fn text<'a>(&self, raw: &'a Raw, role: Role) -> std::result::Result<Option<Cow<'a, str>>, Fault> {
        match &self.roles[role as usize] {
            Some(column) => cell::text(raw, column),
            None => Ok(None),
        }
    }

    fn key(&self, raw: &Raw, role: Role) -> std::result::Result<Option<String>, Fault> {
        Ok(self.text(raw, role)?.map(|key| key.trim().to_owned()))
    }

    fn weight(&self, raw: &Raw) -> std::result::Result<f64, Fault> {
        let (Some(column), Some(text)) = (&self.roles[Role::Weight as usize], self.text(raw, Role::Weight)?) else {
            return Ok(1.0);
        };
        match text.trim().parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => Err(Fault::at(
                column,
                "the weight is not a finite number of 0 or more: correct it, or leave the cell empty for 1",
            )),
        }
    }

    /// The confidence of a guessed boundary; a cell that is no number is not worth a row.
    fn guessed(&self, raw: &Raw) -> std::result::Result<Option<f64>, Fault> {
        if self.key(raw, Role::Boundary)?.as_deref() != Some("guessed") {
            return Ok(None);
        }
        let confidence = self.key(raw, Role::BoundaryConf)?.and_then(|text| text.parse::<f64>().ok());
        Ok(Some(confidence.filter(|p| (0.0..=1.0).contains(p)).unwrap_or(0.0)))
    }

    /// The row's own article, else that of its file, else the one that its id names.
    fn article(
        &mut self,
        raw: &Raw,
        id: Option<&str>,
        above: Option<&Arc<Article>>,
    ) -> std::result::Result<Option<Arc<Article>>, Fault> {
        if let Some(body) = self.text(raw, Role::Article)? {
            let last = self.last_article.take().filter(|last| last.body == body);
            let article = last.unwrap_or_else(|| Arc::new(Article { body: body.into_owned(), ..Article::default() }));
            self.last_article = Some(Arc::clone(&article));
            return Ok(Some(article));
        }
        if let Some(article) = above {
            return Ok(Some(Arc::clone(article)));
        }
        let (Some(articles), Some(id), Some(column)) = (&self.articles, id, &self.roles[Role::ArticleId as usize])
        else {
            return Ok(None);
        };
        match articles.get(id) {
            Some(article) => Ok(Some(article)),
            None => Err(Fault::at(
                column,
                format!(
                    "this article is not among the {} of {}: add it there, or leave the cell empty",
                    articles.len(),
                    articles.path()
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::format::{Format, RawRow, rows_of};

    fn options(mappings: &[&str], tasks: &[&str]) -> InputOptions {
        let mut options =
            InputOptions { tasks: tasks.iter().map(|&task| task.to_owned()).collect(), ..InputOptions::default() };
        for mapping in mappings {
            options.columns.parse(mapping).unwrap();
        }
        options
    }

    fn read(text: &'static str, options: &InputOptions) -> Result<Vec<Row>> {
        let mut rows = rows_of(Box::new(text.as_bytes()), "a.csv", Format::Detect, options)?;
        let mut mapping = Mapping::new(rows.header(), rows.path(), options)?;
        let mut read = Vec::new();
        while let Some(row) = rows.next_row()? {
            read.push(match row {
                RawRow::Good(position, raw) => mapping.row(position, raw, None),
                RawRow::Bad(bad) => Row::Bad(bad),
            });
        }
        Ok(read)
    }

    fn example(row: &Row) -> &Example {
        match row {
            Row::Good(record) => &record.example,
            Row::Bad(bad) => panic!("{}: {}", bad.position, bad.reason),
        }
    }

    fn message(row: &Row) -> String {
        match row {
            Row::Good(_) => panic!("a bad row was expected"),
            Row::Bad(bad) => bad.clone().into_error().to_string(),
        }
    }

    #[test]
    fn every_role_and_label_finds_its_place() {
        let rows = read(
            "tone,id,article_id,article,target,parent,comment,author,time,weight,fold,stance\n\
             joy|anger, 7 ,a1,Große Lage., us ,  hm,\"Nein,\n danke \",Zoë,2024-01-01,0.5, 2 ,\n",
            &options(&[], &["stance", "tone"]),
        )
        .unwrap();
        let example = example(&rows[0]);
        assert_eq!(example.id.as_deref(), Some("7"));
        assert_eq!(example.article_id.as_deref(), Some("a1"));
        assert_eq!(example.article.as_ref().unwrap().body, "Große Lage.");
        assert_eq!(example.target.as_deref(), Some("us"));
        assert_eq!(example.parent.as_deref(), Some("  hm"));
        assert_eq!(example.comment, "Nein,\n danke ");
        assert_eq!(example.author.as_deref(), Some("Zoë"));
        assert_eq!(example.time.as_deref(), Some("2024-01-01"));
        assert_eq!(example.weight, 0.5);
        assert_eq!(example.fold.as_deref(), Some("2"));
        assert_eq!(example.labels, [None, Some("joy|anger".to_owned())]);
    }

    #[test]
    fn json_lines_say_the_same() {
        let rows = read(
            "{\"body\":\"é\",\"id\":12,\"weight\":2,\"tone\":[],\"author\":null,\"fold\":true}\n",
            &options(&["comment=body"], &["tone", "stance"]),
        )
        .unwrap();
        let example = example(&rows[0]);
        assert_eq!(example.comment, "é");
        assert_eq!(example.id.as_deref(), Some("12"));
        assert_eq!(example.weight, 2.0);
        assert_eq!(example.fold.as_deref(), Some("true"));
        assert_eq!(example.author, None);
        assert_eq!(example.labels, [Some("|".to_owned()), None]);
    }

    #[test]
    fn a_row_passes_through_as_it_came() {
        let rows = read("x,comment\n  1 ,a\n", &options(&[], &[])).unwrap();
        let Row::Good(record) = &rows[0] else {
            panic!("a good row");
        };
        assert_eq!(record.raw.to_bytes(), b"  1 ,a");
        assert_eq!(record.position.to_string(), "a.csv, line 2, record 1, byte 10");
        assert_eq!(record.example.weight, 1.0);
    }

    #[test]
    fn a_header_without_the_comment_says_how_to_name_it() {
        assert_eq!(
            read("id,Comments\n1,a\n", &options(&[], &[])).unwrap_err().to_string(),
            "a.csv: there is no column `comment`; did you mean `Comments`? The columns are `id`, `Comments`. \
             Name the one to use with `--column comment=NAME`"
        );
        assert_eq!(
            read("id,comment\n1,a\n", &options(&["parent=reply"], &[])).unwrap_err().to_string(),
            "a.csv: there is no column `reply`. The columns are `id`, `comment`. Name the one to use with \
             `--column parent=NAME`"
        );
        assert_eq!(
            read("comment,tones\n1,a\n", &options(&[], &["tone"])).unwrap_err().to_string(),
            "a.csv: there is no column `tone`; did you mean `tones`? The columns are `comment`, `tones`. Name \
             the labels to use with `--task NAME`"
        );
    }

    #[test]
    fn a_blank_comment_is_a_bad_row() {
        let expected = "a.csv, line 2, record 1, byte 11, column `comment`: the comment is missing or blank";
        for text in ["id,comment\n1,\n", "id,comment\n1,\" \n\"\n", "id,comment\n1,\u{a0}\n"] {
            assert_eq!(message(&read(text, &options(&[], &[])).unwrap()[0]), expected);
        }
        let rows = read("{\"id\":1}\n", &options(&[], &[])).unwrap();
        assert!(message(&rows[0]).ends_with("column `comment`: the comment is missing or blank"));
    }

    #[test]
    fn a_weight_must_be_a_finite_number_of_zero_or_more() {
        let rows =
            read("weight,comment\n0,a\n,b\n 1e3 ,c\n-1,d\nNaN,e\ninf,f\n1e999,g\nsecret,h\n", &options(&[], &[]))
                .unwrap();
        let weights: Vec<f64> = rows[..3].iter().map(|row| example(row).weight).collect();
        assert_eq!(weights, [0.0, 1.0, 1000.0]);
        for row in &rows[3..] {
            let message = message(row);
            assert!(message.contains("column `weight`: the weight is not a finite number"));
            assert!(!message.contains("secret"));
        }
    }

    #[test]
    fn neighbours_share_the_article_of_their_rows() {
        let rows = read("article,comment\nlong text,a\nlong text,b\n,c\nother,d\n", &options(&[], &[])).unwrap();
        let article = |i: usize| example(&rows[i]).article.clone();
        assert!(Arc::ptr_eq(&article(0).unwrap(), &article(1).unwrap()));
        assert_eq!(article(2), None);
        assert_eq!(article(3).unwrap().body, "other");
    }
}
