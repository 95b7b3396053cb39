//! Predictions read back: rows that `predict` wrote.

use serde_json::{Map, Value};

use super::json_lines::KEY;
use crate::input::{Header, Raw};
use crate::labels::{LabelSet, split_cell};

/// What a scored row says of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct RowVerdict {
    /// Probability of each label, in label order.
    pub probabilities: Vec<f64>,
    /// Classes of the prediction, ascending.
    pub predicted: Vec<usize>,
    /// Probability of the prediction, as in `T_conf`.
    pub confidence: f64,
    /// Expected number, where labels have numbers.
    pub score: Option<f64>,
}

/// The tasks that rows were scored for, and where what is said of them stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredColumns {
    tasks: Vec<ScoredTask>,
}

#[derive(Debug, Clone, PartialEq)]
struct ScoredTask {
    name: String,
    labels: LabelSet,
    /// Places of `T_pred`, `T_conf` and `T_score` in a CSV header.
    pred: usize,
    conf: usize,
    score: Option<usize>,
    /// Places of `T_p_<label>`, in label order.
    probabilities: Vec<usize>,
}

/// What is wrong with a scored row: the column to blame and the reason.
pub type Fault = (String, String);

impl ScoredColumns {
    /// The tasks that a CSV header has predictions of; `None` if it has none, or is no CSV header.
    pub fn of_header(header: &Header) -> Option<Self> {
        let Header::Columns(columns) = header else { return None };
        let place = |name: &str| columns.iter().position(|c| c == name);
        let task = |(pred, column): (usize, &String)| {
            let name = column.strip_suffix("_pred")?;
            let conf = place(&format!("{name}_conf"))?;
            let prefix = format!("{name}_p_");
            // A task's probabilities stand behind its confidence, one beside the other.
            let found: Vec<(String, usize)> = columns[conf + 1..]
                .iter()
                .zip(conf + 1..)
                .map_while(|(c, place)| Some((c.strip_prefix(&prefix)?.to_owned(), place)))
                .collect();
            let labels = LabelSet::new(found.iter().map(|(label, _)| label.clone()));
            // In label order; no two columns bear one name.
            let mut sorted = found;
            sorted.sort();
            let probabilities = sorted.into_iter().map(|(_, place)| place).collect();
            let score = place(&format!("{name}_score"));
            (!labels.is_empty()).then(|| ScoredTask { name: name.into(), labels, pred, conf, score, probabilities })
        };
        let tasks: Vec<ScoredTask> = columns.iter().enumerate().filter_map(task).collect();
        (!tasks.is_empty()).then_some(ScoredColumns { tasks })
    }

    /// The tasks that a row of JSON has predictions of; `None` if it has none, or is no row of JSON.
    pub fn of_row(raw: &Raw) -> Option<Self> {
        let Raw::Json(object) = raw else { return None };
        let tasks: Option<Vec<ScoredTask>> = object
            .get(KEY)?
            .as_object()?
            .iter()
            .map(|(name, task)| {
                let labels = LabelSet::new(task.get("p")?.as_object()?.keys().cloned());
                Some(ScoredTask {
                    name: name.clone(),
                    labels,
                    pred: 0,
                    conf: 0,
                    score: None,
                    probabilities: Vec::new(),
                })
            })
            .collect();
        tasks.filter(|tasks| !tasks.is_empty()).map(|tasks| ScoredColumns { tasks })
    }

    /// The tasks and their labels.
    pub fn tasks(&self) -> impl Iterator<Item = (&str, &LabelSet)> {
        self.tasks.iter().map(|task| (task.name.as_str(), &task.labels))
    }

    /// Reads a row, a verdict a task.
    ///
    /// # Errors
    /// Where a cell does not hold what `predict` writes: the column and the reason, without the cell.
    pub fn read(&self, raw: &Raw) -> Result<Vec<RowVerdict>, Fault> {
        self.tasks
            .iter()
            .map(|task| match raw {
                Raw::Fields(fields) => task.of_fields(fields),
                Raw::Json(object) => task.of_object(object),
            })
            .collect()
    }
}

impl ScoredTask {
    fn of_fields(&self, fields: &csv::StringRecord) -> Result<RowVerdict, Fault> {
        let name = &self.name;
        let cell = |place: usize| fields.get(place).unwrap_or("").trim();
        let number = |place: usize, column: &str| match cell(place).parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err((format!("{name}_{column}"), "this is not a number: score the row again".to_owned())),
        };
        let probability = |(label, &place): (&String, &usize)| {
            let p = number(place, &format!("p_{label}"))?;
            self.checked(label, p)
        };
        let score = match self.score {
            Some(place) => Some(number(place, "score")?),
            None => None,
        };
        Ok(RowVerdict {
            probabilities: self
                .labels
                .names()
                .iter()
                .zip(&self.probabilities)
                .map(probability)
                .collect::<Result<_, _>>()?,
            predicted: self.classes(split_cell(cell(self.pred)))?,
            confidence: number(self.conf, "conf")?,
            score,
        })
    }

    fn of_object(&self, object: &Map<String, Value>) -> Result<RowVerdict, Fault> {
        let fault = |what: &str| (KEY.to_owned(), format!("`{}` has no {what}: score the row again", self.name));
        let task = object.get(KEY).and_then(|tasks| tasks.get(&self.name)).and_then(Value::as_object);
        let task = task.ok_or_else(|| {
            (
                KEY.to_owned(),
                format!("there are no scores of `{}`, which the first row has: score all rows in one run", self.name),
            )
        })?;
        let p = task.get("p").and_then(Value::as_object).ok_or_else(|| fault("probabilities"))?;
        let probability = |label: &String| {
            let p = p.get(label).and_then(Value::as_f64);
            self.checked(label, p.ok_or_else(|| fault("probability of a label that the first row has"))?)
        };
        let labels = task.get("pred").and_then(Value::as_array).ok_or_else(|| fault("list of labels"))?;
        Ok(RowVerdict {
            probabilities: self.labels.names().iter().map(probability).collect::<Result<_, _>>()?,
            predicted: self.classes(labels.iter().filter_map(Value::as_str))?,
            confidence: task.get("conf").and_then(Value::as_f64).ok_or_else(|| fault("confidence"))?,
            score: task.get("score").and_then(Value::as_f64),
        })
    }

    fn checked(&self, label: &str, p: f64) -> Result<f64, Fault> {
        match p {
            0.0..=1.0 => Ok(p),
            _ => Err((
                format!("{}_p_{label}", self.name),
                "a probability lies between 0 and 1: score the row again".into(),
            )),
        }
    }

    fn classes<'l>(&self, labels: impl Iterator<Item = &'l str>) -> Result<Vec<usize>, Fault> {
        let unknown = || (format!("{}_pred", self.name), "this label has no column of probabilities".to_owned());
        let mut classes =
            labels.map(|label| self.labels.index(label).ok_or_else(unknown)).collect::<Result<Vec<_>, _>>()?;
        classes.sort_unstable();
        classes.dedup();
        Ok(classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> Header {
        Header::Columns(names.split(',').map(str::to_owned).collect())
    }

    #[test]
    fn columns_of_predict_are_found_and_read() {
        let header = header("id,t_pred,t_conf,t_p_a,t_p_b,t_score,t_p_c,x_pred");
        let columns = ScoredColumns::of_header(&header).unwrap();
        assert_eq!(
            columns.tasks().map(|(n, l)| (n, l.names().to_vec())).collect::<Vec<_>>(),
            [("t", vec!["a".to_owned(), "b".to_owned()])]
        );
        let row = |cells: [&str; 8]| columns.read(&Raw::Fields(cells.to_vec().into()));
        let found = row(["1", "b|a", "0.4", "0.4", "0.6", "-0.2", "", ""]).unwrap();
        assert_eq!(
            found,
            [RowVerdict { probabilities: vec![0.4, 0.6], predicted: vec![0, 1], confidence: 0.4, score: Some(-0.2) }]
        );
        let column = |cells| row(cells).unwrap_err().0;
        assert_eq!(column(["1", "z", "0.4", "0.4", "0.6", "0", "", ""]), "t_pred");
        assert_eq!(column(["1", "a", "", "0.4", "0.6", "0", "", ""]), "t_conf");
        assert_eq!(column(["1", "a", "0.4", "1.4", "0.6", "0", "", ""]), "t_p_a");
        assert_eq!(column(["1", "a", "0.4", "0.4", "NaN", "0", "", ""]), "t_p_b");
    }

    #[test]
    fn rows_without_scores_have_none() {
        assert_eq!(ScoredColumns::of_header(&header("id,comment,stance")), None);
        assert_eq!(ScoredColumns::of_row(&Raw::Json(Map::new())), None);
        let json = |text: &str| Raw::Json(serde_json::from_str(text).unwrap());
        assert_eq!(ScoredColumns::of_row(&json(r#"{"belowline":{}}"#)), None);
        let first = json(r#"{"belowline":{"t":{"pred":["a"],"conf":0.9,"p":{"a":0.9,"b":0.1}}}}"#);
        let columns = ScoredColumns::of_row(&first).unwrap();
        assert_eq!(columns.read(&first).unwrap()[0].predicted, [0]);
        for other in
            [r#"{}"#, r#"{"belowline":{"t":{}}}"#, r#"{"belowline":{"t":{"pred":["c"],"conf":1,"p":{"a":1,"b":0}}}}"#]
        {
            assert!(columns.read(&json(other)).is_err(), "{other}");
        }
    }
}
