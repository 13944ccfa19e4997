//! Bytes for a plugin to hand back.

use weir_host::contract::budget::{Counts, Situation, SloStatus};

/// The situation that has `Guest::echo` hand back these bytes, filled up with zeros.
pub(crate) fn to_echo(bytes: &[u8]) -> Situation {
    let number = |bytes: &[u8]| {
        let mut number = [0; 8];
        number.iter_mut().zip(bytes).for_each(|(number, byte)| *number = *byte);
        u64::from_le_bytes(number)
    };
    let counts = |pair: &[u8]| Counts { good: number(pair), bad: number(pair.get(8..).unwrap_or_default()) };
    let slo = SloStatus {
        name: "slo".to_owned(),
        objective: "0.999".to_owned(),
        window: 60,
        total: Counts { good: 0, bad: 0 },
        windows: bytes.chunks(16).map(counts).collect(),
        latched: Vec::new(),
        facts: Vec::new(),
    };
    Situation {
        service: "shop".to_owned(),
        change: "fix".to_owned(),
        now: 0,
        slos: vec![slo],
        facts: Vec::new(),
    }
}
