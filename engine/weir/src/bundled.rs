//! The plugins that come with Weir.

use weir_host::Digest;

/// A plugin that comes with Weir.
#[derive(Debug)]
pub(crate) struct Bundled {
    /// The name under which policies and services use it.
    pub(crate) name: &'static str,
    /// The component, the same on every machine.
    pub(crate) component: &'static [u8],
    /// The digest of the component.
    pub(crate) digest: Digest,
    /// Its machine code, compiled when Weir was built; none where Weir was built for another machine than it was built on.
    pub(crate) compiled: Option<&'static [u8]>,
}

// `BUNDLED`, written by the build script.
include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_components() {
        for bundled in BUNDLED {
            assert_eq!(bundled.digest, Digest::of(bundled.component), "{}", bundled.name);
        }
    }
}
