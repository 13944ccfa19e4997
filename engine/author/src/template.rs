//! The files of a new plugin. They lie in `templates/` as they are, with `my-plugin` for the name.

use weir_model::plugin::{Language, PluginKind};

/// A file: where it goes, and its text.
pub(crate) type Template = (&'static str, &'static str);

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../templates/", $path))
    };
}

macro_rules! wit {
    ($name:literal) => {
        include_str!(concat!("../../../wit/", $name))
    };
}

/// What every plugin has: the README, and the contract that it is built against.
const COMMON: &[Template] = &[
    ("README.md", template!("README.md")),
    ("wit/types.wit", wit!("types.wit")),
    ("wit/sli-calculator.wit", wit!("sli-calculator.wit")),
    ("wit/budget-policy.wit", wit!("budget-policy.wit")),
    ("wit/check.wit", wit!("check.wit")),
    ("wit/toil-scorer.wit", wit!("toil-scorer.wit")),
];

/// What all plugins of a language have.
fn of_language(language: Language) -> &'static [Template] {
    match language {
        Language::Rust => &[("Cargo.toml", template!("rust/Cargo.toml")), (".gitignore", "/target\n")],
        Language::C => &[
            ("src/json.c", template!("c/json.c")),
            ("src/json.h", template!("c/json.h")),
            (".gitignore", "/.venv\n/target\n"),
        ],
        Language::JavaScript => &[
            ("package.json", template!("javascript/package.json")),
            (".gitignore", "/node_modules\n/target\n"),
        ],
        Language::Python => &[
            ("requirements.txt", template!("python/requirements.txt")),
            (".gitignore", "/.venv\n/target\n__pycache__\n"),
        ],
    }
}

/// What all plugins of a kind have.
fn of_kind(kind: PluginKind) -> Template {
    let text = match kind {
        PluginKind::SliCalculator => template!("rust/sli-calculator/cases.toml"),
        PluginKind::BudgetPolicy => template!("rust/budget-policy/cases.toml"),
        PluginKind::Check => template!("rust/check/cases.toml"),
        PluginKind::ToilScorer => template!("rust/toil-scorer/cases.toml"),
    };
    ("cases/my-plugin.toml", text)
}

/// The schema of the parameters, where the sources do not hold it.
fn schema(kind: PluginKind) -> Template {
    let text = match kind {
        PluginKind::SliCalculator => template!("rust/sli-calculator/parameters.schema.json"),
        PluginKind::BudgetPolicy => template!("rust/budget-policy/parameters.schema.json"),
        PluginKind::Check => template!("rust/check/parameters.schema.json"),
        PluginKind::ToilScorer => template!("rust/toil-scorer/parameters.schema.json"),
    };
    ("parameters.schema.json", text)
}

/// The sources; none where there is no template.
fn sources(language: Language, kind: PluginKind) -> Option<Vec<Template>> {
    use PluginKind::{BudgetPolicy, Check, SliCalculator, ToilScorer};
    Some(match (language, kind) {
        (Language::Rust, SliCalculator) => vec![("src/lib.rs", template!("rust/sli-calculator/src/lib.rs"))],
        (Language::Rust, BudgetPolicy) => vec![("src/lib.rs", template!("rust/budget-policy/src/lib.rs"))],
        (Language::Rust, Check) => vec![("src/lib.rs", template!("rust/check/src/lib.rs"))],
        (Language::Rust, ToilScorer) => vec![("src/lib.rs", template!("rust/toil-scorer/src/lib.rs"))],
        (Language::C, Check) => vec![
            ("src/plugin.c", template!("c/check/plugin.c")),
            ("bindings/check.c", template!("c/bindings/check.c")),
            ("bindings/check.h", template!("c/bindings/check.h")),
            ("bindings/world.c", template!("c/bindings/world.c")),
        ],
        (Language::C, SliCalculator) => vec![
            ("src/plugin.c", template!("c/sli-calculator/plugin.c")),
            ("bindings/sli_calculator.c", template!("c/bindings/sli_calculator.c")),
            ("bindings/sli_calculator.h", template!("c/bindings/sli_calculator.h")),
            ("bindings/world.c", template!("c/bindings/world.c")),
        ],
        (Language::JavaScript, Check) => vec![("src/plugin.js", template!("javascript/check/plugin.js"))],
        (Language::JavaScript, SliCalculator) => {
            vec![("src/plugin.js", template!("javascript/sli-calculator/plugin.js"))]
        }
        (Language::Python, Check) => vec![("src/plugin.py", template!("python/check/plugin.py"))],
        (Language::Python, SliCalculator) => {
            vec![("src/plugin.py", template!("python/sli-calculator/plugin.py"))]
        }
        (Language::C | Language::JavaScript | Language::Python, BudgetPolicy | ToilScorer) => return None,
    })
}

/// All files of a new plugin; none where there is no template.
pub(crate) fn files(language: Language, kind: PluginKind) -> Option<Vec<Template>> {
    let mut files = sources(language, kind)?;
    files.extend(COMMON);
    files.extend(of_language(language));
    files.push(of_kind(kind));
    if matches!(language, Language::Rust | Language::C) {
        files.push(schema(kind));
    }
    Some(files)
}
