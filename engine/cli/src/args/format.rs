//! In which formats a result goes where.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The formats of what pipelines ask.
#[derive(Debug, Args)]
pub(crate) struct FormatArguments {
    /// How to print the result
    #[arg(long, value_enum, default_value_t = PipelineFormat::Human)]
    pub(crate) format: PipelineFormat,
    /// Write the result to a file as well, such as `sarif=weir.sarif`; may be given several times
    #[arg(long = "output", value_name = "FORMAT=FILE", value_parser = parse_output)]
    pub(crate) outputs: Vec<OutputFile>,
}

/// A format that people or the systems around a pipeline read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PipelineFormat {
    /// Tables and sentences
    Human,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML
    Junit,
    /// GitHub Actions: annotations, and the summary and outputs of the step
    Github,
    /// GitLab's Code Quality report
    Gitlab,
    /// Markdown, for a comment on a pull request
    Markdown,
    /// TAP version 14
    Tap,
}

/// A file that a result is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputFile {
    pub(crate) format: PipelineFormat,
    pub(crate) path: PathBuf,
}

fn parse_output(text: &str) -> Result<OutputFile, String> {
    let formats = || {
        let names = PipelineFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        names.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let Some((format, path)) = text.split_once('=') else {
        return Err(format!(
            "expected a format and a file, such as `sarif=weir.sarif`; formats are {}",
            formats()
        ));
    };
    let format = PipelineFormat::from_str(format, false)
        .map_err(|_| format!("there is no format `{format}`; formats are {}", formats()))?;
    match path {
        "" => Err("the name of the file is missing".to_owned()),
        "-" => Err("standard output has the format that --format says".to_owned()),
        path => Ok(OutputFile { format, path: PathBuf::from(path) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_a_format_and_a_file() {
        let file = parse_output("tap=out=1.tap").unwrap();
        assert_eq!((file.format, file.path), (PipelineFormat::Tap, PathBuf::from("out=1.tap")));
        let check =
            |text: &str, part: &str| assert!(parse_output(text).unwrap_err().contains(part), "{text}");
        check("weir.sarif", "such as `sarif=weir.sarif`");
        check("pdf=a", "there is no format `pdf`");
        check("json=", "is missing");
        check("json=-", "--format");
    }
}
