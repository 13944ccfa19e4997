//! What a plugin says of itself as JSON, written by the compiler: the component carries it in a custom section, where
//! it can be read without running the plugin.

use crate::About;

/// How many bytes [`json`] has for `about`.
pub const fn length(about: &About) -> usize {
    let mut writer = Writer::<0> { bytes: [], length: 0 };
    writer.about(about);
    writer.length
}

/// `about` as JSON, with the keys of the contract's `info`. `N` is its [`length`].
pub const fn json<const N: usize>(about: &About) -> [u8; N] {
    let mut writer = Writer { bytes: [0; N], length: 0 };
    writer.about(about);
    writer.bytes
}

/// Counts all bytes and keeps the first `N`.
struct Writer<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

#[expect(
    clippy::indexing_slicing,
    reason = "constant functions have no iterators; all positions are below a length"
)]
impl<const N: usize> Writer<N> {
    const fn about(&mut self, about: &About) {
        self.raw(b"{\"name\":");
        self.text(about.name);
        self.raw(b",\"version\":");
        self.text(about.version);
        self.raw(b",\"summary\":");
        self.text(about.summary);
        self.raw(b",\"parameters\":");
        self.text(about.parameters);
        self.raw(b",\"reads\":[");
        let mut index = 0;
        while index < about.reads.len() {
            if index > 0 {
                self.raw(b",");
            }
            self.text(about.reads[index]);
            index += 1;
        }
        self.raw(b"],\"facts\":[]}");
    }

    const fn text(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let bytes = text.as_bytes();
        self.byte(b'"');
        let mut index = 0;
        while index < bytes.len() {
            match bytes[index] {
                b'\n' => self.raw(b"\\n"),
                byte @ (b'"' | b'\\') => self.raw(&[b'\\', byte]),
                byte @ 0..0x20 => {
                    self.raw(&[
                        b'\\',
                        b'u',
                        b'0',
                        b'0',
                        HEX[(byte >> 4) as usize],
                        HEX[(byte & 15) as usize],
                    ]);
                }
                byte => self.byte(byte),
            }
            index += 1;
        }
        self.byte(b'"');
    }

    const fn raw(&mut self, bytes: &[u8]) {
        let mut index = 0;
        while index < bytes.len() {
            self.byte(bytes[index]);
            index += 1;
        }
    }

    const fn byte(&mut self, byte: u8) {
        if self.length < N {
            self.bytes[self.length] = byte;
        }
        self.length += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_custom_section_holds_the_facts_as_json() {
        const ABOUT: About = About {
            name: "cached",
            version: "1.0.0",
            summary: "a \"quoted\" back\\slash, a tab\t, a line\nand µs",
            parameters: "{\n  \"type\": \"object\"\n}",
            reads: &["data.cached", "data.path"],
        };
        const JSON: [u8; length(&ABOUT)] = json(&ABOUT);

        let read: serde_json::Value = serde_json::from_slice(&JSON).unwrap();

        assert_eq!(
            read,
            serde_json::json!({
                "name": ABOUT.name,
                "version": ABOUT.version,
                "summary": ABOUT.summary,
                "parameters": ABOUT.parameters,
                "reads": ABOUT.reads,
                "facts": [],
            })
        );
    }
}
