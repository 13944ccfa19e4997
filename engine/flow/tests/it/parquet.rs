//! Tables in Parquet: the same rows as in CSV, and files that are damaged.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use weir_flow::{Flow, Format};

use crate::{FROM, Summary, WHOLE, options, requests, run};

/// A row; what is none is null, and an empty cell in CSV.
#[derive(Debug, Clone)]
struct Row {
    id: Option<String>,
    kind: Option<&'static str>,
    subject: Option<&'static str>,
    /// Seconds since the start of the day that is asked about.
    second: Option<i64>,
    status: Option<i32>,
    path: Option<&'static str>,
}

const SCHEMA: &str = "message events {
    optional binary id (UTF8);
    optional binary type (UTF8);
    optional binary subject (UTF8);
    optional int64 time (TIMESTAMP(MICROS, true));
    optional group data { optional int32 status; optional binary path (UTF8); }
    optional int32 unused;
}";

/// How a file is written.
#[derive(Debug, Clone, Copy)]
struct Form {
    group_rows: usize,
    compression: Compression,
    dictionary: bool,
}

const SIMPLE: Form = Form { group_rows: 3, compression: Compression::UNCOMPRESSED, dictionary: true };

fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    level: i16,
    cells: impl Iterator<Item = Option<T::T>> + Clone,
) {
    let levels: Vec<i16> = cells.clone().map(|cell| if cell.is_some() { level } else { 0 }).collect();
    let values: Vec<T::T> = cells.flatten().collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(&values, Some(&levels), None).unwrap();
    column.close().unwrap();
}

/// The file of these rows; `schema` must have the columns of [`SCHEMA`], under whatever names.
fn file(schema: &str, rows: &[Row], form: Form) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(form.compression)
        .set_dictionary_enabled(form.dictionary)
        .build();
    let mut bytes = Vec::new();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    let text = |text: &str| ByteArray::from(text);
    for rows in rows.chunks(form.group_rows) {
        let mut group = writer.next_row_group().unwrap();
        write::<ByteArrayType>(&mut group, 1, rows.iter().map(|row| row.id.as_deref().map(text)));
        write::<ByteArrayType>(&mut group, 1, rows.iter().map(|row| row.kind.map(text)));
        write::<ByteArrayType>(&mut group, 1, rows.iter().map(|row| row.subject.map(text)));
        let time = |row: &Row| row.second.map(|second| (FROM + second * 1000) * 1000);
        write::<Int64Type>(&mut group, 1, rows.iter().map(time));
        write::<Int32Type>(&mut group, 2, rows.iter().map(|row| row.status));
        write::<ByteArrayType>(&mut group, 2, rows.iter().map(|row| row.path.map(text)));
        write::<Int32Type>(&mut group, 1, rows.iter().map(|_| Some(7)));
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

fn csv(rows: &[Row]) -> Vec<u8> {
    let mut text = "id,type,subject,time,data.status,data.path\n".to_owned();
    for row in rows {
        let time = row.second.map(|second| jiff::Timestamp::from_millisecond(FROM + second * 1000).unwrap());
        let cells = [
            row.id.clone(),
            row.kind.map(str::to_owned),
            row.subject.map(str::to_owned),
            time.map(|time| time.to_string()),
            row.status.map(|status| status.to_string()),
            row.path.map(str::to_owned),
        ];
        text += &cells.map(Option::unwrap_or_default).join(",");
        text += "\n";
    }
    text.into_bytes()
}

fn read(threads: usize, bytes: Vec<u8>) -> Summary {
    let mut flow = Flow::new(requests(), options(threads, false));
    let error = flow.read_parquet("0", None, Cursor::new(bytes)).err();
    Summary::new(flow.finish().unwrap(), error.as_slice())
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::option::weighted(0.9, (0_u32..30).prop_map(|id| id.to_string())),
        prop::option::weighted(
            0.9,
            prop::sample::select(vec!["weir.http.request", "weir.http.request", "weir.work.item"]),
        ),
        prop::option::weighted(0.9, prop::sample::select(vec!["a", "b", "elsewhere"])),
        prop::option::weighted(0.9, prop_oneof![9 => 0_i64..7200, 1 => 0_i64..100_000]),
        prop::option::weighted(0.9, prop::sample::select(vec![200, 404, 503])),
        prop::option::weighted(0.9, prop::sample::select(vec!["/pay", "/healthz"])),
    );
    let row = row.prop_map(|(id, kind, subject, second, status, path)| Row {
        id,
        kind,
        subject,
        second,
        status,
        path,
    });
    prop::collection::vec(row, 0..40)
}

fn forms() -> impl Strategy<Value = Form> {
    let compressions = vec![
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
        Compression::LZ4_RAW,
    ];
    (1_usize..50, prop::sample::select(compressions), any::<bool>())
        .prop_map(|(group_rows, compression, dictionary)| Form { group_rows, compression, dictionary })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_table_counts_as_the_same_rows_in_csv(rows in rows(), form in forms(), threads in 1_usize..4) {
        let mut table = read(threads, file(SCHEMA, &rows, form));
        let mut lines = run(requests(), options(1, false), WHOLE, &[(Format::Csv { service: None }, csv(&rows))]);
        for (table, line) in table.counts.samples.iter().zip(&lines.counts.samples) {
            // The header is a line, too.
            prop_assert_eq!((table.line + 1, &table.reason), (line.line, &line.reason));
        }
        table.counts.samples.clear();
        lines.counts.samples.clear();
        prop_assert_eq!(table, lines);
    }

    #[test]
    fn a_damaged_file_is_read_alike_or_is_an_error(
        rows in rows(),
        form in forms(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = file(SCHEMA, &rows, form);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        prop_assert_eq!(read(1, bytes.clone()), read(3, bytes));
    }
}

fn some_rows() -> Vec<Row> {
    let row = |id: i32| Row {
        id: Some(id.to_string()),
        kind: Some("weir.http.request"),
        subject: Some("a"),
        second: Some(i64::from(id)),
        status: Some(if id % 4 == 0 { 503 } else { 200 }),
        path: Some("/pay"),
    };
    (0..10).map(row).collect()
}

#[test]
fn columns_have_the_names_of_fields_in_a_group_or_outside() {
    let nested = read(1, file(SCHEMA, &some_rows(), SIMPLE));
    assert_eq!(nested.total(0), (7, 3, 0));
    let outside = SCHEMA.replace("optional group data {", "optional group no {");
    // Nobody finds a status there.
    assert_eq!(read(1, file(&outside, &some_rows(), SIMPLE)).total(0), (0, 0, 10));
    let flat = SCHEMA
        .replace("optional group data { optional int32 status;", "optional group x { optional int32 y;");
    let flat = flat.replace("optional int32 unused", "optional int32 data.status");
    // The last column says 7, which is no failure.
    assert_eq!(read(1, file(&flat, &some_rows(), SIMPLE)).total(0), (10, 0, 0));
}

#[test]
fn a_table_without_a_column_that_all_events_need_refuses_all_rows() {
    let check = |from: &str, to: &str, reason: &str| {
        let summary = read(2, file(&SCHEMA.replace(from, to), &some_rows(), SIMPLE));
        assert_eq!(summary.counts.refused, 10);
        assert_eq!(summary.counts.samples[4].line, 5);
        assert_eq!(summary.counts.samples[4].reason, reason);
    };
    check("binary type", "binary kind", "the file has no column `type`");
    check("int64 time", "int64 date", "the file has no column `time`");
    check(
        "binary subject",
        "binary service",
        "the file has no column `subject`, and the source no `service`",
    );
    check("binary id", "binary type", "the file has two columns `type`");
    check(" (TIMESTAMP(MICROS, true))", "", "`time` is missing");
}

#[test]
fn a_file_that_breaks_off_is_an_error() {
    let whole = file(SCHEMA, &some_rows(), SIMPLE);
    let unreadable = |summary: &Summary| {
        let [error] = summary.errors.as_slice() else { return false };
        error.strip_prefix("`0` can't be read past line 0: ").is_some_and(|cause| !cause.is_empty())
    };
    for length in [0, 1, 8, whole.len() / 2, whole.len() - 1] {
        let summary = read(1, whole[..length].to_vec());
        assert!(unreadable(&summary), "{length}: {:?}", summary.errors);
        assert_eq!(summary.counts.read(), 0);
    }
    let summary = read(1, b"id,type,time\n1,x,2026-11-24T00:00:00Z\n".to_vec());
    assert!(unreadable(&summary), "{:?}", summary.errors);
}

#[test]
fn groups_before_a_damaged_one_stay_counted() {
    let mut bytes = file(SCHEMA, &some_rows(), SIMPLE);
    let reader = SerializedFileReader::new(Bytes::from(bytes.clone())).unwrap();
    let (start, _) = reader.metadata().row_group(2).column(0).byte_range();
    let start = usize::try_from(start).unwrap();
    bytes[start..start + 8].fill(0xff);
    for threads in 1..4 {
        let summary = read(threads, bytes.clone());
        let [error] = summary.errors.as_slice() else { panic!("it is damaged: {summary:?}") };
        assert!(error.starts_with("`0` can't be read past line 6: "), "{error}");
        assert_eq!(summary.total(0), (4, 2, 0), "{threads}");
    }
}
