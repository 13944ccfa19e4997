//! The numeric codes of the contract under names.

/// What a calculator says of a row.
pub mod mark {
    /// The row does not count.
    pub const NOT_VALID: u8 = 0;
    /// The row counts and was good.
    pub const GOOD: u8 = 1;
    /// The row counts and was bad.
    pub const BAD: u8 = 2;
    /// The row counts, but whether it was good can't be said.
    pub const UNKNOWN: u8 = 3;
}

/// How a calculator wants the values of a field.
pub mod kind {
    /// Whole numbers, 64 bits.
    pub const INTEGER: u32 = 1;
    /// Floating-point numbers, finite.
    pub const NUMBER: u32 = 2;
    /// Text, as codes of a dictionary.
    pub const TEXT: u32 = 3;
    /// True or false.
    pub const FLAG: u32 = 4;
    /// Instants in milliseconds since 1970-01-01T00:00:00Z.
    pub const INSTANT: u32 = 5;
}

/// What a clause or a decision means for a change, the mildest first.
pub mod effect {
    /// The change may go out.
    pub const ALLOW: u32 = 0;
    /// The change may go out; people should look.
    pub const WARN: u32 = 1;
    /// Someone must approve the change.
    pub const HOLD: u32 = 2;
    /// The change must wait.
    pub const FREEZE: u32 = 3;
}

/// What a clause has measured.
pub mod metric {
    /// Nothing.
    pub const NOTHING: u32 = 0;
    /// The remaining budget, as a fraction of the whole budget.
    pub const REMAINING_BUDGET: u32 = 1;
    /// The burn rate over a window.
    pub const BURN_RATE: u32 = 2;
}

/// What came of a rule of a check.
pub mod outcome {
    /// The service satisfies the rule.
    pub const PASS: u32 = 0;
    /// The service breaks the rule.
    pub const FAIL: u32 = 1;
    /// The rule does not concern the service.
    pub const NOT_APPLICABLE: u32 = 2;
    /// Whether the service satisfies the rule can't be said.
    pub const UNKNOWN: u32 = 3;
}

/// How much a rule of a check weighs.
pub mod weight {
    /// The rule is required of the service.
    pub const REQUIRED: u32 = 1;
    /// The rule is advised.
    pub const ADVISED: u32 = 2;
}

/// Why a document can't be read.
pub mod refusal {
    /// There is no such document.
    pub const MISSING: u32 = 1;
    /// The policy grants no access to it.
    pub const NOT_GRANTED: u32 = 2;
    /// It is larger than the limit.
    pub const TOO_LARGE: u32 = 3;
    /// It is not UTF-8 text.
    pub const NOT_TEXT: u32 = 4;
    /// It is not a plain file.
    pub const NOT_A_FILE: u32 = 5;
    /// Reading it failed.
    pub const FAILED: u32 = 6;
}

/// What a piece of work is.
pub mod class {
    /// Toil.
    pub const TOIL: u32 = 1;
    /// Overhead: work that is no operation of a service, such as meetings.
    pub const OVERHEAD: u32 = 2;
    /// Engineering: work of lasting value.
    pub const ENGINEERING: u32 = 3;
}

/// The attributes of toil. A set of them is their sum.
pub mod attribute {
    /// Done by hand.
    pub const MANUAL: u32 = 1;
    /// Done again and again.
    pub const REPETITIVE: u32 = 2;
    /// A machine could do it.
    pub const AUTOMATABLE: u32 = 4;
    /// Of no enduring value.
    pub const TACTICAL: u32 = 8;
    /// Grows with the service.
    pub const GROWS: u32 = 16;
}
