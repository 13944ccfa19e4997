//! What stands in for the host outside the sandbox: nothing, until a test says otherwise. One set a thread, so that
//! tests do not see each other's.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::evidence::Refusal;
use crate::refusal;

type Zones = Rc<dyn Fn(&str, i64) -> Option<i32>>;

#[derive(Default)]
pub(crate) struct Doubles {
    pub(crate) documents: BTreeMap<String, String>,
    pub(crate) zones: Option<Zones>,
    pub(crate) log: Vec<(u32, String)>,
}

thread_local! {
    pub(crate) static DOUBLES: RefCell<Doubles> = RefCell::default();
}

pub(crate) fn write(level: u32, text: &str) {
    DOUBLES.with_borrow_mut(|doubles| doubles.log.push((level, text.to_owned())));
}

pub(crate) fn offset(zone: &str, at: i64) -> Option<i32> {
    let zones = DOUBLES.with_borrow(|doubles| doubles.zones.clone());
    zones.and_then(|zones| zones(zone, at))
}

pub(crate) fn read(path: &str) -> Result<String, Refusal> {
    DOUBLES.with_borrow(|doubles| {
        doubles
            .documents
            .get(path)
            .cloned()
            .ok_or_else(|| Refusal { code: refusal::MISSING, text: format!("there is no document `{path}`") })
    })
}

pub(crate) fn documents(folder: &str) -> Result<Vec<String>, Refusal> {
    let folder = folder.trim_end_matches('/');
    let below = |path: &&String| {
        path.strip_prefix(folder).is_some_and(|rest| folder.is_empty() || rest.starts_with('/'))
    };
    DOUBLES.with_borrow(|doubles| Ok(doubles.documents.keys().filter(below).cloned().collect()))
}
