//! What calculators write to their logs: of each the first lines that differ, whichever threads read the events.

use std::collections::BTreeMap;

use weir_host::{Answer, CallError, LogLine};

/// How many lines of a calculator are told.
const TOLD: usize = 10;

/// Where in the stream something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Before the first event.
    Prepared,
    /// At the block of this number.
    Block(u64),
    /// After the last event.
    Settled,
}

/// What one thread has heard of a calculator, in the order of the stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// The first lines that differ. One more than is told: so whether there were more does not depend on how many threads
    /// shared the lines.
    lines: Vec<(Place, LogLine)>,
    /// Where lines were first left out because a call wrote too many.
    cut: Option<Place>,
}

impl Heard {
    /// Takes the lines out of an answer.
    ///
    /// # Errors
    /// With the reason, where there is none.
    pub(crate) fn hear<T>(
        &mut self,
        place: Place,
        answer: Result<Answer<T>, CallError>,
    ) -> Result<T, String> {
        match answer {
            Ok(Answer { value, mut log, log_cut }) => {
                if log_cut {
                    // It says how many lines were left out of this call, and it is not the only call.
                    log.pop();
                    self.cut = self.cut.or(Some(place));
                }
                log.into_iter().for_each(|line| self.add(place, line));
                Ok(value)
            }
            Err(error) => {
                error.log().iter().for_each(|line| self.add(place, line.clone()));
                Err(error.to_string())
            }
        }
    }

    /// The first lines of what several threads have heard up to some place, and whether there were more; none where there
    /// was nothing.
    pub(crate) fn first(heard: Vec<Heard>, end: Place) -> Option<(Vec<String>, bool)> {
        let mut all = Heard::default();
        let cut = heard.iter().filter_map(|heard| heard.cut).any(|place| place <= end);
        let mut lines: Vec<(Place, LogLine)> = heard.into_iter().flat_map(|heard| heard.lines).collect();
        // All lines of a block come from one thread, in their order.
        lines.sort_by_key(|(place, _)| *place);
        lines.into_iter().filter(|(place, _)| *place <= end).for_each(|(place, line)| all.add(place, line));
        let is_cut = cut || all.lines.len() > TOLD;
        let lines: Vec<String> = all.lines.iter().take(TOLD).map(|(_, line)| line.to_string()).collect();
        (is_cut || !lines.is_empty()).then_some((lines, is_cut))
    }

    /// Whether nothing was heard.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.cut.is_none()
    }

    fn add(&mut self, place: Place, line: LogLine) {
        if self.lines.len() <= TOLD && self.lines.iter().all(|(_, known)| *known != line) {
            self.lines.push((place, line));
        }
    }
}

/// What was written while slices were judged, in no order: of the lines of a calculator the first ones by their text.
#[derive(Debug, Default)]
pub(crate) struct Overheard {
    by_definition: BTreeMap<usize, Heard>,
}

impl Overheard {
    /// Adds what was heard of a definition's calculator.
    pub(crate) fn add(&mut self, definition: usize, heard: Heard) {
        let all = self.by_definition.entry(definition).or_default();
        all.cut = all.cut.or(heard.cut);
        all.lines.extend(heard.lines);
        all.lines.sort_by(|(_, one), (_, other)| (&one.text, one.level).cmp(&(&other.text, other.level)));
        all.lines.dedup();
        all.lines.truncate(TOLD + 1);
    }

    /// Hands out what was heard of a definition's calculator.
    pub(crate) fn take(&mut self, definition: usize) -> Heard {
        self.by_definition.remove(&definition).unwrap_or_default()
    }
}

/// What has been told of a calculator while a stream is followed.
#[derive(Debug)]
pub(crate) struct Told {
    heard: Heard,
    /// How many of the lines have been told.
    told: usize,
    /// Whether it has been told that there are more.
    is_cut: bool,
}

impl Told {
    /// Nothing has been told of this yet.
    pub(crate) fn new(heard: Heard) -> Told {
        Told { heard, told: 0, is_cut: false }
    }

    /// Takes in what was heard since.
    pub(crate) fn hear(&mut self, heard: Heard) {
        self.heard.cut = self.heard.cut.or(heard.cut);
        heard.lines.into_iter().for_each(|(place, line)| self.heard.add(place, line));
    }

    /// The lines that have not been told, and whether there is now more than will be told; none where there is nothing new.
    pub(crate) fn news(&mut self) -> Option<(Vec<String>, bool)> {
        let lines = self.heard.lines.iter().take(TOLD).skip(self.told);
        let lines: Vec<String> = lines.map(|(_, line)| line.to_string()).collect();
        let is_cut = !self.is_cut && (self.heard.cut.is_some() || self.heard.lines.len() > TOLD);
        self.told += lines.len();
        self.is_cut |= is_cut;
        (is_cut || !lines.is_empty()).then_some((lines, is_cut))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weir_host::Level;

    use super::*;

    fn line(number: u8) -> LogLine {
        LogLine { level: Level::Warning, text: format!("line {number}") }
    }

    fn answer(numbers: &[u8], log_cut: bool) -> Answer<()> {
        let mut log: Vec<LogLine> = numbers.iter().map(|number| line(*number)).collect();
        log.extend(log_cut.then(|| line(255)));
        Answer { value: (), log, log_cut }
    }

    /// What is told when the blocks are shared out among threads.
    fn told(blocks: &[(Vec<u8>, bool)], thread_of: &[usize], end: Place) -> Option<(Vec<String>, bool)> {
        let mut threads = vec![Heard::default(); 4];
        for (number, (lines, cut)) in blocks.iter().enumerate() {
            let place = Place::Block(u64::try_from(number).unwrap());
            threads[thread_of[number]].hear(place, Ok(answer(lines, *cut))).unwrap();
        }
        Heard::first(threads, end)
    }

    proptest! {
        #[test]
        fn what_is_told_does_not_depend_on_the_threads(
            blocks in prop::collection::vec((prop::collection::vec(0_u8..20, 0..6), prop::bool::weighted(0.1)), 0..30),
            thread_of in prop::collection::vec(0_usize..4, 30),
            end in 0_u64..40,
        ) {
            let end = Place::Block(end);
            prop_assert_eq!(told(&blocks, &thread_of, end), told(&blocks, &[0; 30], end));
        }
    }

    #[test]
    fn the_first_lines_that_differ_are_told_and_whether_there_were_more() {
        let check = |blocks: &[&[u8]], expected: &[u8], is_cut: bool| {
            let blocks: Vec<_> = blocks.iter().map(|lines| (lines.to_vec(), false)).collect();
            let expected: Vec<String> = expected.iter().map(|number| line(*number).to_string()).collect();
            let told = told(&blocks, &[0, 1, 2, 3, 0], Place::Settled).unwrap_or_default();
            assert_eq!(told, (expected, is_cut), "{blocks:?}");
        };
        check(&[&[], &[]], &[], false);
        check(&[&[2, 1], &[1, 3], &[2]], &[2, 1, 3], false);
        check(&[&[0, 1, 2, 3], &[4, 5], &[6, 7, 8], &[9, 0, 0]], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], false);
        check(&[&[0, 1, 2, 3], &[4, 5], &[6, 7, 8], &[9, 10]], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], true);
        assert_eq!(
            told(&[(vec![1], true)], &[0], Place::Settled),
            Some((vec!["warning: line 1".to_owned()], true))
        );
    }

    #[test]
    fn while_a_stream_is_followed_each_line_is_told_once() {
        let mut told = Told::new(Heard::default());
        let mut hear = |numbers: &[u8]| {
            let mut heard = Heard::default();
            heard.hear(Place::Block(0), Ok(answer(numbers, false))).unwrap();
            told.hear(heard);
            told.news().map(|(lines, is_cut)| (lines.len(), is_cut))
        };
        assert_eq!(hear(&[]), None);
        assert_eq!(hear(&[1, 2]), Some((2, false)));
        assert_eq!(hear(&[2, 1]), None);
        assert_eq!(hear(&[3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), Some((8, true)));
        assert_eq!(hear(&[13, 14]), None);
    }

    #[test]
    fn what_several_threads_overhear_has_no_order() {
        let mut heard = [[3_u8, 1], [2, 1]].map(|numbers| {
            let mut heard = Heard::default();
            heard.hear(Place::Settled, Ok(answer(&numbers, false))).unwrap();
            heard
        });
        let mut both = || {
            let mut overheard = Overheard::default();
            heard.iter().for_each(|heard| overheard.add(0, heard.clone()));
            heard.reverse();
            let mut told = Told::new(overheard.take(0));
            told.news().unwrap()
        };
        let (one, other) = (both(), both());
        assert_eq!(one, other);
        assert_eq!(one.0, ["warning: line 1", "warning: line 2", "warning: line 3"]);
    }
}
