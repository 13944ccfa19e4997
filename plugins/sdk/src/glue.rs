//! What the macros need: the adapter between the generated bindings and the traits of this crate.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::contract::budget_policy::exports::weir::policy::budget::{
    Decision, Guest as BudgetGuest, Needs, Situation,
};
use crate::contract::check::exports::weir::policy::checker;
use crate::contract::sli_calculator::exports::weir::policy::calculator;
use crate::contract::toil_scorer::exports::weir::policy::scorer;
use crate::{About, Batch, BudgetPolicy, Calculator, Check, Info, Problem, ToilScorer};

/// Exports `T`: has all of its parameters read and its panics logged.
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

impl<T: Calculator + 'static> calculator::Guest for Export<T> {
    fn describe() -> Info {
        info(&T::ABOUT)
    }

    fn prepare(params: String) -> Result<calculator::Plan, Problem> {
        T::prepare(&read(&params)?)
    }

    fn classify(params: String, rows: calculator::Batch) -> Result<Vec<u8>, Problem> {
        T::classify(&read(&params)?, &Batch::new(rows))
    }

    fn settle(params: String, merged: calculator::Slices) -> Result<calculator::Tallies, Problem> {
        T::settle(&read(&params)?, &merged)
    }
}

impl<T: BudgetPolicy + 'static> BudgetGuest for Export<T> {
    fn describe() -> Info {
        info(&T::ABOUT)
    }

    fn prepare(params: String) -> Result<Needs, Problem> {
        T::prepare(&read(&params)?)
    }

    fn decide(params: String, states: Vec<Situation>) -> Result<Vec<Decision>, Problem> {
        let params = read(&params)?;
        states.iter().map(|state| T::decide(&params, state)).collect()
    }
}

impl<T: Check + 'static> checker::Guest for Export<T> {
    fn describe() -> Info {
        info(&T::ABOUT)
    }

    fn assess(params: String, service: checker::Subject) -> Result<checker::Report, Problem> {
        T::assess(&read(&params)?, &service)
    }
}

impl<T: ToilScorer + 'static> scorer::Guest for Export<T> {
    fn describe() -> Info {
        info(&T::ABOUT)
    }

    fn score(
        params: String,
        since: i64,
        until: i64,
        items: Vec<scorer::WorkItem>,
    ) -> Result<scorer::Report, Problem> {
        T::score(&read(&params)?, since, until, &items)
    }
}

fn info(about: &About) -> Info {
    Info {
        name: about.name.to_owned(),
        version: about.version.to_owned(),
        summary: about.summary.to_owned(),
        parameters: about.parameters.to_owned(),
        reads: about.reads.iter().map(|read| (*read).to_owned()).collect(),
        facts: Vec::new(),
    }
}

/// Every call that can panic comes through here first.
fn read<P: DeserializeOwned>(params: &str) -> Result<P, Problem> {
    #[cfg(target_arch = "wasm32")]
    log_panics();
    serde_json::from_str(params).map_err(|error| Problem::InvalidParams(error.to_string()))
}

/// A trap says nothing of its reason, so the panic goes to the log before it becomes one.
#[cfg(target_arch = "wasm32")]
fn log_panics() {
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| std::panic::set_hook(Box::new(|panic| crate::log::error(&panic.to_string()))));
}

/// Exports a type that implements [`Calculator`] as the plugin.
#[macro_export]
macro_rules! calculator {
    ($plugin:ty) => {
        $crate::export!(sli_calculator, Calculator, $plugin);
    };
}

/// Exports a type that implements [`BudgetPolicy`] as the plugin.
#[macro_export]
macro_rules! budget_policy {
    ($plugin:ty) => {
        $crate::export!(budget_policy, BudgetPolicy, $plugin);
    };
}

/// Exports a type that implements [`Check`] as the plugin.
#[macro_export]
macro_rules! check {
    ($plugin:ty) => {
        $crate::export!(check, Check, $plugin);
    };
}

/// Exports a type that implements [`ToilScorer`] as the plugin.
#[macro_export]
macro_rules! toil_scorer {
    ($plugin:ty) => {
        $crate::export!(toil_scorer, ToilScorer, $plugin);
    };
}

/// What the four macros have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! export {
    ($world:ident, $kind:ident, $plugin:ty) => {
        const _: () = {
            /// Does not compile unless the type is a plugin of this kind.
            const ABOUT: &$crate::About = &<$plugin as $crate::$kind>::ABOUT;

            #[cfg(target_arch = "wasm32")]
            #[expect(unsafe_code, reason = "a custom section is placed by name; this one holds plain bytes")]
            #[unsafe(link_section = "weir:info")]
            static INFO: [u8; $crate::info::length(ABOUT)] = $crate::info::json(ABOUT);

            #[cfg(target_arch = "wasm32")]
            type Export = $crate::glue::Export<$plugin>;
            #[cfg(target_arch = "wasm32")]
    $crate::contract::$world::export!(Export with_types_in $crate::contract::$world);
        };
    };
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::testing::Rows;
    use calculator::Guest;

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Params {
        mark: u8,
    }

    struct Constant;

    impl Calculator for Constant {
        type Params = Params;

        const ABOUT: About = About {
            name: "constant",
            version: "1.2.3",
            summary: "says the same of all rows",
            parameters: "{}",
            reads: &["nothing"],
        };

        fn prepare(_: &Params) -> Result<calculator::Plan, Problem> {
            Ok(calculator::Plan { fields: Vec::new(), settles: false, latest: None, facts: Vec::new() })
        }

        fn classify(params: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
            Ok(vec![params.mark; batch.rows()])
        }
    }

    type Exported = Export<Constant>;

    #[test]
    fn calls_arrive_with_parameters_read() {
        let rows = || Rows::new(2).batch().into_pools();
        assert_eq!(Exported::classify(r#"{"mark": 2}"#.to_owned(), rows()), Ok(vec![2, 2]));
        assert_eq!(
            Exported::classify(r#"{"mork": 2}"#.to_owned(), rows()),
            Err(Problem::InvalidParams(
                "unknown field `mork`, expected `mark` at line 1 column 7".to_owned()
            ))
        );
    }

    #[test]
    fn a_calculator_that_settles_nothing_says_so() {
        let slices = calculator::Slices {
            first: 0,
            seconds: 60,
            good: Vec::new(),
            bad: Vec::new(),
            unknown: Vec::new(),
            latest: Vec::new(),
        };
        assert_eq!(
            Exported::settle(r#"{"mark": 2}"#.to_owned(), slices),
            Err(Problem::Unprocessable("`constant` judges events, not slices".to_owned()))
        );
    }

    #[test]
    fn a_plugin_describes_itself() {
        let info = Exported::describe();
        assert_eq!((info.name.as_str(), info.version.as_str()), ("constant", "1.2.3"));
        assert_eq!(info.reads, ["nothing"]);
    }
}
