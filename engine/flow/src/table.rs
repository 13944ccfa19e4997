//! Tables: formats whose columns have the names of fields, with one event a row.

use crate::cloudevents::instant;
use crate::columns::{Scalar, Slots};
use crate::dedupe::Fingerprint;
use crate::plan::{Attributes, Plan};
use crate::projection::SlotIdx;
use crate::rows::{Arrival, Rows};
use crate::time::Clock;

/// A table as a plan reads it.
#[derive(Debug)]
pub(crate) struct Table {
    /// What all events of the table have in common, where a row does not say otherwise.
    source: String,
    subject: Option<String>,
    has_id: bool,
    at: Attributes,
    slots: usize,
}

impl Table {
    /// A table with these columns; `service` is the subject of rows that name none. `place` is what names the columns, in
    /// messages.
    ///
    /// # Errors
    /// When two columns have one name, or one is missing that all events need.
    pub(crate) fn new(
        names: &[String],
        place: &str,
        file: &str,
        service: Option<&str>,
        plan: &Plan,
    ) -> Result<Table, String> {
        let repeated = |(idx, name): (usize, &String)| names.iter().take(idx).any(|other| other == name);
        if let Some((_, name)) = names.iter().enumerate().find(|column| repeated(*column)) {
            return Err(format!("the {place} has two columns `{name}`"));
        }
        let has = |name: &str| names.iter().any(|column| column == name);
        if let Some(name) = ["type", "time"].into_iter().find(|name| !has(name)) {
            return Err(format!("the {place} has no column `{name}`"));
        }
        if service.is_none() && !has("subject") {
            return Err(format!("the {place} has no column `subject`, and the source no `service`"));
        }
        Ok(Table {
            source: file.to_owned(),
            subject: service.map(str::to_owned),
            has_id: has("id"),
            at: plan.attributes,
            slots: plan.projection.names().len(),
        })
    }

    /// Leaves in the slots what all events of the table have in common.
    pub(crate) fn begin<'e>(&'e self, slots: &mut Slots<'e>) {
        slots.clear();
        slots.resize(self.slots, None);
        let mut put = |slot: SlotIdx, text: &'e str| {
            if let Some(place) = slots.get_mut(slot) {
                *place = Some(Scalar::Text(text));
            }
        };
        put(self.at.source, &self.source);
        if let Some(subject) = &self.subject {
            put(self.at.subject, subject);
        }
    }

    /// Checks the attributes of an event and takes it in.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn take_in(
        &self,
        slots: &[Option<Scalar<&str>>],
        plan: &Plan,
        clock: &mut Clock,
        rows: &mut Rows,
    ) -> Result<(), String> {
        let at = self.at;
        let cell = |slot: SlotIdx| match slots.get(slot) {
            Some(Some(Scalar::Untyped(text) | Scalar::Text(text))) if !text.is_empty() => Some(*text),
            _ => None,
        };
        let needed = |slot: SlotIdx, name: &str| cell(slot).ok_or_else(|| format!("`{name}` is missing"));
        let id = if self.has_id { Some(needed(at.id, "id")?) } else { None };
        let kind = needed(at.kind, "type")?;
        let time = match slots.get(at.time) {
            Some(Some(Scalar::Instant(time))) => *time,
            _ => instant(needed(at.time, "time")?, clock)?,
        };
        let source = cell(at.source).unwrap_or_default();
        let arrival = Arrival {
            fingerprint: id.map(|id| Fingerprint::new(source.as_bytes(), id.as_bytes())),
            time,
            kind,
            service: cell(at.subject).and_then(|subject| plan.service(subject)),
        };
        rows.arrive(plan, &arrival, slots, || {
            Err(format!("events of type `{kind}` are kept whole, and only CloudEvents are whole events"))
        });
        Ok(())
    }
}
