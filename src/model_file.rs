//! A model as a safetensors file: a JSON header and raw little-endian arrays, no code.
//!
//! The header's `__metadata__` holds one key, `belowline`, with canonical JSON. Vocabularies stand in tensors as text and
//! offsets, so that every weight can be explained, from Python too. The tensor `checksum` is the SHA-256 of the
//! JSON and of every other tensor (name, length, bytes) in the order of their names. Weights are half-precision numbers, as they
//! are in memory from the end of training on ([`HalfLogistic`]).

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use half::f16;
use ndarray::Array1;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::features::Features;
use crate::labels::{LabelSet, TaskKind};
use crate::linear::{Bytes, HalfLogistic, SPARE};
use crate::model::{Head, Model, Provenance};
use crate::summary::TaskSummary;
use crate::text::{CharGram, Language, StringTable};
use crate::workbench::Finish;

/// Format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 4;

const KEY: &str = "belowline";
const CHECKSUM: &str = "checksum";

/// The JSON in the header.
#[derive(Serialize, Deserialize)]
struct Metadata {
    format: u32,
    provenance: Provenance,
    language: Language,
    unseen_idf: f32,
    gate: f32,
    bins: Vec<Vec<f32>>,
    config: Config,
    heads: Vec<HeadMetadata>,
}

#[derive(Serialize, Deserialize)]
struct HeadMetadata {
    name: String,
    kind: TaskKind,
    labels: LabelSet,
    numbers: Option<Vec<f64>>,
    finish: Finish,
    summary: TaskSummary,
}

/// Only the version, which must be readable whatever else has changed.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// A tensor that is being written.
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Serialises a model. The same model gives the same bytes.
pub fn to_bytes(model: &Model) -> Result<Vec<u8>> {
    let metadata = Metadata {
        format: FORMAT,
        provenance: model.provenance.clone(),
        language: model.features.language,
        unseen_idf: model.features.unseen_idf,
        gate: model.features.gate,
        bins: model.features.bins.clone(),
        config: model.config.clone(),
        heads: model
            .heads
            .iter()
            .map(|h| HeadMetadata {
                name: h.name.clone(),
                kind: h.kind,
                labels: h.labels.clone(),
                numbers: h.numbers.clone(),
                finish: h.finish.clone(),
                summary: h.summary.clone(),
            })
            .collect(),
    };
    let json =
        serde_json::to_string(&metadata).map_err(|e| Error::Config(format!("the model cannot be written: {e}")))?;
    let mut tensors = feature_tensors(&model.features);
    for (i, head) in model.heads.iter().enumerate() {
        let (weights, shape) = (head.regression.weights(), vec![head.regression.features(), head.regression.columns()]);
        tensors.insert(format!("head.{i}.weights"), numbers(Dtype::F16, shape, weights.as_flattened().iter().copied()));
        let intercepts = head.regression.intercepts();
        tensors.insert(
            format!("head.{i}.intercepts"),
            numbers(Dtype::F64, vec![intercepts.len()], intercepts.iter().flat_map(|w| w.to_le_bytes())),
        );
    }
    let articles = model.articles.iter().flat_map(|a| a.to_le_bytes());
    tensors.insert("articles".into(), numbers(Dtype::U64, vec![model.articles.len()], articles));
    let checksum = checksum(&json, tensors.iter().map(|(name, t)| (name.as_str(), t.bytes.as_slice())));
    tensors.insert(CHECKSUM.into(), numbers(Dtype::U8, vec![checksum.len()], checksum));
    let views: Vec<(&str, TensorView)> = tensors
        .iter()
        .map(|(name, t)| Ok((name.as_str(), TensorView::new(t.dtype, t.shape.clone(), &t.bytes)?)))
        .collect::<std::result::Result<_, safetensors::SafeTensorError>>()
        .map_err(|e| Error::Config(format!("the model cannot be written: {e}")))?;
    safetensors::serialize(views, Some(HashMap::from([(KEY.to_string(), json)])))
        .map_err(|e| Error::Config(format!("the model cannot be written: {e}")))
}

fn numbers(dtype: Dtype, shape: Vec<usize>, bytes: impl IntoIterator<Item = u8>) -> Tensor {
    Tensor { dtype, shape, bytes: bytes.into_iter().collect() }
}

fn feature_tensors(features: &Features) -> BTreeMap<String, Tensor> {
    let mut tensors = BTreeMap::new();
    let mut strings = |name: &str, text: &str, offsets: &[u32]| {
        tensors.insert(format!("{name}.text"), numbers(Dtype::U8, vec![text.len()], text.bytes()));
        let bytes = offsets.iter().flat_map(|o| o.to_le_bytes());
        tensors.insert(format!("{name}.offsets"), numbers(Dtype::U32, vec![offsets.len()], bytes));
    };
    strings("stems", features.stems.text(), features.stems.offsets());
    strings("targets", features.targets.text(), features.targets.offsets());
    let mut gram_text = String::new();
    let mut gram_offsets = vec![0u32];
    for gram in &features.grams {
        gram_text.push_str(&gram.to_string());
        gram_offsets.push(gram_text.len() as u32);
    }
    strings("chars", &gram_text, &gram_offsets);
    for (name, pairs) in [
        ("bigrams", &features.bigrams),
        ("target_terms", &features.target_terms),
        ("target_grams", &features.target_grams),
        ("shared_terms", &features.shared_terms),
        ("related_terms", &features.related_terms),
        ("lead_terms", &features.lead_terms),
    ] {
        let bytes = pairs.iter().flatten().flat_map(|v| v.to_le_bytes());
        tensors.insert(name.into(), numbers(Dtype::U32, vec![pairs.len(), 2], bytes));
    }
    for (name, idf) in [("idf", &features.idf), ("context_idf", &features.context_idf)] {
        let bytes = idf.iter().flat_map(|v| v.to_le_bytes());
        tensors.insert(name.into(), numbers(Dtype::F32, vec![idf.len()], bytes));
    }
    tensors
}

/// `tensors` in the order of their names.
fn checksum<'t>(json: &str, tensors: impl Iterator<Item = (&'t str, &'t [u8])>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(json.as_bytes());
    for (name, bytes) in tensors {
        part(name.as_bytes());
        part(bytes);
    }
    hash.finalize().into()
}

/// Reads a model from a file.
pub fn load(path: &Path) -> Result<Model> {
    let read = || {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_file() {
            let length = usize::try_from(about.len()).unwrap_or(usize::MAX);
            let mut held = Bytes::zeroed(length.saturating_add(SPARE))?;
            let middle = length / 2;
            let (first, second) = held[..length].split_at_mut(middle);
            let from_middle = || {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(middle as u64))?;
                file.read_exact(second)
            };
            // Memory is set up as it is written to, which takes longer than reading: one half on each of two cores.
            let (first, second) = rayon::join(|| file.read_exact(first), from_middle);
            first.and(second)?;
            return Ok((held, length));
        }
        // What is no file, like a pipe, does not say how long it is.
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        held(&bytes)
    };
    let (held, length) = read().map_err(|e| Error::io("read", path, e))?;
    from_held(Arc::new(held), length, path)
}

/// A copy of bytes, with [`SPARE`] ones behind them, and how many they are.
fn held(bytes: &[u8]) -> io::Result<(Bytes, usize)> {
    let mut held = Bytes::zeroed(bytes.len() + SPARE)?;
    held[..bytes.len()].copy_from_slice(bytes);
    Ok((held, bytes.len()))
}

/// Reads a model from bytes; `path` is named in errors.
pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Model> {
    let (held, length) = held(bytes).map_err(|e| Error::io("read", path, e))?;
    from_held(Arc::new(held), length, path)
}

/// Reads a model from the first bytes of some; its weights stay there.
fn from_held(held: Arc<Bytes>, length: usize, path: &Path) -> Result<Model> {
    let bytes = &held[..length];
    let foreign = |reason: &str| Error::NotAModel { path: path.into(), reason: reason.into() };
    let damaged = || Error::DamagedModel { path: path.into() };
    let json = metadata(bytes, path)?;
    let version: Version = serde_json::from_str(&json).map_err(|_| foreign("its header has no format version"))?;
    if version.format > FORMAT {
        return Err(Error::NewerModel { path: path.into(), found: version.format, supported: FORMAT });
    }
    if version.format < FORMAT {
        return Err(Error::OlderModel { path: path.into(), found: version.format, supported: FORMAT });
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|_| damaged())?;
    let mut named: Vec<(String, TensorView)> = tensors.tensors();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let stored = tensors.tensor(CHECKSUM).map_err(|_| damaged())?;
    let others = named.iter().filter(|(name, _)| name != CHECKSUM);
    // The checksum tells of accidents only. A malicious file could still lie, so every part is checked, whatever the checksum says.
    let (computed, model) = rayon::join(
        || checksum(&json, others.map(|(name, tensor)| (name.as_str(), tensor.data()))),
        || build(serde_json::from_str(&json).ok()?, &Arrays { tensors: &tensors, held: &held }),
    );
    model.filter(|_| stored.data() == computed).ok_or_else(damaged)
}

/// The header's JSON, with everything that can be wrong before it told apart.
fn metadata(bytes: &[u8], path: &Path) -> Result<String> {
    let foreign = |reason: &str| Error::NotAModel { path: path.into(), reason: reason.into() };
    let found = bytes.len() as u64;
    if found == 0 {
        return Err(foreign("the file is empty"));
    }
    if found < 9 || bytes[8] != b'{' {
        return Err(foreign("it does not begin like a safetensors file"));
    }
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    let header_end = header.checked_add(8).filter(|_| header < 1 << 40);
    let header_end = header_end.ok_or_else(|| foreign("it does not begin like a safetensors file"))?;
    if header_end > found {
        return Err(Error::TruncatedModel { path: path.into(), expected: header_end, found });
    }
    let (_, info) = SafeTensors::read_metadata(bytes).map_err(|_| {
        // Cut inside the data: the header alone still tells how long the file should be.
        let expected = header_length(&bytes[8..header_end as usize]).and_then(|data| header_end.checked_add(data));
        match expected {
            Some(expected) if expected > found => Error::TruncatedModel { path: path.into(), expected, found },
            Some(_) => Error::DamagedModel { path: path.into() },
            None => foreign("its header is not that of a safetensors file"),
        }
    })?;
    let json = info.metadata().as_ref().and_then(|m| m.get(KEY)).cloned();
    json.ok_or_else(|| foreign("it is a safetensors file of another program"))
}

/// Bytes of tensor data that a safetensors header promises.
fn header_length(header: &[u8]) -> Option<u64> {
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(header).ok()?;
    let ends =
        header.iter().filter(|(name, _)| *name != "__metadata__").map(|(_, t)| t.get("data_offsets")?.get(1)?.as_u64());
    ends.collect::<Option<Vec<u64>>>()?.into_iter().max()
}

/// The arrays of a file; `None` for such as are not there, or are not of the kind that they should be.
struct Arrays<'t> {
    tensors: &'t SafeTensors<'t>,
    /// The bytes that they stand in, and some more.
    held: &'t Arc<Bytes>,
}

impl Arrays<'_> {
    /// Bytes and shape.
    fn bytes(&self, name: &str, dtype: Dtype) -> Option<(&[u8], Vec<usize>)> {
        let tensor = self.tensors.tensor(name).ok()?;
        (tensor.dtype() == dtype).then(|| (tensor.data(), tensor.shape().to_vec()))
    }

    /// Numbers of `N` bytes each.
    fn numbers<const N: usize, T>(&self, name: &str, dtype: Dtype, from: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        Some(self.bytes(name, dtype)?.0.as_chunks().0.iter().map(|&bytes| from(bytes)).collect())
    }

    fn u32s(&self, name: &str) -> Option<Vec<u32>> {
        self.numbers(name, Dtype::U32, u32::from_le_bytes)
    }

    fn f32s(&self, name: &str) -> Option<Vec<f32>> {
        self.numbers(name, Dtype::F32, f32::from_le_bytes)
    }

    fn pairs(&self, name: &str) -> Option<Vec<[u32; 2]>> {
        let pair = |bytes: [u8; 8]| {
            let [first, second] = [0, 4].map(|place| std::array::from_fn(|i| bytes[place + i]));
            [u32::from_le_bytes(first), u32::from_le_bytes(second)]
        };
        self.numbers(name, Dtype::U32, pair)
    }

    fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(name, Dtype::U8)?.0).ok()
    }

    fn table(&self, name: &str) -> Option<StringTable> {
        let text = self.text(&format!("{name}.text"))?.to_owned();
        StringTable::from_parts(text, self.u32s(&format!("{name}.offsets"))?)
    }

    fn grams(&self) -> Option<Vec<CharGram>> {
        let (text, offsets) = (self.text("chars.text")?, self.u32s("chars.offsets")?);
        let mut grams = Vec::with_capacity(offsets.len().saturating_sub(1));
        for ends in offsets.windows(2) {
            grams.push(CharGram::pack(text.get(ends[0] as usize..ends[1] as usize)?)?);
        }
        Some(grams)
    }

    fn regression(&self, head: usize) -> Option<HalfLogistic> {
        let (weights, shape) = self.bytes(&format!("head.{head}.weights"), Dtype::F16)?;
        let intercepts = self.numbers(&format!("head.{head}.intercepts"), Dtype::F64, f64::from_le_bytes)?;
        // Weights stay where they are.
        let start = weights.as_ptr().addr().checked_sub(self.held.as_ptr().addr())?;
        let regression = HalfLogistic::within(self.held.clone(), start, *shape.first()?, Array1::from(intercepts))?;
        (shape.get(1) == Some(&regression.columns()) && regression.weights().len() * size_of::<f16>() == weights.len())
            .then_some(regression)
    }

    fn features(&self, metadata: &Metadata) -> Option<Features> {
        let features = Features {
            language: metadata.language,
            stems: Arc::new(self.table("stems")?),
            bigrams: self.pairs("bigrams")?,
            grams: self.grams()?,
            targets: self.table("targets")?,
            target_terms: self.pairs("target_terms")?,
            target_grams: self.pairs("target_grams")?,
            shared_terms: self.pairs("shared_terms")?,
            related_terms: self.pairs("related_terms")?,
            lead_terms: self.pairs("lead_terms")?,
            context_idf: self.f32s("context_idf")?,
            gate: metadata.gate,
            idf: self.f32s("idf")?,
            unseen_idf: metadata.unseen_idf,
            bins: metadata.bins.clone(),
            lookups: Default::default(),
        };
        features.checked()
    }
}

fn build(metadata: Metadata, arrays: &Arrays) -> Option<Model> {
    metadata.config.check().ok()?;
    let (features, regressions) = rayon::join(
        || arrays.features(&metadata),
        || (0..metadata.heads.len()).map(|head| arrays.regression(head)).collect::<Option<Vec<_>>>(),
    );
    let (features, regressions) = (features?, regressions?);
    let columns = features.layout().columns();
    let mut heads = Vec::new();
    for (head, regression) in metadata.heads.into_iter().zip(regressions) {
        let labels = head.labels.len();
        let width = regression.columns();
        let two_class = labels == 2 && head.kind == TaskKind::SingleLabel;
        let fits = regression.features() == columns
            && head.finish.calibrator.columns() == width
            && head.finish.calibrator.is_sound()
            && head.finish.rule.labels() == labels
            && head.finish.rule.is_sound()
            && (width == labels || (two_class && width == 1))
            && head.numbers.as_ref().is_none_or(|n| n.len() == labels && n.iter().all(|v| v.is_finite()))
            && labels > 0;
        if !fits {
            return None;
        }
        heads.push(Head {
            name: head.name,
            kind: head.kind,
            labels: head.labels,
            numbers: head.numbers,
            regression,
            finish: head.finish,
            summary: head.summary,
        });
    }
    let articles = arrays.numbers("articles", Dtype::U64, u64::from_le_bytes)?;
    if !articles.is_sorted_by(|a, b| a < b) {
        return None;
    }
    Some(Model::new(features, heads, metadata.config, metadata.provenance, articles))
}
