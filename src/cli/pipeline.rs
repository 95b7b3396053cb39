//! Reading, scoring and writing side by side, in order, with a bounded number of rows in memory.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use crate::error::Result;
use crate::input::{Inputs, Record, Row};
use crate::model::{Model, Verdict, texts};
use crate::scorer::Scorer;

/// Rows that travel together.
const BATCH: usize = 256;
/// A batch is closed early when its comments hold so many bytes.
const BATCH_BYTES: usize = 1 << 20;

/// A row that has been through the model.
pub(super) struct ScoredRow<E> {
    /// The row.
    pub(super) record: Box<Record>,
    /// What each head says.
    pub(super) verdicts: Vec<Verdict>,
    /// What was worked out beside the verdicts, on the scoring thread.
    pub(super) extra: E,
}

/// What comes out for one input row.
pub(super) enum Passed<E> {
    /// Scored.
    Scored(ScoredRow<E>),
    /// Could not be used.
    Bad(crate::input::BadRow),
}

/// Scores every row of the inputs on `threads` threads and hands the rows to `write` in their order.
///
/// `extra` works something out for a scored row on the scoring thread. Stops at the first error of reading or writing. One
/// thread does everything itself; of several, that many score, while one reads and one writes.
pub(super) fn score<E: Send>(
    model: &Model,
    inputs: &mut Inputs,
    threads: usize,
    extra: impl Fn(&mut Scorer, &Record, &[Verdict]) -> E + Sync,
    mut write: impl FnMut(Passed<E>, u64) -> Result<()>,
) -> Result<()> {
    let mut scorer = model.scorer();
    if threads == 1 {
        return read_batches(inputs, |bytes, rows| {
            score_batch(&mut scorer, rows, &extra).into_iter().try_for_each(|row| write(row, bytes)).map(|()| true)
        });
    }
    type Work = (usize, u64, Vec<Row>);
    let (work_sender, work_receiver): (SyncSender<Work>, Receiver<Work>) = sync_channel(threads * 2);
    let (done_sender, done_receiver) = sync_channel(threads * 2);
    // Owned by the workers alone: when the last one leaves, the reader's next send fails and it leaves too.
    let work_receiver = Arc::new(Mutex::new(work_receiver));
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut index = 0;
            read_batches(inputs, |bytes, rows| {
                let taken = work_sender.send((index, bytes, rows)).is_ok();
                index += 1;
                Ok(taken)
            })
        });
        for _ in 0..threads {
            let (work, done, extra) = (work_receiver.clone(), done_sender.clone(), &extra);
            let mut scorer = scorer.sibling();
            scope.spawn(move || {
                loop {
                    let next = work.lock().map(|work| work.recv());
                    let Ok(Ok((index, bytes, rows))) = next else { return };
                    let passed = score_batch(&mut scorer, rows, extra);
                    if done.send((index, bytes, passed)).is_err() {
                        return;
                    }
                }
            });
        }
        drop((work_receiver, done_sender));
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (index, bytes, passed) in done_receiver {
            waiting.insert(index, (bytes, passed));
            while let Some((bytes, passed)) = waiting.remove(&next) {
                next += 1;
                for row in passed {
                    // An error drops the receiver, and with it everything upstream comes to its end.
                    write(row, bytes)?;
                }
            }
        }
        match reader.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Hands on rows in batches, each with the bytes read so far; ends quietly when nobody takes them any more.
fn read_batches(inputs: &mut Inputs, mut take: impl FnMut(u64, Vec<Row>) -> Result<bool>) -> Result<()> {
    let mut rows = Vec::with_capacity(BATCH);
    let mut bytes = 0;
    loop {
        let row = inputs.read_row()?;
        let end = row.is_none();
        if let Some(row) = row {
            if let Row::Good(record) = &row {
                bytes += record.example.comment.len();
            }
            rows.push(row);
        }
        if rows.len() == BATCH || bytes >= BATCH_BYTES || (end && !rows.is_empty()) {
            bytes = 0;
            if !take(inputs.bytes_read(), std::mem::replace(&mut rows, Vec::with_capacity(BATCH)))? {
                return Ok(());
            }
        }
        if end {
            return Ok(());
        }
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
