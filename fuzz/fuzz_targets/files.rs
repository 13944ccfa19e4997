//! What the targets for files of other systems share: every reader comes to an end, says where what is wrong stands, and what
//! it makes is a service file.

use weir_connect::Imported;
use weir_model::{ServiceFile, Source};

/// Reads a file with a reader of SLOs.
pub fn imported(bytes: &[u8], read: impl Fn(&[(&str, &str)]) -> Imported) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let imported = read(&[("fuzzed.yaml", text)]);
    for said in &imported.diagnostics {
        assert!(text.get(said.range.clone()).is_some(), "{said}");
    }
    for service in &imported.services {
        let file = service.to_toml();
        let source = Source::parse("services/fuzzed.toml", &file).expect("what is written is TOML");
        ServiceFile::parse(source).expect("what is written is a service file");
    }
}
