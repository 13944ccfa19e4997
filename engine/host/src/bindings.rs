//! What the contract in `wit/` generates. Interfaces that kinds share are generated once.

/// Checks import all that there is to import, so their bindings hold the shared interfaces.
pub(crate) mod check {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "check",
        imports: { default: trappable },
        additional_derives: [PartialEq, Eq, serde::Serialize, serde::Deserialize],
    });
}

/// Arguments are borrowed: a batch is lowered from the caller's own slices. Borrowed records can't be deserialised.
pub(crate) mod sli_calculator {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "sli-calculator",
        imports: { default: trappable },
        ownership: Borrowing { duplicate_if_necessary: false },
        additional_derives: [PartialEq, serde::Serialize],
        with: {
            "weir:policy/types": super::check::weir::policy::types,
            "weir:policy/log": super::check::weir::policy::log,
        },
    });
}

pub(crate) mod budget_policy {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "budget-policy",
        imports: { default: trappable },
        additional_derives: [PartialEq, Eq, serde::Serialize, serde::Deserialize],
        with: {
            "weir:policy/types": super::check::weir::policy::types,
            "weir:policy/log": super::check::weir::policy::log,
            "weir:policy/zones": super::check::weir::policy::zones,
        },
    });
}

pub(crate) mod toil_scorer {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "toil-scorer",
        imports: { default: trappable },
        additional_derives: [PartialEq, Eq, serde::Serialize, serde::Deserialize],
        with: {
            "weir:policy/types": super::check::weir::policy::types,
            "weir:policy/log": super::check::weir::policy::log,
        },
    });
}
