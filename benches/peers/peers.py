"""What the peers do: `peers.py TOOL FORMAT FILE THREADS` prints by SLI, service and minute how many events were good and how
many there were, and on standard error how long reading took. `peers.py to-parquet FILE OUT` turns CSV into Parquet."""

import sys
import time

COLUMNS = ["id", "source", "type", "subject", "time", "data.method", "data.path", "data.status", "data.duration"]


def main():
    tool, *rest = sys.argv[1:]
    if tool == "to-parquet":
        return to_parquet(*rest)
    format, file, threads = rest
    counts = {"duckdb": duckdb_counts, "polars": polars_counts}[tool](format, file, int(threads))
    for service, minute, good, fast, total in counts:
        print("availability", service, minute, good, total)
        print("latency", service, minute, fast, total)


def said(began):
    print(f"seconds {time.monotonic() - began:.4f}", file=sys.stderr)


def csv_reader(file):
    kinds = {"time": "TIMESTAMP", "data.status": "BIGINT", "data.duration": "DOUBLE"}
    columns = ", ".join(f"'{name}': '{kinds.get(name, 'VARCHAR')}'" for name in COLUMNS)
    return f"read_csv('{file}', header=true, delim=',', quote='\"', columns={{{columns}}})"


def to_parquet(file, out):
    import duckdb

    duckdb.sql(f"COPY (SELECT * FROM {csv_reader(file)}) TO '{out}' (FORMAT parquet, COMPRESSION snappy)")


def duckdb_counts(format, file, threads):
    import duckdb

    status, duration = '"data.status"', '"data.duration"'
    if format == "json":
        columns = "subject: 'VARCHAR', time: 'TIMESTAMP', data: 'STRUCT(status BIGINT, duration DOUBLE)'"
        source = f"read_json('{file}', format='newline_delimited', columns={{{columns}}})"
        status, duration = "data.status", "data.duration"
    elif format == "csv":
        source = csv_reader(file)
    elif format == "parquet":
        source = f"read_parquet('{file}')"
    else:
        # The combined format with a field behind it, as a table whose cells are separated by blanks.
        names = ["remote", "ident", "user", "day", "zone", "request", "status", "bytes", "referer", "agent", "duration"]
        kinds = {"status": "BIGINT", "duration": "DOUBLE"}
        columns = ", ".join(f"'{name}': '{kinds.get(name, 'VARCHAR')}'" for name in names)
        table = f"read_csv('{file}', header=false, delim=' ', quote='\"', escape='\\', columns={{{columns}}})"
        source = f"(SELECT *, 'service-0' AS subject, strptime(day, '[%d/%b/%Y:%H:%M:%S') AS time FROM {table})"
        status, duration = "status", "duration"
    connection = duckdb.connect(config={"threads": threads})
    # Pinned to some processors or not, a thread more would only wait.
    query = f"""
        SELECT subject, epoch(date_trunc('minute', time))::BIGINT,
            count(*) FILTER ({status} < 500), count(*) FILTER ({duration} <= 0.25), count(*)
        FROM {source} GROUP BY ALL"""
    began = time.monotonic()
    rows = connection.sql(query).fetchall()
    said(began)
    return rows


def polars_counts(format, file, threads):
    import os

    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    if format == "json":
        data = pl.Struct({"status": pl.Int64, "duration": pl.Float64})
        events = pl.scan_ndjson(file, schema={"subject": pl.String, "time": pl.String, "data": data})
        status, duration = (pl.col("data").struct.field(name) for name in ["status", "duration"])
    elif format == "csv":
        kinds = {"data.status": pl.Int64, "data.duration": pl.Float64}
        events = pl.scan_csv(file, schema={name: kinds.get(name, pl.String) for name in COLUMNS})
        status, duration = pl.col("data.status"), pl.col("data.duration")
    else:
        events = pl.scan_parquet(file)
        status, duration = pl.col("data.status"), pl.col("data.duration")
    instant = pl.col("time")
    if format != "parquet":
        instant = instant.str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms")
    minute = instant.dt.truncate("1m").dt.epoch("s")
    began = time.monotonic()
    table = (
        events.group_by(pl.col("subject"), minute.alias("minute"))
        .agg((status < 500).sum().alias("good"), (duration <= 0.25).sum().alias("fast"), pl.len())
        .collect(engine="streaming")
    )
    said(began)
    return table.rows()


if __name__ == "__main__":
    main()
