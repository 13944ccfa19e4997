//! Taking tables apart so that nothing in them is overlooked: what nobody asked for is reported.

use std::cell::RefCell;

use weir_model::diagnostic::{Code, Severity, nearest_word, quote};

use super::read::{File, Key, Node, Value};

/// A value of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'f> {
    pub(crate) file: &'f File,
    pub(crate) node: &'f Node,
}

/// A table of a file, and which of its keys have been asked for.
#[derive(Debug)]
pub(crate) struct Table<'f> {
    item: Item<'f>,
    entries: &'f [(Key, Node)],
    name: &'static str,
    asked: RefCell<Vec<&'static str>>,
}

impl<'f> Item<'f> {
    /// Says that the value is wrong.
    pub(crate) fn wrong(self, code: Code, message: impl Into<String>, help: Option<String>) {
        self.file.say(Severity::Error, code, self.node.range.clone(), message.into(), help);
    }

    /// Says that something has no place in a Weir project.
    pub(crate) fn lost(self, message: impl Into<String>) {
        let range = self.node.range.clone();
        self.file.say(Severity::Warning, Code::NotCarriedOver, range, message.into(), None);
    }

    /// Says that something was assumed.
    pub(crate) fn assumed(self, message: impl Into<String>, help: impl Into<String>) {
        let range = self.node.range.clone();
        self.file.say(Severity::Warning, Code::Assumed, range, message.into(), Some(help.into()));
    }

    /// The text of a scalar. What is none is said to be wrong.
    pub(crate) fn text(self) -> Option<&'f str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => Some(text.as_str()),
            Value::Scalar { .. } | Value::List(_) | Value::Table(_) => {
                self.wrong(Code::WrongType, "expected a text or a number", None);
                None
            }
        }
    }

    /// A flag. What is none is said to be wrong.
    pub(crate) fn flag(self) -> Option<bool> {
        match self.text()? {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                self.wrong(Code::WrongType, format!("{} is neither `true` nor `false`", quote(other)), None);
                None
            }
        }
    }

    /// Whether the value is a list.
    #[cfg(feature = "slo-generator")]
    pub(crate) fn is_list(self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// Line and column, both from 1, the column in characters.
    #[cfg(feature = "rule-files")]
    pub(crate) fn position(self) -> (usize, usize) {
        self.file.position(self.node.range.start)
    }

    /// Whether the value is a table with this key.
    #[cfg(any(feature = "rule-files", feature = "slo-generator"))]
    pub(crate) fn has(self, key: &str) -> bool {
        self.entries().any(|(entry, _)| entry == key)
    }

    /// The elements of a list. What is none is said to be wrong.
    pub(crate) fn list(self) -> impl Iterator<Item = Item<'f>> {
        let elements = match &self.node.value {
            Value::List(elements) => elements.as_slice(),
            Value::Scalar { .. } | Value::Table(_) => {
                self.wrong(Code::WrongType, "expected a list", None);
                &[]
            }
        };
        elements.iter().map(move |node| Item { file: self.file, node })
    }

    /// The entries of a table, called `name` in messages. What is none is said to be wrong.
    pub(crate) fn table(self, name: &'static str) -> Option<Table<'f>> {
        match &self.node.value {
            Value::Table(entries) => {
                Some(Table { item: self, entries, name, asked: RefCell::new(Vec::new()) })
            }
            Value::Scalar { .. } | Value::List(_) => {
                self.wrong(Code::WrongType, format!("expected a table, {}", quote(name)), None);
                None
            }
        }
    }

    /// The entries of a table, without saying anything about what is none.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'f str, Item<'f>)> {
        let entries = match &self.node.value {
            Value::Table(entries) => entries.as_slice(),
            Value::Scalar { .. } | Value::List(_) => &[],
        };
        entries.iter().map(move |(key, node)| (key.text.as_str(), Item { file: self.file, node }))
    }
}

impl<'f> Table<'f> {
    /// The table as a value.
    pub(crate) fn item(&self) -> Item<'f> {
        self.item
    }

    /// The value of a key; none for null.
    pub(crate) fn get(&self, key: &'static str) -> Option<Item<'f>> {
        self.asked.borrow_mut().push(key);
        let entry = self.entries.iter().find(|(entry, _)| entry.text == key);
        entry.filter(|(_, node)| !node.is_null()).map(|(_, node)| Item { file: self.item.file, node })
    }

    /// The value of a key that has to be there.
    pub(crate) fn need(&self, key: &'static str) -> Option<Item<'f>> {
        let value = self.get(key);
        if value.is_none() {
            self.item.wrong(Code::MissingKey, format!("{} has no {}", quote(self.name), quote(key)), None);
        }
        value
    }

    /// The text of a key that may be there.
    pub(crate) fn text(&self, key: &'static str) -> Option<&'f str> {
        self.get(key)?.text()
    }

    /// The table of a key that may be there.
    pub(crate) fn table(&self, key: &'static str) -> Option<Table<'f>> {
        self.get(key)?.table(key)
    }

    /// Says of each key that it is not carried over, where it is there.
    pub(crate) fn lose(&self, keys: &[&'static str], why: &str) {
        for key in keys {
            self.asked.borrow_mut().push(key);
            if let Some((entry, node)) = self.entries.iter().find(|(entry, _)| entry.text == *key)
                && !node.is_null()
            {
                let message = format!("{} of {}: {why}", quote(key), quote(self.name));
                let (code, range) = (Code::NotCarriedOver, entry.range.clone());
                self.item.file.say(Severity::Warning, code, range, message, None);
            }
        }
    }

    /// Says of each key that nobody asked for that it is not carried over.
    pub(crate) fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.entries.iter().filter(|(key, _)| !asked.contains(&key.text.as_str())) {
            let message = format!("unknown key {} in {}", quote(&key.text), quote(self.name));
            let help = nearest_word(&key.text, asked.iter().copied());
            let (code, range) = (Code::NotCarriedOver, key.range.clone());
            self.item.file.say(Severity::Warning, code, range, message, help);
        }
    }
}
