//! A core module becomes a component that says what it is without being run.

use anyhow::{Context, Result, ensure};
use wasmparser::{BinaryReader, Validator, WasmFeatures};
use wit_component::ComponentEncoder;

/// The custom section that holds what the plugin says of itself.
const INFO: &str = "weir:info";

/// Custom sections that no run needs: how the bytes were made, and names for debuggers.
const DISPENSABLE: [&str; 5] = ["producers", "name", "component-name", "target_features", INFO];

/// What a module and a component begin with, and the sections of a component that hold another binary.
const HEADER_LENGTH: usize = 8;
const COMPONENT_HEADER: [u8; HEADER_LENGTH] = *b"\0asm\x0d\0\x01\0";
const CUSTOM: u8 = 0;
const NESTED_MODULE: u8 = 1;
const NESTED_COMPONENT: u8 = 4;

/// Makes the component, with the module's `weir:info` moved to its top level.
pub(crate) fn from_module(module: &[u8]) -> Result<Vec<u8>> {
    let info = info(module)?;
    let component = ComponentEncoder::default()
        .module(&strip(module)?)
        .context("the module is no plugin: does it call the macro of its kind?")?
        .encode()
        .context("can't make a component of the module")?;
    let mut component = strip(&component)?;
    append_custom(&mut component, INFO, &info);
    Validator::new_with_features(WasmFeatures::default())
        .validate_all(&component)
        .context("the component is not valid")?;
    Ok(component)
}

/// The content of the module's `weir:info`, which must be JSON.
fn info(module: &[u8]) -> Result<Vec<u8>> {
    let mut infos = Vec::new();
    for section in sections(module)? {
        if section.id == CUSTOM {
            let (name, content) = custom(&section)?;
            if name == INFO {
                infos.push(content);
            }
        }
    }
    ensure!(infos.len() == 1, "the module has {} sections `{INFO}`, and must have one", infos.len());
    let info = infos.concat();
    serde_json::from_slice::<serde_json::Map<_, _>>(&info).context("the section `weir:info` is not JSON")?;
    Ok(info)
}

/// One section of a module or component.
struct Section<'a> {
    id: u8,
    content: &'a [u8],
}

fn sections(binary: &[u8]) -> Result<Vec<Section<'_>>> {
    let body = binary.get(HEADER_LENGTH..).context("the binary has no header")?;
    let mut reader = BinaryReader::new(body, 0);
    let mut sections = Vec::new();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()? as usize;
        sections.push(Section { id, content: reader.read_bytes(length)? });
    }
    Ok(sections)
}

fn custom<'a>(section: &Section<'a>) -> Result<(&'a str, &'a [u8])> {
    let mut reader = BinaryReader::new(section.content, 0);
    let name = reader.read_string()?;
    let content = reader.read_bytes(reader.bytes_remaining())?;
    Ok((name, content))
}

/// The binary without its dispensable sections, on all levels.
fn strip(binary: &[u8]) -> Result<Vec<u8>> {
    let header = binary.get(..HEADER_LENGTH).context("the binary has no header")?;
    let is_component = header == COMPONENT_HEADER;
    let mut stripped = header.to_vec();
    for section in sections(binary)? {
        if section.id == CUSTOM && DISPENSABLE.contains(&custom(&section)?.0) {
            continue;
        }
        if is_component && matches!(section.id, NESTED_MODULE | NESTED_COMPONENT) {
            append(&mut stripped, section.id, &strip(section.content)?);
        } else {
            append(&mut stripped, section.id, section.content);
        }
    }
    Ok(stripped)
}

fn append_custom(binary: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut section = Vec::new();
    append_length(&mut section, name.len());
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(content);
    append(binary, CUSTOM, &section);
}

fn append(binary: &mut Vec<u8>, id: u8, content: &[u8]) {
    binary.push(id);
    append_length(binary, content.len());
    binary.extend_from_slice(content);
}

/// LEB128: seven bits a byte, the lowest first.
fn append_length(binary: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        binary.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    binary.push(length as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(binary: &[u8]) -> Vec<String> {
        let sections = sections(binary).unwrap();
        let custom = sections.iter().filter(|section| section.id == CUSTOM);
        custom.map(|section| super::custom(section).unwrap().0.to_owned()).collect()
    }

    fn module(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn the_info_moves_to_the_top_level_of_the_component() {
        let content = r#"{"name":"x"}"#.to_owned() + &" ".repeat(200);
        let quoted = content.replace('"', "\\\"");
        let component =
            from_module(&module(&format!(r#"(module $named (@custom "weir:info" "{quoted}"))"#))).unwrap();

        assert_eq!(names(&component), [INFO]);
        let top = sections(&component).unwrap();
        let (_, info) = custom(top.last().unwrap()).unwrap();
        assert_eq!(info, content.as_bytes());
        let core = top.iter().find(|section| section.id == NESTED_MODULE).unwrap();
        assert_eq!(names(core.content), Vec::<String>::new());
    }

    #[test]
    fn a_module_without_info_is_no_plugin() {
        let check = |text: &str, expected: &str| {
            let error = format!("{:#}", from_module(&module(text)).unwrap_err());
            assert!(error.contains(expected), "{error}");
        };
        check("(module)", "has 0 sections `weir:info`");
        check(r#"(module (@custom "weir:info" "{}") (@custom "weir:info" "{}"))"#, "has 2 sections");
        check(r#"(module (@custom "weir:info" "{"))"#, "is not JSON");
    }

    #[test]
    fn stripping_keeps_all_that_runs() {
        let stripped = strip(&module(
            r#"(module (@producers (language "Rust" "")) (@custom "mine" "x") (func $f (export "f")))"#,
        ))
        .unwrap();
        assert_eq!(names(&stripped), ["mine"]);
        Validator::new().validate_all(&stripped).unwrap();
    }
}
