//! exchange room: reading, rendering and writing at the same time, in the file's order.
use super::{ExchangeError, Result};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

/// Batches that may be between the reader and the writer: bounds memory.
const BATCHES: usize = 6;
/// Source bytes after which a batch is closed before its row count is reached.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

type Batch<R> = (u64, u64, Vec<R>);

/// Calls `read` on a thread of its own until it answers `None` (item, its weight in bytes),
/// `prepare` on one thread per core, and `write` on this one with the batches in order and the
/// number of items up to their end. The first error ends all three.
pub fn run<R: Send, P: Send>(
    rows_per_batch: usize,
    first: u64,
    mut read: impl FnMut() -> Result<Option<(R, usize)>> + Send,
    prepare: impl Fn(R) -> P + Sync,
    mut write: impl FnMut(u64, Vec<P>) -> Result<()>,
) -> Result<()> {
    let (to_workers, from_reader) = sync_channel::<Batch<R>>(BATCHES);
    let from_reader = Mutex::new(from_reader);
    let (to_writer, from_workers) = sync_channel::<(u64, u64, Option<Vec<P>>)>(BATCHES);
    let (permit, permits) = sync_channel::<()>(BATCHES);
    let prepare = &prepare;
    let from_reader = &from_reader;
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || -> Result<()> {
            let (mut sequence, mut done, mut more) = (0, first, true);
            while more {
                let (mut batch, mut weight) = (Vec::new(), 0);
                while batch.len() < rows_per_batch.max(1) && weight < BATCH_BYTES {
                    let Some((row, bytes)) = read()? else {
                        more = false;
                        break;
                    };
                    weight += bytes;
                    done += 1;
                    batch.push(row);
                }
                // A closed channel means that the writer failed and says why.
                if !batch.is_empty()
                    && (permit.send(()).is_err() || to_workers.send((sequence, done, batch)).is_err())
                {
                    break;
                }
                sequence += 1;
            }
            Ok(())
        });
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        for _ in 0..cores {
            let to_writer = to_writer.clone();
            scope.spawn(move || {
                loop {
                    let next = from_reader.lock().map(|queue| queue.recv());
                    let Ok(Ok((sequence, done, batch))) = next else { break };
                    let prepared = || batch.into_iter().map(prepare).collect();
                    let batch: Option<Vec<P>> = catch_unwind(AssertUnwindSafe(prepared)).ok();
                    if to_writer.send((sequence, done, batch)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(to_writer);
        let mut early = BTreeMap::new();
        let mut next = 0;
        let mut failed = None;
        'batches: while let Ok((sequence, done, batch)) = from_workers.recv() {
            early.insert(sequence, (done, batch));
            while let Some((done, batch)) = early.remove(&next) {
                next += 1;
                let panicked = || Err(ExchangeError::Refused("preparing a row panicked".into()));
                if let Err(error) = batch.map_or_else(panicked, |batch| write(done, batch)) {
                    failed = Some(error);
                    break 'batches;
                }
                let _ = permits.try_recv();
            }
        }
        drop(permits);
        drop(from_workers);
        let read =
            reader.join().unwrap_or_else(|_| Err(ExchangeError::Refused("the reader panicked".into())));
        failed.map_or(read, Err)
    })
}
