//! Instants as events write them.

/// Reads instants of RFC 3339, and remembers the minute of the last one: the next is mostly of the same minute.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// `2026-11-24T11:58:`
    minute: [u8; 17],
    /// When that minute begins, in milliseconds since 1970.
    begin: i64,
    /// The day of the minute, and when it begins.
    day: [u8; 10],
    midnight: i64,
}

impl Clock {
    /// An instant in milliseconds since 1970; none when the text is no instant.
    #[inline]
    pub(crate) fn instant(&mut self, text: &str) -> Option<i64> {
        self.usual(text.as_bytes())
            .or_else(|| text.parse::<jiff::Timestamp>().ok().map(|instant| instant.as_millisecond()))
    }

    /// `2026-11-24T11:58:03Z`, with or without up to nine decimals, from 1970 on. None for all else, right or wrong.
    #[inline]
    fn usual(&mut self, text: &[u8]) -> Option<i64> {
        let (minute, rest) = text.split_first_chunk::<17>()?;
        let (second, millisecond) = match rest {
            [s1, s2, b'Z'] => (two(*s1, *s2)?, 0),
            [s1, s2, b'.', d1, d2, d3, b'Z'] => (two(*s1, *s2)?, two(*d1, *d2)? * 10 + digit(*d3)?),
            [s1, s2, b'.', decimals @ .., b'Z'] => (two(*s1, *s2)?, milliseconds(decimals)?),
            _ => return None,
        };
        if second > 59 {
            return None;
        }
        if *minute != self.minute {
            self.begin = self.begin_of(minute)?;
            self.minute = *minute;
        }
        Some(self.begin + second * 1000 + millisecond)
    }

    /// When the minute `2026-11-24T11:58:` begins, in milliseconds since 1970.
    fn begin_of(&mut self, minute: &[u8; 17]) -> Option<i64> {
        let (day, [b'T', h1, h2, b':', m1, m2, b':']) = minute.split_first_chunk::<10>()? else {
            return None;
        };
        let (hour, minute) = (two(*h1, *h2)?, two(*m1, *m2)?);
        if hour > 23 || minute > 59 {
            return None;
        }
        if *day != self.day {
            self.midnight = midnight(day)?;
            self.day = *day;
        }
        Some(self.midnight + (hour * 60 + minute) * 60_000)
    }
}

/// When the day `2026-11-24` begins, in milliseconds since 1970.
fn midnight(day: &[u8; 10]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day else { return None };
    let year = i16::try_from(two(*y1, *y2)? * 100 + two(*y3, *y4)?).ok()?;
    let (month, day) = (i8::try_from(two(*m1, *m2)?).ok()?, i8::try_from(two(*d1, *d2)?).ok()?);
    // The last days of the year 9999 are no instants everywhere on Earth.
    if !(1970..9999).contains(&year) {
        return None;
    }
    let midnight = jiff::civil::Date::new(year, month, day).ok()?.at(0, 0, 0, 0);
    Some(jiff::tz::Offset::UTC.to_timestamp(midnight).ok()?.as_millisecond())
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[inline]
fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Up to nine decimals of a second in whole milliseconds.
fn milliseconds(decimals: &[u8]) -> Option<i64> {
    if !(1..=9).contains(&decimals.len()) || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |idx: usize| decimals.get(idx).map_or(0, |byte| i64::from(byte - b'0'));
    Some(digit(0) * 100 + digit(1) * 10 + digit(2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_jiff(text: &str) -> Option<i64> {
        text.parse::<jiff::Timestamp>().ok().map(|instant| instant.as_millisecond())
    }

    #[test]
    fn usual_instants_are_read_without_help() {
        let mut clock = Clock::default();
        for text in [
            "2026-11-24T11:58:03Z",
            "2026-11-24T23:59:59.9Z",
            "2024-02-29T00:00:00.123456789Z",
            "1970-01-01T00:00:00.001Z",
            "9998-12-31T23:59:59Z",
        ] {
            assert_eq!(clock.usual(text.as_bytes()), Some(by_jiff(text).unwrap()), "{text}");
        }
    }

    #[test]
    fn unusual_instants_are_read_as_before() {
        let mut clock = Clock::default();
        for text in [
            "2026-11-24T11:58:60Z",
            "2026-11-24T11:58:03+02:00",
            "2026-11-24 11:58:03Z",
            "2026-11-24t11:58:03z",
            "1969-12-31T23:59:59.9996Z",
            "2023-02-29T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "9999-12-30T23:00:00Z",
            "2026-11-24T11:58:03.Z",
            "2026-11-24T11:58:03.1234567890Z",
            "2026-11-24T24:00:00Z",
            "2026-11-24T11:58Z",
            "",
        ] {
            assert_eq!(clock.usual(text.as_bytes()), None, "{text}");
            assert_eq!(clock.instant(text), by_jiff(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_ways_agree(texts in prop::collection::vec(
            "(19[67][0-9]|20[0-9]{2}|999[89])-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{0,10})?(Z|z|[+-]0[0-9]:[0-5]0)",
            1..8,
        )) {
            let mut clock = Clock::default();
            for text in &texts {
                prop_assert_eq!(clock.instant(text), by_jiff(text), "{}", text);
            }
        }

        #[test]
        fn any_text_is_read_as_before(text in "[0-9TZ:.-]{0,30}|\\PC{0,25}") {
            prop_assert_eq!(Clock::default().instant(&text), by_jiff(&text));
        }
    }
}
