//! Parquet: a table of events that lies in its file by columns, of which only those are read that are wanted.
//!
//! Columns have the names of fields, as in CSV; `data.status` may be a column of that name or `status` in a group `data`. What
//! is no number, flag or instant is read as what it is wanted as. Rows lie in groups, and each group is a piece of work.

use std::fmt;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
    Int96Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::columns::{Scalar, Slots};
use crate::plan::Plan;
use crate::projection::SlotIdx;
use crate::rows::Rows;
use crate::table::Table;
use crate::time::Clock;

/// Rows whose cells are unpacked at once: few enough that all wanted columns of them stay near the processor.
const ROWS_AT_ONCE: usize = 4096;

/// A file as a plan reads it.
pub(crate) struct Layout {
    reader: SerializedFileReader<File>,
    /// The columns that are read, or why no row can be.
    columns: std::result::Result<Columns, String>,
}

/// The columns that are read.
#[derive(Debug)]
struct Columns {
    table: Table,
    wanted: Vec<Wanted>,
}

/// A column that is read.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// Its number in the file.
    number: usize,
    slot: SlotIdx,
    meaning: Meaning,
    /// The definition level of a cell that holds something.
    present: i16,
}

/// What the numbers of a column stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Themselves.
    Plain,
    Unsigned,
    /// So many of them are a millisecond since 1970.
    Instant(i64),
    /// Dates, decimals and the like, which no field is wanted as; and lists.
    Other,
}

impl fmt::Debug for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Layout").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Layout {
    /// Reads what the file says about its columns and groups of rows. `file` names it.
    ///
    /// # Errors
    /// When it is no Parquet file or a damaged one.
    pub(crate) fn open(
        stream: impl Read + Seek + Send + 'static,
        file: &str,
        service: Option<&str>,
        plan: &Plan,
    ) -> io::Result<Layout> {
        let stream = File::new(stream)?;
        let reader = guarded(|| SerializedFileReader::new(stream))?;
        let columns = Columns::new(&reader, file, service, plan);
        Ok(Layout { reader, columns })
    }

    /// For each group of rows, how many bytes of the file it takes.
    pub(crate) fn groups(&self) -> Vec<usize> {
        let groups = self.reader.metadata().row_groups().iter();
        groups.map(|group| usize::try_from(group.compressed_size()).unwrap_or_default()).collect()
    }

    /// Reads the group of rows with this number.
    ///
    /// # Errors
    /// When it is damaged. Some of its rows may have been taken in.
    pub(crate) fn decode(
        &self,
        group: usize,
        plan: &Plan,
        clock: &mut Clock,
        rows: &mut Rows,
    ) -> io::Result<()> {
        guarded(|| match &self.columns {
            Ok(columns) => columns.decode(&self.reader, group, plan, clock, rows),
            Err(reason) => {
                let count = self.reader.get_row_group(group)?.metadata().num_rows();
                for _ in 0..count {
                    rows.lines += 1;
                    rows.refuse(reason.clone());
                }
                Ok(())
            }
        })
    }
}

/// Calls what may read a damaged file. The decoders of the Parquet crate return an error for most damage, and panic at some.
fn guarded<T>(read: impl FnOnce() -> Result<T>) -> io::Result<T> {
    // What a panic leaves behind half done is rows of a group that is given up, and readers that are dropped.
    match panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(io::Error::other),
        Err(_) => Err(io::Error::other("the file is damaged")),
    }
}

impl Columns {
    fn new(
        reader: &SerializedFileReader<File>,
        file: &str,
        service: Option<&str>,
        plan: &Plan,
    ) -> std::result::Result<Columns, String> {
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
        let table = Table::new(&names, "file", file, service, plan)?;
        let at = plan.attributes;
        let read = |slot: SlotIdx| {
            [at.id, at.source, at.kind, at.subject, at.time].contains(&slot)
                || plan.columns.iter().any(|(wanted, _)| *wanted == slot)
        };
        let slot = |name: &String| plan.projection.names().iter().position(|field| field == name);
        let wanted = names.iter().zip(schema.columns()).enumerate().filter_map(|(number, (name, column))| {
            let slot = slot(name).filter(|slot| read(*slot))?;
            Some(Wanted { number, slot, meaning: Meaning::of(column), present: column.max_def_level() })
        });
        Ok(Columns { table, wanted: wanted.collect() })
    }

    fn decode(
        &self,
        reader: &SerializedFileReader<File>,
        group: usize,
        plan: &Plan,
        clock: &mut Clock,
        rows: &mut Rows,
    ) -> Result<()> {
        let group = reader.get_row_group(group)?;
        let mut columns = Vec::with_capacity(self.wanted.len());
        for wanted in &self.wanted {
            columns.push(Column::new(*wanted, group.get_column_reader(wanted.number)?));
        }
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
        while left > 0 {
            let count = left.min(ROWS_AT_ONCE);
            left -= count;
            columns.iter_mut().try_for_each(|column| column.fill(count))?;
            let mut cells: Vec<Cells<'_>> = columns.iter().map(Column::cells).collect();
            let mut slots = Slots::new();
            for row in 0..count {
                rows.lines += 1;
                self.table.begin(&mut slots);
                for cells in &mut cells {
                    if let (Some(cell), Some(slot)) =
                        (cells.next(row), slots.get_mut(cells.column.wanted.slot))
                    {
                        *slot = Some(cell);
                    }
                }
                if let Err(reason) = self.table.take_in(&slots, plan, clock, rows) {
                    rows.refuse(reason);
                }
            }
        }
        Ok(())
    }
}

impl Meaning {
    fn of(column: &ColumnDescriptor) -> Meaning {
        if column.max_rep_level() > 0 {
            return Meaning::Other;
        }
        let instant = |per_millisecond| Meaning::Instant(per_millisecond);
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Timestamp(kind)), _) => match kind.unit {
                TimeUnit::MILLIS => instant(1),
                TimeUnit::MICROS => instant(1000),
                TimeUnit::NANOS => instant(1_000_000),
            },
            (Some(LogicalType::Integer(kind)), _) if !kind.is_signed => Meaning::Unsigned,
            (
                Some(LogicalType::Integer(_) | LogicalType::String | LogicalType::Enum | LogicalType::Json),
                _,
            ) => Meaning::Plain,
            (Some(_), _) => Meaning::Other,
            (None, ConvertedType::TIMESTAMP_MILLIS) => instant(1),
            (None, ConvertedType::TIMESTAMP_MICROS) => instant(1000),
            (
                None,
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64,
            ) => Meaning::Unsigned,
            (
                None,
                ConvertedType::NONE
                | ConvertedType::UTF8
                | ConvertedType::ENUM
                | ConvertedType::JSON
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64,
            ) => Meaning::Plain,
            (None, _) => Meaning::Other,
        }
    }
}

/// A column of a group, with the cells that have been unpacked last.
struct Column {
    wanted: Wanted,
    values: Values,
    /// Of each row, whether its cell holds something: if so, the level says as much as can be said. Empty for columns whose
    /// every cell does.
    levels: Vec<i16>,
}

/// The values of a column, of the cells that hold something.
enum Values {
    Flags(ColumnReaderImpl<BoolType>, Vec<bool>),
    Narrow(ColumnReaderImpl<Int32Type>, Vec<i32>),
    Wide(ColumnReaderImpl<Int64Type>, Vec<i64>),
    Legacy(ColumnReaderImpl<Int96Type>, Vec<parquet::data_type::Int96>),
    Floats(ColumnReaderImpl<FloatType>, Vec<f32>),
    Doubles(ColumnReaderImpl<DoubleType>, Vec<f64>),
    Texts(ColumnReaderImpl<ByteArrayType>, Vec<parquet::data_type::ByteArray>),
    Fixed(ColumnReaderImpl<FixedLenByteArrayType>, Vec<parquet::data_type::FixedLenByteArray>),
}

impl Column {
    fn new(wanted: Wanted, reader: ColumnReader) -> Column {
        let values = match reader {
            ColumnReader::BoolColumnReader(reader) => Values::Flags(reader, Vec::new()),
            ColumnReader::Int32ColumnReader(reader) => Values::Narrow(reader, Vec::new()),
            ColumnReader::Int64ColumnReader(reader) => Values::Wide(reader, Vec::new()),
            ColumnReader::Int96ColumnReader(reader) => Values::Legacy(reader, Vec::new()),
            ColumnReader::FloatColumnReader(reader) => Values::Floats(reader, Vec::new()),
            ColumnReader::DoubleColumnReader(reader) => Values::Doubles(reader, Vec::new()),
            ColumnReader::ByteArrayColumnReader(reader) => Values::Texts(reader, Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => Values::Fixed(reader, Vec::new()),
        };
        Column { wanted, values, levels: Vec::new() }
    }

    /// Unpacks the cells of the next rows.
    fn fill(&mut self, rows: usize) -> Result<()> {
        let levels = &mut self.levels;
        levels.clear();
        let levels = (self.wanted.present > 0).then_some(levels);
        match &mut self.values {
            // Lists have no cell a row, and nobody can want one.
            _ if self.wanted.meaning == Meaning::Other => Ok(()),
            Values::Flags(reader, values) => unpack(reader, rows, levels, values),
            Values::Narrow(reader, values) => unpack(reader, rows, levels, values),
            Values::Wide(reader, values) => unpack(reader, rows, levels, values),
            Values::Legacy(reader, values) => unpack(reader, rows, levels, values),
            Values::Floats(reader, values) => unpack(reader, rows, levels, values),
            Values::Doubles(reader, values) => unpack(reader, rows, levels, values),
            Values::Texts(reader, values) => unpack(reader, rows, levels, values),
            Values::Fixed(reader, values) => unpack(reader, rows, levels, values),
        }
    }

    fn cells(&self) -> Cells<'_> {
        Cells { column: self, taken: 0 }
    }

    /// The value at this place.
    fn value(&self, place: usize) -> Option<Scalar<&str>> {
        let Wanted { meaning, .. } = self.wanted;
        Some(match &self.values {
            Values::Flags(_, values) => Scalar::Flag(*values.get(place)?),
            Values::Narrow(_, values) => match meaning {
                Meaning::Unsigned => Scalar::Integer(i64::from(values.get(place)?.cast_unsigned())),
                _ => whole(i64::from(*values.get(place)?), meaning),
            },
            Values::Wide(_, values) => whole(*values.get(place)?, meaning),
            Values::Legacy(_, values) => Scalar::Instant(values.get(place)?.to_millis()),
            Values::Floats(_, values) => Scalar::Number(f64::from(*values.get(place)?)),
            Values::Doubles(_, values) => Scalar::Number(*values.get(place)?),
            Values::Texts(_, values) => {
                std::str::from_utf8(values.get(place)?.data()).map_or(Scalar::Other, Scalar::Untyped)
            }
            Values::Fixed(..) => Scalar::Other,
        })
    }
}

/// Unpacks the cells of exactly so many rows.
fn unpack<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    levels: Option<&mut Vec<i16>>,
    values: &mut Vec<T::T>,
) -> Result<()> {
    values.clear();
    let (unpacked, _, _) = reader.read_records(rows, levels, None, values)?;
    if unpacked == rows {
        Ok(())
    } else {
        Err(ParquetError::EOF("a column has fewer cells than its group has rows".to_owned()))
    }
}

fn whole(value: i64, meaning: Meaning) -> Scalar<&'static str> {
    match meaning {
        Meaning::Plain => Scalar::Integer(value),
        Meaning::Unsigned => i64::try_from(value.cast_unsigned()).map_or(Scalar::Other, Scalar::Integer),
        Meaning::Instant(per_millisecond) => Scalar::Instant(value.div_euclid(per_millisecond)),
        Meaning::Other => Scalar::Other,
    }
}

/// The cells of a column, taken row by row.
struct Cells<'c> {
    column: &'c Column,
    /// How many values have been taken.
    taken: usize,
}

impl<'c> Cells<'c> {
    /// What the cell of the next row holds; `row` is the row's number.
    fn next(&mut self, row: usize) -> Option<Scalar<&'c str>> {
        let Wanted { meaning, present, .. } = self.column.wanted;
        if meaning == Meaning::Other {
            return Some(Scalar::Other);
        }
        if present > 0 && self.column.levels.get(row) != Some(&present) {
            return None;
        }
        self.taken += 1;
        self.column.value(self.taken - 1)
    }
}

/// What a file must be able to do: be read from any place on.
trait Anywhere: Read + Seek + Send {}

impl<T: Read + Seek + Send> Anywhere for T {}

/// A file that several threads read, each at its own place: one after the other, since a file has only one.
#[derive(Clone)]
struct File {
    stream: Arc<Mutex<Box<dyn Anywhere>>>,
    length: u64,
}

impl File {
    fn new(mut stream: impl Read + Seek + Send + 'static) -> io::Result<File> {
        let length = stream.seek(SeekFrom::End(0))?;
        Ok(File { stream: Arc::new(Mutex::new(Box::new(stream))), length })
    }
}

impl Length for File {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for File {
    type T = BufReader<FileFrom>;

    fn get_read(&self, start: u64) -> Result<BufReader<FileFrom>> {
        Ok(BufReader::new(FileFrom { file: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // Before memory is asked for: a damaged file may say anything.
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF("a part of the file lies behind its end".to_owned()));
        }
        let mut bytes = vec![0; length];
        FileFrom { file: self.clone(), at: start }.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// A file from some place on.
struct FileFrom {
    file: File,
    at: u64,
}

impl Read for FileFrom {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut stream = self.file.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.seek(SeekFrom::Start(self.at))?;
        let read = stream.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}
