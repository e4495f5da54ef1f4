//! search room: weights in the safetensors form, read tensor by tensor with every number checked and the file summed.
use super::model::ModelError;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Bytes of the header at most; a model of fifty layers has a tenth of it.
const HEADER_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of a file of weights at most: more would not fit beside a forum.
const FILE_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// A tensor of numbers, row by row.
pub(super) struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

#[derive(Clone, Copy)]
enum Kind {
    F32,
    F16,
    BF16,
    /// Positions and the like, which no encoder reads.
    Other,
}

struct Entry {
    name: String,
    kind: Kind,
    shape: Vec<usize>,
    begin: u64,
    end: u64,
}

/// All tensors of real numbers that `wanted` names, and the sum of the whole file.
pub(super) fn read(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
) -> Result<(HashMap<String, Tensor>, [u8; 32]), ModelError> {
    let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let broken = |what: String| ModelError::Damaged(shown.clone(), what);
    let file = File::open(path).map_err(|error| ModelError::Io(shown.clone(), error))?;
    let io = |error: std::io::Error| ModelError::Io(shown.clone(), error);
    let size = file.metadata().map_err(io)?.len();
    if size > FILE_MAX {
        return Err(ModelError::Unfit(format!(
            "{shown} has {size} bytes, more than the {FILE_MAX} there is room for"
        )));
    }
    let mut input = BufReader::with_capacity(CHUNK, file);
    let mut sum = Sha256::new();
    let mut length = [0u8; 8];
    input.read_exact(&mut length).map_err(|_| broken("it ends before its header".into()))?;
    sum.update(length);
    let length = u64::from_le_bytes(length);
    if length > HEADER_MAX || length + 8 > size {
        return Err(broken("its header has no possible length".into()));
    }
    let mut header = vec![0u8; usize::try_from(length).unwrap_or(0)];
    input.read_exact(&mut header).map_err(io)?;
    sum.update(&header);
    let entries = entries(&header, size - 8 - length).map_err(broken)?;

    let mut tensors = HashMap::new();
    let mut bytes = vec![0u8; CHUNK];
    for entry in entries {
        let keep = wanted(&entry.name);
        if keep && matches!(entry.kind, Kind::Other) {
            return Err(ModelError::Unfit(format!(
                "the tensor {} is not of real numbers (F32, F16, BF16)",
                entry.name
            )));
        }
        let mut left = entry.end - entry.begin;
        let mut values = Vec::new();
        if keep {
            values.reserve_exact(entry.shape.iter().product());
        }
        while left > 0 {
            let now = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let part = &mut bytes[..now];
            input.read_exact(part).map_err(|_| broken("it ends before its last tensor".into()))?;
            sum.update(&*part);
            left -= now as u64;
            if keep {
                decode(entry.kind, part, &mut values);
            }
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(broken(format!("the tensor {} holds what is no number", entry.name)));
        }
        if keep {
            tensors.insert(entry.name, Tensor { shape: entry.shape, values });
        }
    }
    Ok((tensors, sum.finalize().into()))
}

/// The tensors in the order of their bytes, which they share without a gap.
fn entries(header: &[u8], data: u64) -> Result<Vec<Entry>, String> {
    let header: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|error| format!("its header cannot be read: {error}"))?;
    let mut entries = Vec::new();
    for (name, value) in header {
        if name == "__metadata__" {
            continue;
        }
        let wrong = || format!("the entry of {name} cannot be read");
        let (kind, width) = match value["dtype"].as_str().ok_or_else(wrong)? {
            "F32" => (Kind::F32, 4),
            "F16" => (Kind::F16, 2),
            "BF16" => (Kind::BF16, 2),
            "F64" | "I64" | "U64" => (Kind::Other, 8),
            "I32" | "U32" => (Kind::Other, 4),
            "I16" | "U16" => (Kind::Other, 2),
            "I8" | "U8" | "BOOL" => (Kind::Other, 1),
            other => return Err(format!("{name} is of the unknown kind {other}")),
        };
        let numbers = |value: &serde_json::Value| -> Option<Vec<u64>> {
            value.as_array()?.iter().map(serde_json::Value::as_u64).collect()
        };
        let shape = numbers(&value["shape"]).ok_or_else(wrong)?;
        let offsets = numbers(&value["data_offsets"]).filter(|o| o.len() == 2).ok_or_else(wrong)?;
        let (begin, end) = (offsets[0], offsets[1]);
        let bytes =
            shape.iter().try_fold(width as u64, |all, side| all.checked_mul(*side)).ok_or_else(wrong)?;
        if end < begin || end - begin != bytes {
            return Err(format!("{name} has other bytes than its shape asks for"));
        }
        let shape = shape.into_iter().map(|side| usize::try_from(side).unwrap_or(usize::MAX)).collect();
        entries.push(Entry { name, kind, shape, begin, end });
    }
    entries.sort_by_key(|entry| (entry.begin, entry.end));
    let mut at = 0;
    for entry in &entries {
        if entry.begin != at {
            return Err(format!("{} does not begin where the tensor before it ends", entry.name));
        }
        at = entry.end;
    }
    if at != data {
        return Err(format!("its tensors have {at} bytes, the file has {data}"));
    }
    Ok(entries)
}

/// Chunks are of whole numbers: `CHUNK` is divided by every width.
fn decode(kind: Kind, bytes: &[u8], out: &mut Vec<f32>) {
    match kind {
        Kind::F32 => out.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
        Kind::F16 => out.extend(bytes.chunks_exact(2).map(|b| half(u16::from_le_bytes([b[0], b[1]])))),
        Kind::BF16 => out.extend(bytes.chunks_exact(2).map(|b| f32::from_le_bytes([0, 0, b[0], b[1]]))),
        Kind::Other => {}
    }
}

/// A 16-bit float of IEEE 754.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f32::from(bits & 0x3ff);
    sign * match (bits >> 10) & 0x1f {
        0 => fraction * 2f32.powi(-24),
        31 => f32::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f32.powi(i32::from(exponent) - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn half_floats_are_what_they_stand_for() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x0001, 5.960_464_5e-8),
            (0x7bff, 65_504.0),
        ] {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7c00).is_nan(), "infinity is refused as no number");
    }
}
