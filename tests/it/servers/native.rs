//! Native histograms, written to a real Prometheus as a remote writer does.

use super::programs::{Program, missing, prometheus, send, value};
use super::{counts, project, slo};

/// 2026-01-01T11:00:00Z.
const START: i64 = 1_767_265_200;

/// A field of a protocol buffer: its number and wire type, then what it holds.
fn field(out: &mut Vec<u8>, number: u64, kind: u64) {
    varint(out, number << 3 | kind);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

fn bytes(out: &mut Vec<u8>, number: u64, content: &[u8]) {
    field(out, number, 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn integer(out: &mut Vec<u8>, number: u64, value: u64) {
    field(out, number, 0);
    varint(out, value);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// What was observed up to an instant: how much lay in (1/8, 1/4], (1/4, 1/2] and (1/2, 1] of a second.
fn histogram(at: i64, observed: [u64; 3]) -> Vec<u8> {
    let mut out = Vec::new();
    integer(&mut out, 1, observed.iter().sum());
    field(&mut out, 3, 1);
    out.extend_from_slice(&1.0_f64.to_le_bytes());
    // Schema 0: each bound is twice the one before; bucket 0 ends at 1.
    integer(&mut out, 4, zigzag(0));
    field(&mut out, 5, 1);
    out.extend_from_slice(&1e-9_f64.to_le_bytes());
    integer(&mut out, 6, 0);
    let mut span = Vec::new();
    integer(&mut span, 1, zigzag(-2));
    integer(&mut span, 2, 3);
    bytes(&mut out, 11, &span);
    let (mut deltas, mut before) = (Vec::new(), 0);
    for count in observed {
        let count = i64::try_from(count).unwrap();
        varint(&mut deltas, zigzag(count - before));
        before = count;
    }
    bytes(&mut out, 12, &deltas);
    integer(&mut out, 15, (at * 1000).cast_unsigned());
    out
}

/// Writes one series. Snappy may leave everything uncompressed, in pieces of 64 KiB.
fn write(server: &Program, histograms: &[Vec<u8>]) {
    let mut series = Vec::new();
    for (name, value) in [("__name__", "seconds"), ("instance", "a"), ("job", "shop")] {
        let mut label = Vec::new();
        bytes(&mut label, 1, name.as_bytes());
        bytes(&mut label, 2, value.as_bytes());
        bytes(&mut series, 1, &label);
    }
    for histogram in histograms {
        bytes(&mut series, 4, histogram);
    }
    let mut request = Vec::new();
    bytes(&mut request, 1, &series);
    let mut body = Vec::new();
    varint(&mut body, request.len() as u64);
    for piece in request.chunks(65_536) {
        body.push(61 << 2);
        body.extend_from_slice(&u16::try_from(piece.len() - 1).unwrap().to_le_bytes());
        body.extend_from_slice(piece);
    }
    let head = format!(
        "POST /prom/api/v1/write HTTP/1.0\r\nContent-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n\
         X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (status, answer) = send(server.port(), &head, &body).unwrap();
    assert_eq!(status, 204, "{answer}");
}

#[test]
fn native_histograms_count_exactly_at_the_bounds_of_buckets() {
    if missing("native histograms of a real Prometheus", &["prometheus"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = prometheus(folder.path(), "");
    let (mut observed, mut good, mut bad) = ([100, 100, 100], 0, 0);
    let mut histograms = Vec::new();
    for scrape in 0..=40_i64 {
        // A restart right after a scrape: the first bucket is higher at once than it was before.
        if scrape == 20 {
            observed = [0, 0, 0];
        }
        let more = if scrape == 20 { [900, 1, 2] } else { [5, scrape.unsigned_abs() % 3, 1] };
        for (observed, more) in observed.iter_mut().zip(more) {
            *observed += more;
        }
        if scrape > 0 {
            (good, bad) = (good + more[0], bad + more[1] + more[2]);
        }
        histograms.push(histogram(START + 15 * scrape, observed));
    }
    write(&server, &histograms);
    let at = "2026-01-01T11:10:01Z";
    let counting = |threshold: &str| {
        format!(
            "[sli.prometheus.histogram]\nmetric = 'seconds{{job=\"shop\"}}'\nthreshold = \"{threshold}\"\nnative = true"
        )
    };
    let url = format!("http://127.0.0.1:{}/prom", server.port());
    let sound = project(&url, "", &slo("latency", &counting("0.25"), ""));
    let run = sound.weir(&["slo", "status", "--at", at, "--format", "json"]);
    let (counted_good, counted_bad, _) = counts(&run, "latency");
    assert_eq!((counted_good, counted_bad), (good, bad));
    let rules = sound.weir(&["generate", "prometheus"]);
    assert!(rules.stdout.contains("histogram_fraction(-Inf, 0.25, "), "{}{}", rules.stdout, rules.stderr);
    // Scrapes from one border of the window to the other: here Prometheus has nothing to extrapolate.
    let rate = value(&server, "histogram_count(sum(rate(seconds[10m] @ 1767265800)))").unwrap();
    assert!(
        (rate.parse::<f64>().unwrap() * 600.0 - (good + bad) as f64).abs() < 1e-6,
        "{rate}, {good}, {bad}"
    );

    let run = project(&url, "", &slo("latency", &counting("0.3"), "")).weir(&["slo", "status", "--at", at]);
    let expected = "no bucket of `seconds{job=\"shop\"}` ends at 0.3, so it can't be told what lies within; the nearest end at \
                    0.25 and 0.5\n";
    assert!(run.code == 2 && run.stderr.contains(expected), "{} {}{}", run.code, run.stdout, run.stderr);
}
