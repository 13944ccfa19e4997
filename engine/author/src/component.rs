//! A core module becomes a component that says what it is without being run.

use std::path::Path;

use wasmparser::{BinaryReader, BinaryReaderError, Validator, WasmFeatures};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::error::AuthorError;

type Result<T, E = AuthorError> = std::result::Result<T, E>;

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
///
/// # Errors
/// When the module has no description, or does not say which world it is for.
pub fn from_module(module: &[u8]) -> Result<Vec<u8>> {
    let info = info(module)?;
    with_info(&encoded(&strip(module)?)?, &info)
}

/// Makes the component of a module that does not say which world it is for. It has no `weir:info` yet.
///
/// `wit` is the folder of the contract.
///
/// # Errors
/// When the contract can't be read, or the module does not fit the world.
pub fn for_world(module: &[u8], wit: &Path, world: &str) -> Result<Vec<u8>> {
    let wrong = |error| AuthorError::component("the contract in `wit` can't be used", format!("{error:#}"));
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).map_err(wrong)?;
    let world = resolve.select_world(&[package], Some(world)).map_err(wrong)?;
    let mut module = strip(module)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(wrong)?;
    strip(&encoded(&module)?)
}

fn encoded(module: &[u8]) -> Result<Vec<u8>> {
    let wrong = |what: &'static str| move |error| AuthorError::component(what, format!("{error:#}"));
    ComponentEncoder::default()
        .module(module)
        .map_err(wrong("the module is no plugin: does it call the macro of its kind?"))?
        .encode()
        .map_err(wrong("can't make a component of the module"))
}

/// Puts a description into a component, in place of the one that it has.
///
/// # Errors
/// When the component is not valid.
pub fn with_info(component: &[u8], info: &[u8]) -> Result<Vec<u8>> {
    let mut component = strip(component)?;
    append_custom(&mut component, INFO, info);
    Validator::new_with_features(WasmFeatures::default())
        .validate_all(&component)
        .map_err(|error| AuthorError::component("the component is not valid", error))?;
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
    if infos.len() != 1 {
        return Err(AuthorError::Component(format!(
            "the module has {} sections `{INFO}`, and must have one",
            infos.len()
        )));
    }
    let info = infos.concat();
    serde_json::from_slice::<serde_json::Map<_, _>>(&info)
        .map_err(|error| AuthorError::component("the section `weir:info` is not JSON", error))?;
    Ok(info)
}

/// One section of a module or component.
struct Section<'a> {
    id: u8,
    content: &'a [u8],
}

fn sections(binary: &[u8]) -> Result<Vec<Section<'_>>> {
    let body = binary.get(HEADER_LENGTH..).ok_or_else(no_header)?;
    let mut reader = BinaryReader::new(body, 0);
    let mut sections = Vec::new();
    while !reader.eof() {
        let id = reader.read_u8().map_err(malformed)?;
        let length = reader.read_var_u32().map_err(malformed)? as usize;
        sections.push(Section { id, content: reader.read_bytes(length).map_err(malformed)? });
    }
    Ok(sections)
}

fn custom<'a>(section: &Section<'a>) -> Result<(&'a str, &'a [u8])> {
    let mut reader = BinaryReader::new(section.content, 0);
    let name = reader.read_string().map_err(malformed)?;
    let content = reader.read_bytes(reader.bytes_remaining()).map_err(malformed)?;
    Ok((name, content))
}

fn no_header() -> AuthorError {
    AuthorError::Component("the binary has no header".to_owned())
}

fn malformed(error: BinaryReaderError) -> AuthorError {
    AuthorError::component("the binary is malformed", error)
}

/// The binary without its dispensable sections, on all levels.
fn strip(binary: &[u8]) -> Result<Vec<u8>> {
    let header = binary.get(..HEADER_LENGTH).ok_or_else(no_header)?;
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
