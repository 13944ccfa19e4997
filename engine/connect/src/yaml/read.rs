//! Reading YAML: documents as trees of nodes that know where they stand.
//!
//! A scalar stays the text that it is in the file, so that a number is never a float in between. Size is bounded: depth,
//! and how many nodes there are once aliases are followed.

#[cfg(feature = "rule-files")]
use std::cell::OnceCell;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use weir_model::diagnostic::{Code, Diagnostic, Severity, quote};

/// How deep tables and lists may nest.
const DEEPEST: usize = 64;
/// How many nodes a file may have.
const MOST_NODES: usize = 200_000;

/// A file of another system, and what was said about it so far.
#[derive(Debug)]
pub(crate) struct File {
    path: String,
    text: Arc<str>,
    said: RefCell<Vec<Diagnostic>>,
    /// Where lines begin, once somebody has asked.
    #[cfg(feature = "rule-files")]
    lines: OnceCell<Vec<usize>>,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The bytes of the value; of a list or table, those of its first entry.
    pub(crate) range: Range<usize>,
    pub(crate) value: Value,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A text, number, flag or null, as it is written.
    Scalar {
        text: String,
        /// Whether it is in quotes or in a block, and so can only be a text.
        is_quoted: bool,
    },
    List(Vec<Node>),
    /// A table, in the order of the file. No key occurs twice.
    Table(Vec<(Key, Node)>),
}

/// A key of a table.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

impl File {
    /// A file of this text. The path is only shown.
    pub(crate) fn new(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: Arc::from(text),
            said: RefCell::new(Vec::new()),
            #[cfg(feature = "rule-files")]
            lines: OnceCell::new(),
        }
    }

    /// The documents of the file. What is no YAML is said, and there is none then.
    pub(crate) fn documents(&self) -> Vec<Node> {
        match Builder::new(self).documents() {
            Ok(documents) => documents,
            Err((range, message)) => {
                self.say(Severity::Error, Code::YamlSyntax, range, message, None);
                Vec::new()
            }
        }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    #[cfg(feature = "rule-files")]
    pub(crate) fn position(&self, byte: usize) -> (usize, usize) {
        // Many places of a file are asked for, so its lines are looked for once.
        let starts = self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect()
        });
        let line = starts.partition_point(|start| *start <= byte).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..byte).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// Adds to what is said about the file.
    pub(crate) fn say(
        &self,
        severity: Severity,
        code: Code,
        range: Range<usize>,
        message: String,
        help: Option<String>,
    ) {
        self.said.borrow_mut().push(Diagnostic {
            severity,
            code,
            file: self.path.clone(),
            text: Arc::clone(&self.text),
            range,
            message,
            label: String::new(),
            help,
            related: Vec::new(),
        });
    }

    /// All that was said, as it stands in the file.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut said = self.said.into_inner();
        said.sort_by(|a, b| (a.range.start, a.code, &a.message).cmp(&(b.range.start, b.code, &b.message)));
        said.dedup();
        said
    }
}

/// What is wrong, and where.
type Wrong = (Range<usize>, String);

/// Builds nodes from the events of the parser.
struct Builder<'f> {
    parser: Parser<'f, saphyr_parser::StrInput<'f>>,
    /// Where each character begins: the parser counts characters.
    starts: Vec<usize>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'f> Builder<'f> {
    fn new(file: &'f File) -> Builder<'f> {
        let starts = file.text.char_indices().map(|(start, _)| start).chain([file.text.len()]).collect();
        Builder { parser: Parser::new_from_str(&file.text), starts, anchors: HashMap::new(), nodes: 0 }
    }

    fn documents(mut self) -> Result<Vec<Node>, Wrong> {
        let mut documents = Vec::new();
        while let Some((event, _)) = self.next()? {
            if matches!(event, Event::DocumentStart(_)) {
                let Some((event, span)) = self.next()? else { break };
                // An empty document is nothing at all.
                if !matches!(event, Event::DocumentEnd) {
                    let node = self.node(event, span, 0)?;
                    if !node.is_null() {
                        documents.push(node);
                    }
                }
                self.anchors.clear();
            }
        }
        Ok(documents)
    }

    fn next(&mut self) -> Result<Option<(Event<'f>, Span)>, Wrong> {
        match self.parser.next() {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => {
                let start = self.byte(error.marker().index());
                Err((start..start, format!("this is not YAML: {}", error.info())))
            }
        }
    }

    fn byte(&self, character: usize) -> usize {
        self.starts.get(character).or(self.starts.last()).copied().unwrap_or(0)
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }

    fn node(&mut self, event: Event<'f>, span: Span, depth: usize) -> Result<Node, Wrong> {
        let range = self.range(span);
        self.nodes += 1;
        if self.nodes > MOST_NODES || depth > DEEPEST {
            return Err((range, "this is larger or deeper than any file of its kind".to_owned()));
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_quoted = !matches!(style, ScalarStyle::Plain);
                (anchor, Value::Scalar { text: text.into_owned(), is_quoted })
            }
            Event::SequenceStart(anchor, _) => (anchor, self.list(depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.table(depth)?),
            Event::Alias(anchor) => return self.alias(anchor, range),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err((range, "this is not YAML: a value is missing".to_owned())),
        };
        let node = Node { range, value };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Value, Wrong> {
        let mut elements = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            elements.push(self.node(event, span, depth + 1)?);
        }
        Ok(Value::List(elements))
    }

    fn table(&mut self, depth: usize) -> Result<Value, Wrong> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, span, depth + 1)?;
            let Value::Scalar { text, .. } = key.value else {
                return Err((key.range, "a key that is a list or a table means nothing here".to_owned()));
            };
            if entries.iter().any(|(other, _)| other.text == text) {
                return Err((key.range, format!("the key {} occurs twice", quote(&text))));
            }
            let Some((event, span)) = self.next()? else { break };
            let value = self.node(event, span, depth + 1)?;
            entries.push((Key { range: key.range, text }, value));
        }
        Ok(Value::Table(entries))
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result<Node, Wrong> {
        let node = self.anchors.get(&anchor).cloned();
        let node =
            node.ok_or_else(|| (range.clone(), "this alias refers to what it is a part of".to_owned()))?;
        self.nodes += node.count();
        if self.nodes > MOST_NODES {
            return Err((range, "aliases make this larger than any file of its kind".to_owned()));
        }
        Ok(node)
    }
}

impl Node {
    /// Whether the value says nothing.
    pub(crate) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, is_quoted } => {
                !is_quoted && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            Value::List(_) | Value::Table(_) => false,
        }
    }

    /// How many nodes there are in it. The depth is bounded, so recursion is safe.
    fn count(&self) -> usize {
        match &self.value {
            Value::Scalar { .. } => 1,
            Value::List(elements) => 1 + elements.iter().map(Node::count).sum::<usize>(),
            Value::Table(entries) => 1 + entries.iter().map(|(_, node)| 1 + node.count()).sum::<usize>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let file = File::new("a.yaml", text);
        let documents = file.documents();
        let mut lines: Vec<String> =
            documents.iter().map(|node| format!("{:?} {}", node.range, outline(node))).collect();
        lines.extend(file.into_diagnostics().iter().map(ToString::to_string));
        lines
    }

    fn outline(node: &Node) -> String {
        match &node.value {
            Value::Scalar { text, is_quoted: true } => format!("{text:?}"),
            Value::Scalar { text, .. } => text.clone(),
            Value::List(elements) => {
                format!("[{}]", elements.iter().map(outline).collect::<Vec<_>>().join(" "))
            }
            Value::Table(entries) => {
                let entry =
                    |(key, node): &(Key, Node)| format!("{}@{}={}", key.text, key.range.start, outline(node));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn values_are_texts_with_places() {
        assert_eq!(
            shown("ü: 0.10\nb: ['x', no]\n---\n- 99.999\n"),
            ["0..0 {ü@0=0.10 b@9=[\"x\" no]}", "26..26 [99.999]"]
        );
        assert_eq!(shown("a: &x {b: 1}\nc: *x\n"), ["0..0 {a@0={b@7=1} c@13={b@7=1}}"]);
        assert_eq!(shown("# nothing\n---\n---\n"), [""; 0]);
    }

    #[cfg(feature = "rule-files")]
    #[test]
    fn places_are_those_of_diagnostics() {
        let text = "ü: 1\n\nb: ä\r\n";
        let file = File::new("a.yaml", text);
        for (byte, _) in text.char_indices().chain([(text.len(), ' ')]) {
            assert_eq!(file.position(byte), weir_model::diagnostic::position(text, byte), "{byte}");
        }
    }

    #[test]
    fn what_is_no_yaml_is_said_with_its_place() {
        assert_eq!(shown("a: 1\na: 2\n"), ["a.yaml:2:1: error[yaml-syntax]: the key `a` occurs twice"]);
        assert!(shown("a: [1\nb: 2\n")[0].starts_with("a.yaml:2:"));
    }

    #[test]
    fn size_is_bounded() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(shown(&nested(100))[0].contains("deeper than any file"));
        assert!(shown(&nested(100_000))[0].contains("error[yaml-syntax]"));
        let mut bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for level in 1..9 {
            let before = level - 1;
            bomb.push_str(&format!(
                "a{level}: &a{level} [*a{before},*a{before},*a{before},*a{before},*a{before}]\n"
            ));
        }
        assert!(shown(&bomb)[0].contains("aliases make this larger"));
    }
}
