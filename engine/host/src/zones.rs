//! Time zones, from the database that is built in: the same on every machine.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Seconds east of Greenwich of a zone at an instant; none when there is no such zone or instant.
pub(crate) fn offset(zone: &str, at: i64) -> Option<i32> {
    let at = Timestamp::from_second(at).ok()?;
    Some(DATABASE.get(zone).ok()?.to_offset(at).seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_follow_daylight_saving_time() {
        let check = |zone: &str, at: i64, expected: Option<i32>| {
            assert_eq!(offset(zone, at), expected, "{zone} at {at}");
        };
        check("Europe/Berlin", 1_767_225_600, Some(3600));
        check("Europe/Berlin", 1_782_864_000, Some(7200));
        check("UTC", 0, Some(0));
        check("America/St_Johns", 1_767_225_600, Some(-12_600));
        check("Europe/Atlantis", 0, None);
        check("../../etc/localtime", 0, None);
        check("UTC", i64::MAX, None);
    }
}
