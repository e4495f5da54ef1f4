//! search room: a vector for every thread, kept on disk and searched in memory.
//!
//! Many are searched in two looks: at the signs of all (a bit for each number, one hundredth of the work), then exactly
//! at the thirty-second part, or more where more is asked for, whose signs are most like the query's. Of the nearest
//! hundred it finds at least 98; `nearest_exactly` looks at all and is what this is measured against.
//!
//! `DIR/MODEL/vectors` is a row of records of one length, only ever appended to: a thread's vector, that a thread is
//! gone, or the place in the ledger up to which all that stands before it is true. Each carries a sum over the model,
//! its position and its bytes, so that a torn, flipped or misplaced record is known and what follows it is still read.
//! Where one is lost, so is the place: who follows compares all threads by their prints and encodes what is missing.
use super::model::ModelError;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

const MAGIC: &[u8; 8] = b"loggiav1";
/// Bytes before the first record: the magic, and the sum that stands for model and dimensions.
const HEAD: usize = 12;
/// Bytes of a record beside its codes: sum, kind, id, print, scale.
const BESIDE: usize = 4 + 1 + 8 + 4 + 4;
/// Vectors in one piece of memory: they are added without moving those that are there.
const BLOCK: usize = 2_048;
/// Records of vectors that were replaced or removed, beyond as many as are alive, before the file is written anew.
const DEAD_MAX: u64 = 4_096;
/// Largest code of a stored vector's number.
const CODE: f32 = 127.0;
/// Largest code of a number of the query: finer, and 1,024 products still fit a sum of 32 bits.
const QUERY_CODE: f32 = 4_095.0;
const DIMS_MAX: usize = 1_024;
/// Vectors that are all looked at exactly: two milliseconds.
const EXACT_MAX: usize = 16_384;
/// Of more, the share that is looked at exactly, and how many at least for each hit that is asked for.
const SHARE: usize = 32;
const LOOKS_PER_HIT: usize = 16;

/// What one apply brings for a thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: i64,
    /// Of the text that was encoded ([`super::print`]): the same text is not encoded again.
    pub print: u32,
    pub vector: Vec<f32>,
}

/// What is in a file, as somebody beside it sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub vectors: usize,
    /// The ledger id up to which they are true; 0 while threads are missing.
    pub place: i64,
    pub damaged: u64,
}

/// The vectors of one model. Searches run beside each other; one writer at a time.
pub struct Vectors {
    dims: usize,
    table: RwLock<Table>,
    log: Mutex<Log>,
}

struct Log {
    /// None for vectors that are kept in memory alone.
    file: Option<File>,
    path: PathBuf,
    seed: u32,
    records: u64,
    place: i64,
    /// Whether something was written behind the place.
    changed: bool,
}

#[derive(Default)]
struct Table {
    dims: usize,
    /// A tree and no hash table, which may be half empty: this is held for every thread.
    rows: BTreeMap<i64, u32>,
    ids: Vec<i64>,
    prints: Vec<u32>,
    scales: Vec<f32>,
    /// In blocks, as are the signs: 64 in a number, the last one filled up with zeros.
    codes: Vec<Vec<i8>>,
    signs: Vec<Vec<u64>>,
}

/// One record, read.
enum Record<'a> {
    Vector { id: i64, print: u32, scale: f32, codes: &'a [u8] },
    Gone(i64),
    Place(i64),
}

fn relock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Vectors {
    /// Opens, or begins, the vectors of the model `id` in `dir`. What is damaged is left out and written anew without.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn open(dir: &Path, id: &str, dims: usize) -> io::Result<Vectors> {
        let folder = dir.join(id);
        fs::create_dir_all(&folder)?;
        let path = folder.join("vectors");
        let _ = fs::remove_file(path.with_extension("next"));
        let mut vectors = Vectors::in_memory(dims)?;
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path)?;
        let seed = seed(id, dims);
        let table = vectors.table.get_mut().unwrap_or_else(PoisonError::into_inner);
        let read = scan(&file, seed, dims, |record| match record {
            Record::Vector { id, print, scale, codes } => table.put(id, print, scale, codes),
            Record::Gone(id) => table.remove(id),
            Record::Place(_) => {}
        })?;
        let log = vectors.log.get_mut().unwrap_or_else(PoisonError::into_inner);
        log.seed = seed;
        log.path = path;
        if read.damaged > 0 || !read.headed {
            if read.damaged > 0 {
                tracing::warn!(
                    records = read.damaged,
                    "vectors on disk are damaged; their threads are encoded again"
                );
            }
            vectors.rewrite()?;
        } else {
            log.records = read.records;
            log.place = read.place;
            // A kill in the middle of a record leaves its beginning.
            let whole = offset(read.records, dims);
            file.set_len(whole)?;
            file.seek(SeekFrom::Start(whole))?;
            log.file = Some(file);
        }
        Ok(vectors)
    }

    /// Vectors that are on no disk, for measurements.
    ///
    /// # Errors
    /// When there cannot be vectors of so many numbers.
    pub fn in_memory(dims: usize) -> io::Result<Vectors> {
        if !(1..=DIMS_MAX).contains(&dims) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "vectors have 1 to 1,024 numbers"));
        }
        let table = RwLock::new(Table { dims, ..Table::default() });
        let log = Log { file: None, path: PathBuf::new(), seed: 0, records: 0, place: 0, changed: false };
        Ok(Vectors { dims, table, log: Mutex::new(log) })
    }

    /// Looks at a file without changing it; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look(dir: &Path, id: &str, dims: usize) -> io::Result<Option<Seen>> {
        let file = match File::open(dir.join(id).join("vectors")) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut alive = std::collections::HashSet::new();
        let read = scan(&file, seed(id, dims), dims, |record| match record {
            Record::Vector { id, .. } => {
                alive.insert(id);
            }
            Record::Gone(id) => {
                alive.remove(&id);
            }
            Record::Place(_) => {}
        })?;
        let place = if read.damaged > 0 { 0 } else { read.place };
        Ok(Some(Seen { vectors: alive.len(), place, damaged: read.damaged }))
    }

    /// Removes what other models left in `dir`.
    pub fn remove_others(dir: &Path, id: &str) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_name().to_str() != Some(id) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Numbers of a vector.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Threads that have a vector.
    pub fn len(&self) -> usize {
        self.table().ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ledger id up to which every thread has its vector; 0 while some may be missing.
    pub fn place(&self) -> i64 {
        relock(&self.log).place
    }

    /// Whether there are changes behind the place.
    pub fn changed_since_place(&self) -> bool {
        relock(&self.log).changed
    }

    /// The print of the text a thread's vector was made from.
    pub fn print(&self, id: i64) -> Option<u32> {
        let table = self.table();
        let row = *table.rows.get(&id)?;
        table.prints.get(row as usize).copied()
    }

    /// The threads from `after`, not included, up to `last` that have a vector, in order.
    pub fn between(&self, after: i64, last: i64) -> Vec<i64> {
        if last <= after {
            return Vec::new();
        }
        self.table().rows.range(after + 1..=last).map(|(id, _)| *id).collect()
    }

    /// Bytes of memory the vectors take.
    pub fn memory(&self) -> usize {
        let table = self.table();
        table.codes.iter().map(Vec::capacity).sum::<usize>()
            + table.signs.iter().map(Vec::capacity).sum::<usize>() * 8
            + table.ids.capacity() * 8
            + (table.prints.capacity() + table.scales.capacity()) * 4
            // A node of the tree has room for eleven, and is two thirds full.
            + table.rows.len() * 20
    }

    /// Replaces `entries`, removes `gone` and, where it is said, moves to `place`: durably, then for searches.
    ///
    /// # Errors
    /// `Unfit` for vectors of another model; `Io` when the disk refuses, and then nothing was changed.
    pub fn apply(&self, place: Option<i64>, entries: &[Entry], gone: &[i64]) -> Result<(), ModelError> {
        let io = |error| ModelError::Io("the file of vectors".into(), error);
        let mut coded = Vec::with_capacity(entries.len());
        for entry in entries {
            let fits = entry.vector.len() == self.dims;
            let code = if fits { code(&entry.vector) } else { None };
            coded.push(code.ok_or_else(|| ModelError::Unfit("a vector is not one of this model's".into()))?);
        }
        let mut log = relock(&self.log);
        if log.file.is_some() {
            let mut bytes = Vec::new();
            let mut number = log.records;
            let mut put = |kind, id, print, scale, codes: &[i8]| {
                record(&mut bytes, log.seed, number, self.dims, kind, id, print, scale, codes);
                number += 1;
            };
            for (entry, (scale, codes)) in entries.iter().zip(&coded) {
                put(VECTOR, entry.id, entry.print, *scale, codes);
            }
            gone.iter().for_each(|id| put(GONE, *id, 0, 0.0, &[]));
            if let Some(place) = place {
                put(PLACE, place, 0, 0.0, &[]);
            }
            log.append(&bytes, self.dims).map_err(io)?;
            log.records = number;
        }
        log.changed = place.is_none();
        log.place = place.unwrap_or(log.place);
        {
            let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
            for (entry, (scale, codes)) in entries.iter().zip(&coded) {
                table.put(entry.id, entry.print, *scale, bytes_of(codes).as_slice());
            }
            gone.iter().for_each(|id| table.remove(*id));
        }
        let alive = self.len() as u64;
        let (file, records) = (log.file.is_some(), log.records);
        drop(log);
        if file && records > alive * 2 + DEAD_MAX {
            self.rewrite().map_err(io)?;
        }
        Ok(())
    }

    /// Writes the file anew with what is alive, beside the old one, and puts it in its place.
    fn rewrite(&self) -> io::Result<()> {
        let mut log = relock(&self.log);
        let next = log.path.with_extension("next");
        let mut records = 0;
        {
            let mut out = BufWriter::with_capacity(1 << 20, File::create(&next)?);
            out.write_all(MAGIC)?;
            out.write_all(&log.seed.to_le_bytes())?;
            let table = self.table();
            let mut bytes = Vec::new();
            for (row, id) in table.ids.iter().enumerate() {
                bytes.clear();
                let (print, scale) = (table.prints[row], table.scales[row]);
                record(&mut bytes, log.seed, records, self.dims, VECTOR, *id, print, scale, table.codes(row));
                out.write_all(&bytes)?;
                records += 1;
            }
            bytes.clear();
            record(&mut bytes, log.seed, records, self.dims, PLACE, log.place, 0, 0.0, &[]);
            records += 1;
            out.write_all(&bytes)?;
            out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        }
        fs::rename(&next, &log.path)?;
        if let Some(folder) = log.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let mut file = OpenOptions::new().read(true).write(true).open(&log.path)?;
        file.seek(SeekFrom::End(0))?;
        log.file = Some(file);
        log.records = records;
        Ok(())
    }

    /// The `k` threads nearest to `query` among those `allowed`, nearest first, with the cosine.
    pub fn nearest(&self, query: &[f32], k: usize, allowed: Option<&dyn Fn(i64) -> bool>) -> Vec<(i64, f32)> {
        let Some(query) = Asked::code(query, self.dims) else { return Vec::new() };
        let table = self.table();
        let looks = (table.ids.len() / SHARE).max(k.saturating_mul(LOOKS_PER_HIT));
        if table.ids.len() <= EXACT_MAX || looks.saturating_mul(4) >= table.ids.len() {
            return table.exactly(&query, k, allowed);
        }
        table.likely(&query, k, looks, allowed)
    }

    /// The same by looking at all of them.
    pub fn nearest_exactly(
        &self,
        query: &[f32],
        k: usize,
        allowed: Option<&dyn Fn(i64) -> bool>,
    ) -> Vec<(i64, f32)> {
        let Some(query) = Asked::code(query, self.dims) else { return Vec::new() };
        self.table().exactly(&query, k, allowed)
    }

    fn table(&self) -> std::sync::RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is looked for, in whole numbers.
struct Asked {
    codes: Vec<i16>,
    signs: Vec<u64>,
    /// What one step of a product is worth, for a query of length one.
    unit: f32,
}

impl Asked {
    fn code(query: &[f32], dims: usize) -> Option<Asked> {
        let most = query.iter().fold(0f32, |most, x| most.max(x.abs()));
        let length = query.iter().map(|x| x * x).sum::<f32>().sqrt();
        if query.len() != dims || !most.is_normal() || !length.is_normal() {
            return None;
        }
        let step = QUERY_CODE / most;
        let codes: Vec<i16> = query.iter().map(|x| (x * step).round() as i16).collect();
        let signs = signs(codes.iter().map(|code| *code > 0)).collect();
        Some(Asked { codes, signs, unit: 1.0 / (step * length) })
    }
}

/// The nearest so far.
struct Best {
    k: usize,
    heap: BinaryHeap<Near>,
    least: f32,
}

impl Best {
    fn new(k: usize) -> Best {
        Best { k, heap: BinaryHeap::new(), least: if k == 0 { f32::MAX } else { f32::MIN } }
    }

    fn take(&mut self, id: i64, cosine: f32) {
        self.heap.push(Near { cosine, id });
        if self.heap.len() > self.k {
            self.heap.pop();
        }
        if self.heap.len() == self.k {
            self.least = self.heap.peek().map_or(f32::MIN, |near| near.cosine);
        }
    }

    fn list(self) -> Vec<(i64, f32)> {
        self.heap.into_sorted_vec().into_iter().map(|near| (near.id, near.cosine)).collect()
    }
}

/// Ordered so that the farthest is the greatest, and of two as far the one with the higher number.
#[derive(PartialEq)]
struct Near {
    cosine: f32,
    id: i64,
}

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Near) -> Ordering {
        other.cosine.total_cmp(&self.cosine).then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Near) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Sixteen products at a time, a form in which the compiler finds the instruction that multiplies and adds eight.
fn dot(codes: &[i8], query: &[i16]) -> i32 {
    let (codes, codes_left) = codes.as_chunks::<16>();
    let (query, query_left) = query.as_chunks::<16>();
    let mut all = 0;
    for (codes, query) in codes.iter().zip(query) {
        let mut some = 0;
        for at in 0..16 {
            some += i32::from(i16::from(codes[at])) * i32::from(query[at]);
        }
        all += some;
    }
    let left = codes_left.iter().zip(query_left);
    all + left.map(|(code, number)| i32::from(*code) * i32::from(*number)).sum::<i32>()
}

/// Bits, 64 in a number.
fn signs(mut positive: impl ExactSizeIterator<Item = bool>) -> impl Iterator<Item = u64> {
    let words = positive.len().div_ceil(64);
    (0..words).map(move |_| {
        positive.by_ref().take(64).enumerate().fold(0, |word, (at, bit)| word | u64::from(bit) << at)
    })
}

fn apart(signs: &[u64], others: &[u64]) -> u32 {
    signs.iter().zip(others).map(|(own, other)| (own ^ other).count_ones()).sum()
}

/// A vector in bytes and what one step is worth, so that it has the length one again.
fn code(vector: &[f32]) -> Option<(f32, Vec<i8>)> {
    let most = vector.iter().fold(0f32, |most, x| most.max(x.abs()));
    if !most.is_normal() || vector.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let codes: Vec<i8> = vector.iter().map(|x| (x * (CODE / most)).round() as i8).collect();
    let length = codes.iter().map(|code| f32::from(*code).powi(2)).sum::<f32>().sqrt();
    Some((1.0 / length, codes))
}

fn bytes_of(codes: &[i8]) -> Vec<u8> {
    codes.iter().map(|code| code.cast_unsigned()).collect()
}

impl Table {
    fn codes(&self, row: usize) -> &[i8] {
        let at = (row % BLOCK) * self.dims;
        self.codes.get(row / BLOCK).and_then(|block| block.get(at..at + self.dims)).unwrap_or_default()
    }

    fn put(&mut self, id: i64, print: u32, scale: f32, codes: &[u8]) {
        let codes = codes.iter().map(|byte| byte.cast_signed());
        let words = self.words();
        let bits = signs(codes.clone().map(|code| code > 0));
        if let Some(row) = self.rows.get(&id) {
            let row = *row as usize;
            self.prints[row] = print;
            self.scales[row] = scale;
            let at = (row % BLOCK) * self.dims;
            let kept = &mut self.codes[row / BLOCK][at..at + self.dims];
            kept.iter_mut().zip(codes).for_each(|(kept, code)| *kept = code);
            let at = (row % BLOCK) * words;
            let kept = &mut self.signs[row / BLOCK][at..at + words];
            kept.iter_mut().zip(bits).for_each(|(kept, bits)| *kept = bits);
            return;
        }
        let row = self.ids.len();
        if row.is_multiple_of(BLOCK) {
            self.codes.push(Vec::with_capacity(BLOCK * self.dims));
            self.signs.push(Vec::with_capacity(BLOCK * words));
        }
        self.rows.insert(id, row as u32);
        self.ids.push(id);
        self.prints.push(print);
        self.scales.push(scale);
        self.codes[row / BLOCK].extend(codes);
        self.signs[row / BLOCK].extend(bits);
    }

    /// The last takes the place of the one that goes.
    fn remove(&mut self, id: i64) {
        let Some(row) = self.rows.remove(&id) else { return };
        let row = row as usize;
        let last = self.ids.len() - 1;
        let words = self.words();
        if row != last {
            let codes = self.codes(last).to_vec();
            let at = (row % BLOCK) * self.dims;
            self.codes[row / BLOCK][at..at + self.dims].copy_from_slice(&codes);
            let at = (last % BLOCK) * words;
            let bits = self.signs[last / BLOCK][at..at + words].to_vec();
            let at = (row % BLOCK) * words;
            self.signs[row / BLOCK][at..at + words].copy_from_slice(&bits);
            self.rows.insert(self.ids[last], row as u32);
        }
        self.ids.swap_remove(row);
        self.prints.swap_remove(row);
        self.scales.swap_remove(row);
        self.codes[last / BLOCK].truncate((last % BLOCK) * self.dims);
        self.signs[last / BLOCK].truncate((last % BLOCK) * words);
        if last.is_multiple_of(BLOCK) {
            self.codes.pop();
            self.signs.pop();
        }
    }

    fn words(&self) -> usize {
        self.dims.div_ceil(64)
    }

    fn exactly(&self, query: &Asked, k: usize, allowed: Option<&dyn Fn(i64) -> bool>) -> Vec<(i64, f32)> {
        let mut best = Best::new(k);
        let codes = self.codes.iter().flat_map(|block| block.chunks_exact(self.dims));
        for (row, codes) in codes.enumerate() {
            self.look(row, codes, query, allowed, &mut best);
        }
        best.list()
    }

    fn look(
        &self,
        row: usize,
        codes: &[i8],
        query: &Asked,
        allowed: Option<&dyn Fn(i64) -> bool>,
        best: &mut Best,
    ) {
        let cosine = dot(codes, &query.codes) as f32 * self.scales[row] * query.unit;
        if cosine > best.least && allowed.is_none_or(|allowed| allowed(self.ids[row])) {
            best.take(self.ids[row], cosine);
        }
    }

    /// Looks exactly at the `looks` allowed ones whose signs are most like the query's, and those just like the last.
    fn likely(
        &self,
        query: &Asked,
        k: usize,
        looks: usize,
        allowed: Option<&dyn Fn(i64) -> bool>,
    ) -> Vec<(i64, f32)> {
        let words = self.words();
        let mut far: Vec<u16> = Vec::with_capacity(self.ids.len());
        for block in &self.signs {
            far.extend(block.chunks_exact(words).map(|signs| apart(signs, &query.signs) as u16));
        }
        let mut at = vec![0usize; words * 64 + 1];
        far.iter().for_each(|far| at[usize::from(*far)] += 1);
        let mut best = Best::new(k);
        let (mut from, mut seen) = (0, 0);
        // Where few are allowed, wider and wider rings are looked at until there are enough of them.
        while from < at.len() && seen < looks {
            let mut ring = 0;
            let mut to = from;
            while to < at.len() && ring < (looks - seen).max(looks / 4) {
                ring += at[to];
                to += 1;
            }
            for (row, far) in far.iter().enumerate() {
                if !(from..to).contains(&usize::from(*far))
                    || allowed.is_some_and(|allowed| !allowed(self.ids[row]))
                {
                    continue;
                }
                seen += 1;
                self.look(row, self.codes(row), query, None, &mut best);
            }
            from = to;
        }
        best.list()
    }
}

impl Log {
    /// Writes `bytes` behind the last record, durably. On an error the file is as it was.
    fn append(&mut self, bytes: &[u8], dims: usize) -> io::Result<()> {
        let whole = offset(self.records, dims);
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file
            .seek(SeekFrom::Start(whole))
            .and_then(|_| file.write_all(bytes))
            .and_then(|()| file.sync_data());
        if written.is_err() {
            // What cannot be cut off now is written over by the next, or cut off at the next opening.
            let _ = file.set_len(whole);
        }
        written
    }
}

const VECTOR: u8 = 1;
const GONE: u8 = 2;
const PLACE: u8 = 3;

fn seed(id: &str, dims: usize) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(MAGIC);
    sum.update(id.as_bytes());
    sum.update(&(dims as u64).to_le_bytes());
    sum.finalize()
}

fn offset(records: u64, dims: usize) -> u64 {
    HEAD as u64 + records * (BESIDE + dims) as u64
}

fn sum(seed: u32, number: u64, bytes: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new_with_initial(seed);
    sum.update(&number.to_le_bytes());
    sum.update(bytes);
    sum.finalize()
}

#[expect(clippy::too_many_arguments, reason = "they are the record")]
fn record(
    out: &mut Vec<u8>,
    seed: u32,
    number: u64,
    dims: usize,
    kind: u8,
    id: i64,
    print: u32,
    scale: f32,
    codes: &[i8],
) {
    let begin = out.len();
    out.extend([0; 4]);
    out.push(kind);
    out.extend(id.to_le_bytes());
    out.extend(print.to_le_bytes());
    out.extend(scale.to_le_bytes());
    out.extend(codes.iter().map(|code| code.cast_unsigned()));
    out.resize(begin + BESIDE + dims, 0);
    let sum = sum(seed, number, &out[begin + 4..]);
    out[begin..begin + 4].copy_from_slice(&sum.to_le_bytes());
}

#[derive(Default)]
struct Scanned {
    /// Whole records, damaged ones among them.
    records: u64,
    damaged: u64,
    place: i64,
    headed: bool,
}

/// Hands every whole record to `take`, in order.
fn scan(file: &File, seed: u32, dims: usize, mut take: impl FnMut(Record<'_>)) -> io::Result<Scanned> {
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut found = Scanned::default();
    let mut head = [0u8; HEAD];
    let length = fill(&mut input, &mut head)?;
    if length < HEAD {
        return Ok(found);
    }
    found.headed = true;
    found.damaged = u64::from(head[..8] != MAGIC[..] || head[8..] != seed.to_le_bytes());
    let mut bytes = vec![0u8; BESIDE + dims];
    while fill(&mut input, &mut bytes)? == bytes.len() {
        match parse(&bytes, seed, found.records) {
            Some(record) => {
                if let Record::Place(place) = record {
                    found.place = place;
                }
                take(record);
            }
            None => found.damaged += 1,
        }
        found.records += 1;
    }
    Ok(found)
}

fn fill(input: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while at < bytes.len() {
        match input.read(&mut bytes[at..]) {
            Ok(0) => break,
            Ok(n) => at += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(at)
}

fn parse(bytes: &[u8], seed: u32, number: u64) -> Option<Record<'_>> {
    let (known, rest) = bytes.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*known) != sum(seed, number, rest) {
        return None;
    }
    let (kind, rest) = rest.split_first()?;
    let (id, rest) = rest.split_first_chunk::<8>()?;
    let (print, rest) = rest.split_first_chunk::<4>()?;
    let (scale, codes) = rest.split_first_chunk::<4>()?;
    let id = i64::from_le_bytes(*id);
    match *kind {
        VECTOR => Some(Record::Vector {
            id,
            print: u32::from_le_bytes(*print),
            scale: f32::from_le_bytes(*scale),
            codes,
        }),
        GONE => Some(Record::Gone(id)),
        PLACE => Some(Record::Place(id)),
        _ => None,
    }
}
