//! The index on disk: opening and judging it, applying changes with the ledger's place, rebuilding beside and swapping.
//!
//! Layout: `DIR/v{SCHEMA_VERSION}/CURRENT` names the living generation `gen-N`, a tantivy index. A rebuild fills
//! `gen-(N+1)` and becomes the living one by a rename of `CURRENT`, so a kill at any moment leaves one whole index.
//! The ledger's place is in the commit's payload: documents and place move together or not at all.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::{IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyError, Term};

use super::analysis::{EVERY, ROOTS, TOKENIZER, ThreadTokenizer};
use super::document::{FINGERPRINT, Fields, SCHEMA_VERSION, THREAD_ID, ThreadDoc};

/// Memory of the living writer, bytes: tantivy's least, since changes come in small numbers.
const APPLY_HEAP: usize = 15_000_000;
/// Memory of each thread of a rebuild, bytes; more makes fewer segments to merge at its end.
const REBUILD_HEAP: usize = 40_000_000;
/// Threads of a rebuild: the forum answers beside it.
const REBUILD_THREADS: usize = 2;
/// Blocks of the document store, bytes: a hit costs the unpacking of one, and a thread's record has about 150 bytes.
const STORE_BLOCK: usize = 1_024;
/// Unpacked blocks kept per segment.
const STORE_CACHE_BLOCKS: usize = 64;
/// Segments of about one size that are merged into one.
const MERGE_SEGMENTS: usize = 8;
/// Segments below this count of documents are of one size, so that hot changes don't rewrite the large ones.
const MERGE_SMALL_DOCS: u32 = 200;
/// A rebuilt index of up to so many documents is merged into one segment for each thread of the rebuild.
const MERGE_ALL_DOCS: u64 = 500_000;

/// What can go wrong with the index.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Reading or writing the folder failed.
    #[error("the search index's folder: {0}")]
    Io(#[from] io::Error),
    /// tantivy refused; after an error of `apply` or `search` a rebuild mends what can be mended.
    #[error("the search index: {0}")]
    Index(#[from] TantivyError),
    /// Another process holds the folder.
    #[error("the search index in {0} is in use by another process")]
    Busy(PathBuf),
    /// A page's cursor that we did not make.
    #[error("this page's address is not valid")]
    BadCursor,
    /// Opened for reading only.
    #[error("the search index was opened for reading only")]
    ReadOnly,
}

/// Why an index must be rebuilt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is none.
    Missing,
    /// There is one of an earlier version of the schema.
    OlderSchema,
    /// One was begun but never filled.
    Unfinished,
    /// It cannot be trusted; the text says what was found.
    Damaged(String),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Missing => f.write_str("there is no search index"),
            Reason::OlderSchema => f.write_str("the search index is of an earlier version"),
            Reason::Unfinished => f.write_str("the search index was never filled"),
            Reason::Damaged(what) => write!(f, "the search index is damaged: {what}"),
        }
    }
}

/// An index just opened.
pub enum Opened {
    /// Whole; follows the ledger from `place`.
    Ready { index: Index, place: i64 },
    /// Empty, but usable: fill it with a [`Rebuild`].
    NeedsRebuild { index: Index, reason: Reason },
}

impl Opened {
    /// The index, whatever its state.
    pub fn into_index(self) -> Index {
        match self {
            Opened::Ready { index, .. } | Opened::NeedsRebuild { index, .. } => index,
        }
    }
}

/// How the index differs from what it should hold; ids in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Expected, not in the index.
    pub missing: Vec<i64>,
    /// In the index, not expected.
    pub extra: Vec<i64>,
    /// In the index with other content.
    pub stale: Vec<i64>,
    /// In the index more than once.
    pub repeated: Vec<i64>,
}

impl Differences {
    /// Index and expectation agree.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.stale.is_empty() && self.repeated.is_empty()
    }
}

/// The state of one commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Payload {
    place: i64,
    /// Set by a finished rebuild: everything up to `place` is in.
    complete: bool,
}

impl Payload {
    fn write(self) -> String {
        let body = format!("{}:{}", self.place, u8::from(self.complete));
        format!("{body}:{:08x}", Payload::sum(&body))
    }

    fn read(text: &str) -> Option<Payload> {
        let (body, sum) = text.rsplit_once(':')?;
        let (place, complete) = body.split_once(':')?;
        let payload = Payload { place: place.parse().ok()?, complete: complete == "1" };
        (u32::from_str_radix(sum, 16).ok()? == Payload::sum(body)).then_some(payload)
    }

    fn sum(body: &str) -> u32 {
        body.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }
}

/// One generation, open for reading.
pub(super) struct Living {
    index: tantivy::Index,
    reader: IndexReader,
    path: PathBuf,
}

struct Writing {
    writer: Option<IndexWriter>,
    payload: Payload,
}

/// The search index. Searches run beside each other and beside the one writer.
pub struct Index {
    root: PathBuf,
    pub(super) fields: Fields,
    living: RwLock<Arc<Living>>,
    writing: Mutex<Writing>,
    /// Held as long as the index is open for writing; the system frees it when the process ends, however it ends.
    lock: Option<File>,
}

fn relock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Index {
    /// Opens the index in `dir`, creating the folder where needed, and removes what killed rebuilds left there. Reads
    /// every file once to check its sum (about 1 s per GB).
    ///
    /// # Errors
    /// `Busy` if another process has it open, `Io` if the folder cannot be written.
    pub fn open(dir: &Path) -> Result<Opened, SearchError> {
        let root = dir.join(format!("v{SCHEMA_VERSION}"));
        fs::create_dir_all(&root)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("LOCK"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(SearchError::Busy(dir.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        let reason = match Living::current(&root) {
            Ok(Ok((living, payload))) => {
                let place = payload.place;
                remove_others(&root, &living.path);
                let complete = payload.complete;
                let index = Index::assemble(root, living, payload, Some(lock));
                return Ok(if complete {
                    Opened::Ready { index, place }
                } else {
                    Opened::NeedsRebuild { index, reason: Reason::Unfinished }
                });
            }
            Ok(Err(reason)) => reason,
            Err(error) => Reason::Damaged(error.to_string()),
        };
        let reason =
            if reason == Reason::Missing && older_exists(dir) { Reason::OlderSchema } else { reason };
        let living = Living::create(&next_generation(&root)?)?;
        living.make_current(&root)?;
        remove_others(&root, &living.path);
        let index = Index::assemble(root, living, Payload::default(), Some(lock));
        Ok(Opened::NeedsRebuild { index, reason })
    }

    /// Opens the index beside a running server, to search and verify. Changes nothing on disk.
    ///
    /// # Errors
    /// `Io` or `Index` if it cannot be read at all.
    pub fn open_read_only(dir: &Path) -> Result<Result<Index, Reason>, SearchError> {
        let root = dir.join(format!("v{SCHEMA_VERSION}"));
        Ok(Living::current(&root)?.map(|(living, payload)| Index::assemble(root, living, payload, None)))
    }

    /// A small index in memory, of these threads alone: what has just changed, to be asked by many queries.
    ///
    /// # Errors
    /// `Index` if there is no memory for it.
    pub fn of_few(docs: &[ThreadDoc]) -> Result<Index, SearchError> {
        let (schema, fields) = Fields::schema();
        let index = tantivy::Index::create_in_ram(schema);
        let living = Living::read(index, Path::new(""))?;
        let mut writer = living.writer()?;
        for doc in docs {
            writer.add_document(fields.document(doc))?;
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        living.reader.reload()?;
        Ok(Index::assemble(PathBuf::new(), living, Payload::default(), None))
    }

    fn assemble(root: PathBuf, living: Living, payload: Payload, lock: Option<File>) -> Index {
        let (_, fields) = Fields::schema();
        let writing = Mutex::new(Writing { writer: None, payload });
        Index { root, fields, living: RwLock::new(Arc::new(living)), writing, lock }
    }

    fn living(&self) -> Arc<Living> {
        self.living.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn searcher(&self) -> Searcher {
        self.living().reader.searcher()
    }

    /// The ledger id up to which events are in the index.
    pub fn place(&self) -> i64 {
        relock(&self.writing).payload.place
    }

    /// Whether a rebuild has finished: before it, searches find only what has changed since.
    pub fn is_complete(&self) -> bool {
        relock(&self.writing).payload.complete
    }

    /// Replaces `upserts`, removes `deletes` and moves to `place`, durably and together; searches see it on return.
    ///
    /// # Errors
    /// On an error nothing was changed, in memory or on disk, and the same call may be tried again.
    pub fn apply(&self, place: i64, upserts: Vec<ThreadDoc>, deletes: Vec<i64>) -> Result<(), SearchError> {
        if self.lock.is_none() {
            return Err(SearchError::ReadOnly);
        }
        let mut writing = relock(&self.writing);
        let living = self.living();
        let payload = Payload { place, ..writing.payload };
        let mut writer = match writing.writer.take() {
            Some(writer) => writer,
            None => living.writer()?,
        };
        for id in deletes {
            writer.delete_term(Term::from_field_i64(self.fields.thread_id, id));
        }
        for doc in upserts {
            writer.delete_term(Term::from_field_i64(self.fields.thread_id, doc.thread_id));
            writer.add_document(self.fields.document(&doc))?;
        }
        commit(&mut writer, payload)?;
        // A writer that failed above is dropped with what it held: it refuses all further work.
        writing.writer = Some(writer);
        writing.payload = payload;
        living.reader.reload()?;
        Ok(())
    }

    /// Threads in the index.
    pub fn doc_count(&self) -> u64 {
        self.searcher().num_docs()
    }

    /// Bytes of the living index's files.
    ///
    /// # Errors
    /// `Io` if the folder cannot be read.
    pub fn space_on_disk(&self) -> Result<u64, SearchError> {
        let mut bytes = 0;
        for entry in fs::read_dir(&self.living().path)? {
            // A merge may remove a file while we look.
            bytes += entry?.metadata().map(|meta| meta.len()).unwrap_or(0);
        }
        Ok(bytes)
    }

    /// Compares the index with the ids and fingerprints ([`ThreadDoc::fingerprint`]) it should hold.
    ///
    /// # Errors
    /// `Index` if a column cannot be read.
    pub fn verify(&self, expected: impl IntoIterator<Item = (i64, u64)>) -> Result<Differences, SearchError> {
        let mut differences = Differences::default();
        let mut held: HashMap<i64, u64> = HashMap::new();
        for segment in self.searcher().segment_readers() {
            let ids = segment.fast_fields().column_first_or_default::<i64>(THREAD_ID)?;
            let prints = segment.fast_fields().column_first_or_default::<u64>(FINGERPRINT)?;
            for doc in segment.doc_ids_alive() {
                let id = ids.get_val(doc);
                if held.insert(id, prints.get_val(doc)).is_some() {
                    differences.repeated.push(id);
                }
            }
        }
        for (id, fingerprint) in expected {
            match held.remove(&id) {
                None => differences.missing.push(id),
                Some(found) if found != fingerprint => differences.stale.push(id),
                Some(_) => {}
            }
        }
        differences.extra = held.into_keys().collect();
        for list in [
            &mut differences.missing,
            &mut differences.extra,
            &mut differences.stale,
            &mut differences.repeated,
        ] {
            list.sort_unstable();
            list.dedup();
        }
        Ok(differences)
    }
}

fn commit(writer: &mut IndexWriter, payload: Payload) -> Result<(), SearchError> {
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&payload.write());
    prepared.commit()?;
    Ok(())
}

impl Living {
    /// The generation `CURRENT` names, judged.
    fn current(root: &Path) -> Result<Result<(Living, Payload), Reason>, SearchError> {
        let name = match fs::read_to_string(root.join(CURRENT)) {
            Ok(name) => name,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Err(Reason::Missing));
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Ok(Err(Reason::Damaged("its name is not text".into())));
            }
            Err(error) => return Err(error.into()),
        };
        let Some(number) = generation_number(name.trim()) else {
            return Ok(Err(Reason::Damaged("its name is not a generation's".into())));
        };
        let path = root.join(generation_name(number));
        // tantivy trusts its own files here and there; a broken one must not take the server down.
        let judged = catch_unwind(AssertUnwindSafe(|| Living::open(&path)));
        Ok(match judged {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(reason)) => Err(reason),
            Err(_) => Err(Reason::Damaged("reading it failed".into())),
        })
    }

    fn open(path: &Path) -> Result<(Living, Payload), Reason> {
        let damaged = |error: TantivyError| Reason::Damaged(error.to_string());
        if !path.join("meta.json").exists() {
            return Err(Reason::Damaged("meta.json is missing".into()));
        }
        let index = tantivy::Index::open_in_dir(path).map_err(damaged)?;
        let (schema, _) = Fields::schema();
        if index.schema() != schema {
            return Err(Reason::OlderSchema);
        }
        let meta = index.load_metas().map_err(damaged)?;
        let payload = match meta.payload.as_deref() {
            Some(text) => {
                Payload::read(text).ok_or_else(|| Reason::Damaged("its place cannot be read".into()))?
            }
            None => return Err(Reason::Unfinished),
        };
        let managed = index.directory().list_managed_files();
        for segment in &meta.segments {
            let id = segment.id().uuid_string();
            let listed = managed.iter().filter(|file| file.to_string_lossy().starts_with(&id));
            for file in listed {
                // The list may name files that wait to be collected; of the others none may be missing.
                let passing =
                    file.extension().is_some_and(|extension| extension == "del" || extension == "temp");
                if !passing && !path.join(file).exists() {
                    return Err(Reason::Damaged(format!("{} is missing", file.display())));
                }
            }
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if !name.to_string_lossy().starts_with(&id) {
                    continue;
                }
                let file = Path::new(&name);
                if !managed.contains(file) {
                    return Err(Reason::Damaged("its list of files is not whole".into()));
                }
                match index.directory().validate_checksum(file) {
                    Ok(true) => {}
                    Ok(false) => {
                        return Err(Reason::Damaged(format!("{} has a wrong sum", file.display())));
                    }
                    Err(error) => return Err(Reason::Damaged(error.to_string())),
                }
            }
        }
        let living = Living::read(index, path).map_err(damaged)?;
        for segment in living.reader.searcher().segment_readers() {
            let ids = segment.fast_fields().i64(THREAD_ID).map_err(damaged)?;
            if ids.num_docs() != segment.max_doc() {
                return Err(Reason::Damaged("its columns and its count disagree".into()));
            }
        }
        Ok((living, payload))
    }

    fn create(path: &Path) -> Result<Living, SearchError> {
        fs::create_dir_all(path)?;
        let (schema, _) = Fields::schema();
        let settings = IndexSettings { docstore_blocksize: STORE_BLOCK, ..IndexSettings::default() };
        let index = tantivy::Index::builder().schema(schema).settings(settings).create_in_dir(path)?;
        Ok(Living::read(index, path)?)
    }

    fn read(index: tantivy::Index, path: &Path) -> Result<Living, TantivyError> {
        index.tokenizers().register(TOKENIZER, ThreadTokenizer::Content);
        index.tokenizers().register(EVERY, ThreadTokenizer::Every);
        index.tokenizers().register(ROOTS, ThreadTokenizer::Roots);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_CACHE_BLOCKS)
            .try_into()?;
        Ok(Living { index, reader, path: path.to_owned() })
    }

    fn writer(&self) -> Result<IndexWriter, SearchError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(APPLY_HEAP)
            .build();
        let writer = self.index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(MERGE_SEGMENTS);
        policy.set_min_layer_size(MERGE_SMALL_DOCS);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        Ok(writer)
    }

    /// Points `CURRENT` here, durably.
    fn make_current(&self, root: &Path) -> Result<(), SearchError> {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let next = root.join(format!("{CURRENT}.next"));
        let mut file = File::create(&next)?;
        file.write_all(name.as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, root.join(CURRENT))?;
        File::open(root)?.sync_all()?;
        Ok(())
    }
}

const CURRENT: &str = "CURRENT";

fn generation_name(number: u64) -> String {
    format!("gen-{number}")
}

fn generation_number(name: &str) -> Option<u64> {
    name.strip_prefix("gen-")?.parse().ok()
}

/// A generation's folder that does not exist yet.
fn next_generation(root: &Path) -> Result<PathBuf, SearchError> {
    fs::create_dir_all(root)?;
    let mut highest = 0;
    for entry in fs::read_dir(root)? {
        let number = generation_number(&entry?.file_name().to_string_lossy());
        highest = highest.max(number.unwrap_or(0));
    }
    Ok(root.join(generation_name(highest.saturating_add(1))))
}

/// Removes all generations but `kept`. What cannot be removed now is tried again at the next opening.
fn remove_others(root: &Path, kept: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if path != kept && generation_number(&entry.file_name().to_string_lossy()).is_some() {
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn versions(dir: &Path) -> impl Iterator<Item = (u32, PathBuf)> {
    fs::read_dir(dir).into_iter().flatten().flatten().filter_map(|entry| {
        let number = entry.file_name().to_str()?.strip_prefix('v')?.parse().ok()?;
        Some((number, entry.path()))
    })
}

fn older_exists(dir: &Path) -> bool {
    versions(dir).any(|(version, _)| version < SCHEMA_VERSION)
}

/// A new index being filled beside the living one. Dropped unfinished, it leaves nothing behind.
pub struct Rebuild<'a> {
    index: &'a Index,
    living: Option<Living>,
    writer: Option<IndexWriter>,
    path: PathBuf,
}

impl<'a> Rebuild<'a> {
    /// Begins an empty index beside the living one. The caller sees to it that nothing is applied until `finish`.
    ///
    /// # Errors
    /// `Io` or `Index` if the folder cannot be written, `ReadOnly` for an index opened so.
    pub fn begin(index: &'a Index) -> Result<Rebuild<'a>, SearchError> {
        if index.lock.is_none() {
            return Err(SearchError::ReadOnly);
        }
        let path = next_generation(&index.root)?;
        let living = Living::create(&path)?;
        let options = IndexWriterOptions::builder()
            .num_worker_threads(REBUILD_THREADS)
            .num_merge_threads(REBUILD_THREADS)
            .memory_budget_per_thread(REBUILD_HEAP)
            .build();
        let writer = living.index.writer_with_options(options)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(Rebuild { index, living: Some(living), writer: Some(writer), path })
    }

    /// Adds threads, each once; returns when they are queued.
    ///
    /// # Errors
    /// `Index` if writing fails, for instance on a full disk.
    pub fn add(&mut self, docs: impl IntoIterator<Item = ThreadDoc>) -> Result<(), SearchError> {
        if let Some(writer) = &self.writer {
            for doc in docs {
                writer.add_document(self.index.fields.document(&doc))?;
            }
        }
        Ok(())
    }

    /// Makes the new index, which holds everything up to `place`, the living one, and removes the old one.
    ///
    /// # Errors
    /// On an error the old index lives on.
    pub fn finish(mut self, place: i64) -> Result<(), SearchError> {
        let (Some(living), Some(mut writer)) = (self.living.take(), self.writer.take()) else {
            return Err(SearchError::ReadOnly);
        };
        let payload = Payload { place, complete: true };
        commit(&mut writer, payload)?;
        let segments = living.index.searchable_segment_metas()?;
        let docs: u64 = segments.iter().map(|segment| u64::from(segment.num_docs())).sum();
        if segments.len() > REBUILD_THREADS && docs <= MERGE_ALL_DOCS {
            let ids: Vec<_> = segments.iter().map(|segment| segment.id()).collect();
            // As long as somebody holds their metas, the merged segments' files are kept.
            drop(segments);
            let parts = ids.chunks(ids.len().div_ceil(REBUILD_THREADS)).filter(|part| part.len() > 1);
            let merges: Vec<_> = parts.map(|part| writer.merge(part)).collect();
            for merge in merges {
                drop(merge.wait()?);
            }
            living.reader.reload()?;
            writer.garbage_collect_files().wait()?;
        }
        writer.wait_merging_threads()?;
        living.reader.reload()?;
        let mut writing = relock(&self.index.writing);
        living.make_current(&self.index.root)?;
        // From here on the new index is the living one, on disk and in memory.
        self.path = PathBuf::new();
        let kept = living.path.clone();
        writing.writer = None;
        writing.payload = payload;
        *self.index.living.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(living);
        drop(writing);
        remove_others(&self.index.root, &kept);
        for (version, path) in self.index.root.parent().map(versions).into_iter().flatten() {
            if version < SCHEMA_VERSION {
                let _ = fs::remove_dir_all(path);
            }
        }
        Ok(())
    }
}

impl Drop for Rebuild<'_> {
    fn drop(&mut self) {
        self.writer = None;
        self.living = None;
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
