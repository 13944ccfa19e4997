//! Which fields of an event are read: a tree that the decoders walk along, so that everything else is skipped unseen.

use std::collections::BTreeMap;

/// Where the values of one event go: one slot a field name.
pub(crate) type SlotIdx = usize;

/// The fields to read, as a tree over the keys of an event. `data.http.status` is three steps deep.
#[derive(Debug, Default)]
pub(crate) struct Projection {
    root: Node,
    names: Vec<String>,
}

/// One step into an event.
#[derive(Debug, Default)]
pub(crate) struct Node {
    slot: Option<SlotIdx>,
    /// Few, so that comparing keys is faster than hashing them.
    children: BTreeMap<Box<str>, Node>,
}

impl Node {
    /// Where the value at this place goes, when it is wanted itself.
    pub(crate) fn slot(&self) -> Option<SlotIdx> {
        self.slot
    }

    /// The step to `key`, when something at or below it is wanted.
    pub(crate) fn child(&self, key: &str) -> Option<&Node> {
        self.children.get(key)
    }

    /// Whether something below this place is wanted.
    pub(crate) fn has_children(&self) -> bool {
        !self.children.is_empty()
    }
}

impl Projection {
    /// The slot of a field, which is added when it is new. A dot in `name` is a step into an object.
    pub(crate) fn slot(&mut self, name: &str) -> SlotIdx {
        let mut node = &mut self.root;
        for key in name.split('.') {
            node = node.children.entry(key.into()).or_default();
        }
        if let Some(slot) = node.slot {
            return slot;
        }
        let slot = self.names.len();
        node.slot = Some(slot);
        self.names.push(name.to_owned());
        slot
    }

    /// The tree's root: the event itself.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// The names of the fields, by slot.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }
}
