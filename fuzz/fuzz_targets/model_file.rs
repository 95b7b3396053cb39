#![no_main]
//! Any bytes as a model file, also with the checksum put right: an error, or a model that scores.

use std::path::Path;
use std::sync::LazyLock;

use belowline::input::Row;
use belowline::model_file::from_bytes;
use libfuzzer_sys::fuzz_target;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};

static ROWS: LazyLock<Vec<Row>> =
    LazyLock::new(|| belowline_fuzz::read_rows(b"comment,target\nSTOP this waste of time,tram\nok\n", "a.csv"));

/// Where the checksum stands in the file, and what it should be.
fn checksum(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
    let file = SafeTensors::deserialize(bytes).ok()?;
    let json = metadata.metadata().as_ref()?.get("belowline")?;
    let mut names = file.names();
    names.sort();
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(json.as_bytes());
    for name in names.into_iter().filter(|name| *name != "checksum") {
        part(name.as_bytes());
        part(file.tensor(name).ok()?.data());
    }
    let place = file.tensor("checksum").ok()?.data().as_ptr() as usize - bytes.as_ptr() as usize;
    Some((place, hash.finalize().to_vec()))
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    if let Some((place, sum)) = checksum(&bytes)
        && let Some(stored) = bytes.get_mut(place..place + sum.len())
    {
        stored.copy_from_slice(&sum);
    }
    if let Ok(model) = from_bytes(&bytes, Path::new("fuzz.safetensors")) {
        belowline_fuzz::score(&model, &ROWS);
    }
});
