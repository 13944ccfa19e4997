//! What the functions of the inert WASI answer.

use wasmtime::StoreContextMut;
use wasmtime::component::types::{self, ComponentFunc};
use wasmtime::component::{ResourceDynamic, ResourceType, Type, Val};

use super::RESOURCES;
use crate::log::Stream;
use crate::state::State;

/// What stands for standard output in a handle of an output stream.
pub(super) const STANDARD_OUTPUT: u32 = 1;
/// What stands for standard error.
pub(super) const STANDARD_ERROR: u32 = 2;

/// How many bytes a stream takes at once.
const ROOM: u64 = 4096;
/// How many random bytes there are in one call.
const RANDOM_BYTES: u64 = 64 << 10;
/// How many values an answer may consist of. What WASI defines has fewer than twenty.
const VALUES: usize = 100;

/// What a function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// Answers with nothing: an error where there can be one, else zero, empty or none.
    Plain,
    /// As [`Plain`](Behaviour::Plain), without an error.
    Succeed,
    /// Hands out a handle that stands for this.
    Handle(u32),
    /// Ends the call.
    End,
    /// The resolution of a clock.
    Nanosecond,
    /// Random integers wherever the result has some.
    RandomIntegers,
    /// As many random bytes as the argument says.
    RandomBytes,
    /// Something has happened that is waited for.
    Ready,
    /// All that is waited for has happened.
    AllReady,
    /// How much may be written.
    Room,
    /// Writes a stream to the log.
    Write,
}

/// What a function answers; none when it has no result. An error says why it has no answer, as the end of a sentence.
pub(super) fn answer(
    mut store: StoreContextMut<'_, State>,
    behaviour: Behaviour,
    signature: &ComponentFunc,
    arguments: &[Val],
) -> Result<Option<Val>, String> {
    let mut handles = Vec::new();
    release(&mut store, arguments, &mut handles)
        .map_err(|error| format!("with a handle that is none: {error:#}"))?;
    if behaviour == Behaviour::Write {
        write(store.data_mut(), &handles, arguments);
    }
    let Some(result) = signature.results().next() else {
        return if behaviour == Behaviour::End { Err(ended()) } else { Ok(None) };
    };
    let mut blank = Blank { store, left: VALUES, handle: 0, integer: |_| 0, fails: true };
    let value = match (behaviour, arguments) {
        (Behaviour::Plain, _) => blank.value(&result)?,
        (Behaviour::Succeed | Behaviour::Write, _) => Blank { fails: false, ..blank }.value(&result)?,
        (Behaviour::Handle(handle), _) => Blank { handle, ..blank }.value(&result)?,
        (Behaviour::End, _) => return Err(ended()),
        (Behaviour::Nanosecond, _) => nanosecond(blank.value(&result)?),
        (Behaviour::RandomIntegers, _) => {
            Blank { integer: |state| state.random.integer(), ..blank }.value(&result)?
        }
        (Behaviour::RandomBytes, [Val::U64(length)]) => random_bytes(blank.store.data_mut(), *length)?,
        (Behaviour::Ready, _) => Val::Bool(true),
        (Behaviour::AllReady, [Val::List(awaited)]) if !awaited.is_empty() => {
            Val::List((0_u32..).zip(awaited).map(|(index, _)| Val::U32(index)).collect())
        }
        (Behaviour::AllReady, _) => return Err("which waits for nothing".to_owned()),
        (Behaviour::Room, _) => Val::Result(Ok(Some(Box::new(Val::U64(ROOM))))),
        (Behaviour::RandomBytes, _) => return Err("with arguments that WASI does not know".to_owned()),
    };
    Ok(Some(value))
}

fn ended() -> String {
    "and a plugin has no process that could end: it answers".to_owned()
}

/// Takes the handles out of arguments, and lists what they stand for. Handles that are not taken would be missed when the
/// function returns.
fn release(
    store: &mut StoreContextMut<'_, State>,
    arguments: &[Val],
    handles: &mut Vec<u32>,
) -> wasmtime::Result<()> {
    for argument in arguments {
        match argument {
            Val::Resource(handle) => {
                handles.push(handle.try_into_resource_dynamic(&mut *store)?.rep());
            }
            Val::List(values) | Val::Tuple(values) | Val::FixedLengthList(values) => {
                release(store, values, handles)?;
            }
            Val::Record(fields) => {
                for (_, value) in fields {
                    release(store, std::slice::from_ref(value), handles)?;
                }
            }
            Val::Variant(_, Some(value))
            | Val::Option(Some(value))
            | Val::Result(Ok(Some(value)) | Err(Some(value))) => {
                release(store, std::slice::from_ref(value), handles)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes bytes to the log. A stream that is neither standard output nor standard error leads nowhere.
fn write(state: &mut State, handles: &[u32], arguments: &[Val]) {
    let stream = match handles {
        [STANDARD_OUTPUT] => Stream::Output,
        [STANDARD_ERROR] => Stream::Error,
        _ => return,
    };
    let bytes = arguments.iter().filter_map(|argument| match argument {
        Val::List(values) => Some(values),
        _ => None,
    });
    let bytes: Vec<u8> = bytes
        .flatten()
        .filter_map(|value| if let Val::U8(byte) = value { Some(*byte) } else { None })
        .collect();
    state.log.stream(stream, &bytes);
}

fn random_bytes(state: &mut State, length: u64) -> Result<Val, String> {
    if length > RANDOM_BYTES {
        return Err(format!("for {length} random bytes, and there are at most {RANDOM_BYTES} at once"));
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    state.random.fill(&mut bytes);
    Ok(Val::List(bytes.into_iter().map(Val::U8).collect()))
}

/// One nanosecond, be it an integer or a record of seconds and nanoseconds.
fn nanosecond(zero: Val) -> Val {
    match zero {
        Val::Record(mut fields) => {
            for (name, value) in &mut fields {
                if name == "nanoseconds" {
                    *value = Val::U32(1);
                }
            }
            Val::Record(fields)
        }
        _ => Val::U64(1),
    }
}

/// Makes values that say nothing.
struct Blank<'s> {
    store: StoreContextMut<'s, State>,
    /// How many values there may still be.
    left: usize,
    /// What handles stand for.
    handle: u32,
    integer: fn(&mut State) -> u64,
    /// Whether a result is an error.
    fails: bool,
}

impl Blank<'_> {
    /// A value of a type.
    fn value(&mut self, kind: &Type) -> Result<Val, String> {
        let no_blank = || "which has no answer that says nothing".to_owned();
        self.left = self.left.checked_sub(1).ok_or_else(no_blank)?;
        Ok(match kind {
            Type::Bool => Val::Bool(false),
            Type::S8 => Val::S8(0),
            Type::U8 => Val::U8(0),
            Type::S16 => Val::S16(0),
            Type::U16 => Val::U16(0),
            Type::S32 => Val::S32(0),
            Type::U32 => Val::U32(0),
            Type::S64 => Val::S64(0),
            Type::U64 => Val::U64((self.integer)(self.store.data_mut())),
            Type::Float32 => Val::Float32(0.0),
            Type::Float64 => Val::Float64(0.0),
            Type::Char => Val::Char('\0'),
            Type::String => Val::String(String::new()),
            Type::List(_) => Val::List(Vec::new()),
            Type::Map(_) => Val::Map(Vec::new()),
            Type::Option(_) => Val::Option(None),
            Type::Flags(_) => Val::Flags(Vec::new()),
            Type::Enum(names) => Val::Enum(names.names().next().ok_or_else(no_blank)?.to_owned()),
            Type::Record(record) => {
                let fields = record.fields().map(|field| Ok((field.name.to_owned(), self.value(&field.ty)?)));
                Val::Record(fields.collect::<Result<_, String>>()?)
            }
            Type::Tuple(tuple) => {
                Val::Tuple(tuple.types().map(|kind| self.value(&kind)).collect::<Result<_, _>>()?)
            }
            Type::Variant(variant) => self.variant(variant).ok_or_else(no_blank)?,
            Type::Result(result) if self.fails => Val::Result(Err(self.payload(result.err())?)),
            Type::Result(result) => Val::Result(Ok(self.payload(result.ok())?)),
            Type::Own(resource) => self.own(*resource)?,
            Type::Borrow(_)
            | Type::Future(_)
            | Type::Stream(_)
            | Type::ErrorContext
            | Type::FixedLengthList(_) => return Err(no_blank()),
        })
    }

    fn payload(&mut self, kind: Option<Type>) -> Result<Option<Box<Val>>, String> {
        kind.map(|kind| Ok(Box::new(self.value(&kind)?))).transpose()
    }

    /// The first case that carries nothing: of the errors of streams, that the stream is closed.
    #[expect(clippy::unused_self, reason = "as for every other type")]
    fn variant(&self, variant: &types::Variant) -> Option<Val> {
        let case = variant.cases().find(|case| case.ty.is_none())?;
        Some(Val::Variant(case.name.to_owned(), None))
    }

    /// A new handle.
    fn own(&mut self, resource: ResourceType) -> Result<Val, String> {
        let codes = (0_u32..).zip(RESOURCES);
        let code = codes.into_iter().find(|(code, _)| ResourceType::host_dynamic(*code) == resource);
        let (code, _) = code.ok_or("which has no answer that says nothing")?;
        let handle = ResourceDynamic::new_own(self.handle, code).try_into_resource_any(&mut self.store);
        // The runtime counts them, over all calls of an instance.
        Ok(Val::Resource(handle.map_err(|_| "and never gives its handles back")?))
    }
}
