//! The words that policies, overrides and verdicts share.

use crate::word::words;

words! {
    /// What a verdict does to a change. The order is the order of severity: the most severe effect wins.
    pub enum Effect {
        /// The change may go out.
        Allow = "allow",
        /// The change may go out, and people should know what is wrong.
        Warn = "warn",
        /// The change waits until someone approves it.
        Hold = "hold",
        /// The change does not go out.
        Freeze = "freeze",
    }
}

impl Effect {
    /// The number that stands for the effect in the contract with plugins.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Effect::Allow => 0,
            Effect::Warn => 1,
            Effect::Hold => 2,
            Effect::Freeze => 3,
        }
    }

    /// The effect that a number of the contract stands for; none when it stands for nothing.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Effect> {
        Effect::ALL.iter().copied().find(|effect| effect.code() == code)
    }

    /// The default of whatever may hold a change back.
    pub(crate) fn hold() -> Effect {
        Effect::Hold
    }
}

words! {
    /// How much a policy's effect counts.
    #[derive(Default)]
    pub enum Mode {
        /// The effect counts as it is.
        #[default]
        Enforce = "enforce",
        /// The effect counts as a warning at most.
        Warn = "warn",
        /// The effect is recorded and does not count.
        Audit = "audit",
    }
}

impl Mode {
    /// What is left of an effect in this mode.
    #[must_use]
    pub fn soften(self, effect: Effect) -> Effect {
        match self {
            Mode::Enforce => effect,
            Mode::Warn => effect.min(Effect::Warn),
            Mode::Audit => Effect::Allow,
        }
    }
}

words! {
    /// What a change is.
    #[derive(Default)]
    pub enum Change {
        /// Something new.
        #[default]
        Feature = "feature",
        /// The repair of something broken.
        Fix = "fix",
        /// The repair of something unsafe.
        Security = "security",
        /// The return to what was there before.
        Rollback = "rollback",
        /// Other settings for the same code.
        Config = "config",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_severe_effect_is_the_greatest_and_codes_go_both_ways() {
        assert!(Effect::ALL.is_sorted());
        for effect in Effect::ALL {
            assert_eq!(Effect::from_code(effect.code()), Some(*effect));
        }
        assert_eq!(Effect::from_code(4), None);
    }

    #[test]
    fn modes_soften() {
        let check =
            |mode: Mode, effect, expected| assert_eq!(mode.soften(effect), expected, "{mode} {effect}");
        check(Mode::Enforce, Effect::Freeze, Effect::Freeze);
        check(Mode::Warn, Effect::Freeze, Effect::Warn);
        check(Mode::Warn, Effect::Allow, Effect::Allow);
        check(Mode::Audit, Effect::Freeze, Effect::Allow);
    }

    #[test]
    fn words_are_shown_as_files_write_them() {
        for effect in Effect::ALL {
            assert_eq!(serde_json::to_value(effect).unwrap(), effect.to_string());
            assert_eq!(Effect::from_word(effect.as_str()), Some(*effect));
        }
        assert_eq!(Effect::from_word("Hold"), None);
    }
}
