//! `docs/contract.md`: the contract as a page to read, made from the files in `wit/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use fs_err as fs;

/// The files, in the order in which a reader needs them.
const FILES: [&str; 5] =
    ["types.wit", "sli-calculator.wit", "budget-policy.wit", "check.wit", "toil-scorer.wit"];

const HEAD: &str = "\
# The contract

<!-- Made by `cargo xtask contract` from the files in `wit/`; a test holds that it is current. -->

What plugins get and what they answer. The files themselves are [`wit/*.wit`](../wit), and `weir plugin new` copies them
into every plugin. How to write one is in [Your first plugin](first-plugin.md).

";

/// Writes the page.
pub(crate) fn write() -> Result<()> {
    Ok(fs::write(path(), page()?)?)
}

/// Fails unless the page is what would be written.
pub(crate) fn check() -> Result<()> {
    let current = fs::read_to_string(path()).is_ok_and(|text| page().is_ok_and(|page| page == text));
    ensure!(current, "`docs/contract.md` is not what `wit/` says\nhelp: run `cargo xtask contract`");
    Ok(())
}

fn path() -> PathBuf {
    root().join("docs/contract.md")
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn page() -> Result<String> {
    let mut page = HEAD.to_owned();
    for file in FILES {
        let text = fs::read_to_string(root().join("wit").join(file))?;
        let mut reader = Reader { page: String::new(), docs: Vec::new(), interface: String::new() };
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            reader.line(line, &mut lines).with_context(|| format!("`wit/{file}`, at `{line}`"))?;
        }
        page.push_str(&reader.page);
    }
    Ok(page.trim_end().to_owned() + "\n")
}

/// Goes through a file line by line. It knows the forms that the contract is written in, and no others.
struct Reader {
    page: String,
    /// The comment above what comes next.
    docs: Vec<String>,
    interface: String,
}

impl Reader {
    fn line<'t>(&mut self, line: &'t str, rest: &mut impl Iterator<Item = &'t str>) -> Result<()> {
        if let Some(doc) = line.strip_prefix("///") {
            self.docs.push(doc.trim().to_owned());
            return Ok(());
        }
        let (first, name) = line.split_once(' ').unwrap_or((line, ""));
        let name = name.trim_end_matches([' ', '{']);
        match first {
            "package" => self.paragraph(),
            "interface" => {
                name.clone_into(&mut self.interface);
                self.page.push_str(&format!("## Interface `{name}`\n\n"));
                self.paragraph();
            }
            "world" => {
                self.page.push_str(&format!("## World `{name}`\n\n"));
                self.paragraph();
                self.block(rest);
            }
            "record" | "variant" => {
                self.page.push_str(&format!("### {first} `{name}`\n\n"));
                self.paragraph();
                self.members(first, rest);
            }
            "" | "}" => {}
            "use" => self.docs.clear(),
            _ => {
                let (name, _) = line.split_once(": func").context("a form that the page does not know")?;
                self.page.push_str(&format!("### function `{}.{name}`\n\n", self.interface));
                self.page.push_str(&format!("```wit\n{line}\n```\n\n"));
                self.paragraph();
            }
        }
        Ok(())
    }

    /// The comment as text, with its paragraphs.
    fn paragraph(&mut self) {
        if !self.docs.is_empty() {
            self.page.push_str(&std::mem::take(&mut self.docs).join("\n"));
            self.page.push_str("\n\n");
        }
    }

    /// What a world imports and exports.
    fn block<'t>(&mut self, rest: &mut impl Iterator<Item = &'t str>) {
        self.page.push_str("```wit\n");
        for line in rest.take_while(|line| *line != "}") {
            self.page.push_str(&format!("{line}\n"));
        }
        self.page.push_str("```\n\n");
    }

    /// The fields of a record or the cases of a variant, as a table.
    fn members<'t>(&mut self, what: &str, rest: &mut impl Iterator<Item = &'t str>) {
        let (name, kind) = if what == "record" { ("field", "type") } else { ("case", "holds") };
        self.page.push_str(&format!("| {name} | {kind} | |\n|---|---|---|\n"));
        for line in rest.take_while(|line| *line != "}") {
            if let Some(doc) = line.strip_prefix("///") {
                self.docs.push(doc.trim().to_owned());
                continue;
            }
            let member = line.trim_end_matches(',');
            let (name, kind) = member
                .split_once(": ")
                .or_else(|| member.trim_end_matches(')').split_once('('))
                .unwrap_or((member, ""));
            let docs = std::mem::take(&mut self.docs).join(" ").replace('|', "\\|");
            self.page.push_str(&format!("| `{name}` | `{kind}` | {docs} |\n"));
        }
        self.page.push('\n');
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_current() {
        super::check().unwrap();
    }
}
