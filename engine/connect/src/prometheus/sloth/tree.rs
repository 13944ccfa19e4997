//! PromQL as trees, to compare expressions by what they mean: white space, brackets that change nothing, the order of labels
//! and where the labels of an aggregation stand make no difference.

use std::iter::Peekable;
use std::vec::IntoIter;

/// A node: what is done, and to what.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree {
    pub(super) what: String,
    pub(super) of: Vec<Tree>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A name, keyword, number or duration.
    Word(String),
    /// A text without its quotes.
    Text(String),
    Sign(String),
}

const AGGREGATIONS: [&str; 14] = [
    "sum",
    "min",
    "max",
    "avg",
    "group",
    "stddev",
    "stdvar",
    "count",
    "count_values",
    "bottomk",
    "topk",
    "quantile",
    "limitk",
    "limit_ratio",
];

/// Reads an expression. Panics on what is none: a test that can't read has failed.
pub(super) fn parse(expression: &str) -> Tree {
    let mut parser = Parser { tokens: tokens(expression).into_iter().peekable() };
    let tree = parser.binary(0);
    assert_eq!(parser.tokens.next(), None, "{expression}");
    tree
}

fn tokens(expression: &str) -> Vec<Token> {
    let characters: Vec<char> = expression.chars().collect();
    let text = |from: usize, to: usize| characters[from..to].iter().collect::<String>();
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.');
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let first = characters[at];
        if first.is_whitespace() {
            at += 1;
        } else if matches!(first, '"' | '\'' | '`') {
            let mut end = at + 1;
            while characters[end] != first {
                end += if characters[end] == '\\' && first != '`' { 2 } else { 1 };
            }
            tokens.push(Token::Text(text(at + 1, end)));
            at = end + 1;
        } else if is_word(first) && first != ':' {
            let end =
                (at..characters.len()).find(|idx| !is_word(characters[*idx])).unwrap_or(characters.len());
            tokens.push(Token::Word(word(&text(at, end))));
            at = end;
        } else {
            let two = text(at, (at + 2).min(characters.len()));
            let is_two = ["==", "!=", ">=", "<=", "=~", "!~"].contains(&two.as_str());
            tokens.push(Token::Sign(if is_two { two } else { first.to_string() }));
            at += if is_two { 2 } else { 1 };
        }
    }
    tokens
}

/// A word as it is meant: keywords may be in capitals.
fn word(written: &str) -> String {
    let lower = written.to_ascii_lowercase();
    let others = ["bool", "on", "ignoring", "group_left", "group_right", "by", "without", "offset"];
    let is_keyword = strength(&lower).is_some()
        || AGGREGATIONS.contains(&lower.as_str())
        || others.contains(&lower.as_str());
    if is_keyword { lower } else { written.to_owned() }
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
}

impl Parser {
    fn sign(&mut self, sign: &str) -> bool {
        self.tokens.next_if_eq(&Token::Sign(sign.to_owned())).is_some()
    }

    fn need(&mut self, sign: &str) {
        assert_eq!(self.tokens.next(), Some(Token::Sign(sign.to_owned())));
    }

    fn word(&mut self, words: &[&str]) -> Option<String> {
        let is_one = |token: &Token| matches!(token, Token::Word(word) if words.contains(&word.as_str()));
        match self.tokens.next_if(is_one) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// An operation whose operators bind at least so tightly, or one operand.
    fn binary(&mut self, least: u8) -> Tree {
        let mut left = self.operand();
        loop {
            let (Some(Token::Word(operator)) | Some(Token::Sign(operator))) = self.tokens.peek().cloned()
            else {
                return left;
            };
            let Some(strength) = strength(&operator).filter(|strength| *strength >= least) else {
                return left;
            };
            self.tokens.next();
            let mut what = operator.clone();
            if self.word(&["bool"]).is_some() {
                what.push_str(" bool");
            }
            for words in [&["on", "ignoring"][..], &["group_left", "group_right"]] {
                if let Some(word) = self.word(words) {
                    what.push_str(&format!(" {word}({})", self.labels().join(",")));
                }
            }
            // Only powers are taken from right to left.
            let right = self.binary(if operator == "^" { strength } else { strength + 1 });
            left = Tree { what, of: vec![left, right] };
        }
    }

    /// Names in brackets, in the order of the alphabet; none where there are no brackets.
    fn labels(&mut self) -> Vec<String> {
        let mut labels = Vec::new();
        if self.sign("(") {
            while !self.sign(")") {
                match self.tokens.next() {
                    Some(Token::Word(label)) => labels.push(label),
                    other => panic!("{other:?} is no label"),
                }
                self.sign(",");
            }
        }
        labels.sort();
        labels
    }

    fn operand(&mut self) -> Tree {
        if self.sign("-") {
            return Tree { what: "-".to_owned(), of: vec![self.binary(6)] };
        }
        if self.sign("+") {
            return self.binary(6);
        }
        let operand = if self.sign("(") {
            let inner = self.binary(0);
            self.need(")");
            inner
        } else {
            match self.tokens.next() {
                Some(Token::Text(text)) => Tree { what: format!("{text:?}"), of: Vec::new() },
                Some(Token::Word(word)) => self.named(word),
                Some(Token::Sign(sign)) if sign == "{" => self.selector(""),
                other => panic!("{other:?} begins no expression"),
            }
        };
        self.suffixes(operand)
    }

    /// What begins with a word: a number, an aggregation, a call, or the name of a series.
    fn named(&mut self, word: String) -> Tree {
        if word.parse::<f64>().is_ok() {
            return Tree { what: word, of: Vec::new() };
        }
        let is_aggregation = AGGREGATIONS.contains(&word.as_str());
        let mut by = if is_aggregation { self.by() } else { None };
        if self.sign("(") {
            let mut arguments = Vec::new();
            while !self.sign(")") {
                arguments.push(self.binary(0));
                self.sign(",");
            }
            if is_aggregation {
                by = by.or_else(|| self.by());
            }
            let by = by.map(|by| format!(" {by}")).unwrap_or_default();
            return Tree { what: format!("{word}(){by}"), of: arguments };
        }
        if self.sign("{") {
            self.selector(&word)
        } else {
            Tree { what: format!("{word}{{}}"), of: Vec::new() }
        }
    }

    fn by(&mut self) -> Option<String> {
        let word = self.word(&["by", "without"])?;
        Some(format!("{word}({})", self.labels().join(",")))
    }

    fn selector(&mut self, name: &str) -> Tree {
        let mut matchers = Vec::new();
        while !self.sign("}") {
            let matcher: Vec<String> = (0..3)
                .map(|_| match self.tokens.next() {
                    Some(Token::Word(word) | Token::Sign(word)) => word,
                    Some(Token::Text(text)) => format!("{text:?}"),
                    None => panic!("{name} has no end"),
                })
                .collect();
            matchers.push(matcher.concat());
            self.sign(",");
        }
        matchers.sort();
        Tree { what: format!("{name}{{{}}}", matchers.join(",")), of: Vec::new() }
    }

    /// Ranges, offsets and instants after an operand.
    fn suffixes(&mut self, mut tree: Tree) -> Tree {
        loop {
            let what = if self.sign("[") {
                let mut range = String::new();
                while !self.sign("]") {
                    match self.tokens.next() {
                        Some(Token::Word(word) | Token::Sign(word)) => range.push_str(&word),
                        other => panic!("{other:?} is no range"),
                    }
                }
                format!("[{range}]")
            } else if self.word(&["offset"]).is_some() {
                let minus = if self.sign("-") { "-" } else { "" };
                format!("offset {minus}{:?}", self.tokens.next())
            } else {
                return tree;
            };
            tree = Tree { what, of: vec![tree] };
        }
    }
}

/// How tightly an operator binds; none for what is no operator.
fn strength(operator: &str) -> Option<u8> {
    Some(match operator {
        "or" => 1,
        "and" | "unless" => 2,
        "==" | "!=" | "<=" | "<" | ">=" | ">" => 3,
        "+" | "-" => 4,
        "*" | "/" | "%" | "atan2" => 5,
        "^" => 6,
        _ => return None,
    })
}

impl Tree {
    /// The tree with numbers to twelve digits.
    pub(super) fn rounded(mut self) -> Tree {
        if let Ok(number) = self.what.parse::<f64>() {
            self.what = format!("{number:.11e}");
        }
        self.of = self.of.into_iter().map(Tree::rounded).collect();
        self
    }
}

#[test]
fn expressions_are_the_same_when_their_trees_are() {
    let check = |one: &str, other: &str, same: bool| {
        assert_eq!(parse(one) == parse(other), same, "{one}\n{other}");
    };
    check("sum( rate(x[5m]) )\n/ 0.1", "(sum(rate((x)[5m])))/(0.1)", true);
    check("sum by (b, a) (x)", "sum(x) by (a,b)", true);
    check("sum by (a) (x)", "sum without (a) (x)", false);
    check("x{a=\"1\", b!~'2'}", "x{b!~\"2\",a=\"1\",}", true);
    check("x{a=\"b c\"}", "x{a=\"bc\"}", false);
    check("x{a=\"1\"}", "x{a!=\"1\"}", false);
    check("a OR b and c", "a or (b and c)", true);
    check("a or b and c", "(a or b) and c", false);
    check("a - b - c", "(a - b) - c", true);
    check("a - b - c", "a - (b - c)", false);
    check("a ^ b ^ c", "a ^ (b ^ c)", true);
    check("-a ^ b", "-(a ^ b)", true);
    check("-a * b", "(-a) * b", true);
    check("a + b * c > d", "(a + (b * c)) > d", true);
    check("a / ignoring(l) b", "a / b", false);
    check("a / on(m, l) group_left b", "a / on(l,m) group_left() b", true);
    check("a > b", "a > bool b", false);
    check("x[5m] offset 1h", "x[5m]", false);
    check("x offset 1h", "x offset -1h", false);
    check("1 - 2", "1 + 2", false);
    check("0.1", "0.10000000000000001", false);
    assert_eq!(parse("0.1").rounded(), parse("0.10000000000000001").rounded());
}
