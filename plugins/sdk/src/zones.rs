//! Time zones. Outside the sandbox there are none but those of `testing::with_zones`.

#[cfg(target_arch = "wasm32")]
use crate::contract::check::weir::policy::zones as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::doubles as host;

/// The offset from UTC that `zone` (an IANA name such as `Europe/Berlin`) has at the instant `at` (seconds since
/// 1970-01-01T00:00:00Z), in seconds east of Greenwich. None when there is no such zone or instant.
pub fn offset(zone: &str, at: i64) -> Option<i32> {
    host::offset(zone, at)
}
