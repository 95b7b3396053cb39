#![no_main]
//! Any bytes through the whole of predict: read, scored, explained, written. The first byte chooses the format.

use std::sync::LazyLock;

use belowline::input::Row;
use belowline::model::Model;
use belowline::predictions::{Format, Scored, Tasks, writer};
use libfuzzer_sys::fuzz_target;

static MODEL: LazyLock<Model> = LazyLock::new(belowline_fuzz::small_model);

fuzz_target!(|bytes: &[u8]| {
    let Some((&format, bytes)) = bytes.split_first() else { return };
    let name = ["a.csv", "a.jsonl", "a.txt", "a.html", "a"][usize::from(format) % 5];
    let rows = belowline_fuzz::read_rows(bytes, name);
    let verdicts = belowline_fuzz::score(&MODEL, &rows);
    let Some(Row::Good(first)) = rows.iter().find(|row| matches!(row, Row::Good(_))) else { return };
    let header = match &first.raw {
        belowline::input::Raw::Json(_) => belowline::input::Header::Json,
        belowline::input::Raw::Fields(fields) => {
            belowline::input::Header::Columns((0..fields.len()).map(|i| format!("c{i}")).collect())
        }
    };
    for format in [Format::Csv, Format::JsonLines] {
        let tasks = Tasks::new(&MODEL.heads, false);
        let Ok(mut writer) = writer(format, &header, tasks, "a", Box::new(std::io::sink())) else { continue };
        let good = rows.iter().filter_map(|row| if let Row::Good(record) = row { Some(record) } else { None });
        for (record, verdicts) in good.zip(&verdicts) {
            let scored: Vec<Scored> = MODEL
                .heads
                .iter()
                .zip(verdicts)
                .map(|(head, verdict)| Scored::new(head, verdict.clone(), 0.0, None))
                .collect();
            let _ = writer.write(record, &scored);
        }
        let _ = writer.finish();
    }
});
