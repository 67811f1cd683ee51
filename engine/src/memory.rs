//! The memory of one query: counted, and kept below the query's own limit.
//!
//! Every query has a pool of its own before the engine's. What an operator asks for must fit both.
//! A refusal looks the same whichever refuses, so that operators spill that can. Those share the
//! query's limit evenly, as all queries share the engine's.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};

/// What a query may use, and uses.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    used: AtomicUsize,
    peak: AtomicUsize,
    limit: Option<Limit>,
}

#[derive(Debug)]
struct Limit {
    bytes: usize,
    pool: FairSpillPool,
}

impl Memory {
    /// At most as many bytes, or as many as the engine has.
    pub(crate) fn within(limit: Option<u64>) -> Self {
        let limit = limit.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        Self {
            limit: limit.map(|bytes| Limit {
                bytes,
                pool: FairSpillPool::new(bytes),
            }),
            ..Self::default()
        }
    }

    /// Bytes that the query uses now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The most that it has used.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// The most that it may use, where that is less than what the engine has.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.limit.as_ref().map(|limit| limit.bytes)
    }

    fn add(&self, bytes: usize) {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(used, Ordering::Relaxed);
    }

    fn subtract(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A query's way to the engine's memory.
#[derive(Debug)]
pub(crate) struct QueryPool {
    engine: Arc<dyn MemoryPool>,
    memory: Arc<Memory>,
}

impl QueryPool {
    pub(crate) fn new(engine: Arc<dyn MemoryPool>, memory: Arc<Memory>) -> Self {
        Self { engine, memory }
    }

    fn limiting(&self) -> Option<&FairSpillPool> {
        self.memory.limit.as_ref().map(|limit| &limit.pool)
    }
}

impl fmt::Display for QueryPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.memory.limit() {
            Some(limit) => write!(
                formatter,
                "query(pool_size: {})",
                human_readable_size(limit)
            ),
            None => self.engine.fmt(formatter),
        }
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        if let Some(pool) = self.limiting() {
            pool.register(consumer);
        }
        self.engine.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if let Some(pool) = self.limiting() {
            pool.unregister(consumer);
        }
        self.engine.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        if let Some(pool) = self.limiting() {
            pool.grow(reservation, additional);
        }
        self.engine.grow(reservation, additional);
        self.memory.add(additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        if let Some(pool) = self.limiting() {
            pool.shrink(reservation, shrink);
        }
        self.engine.shrink(reservation, shrink);
        self.memory.subtract(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if let Some(pool) = self.limiting() {
            pool.try_grow(reservation, additional)
                .map_err(|_| self.refusal(reservation, additional))?;
        }
        let granted = self.engine.try_grow(reservation, additional);
        match (&granted, self.limiting()) {
            (Ok(()), _) => self.memory.add(additional),
            (Err(_), Some(pool)) => pool.shrink(reservation, additional),
            (Err(_), None) => {}
        }
        granted
    }

    fn reserved(&self) -> usize {
        self.memory.used()
    }

    fn memory_limit(&self) -> MemoryLimit {
        match (self.memory.limit(), self.engine.memory_limit()) {
            (Some(own), MemoryLimit::Finite(engine)) => MemoryLimit::Finite(own.min(engine)),
            (Some(own), _) => MemoryLimit::Finite(own),
            (None, engine) => engine,
        }
    }
}

impl QueryPool {
    /// Worded as DataFusion's own pools do, from which the engine's errors are made.
    fn refusal(&self, reservation: &MemoryReservation, additional: usize) -> DataFusionError {
        DataFusionError::ResourcesExhausted(format!(
            "Failed to allocate additional {} for {} with {} already allocated for this \
             reservation - {self}",
            human_readable_size(additional),
            reservation.consumer().name(),
            human_readable_size(reservation.size()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::GreedyMemoryPool;

    use super::*;
    use crate::EngineError;

    struct Query {
        memory: Arc<Memory>,
        pool: Arc<dyn MemoryPool>,
    }

    fn query(engine: &Arc<dyn MemoryPool>, limit: Option<u64>) -> Query {
        let memory = Arc::new(Memory::within(limit));
        let pool = Arc::new(QueryPool::new(Arc::clone(engine), Arc::clone(&memory)));
        Query { memory, pool }
    }

    fn engine(bytes: usize) -> Arc<dyn MemoryPool> {
        Arc::new(GreedyMemoryPool::new(bytes))
    }

    #[test]
    fn a_query_is_counted_apart_from_the_others() {
        let engine = engine(1_000);
        let (one, other) = (query(&engine, None), query(&engine, None));
        let first = MemoryConsumer::new("first").register(&one.pool);
        let second = MemoryConsumer::new("second").register(&one.pool);
        let third = MemoryConsumer::new("third").register(&other.pool);
        first.try_grow(300).unwrap();
        second.grow(200);
        third.try_grow(100).unwrap();
        assert_eq!((one.memory.used(), other.memory.used()), (500, 100));
        assert_eq!(engine.reserved(), 600);
        first.shrink(250);
        drop(second);
        assert_eq!((one.memory.used(), one.memory.peak()), (50, 500));
        third.try_grow(900).unwrap_err();
        assert_eq!((other.memory.used(), other.memory.peak()), (100, 100));
        drop((first, third));
        assert_eq!(engine.reserved(), 0);
    }

    #[test]
    fn a_query_gets_no_more_than_its_limit_while_another_goes_on() {
        let engine = engine(10_000);
        let (limited, free) = (query(&engine, Some(1_000)), query(&engine, None));
        let consumer = MemoryConsumer::new("HashJoin").register(&limited.pool);
        let other = MemoryConsumer::new("other").register(&free.pool);
        consumer.try_grow(900).unwrap();
        let error = EngineError::from(consumer.try_grow(200).unwrap_err());
        assert_eq!(
            error.to_string(),
            "out of memory: HashJoin needs 200.0 B more, and this query may use 1000.0 B; raise \
             query_memory in [limits] or the session's own limit, or lower target_partitions or \
             batch_size"
        );
        other.try_grow(9_000).unwrap();
        assert_eq!(limited.memory.used(), 900);
        // What the engine refuses does not count for the query.
        consumer.try_resize(950).unwrap();
        let error = EngineError::from(other.try_grow(500).unwrap_err());
        assert!(
            error.to_string().contains("all queries together"),
            "{error}"
        );
        consumer.try_resize(1_000).unwrap();
        consumer.try_resize(1_001).unwrap_err();
        let MemoryLimit::Finite(limit) = limited.pool.memory_limit() else {
            panic!("a limit");
        };
        assert_eq!(limit, 1_000);
    }

    #[test]
    fn what_the_engine_refuses_is_not_taken_off_the_query() {
        let engine = engine(100);
        let query = query(&engine, Some(1_000));
        let consumer = MemoryConsumer::new("sort").register(&query.pool);
        for _ in 0..100 {
            consumer.try_grow(101).unwrap_err();
        }
        consumer.try_grow(100).unwrap();
        assert_eq!(query.memory.peak(), 100);
    }

    #[test]
    fn operators_that_spill_share_evenly() {
        let engine = engine(10_000);
        let query = query(&engine, Some(1_000));
        let spilling = |name: &str| {
            let consumer = MemoryConsumer::new(name).with_can_spill(true);
            consumer.register(&query.pool)
        };
        let (one, other) = (spilling("one"), spilling("other"));
        let error = one.try_grow(501).unwrap_err();
        assert!(matches!(error, DataFusionError::ResourcesExhausted(_)));
        one.try_grow(500).unwrap();
        other.try_grow(500).unwrap();
        drop(other);
        one.try_grow(500).unwrap();
    }
}
