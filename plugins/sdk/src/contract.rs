//! The bindings that `wit-bindgen` generates from `wit/`, one module a world. Authors see them under the plain names
//! that `lib.rs` gives them; the macros of `glue` see this module.

/// The world of checks. It imports all that any kind of plugin may import, so the others share its modules.
pub mod check {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "check",
        pub_export_macro: true,
        additional_derives: [PartialEq],
    });
}

/// The world of SLI calculators.
pub mod sli_calculator {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "sli-calculator",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "weir:policy/types@0.1.0": crate::contract::check::weir::policy::types,
            "weir:policy/log@0.1.0": crate::contract::check::weir::policy::log,
        },
    });
}

/// The world of budget policies.
pub mod budget_policy {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "budget-policy",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "weir:policy/types@0.1.0": crate::contract::check::weir::policy::types,
            "weir:policy/log@0.1.0": crate::contract::check::weir::policy::log,
            "weir:policy/zones@0.1.0": crate::contract::check::weir::policy::zones,
        },
    });
}

/// The world of toil scorers.
pub mod toil_scorer {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "toil-scorer",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "weir:policy/types@0.1.0": crate::contract::check::weir::policy::types,
            "weir:policy/log@0.1.0": crate::contract::check::weir::policy::log,
        },
    });
}
