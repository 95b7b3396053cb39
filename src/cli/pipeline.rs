//! Reading, scoring and writing on several threads, in order, with a bounded number of rows in memory.

use std::sync::{Mutex, PoisonError};

use super::in_order::InOrder;
use crate::error::Result;
use crate::input::{Inputs, Record, Row};
use crate::model::{Model, Verdict, texts};
use crate::scorer::Scorer;

/// Rows of a batch, at most.
const BATCH: usize = 256;
/// A batch is closed early when its comments hold so many bytes.
const BATCH_BYTES: usize = 1 << 20;

/// A row that has been through the model.
pub(super) struct ScoredRow<E> {
    /// The row.
    pub(super) record: Box<Record>,
    /// What each head says.
    pub(super) verdicts: Vec<Verdict>,
    /// What was worked out beside the verdicts, on the thread that scored.
    pub(super) extra: E,
}

/// What comes out for one input row.
pub(super) enum Passed<E> {
    /// Scored.
    Scored(ScoredRow<E>),
    /// Could not be used.
    Bad(crate::input::BadRow),
}

/// Scores every row of the inputs on `threads` threads and hands the rows to `write` in their order, each with the bytes read so far.
///
/// `extra` works something out for a scored row on the thread that scores it. Stops at the first error of reading or writing; rows before
/// one of reading are written. Each thread reads a batch, scores it and writes it when it is its turn: rows stay in the cache and the
/// memory where they were made.
pub(super) fn score<E: Send>(
    model: &Model,
    inputs: &mut Inputs,
    threads: usize,
    extra: impl Fn(&mut Scorer, &Record, &[Verdict]) -> E + Sync,
    mut write: impl FnMut(Passed<E>, u64) -> Result<()> + Send,
) -> Result<()> {
    let reading = Mutex::new(Reading { inputs, batches: 0, end: None });
    // Behind a panic in reading nothing is read: rows may be missing.
    let next_batch = || reading.lock().ok()?.next_batch();
    let writing = InOrder::new(2 * threads, |(rows, bytes): (Vec<Passed<E>>, u64)| {
        rows.into_iter().try_for_each(|row| write(row, bytes))
    });
    let work = |mut scorer: Scorer| {
        let part = writing.part();
        while let Some(Batch { number, rows, bytes }) = next_batch() {
            let passed = score_batch(&mut scorer, rows, &extra);
            if !part.take(number, (passed, bytes)) {
                return;
            }
        }
    };
    let scorer = model.scorer();
    std::thread::scope(|scope| {
        for _ in 1..threads {
            let sibling = scorer.sibling();
            scope.spawn(|| work(sibling));
        }
        work(scorer);
    });
    writing.finish()?;
    reading.into_inner().unwrap_or_else(PoisonError::into_inner).end.unwrap_or(Ok(()))
}

/// Rows that travel together, the first of them with number 0.
struct Batch {
    number: usize,
    rows: Vec<Row>,
    /// Read of the inputs up to here.
    bytes: u64,
}

struct Reading<'i> {
    inputs: &'i mut Inputs,
    batches: usize,
    /// How reading ended, once it has.
    end: Option<Result<()>>,
}

impl Reading<'_> {
    /// `None` at the end, and behind an error.
    fn next_batch(&mut self) -> Option<Batch> {
        let mut rows = Vec::with_capacity(BATCH);
        let mut bytes = 0;
        while self.end.is_none() && rows.len() < BATCH && bytes < BATCH_BYTES {
            match self.inputs.read_row() {
                Ok(Some(row)) => {
                    if let Row::Good(record) = &row {
                        bytes += record.example.comment.len();
                    }
                    rows.push(row);
                }
                end => self.end = Some(end.map(|_| ())),
            }
        }
        let number = self.batches;
        self.batches += 1;
        (!rows.is_empty()).then(|| Batch { number, rows, bytes: self.inputs.bytes_read() })
    }
}

fn score_batch<E>(
    scorer: &mut Scorer,
    rows: Vec<Row>,
    extra: &impl Fn(&mut Scorer, &Record, &[Verdict]) -> E,
) -> Vec<Passed<E>> {
    let comments: Vec<_> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Good(record) => Some(texts(&record.example)),
            Row::Bad(_) => None,
        })
        .collect();
    let mut verdicts = scorer.score(&comments).into_iter();
    rows.into_iter()
        .map(|row| match row {
            Row::Bad(bad) => Passed::Bad(bad),
            Row::Good(record) => {
                let verdicts = verdicts.next().expect("one result a comment");
                let extra = extra(scorer, &record, &verdicts);
                Passed::Scored(ScoredRow { record, verdicts, extra })
            }
        })
        .collect()
}
