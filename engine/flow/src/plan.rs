//! What is read and for whom: all that the threads of a flow share, and that does not change while they read.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::cdevents;
use crate::columns::FieldKind;
use crate::definition::{Definition, Request, definitions};
use crate::flow::Options;
use crate::projection::{Projection, SlotIdx};

/// The plan of a flow.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) options: Options,
    /// The time that the ledgers keep, in milliseconds since 1970: as the options say at first. It moves on where streams are
    /// followed.
    from: AtomicI64,
    until: AtomicI64,
    services: Services,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) projection: Projection,
    pub(crate) attributes: Attributes,
    /// The columns of a batch: which slot each is filled from, and how its values are wanted.
    pub(crate) columns: Vec<(SlotIdx, FieldKind)>,
}

/// Where the attributes of an event stand among the slots.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes {
    pub(crate) specversion: SlotIdx,
    pub(crate) id: SlotIdx,
    pub(crate) source: SlotIdx,
    pub(crate) kind: SlotIdx,
    pub(crate) subject: SlotIdx,
    pub(crate) time: SlotIdx,
}

/// The services that some request is about, by name.
#[derive(Debug, Default)]
struct Services {
    numbers: HashTable<u32>,
    names: Vec<Box<str>>,
}

impl Services {
    fn add(&mut self, name: &str) {
        if self.number(name).is_none() {
            let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            self.names.push(name.into());
            let names = &self.names;
            self.numbers.insert_unique(hash(name), number, |number| hash(named(names, *number)));
        }
    }

    #[inline]
    fn number(&self, name: &str) -> Option<u32> {
        self.numbers.find(hash(name), |number| named(&self.names, *number) == name).copied()
    }
}

#[inline]
fn named(names: &[Box<str>], number: u32) -> &str {
    usize::try_from(number).ok().and_then(|number| names.get(number)).map_or("", |name| name)
}

#[inline]
fn hash(name: &str) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(name.as_bytes());
    hasher.finish()
}

impl Plan {
    pub(crate) fn new(requests: Vec<Request>, options: Options) -> Plan {
        let mut services = Services::default();
        requests.iter().for_each(|request| services.add(&request.service));
        let mut projection = Projection::default();
        let attributes = Attributes {
            specversion: projection.slot("specversion"),
            id: projection.slot("id"),
            source: projection.slot("source"),
            kind: projection.slot("type"),
            subject: projection.slot("subject"),
            time: projection.slot("time"),
        };
        let mut columns = Vec::new();
        let mut column_of = HashMap::new();
        let service_of = |name: &str| services.number(name).and_then(|number| usize::try_from(number).ok());
        let mut definitions = definitions(requests, service_of);
        for definition in &mut definitions {
            definition.lay_out(|field| {
                let kind = FieldKind::from_code(field.kind)?;
                let slot = projection.slot(&field.name);
                Some(*column_of.entry((slot, kind)).or_insert_with(|| {
                    columns.push((slot, kind));
                    columns.len() - 1
                }))
            });
        }
        let (from, until) = (AtomicI64::new(options.from), AtomicI64::new(options.until));
        Plan { options, from, until, services, definitions, projection, attributes, columns }
    }

    /// The number of a service that some request is about.
    pub(crate) fn service(&self, name: &str) -> Option<u32> {
        self.services.number(name)
    }

    /// Whether events of this type are kept whole.
    pub(crate) fn keeps_whole(&self, kind: &str) -> bool {
        let kept = &self.options.keep_whole;
        kept.iter().any(|keep| keep == kind) || cdevents::is_looked_at(kind, kept)
    }

    /// Whether an event lies in the time that the ledgers keep.
    pub(crate) fn on_time(&self, time: i64) -> bool {
        (self.from.load(Ordering::Relaxed)..self.until.load(Ordering::Relaxed)).contains(&time)
    }

    /// Moves the time that the ledgers keep. Not while anything is read, or results would depend on the threads.
    pub(crate) fn keep(&self, time: &Range<i64>) {
        self.from.store(time.start, Ordering::Relaxed);
        self.until.store(time.end, Ordering::Relaxed);
    }
}
