//! `leadsman journey import`: from what a team has to a journey.

use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
};

use leadsman_import::{Format, Options};

use super::CommandError;
use crate::{
    app::AppError,
    args::{Import, ImportFormat},
    paint::Paint,
};

/// Writes the configuration to standard output, and all that it does not do to standard error.
pub(super) fn import(arguments: &Import) -> Result<ExitCode, CommandError> {
    let options = Options {
        name: arguments.name.clone(),
        variables: variables(&arguments.variables)?,
    };
    if let Some(mistake) = options.mistake() {
        return Err(CommandError::Usage(mistake));
    }
    let text = read(&arguments.file)?;
    let format = match arguments.format {
        Some(ImportFormat::Har) => Format::Har,
        Some(ImportFormat::Curl) => Format::Curl,
        Some(ImportFormat::Hurl) => Format::Hurl,
        None => Format::of(&arguments.file, &text),
    };
    let file = arguments.file.display();
    let imported = leadsman_import::import(format, &text, &options)
        .map_err(|error| CommandError::Usage(format!("{file}: {error}")))?;
    let (paint, mut errors) = (Paint::for_stderr(), io::stderr());
    for left in &imported.left {
        writeln!(errors, "{} {file}: {left}", paint.bold("not carried over:"))?;
    }
    super::printed(&imported.yaml).map_err(CommandError::from)
}

fn read(file: &Path) -> Result<String, CommandError> {
    let unreadable = |source| AppError::Unreadable {
        path: file.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        bytes = fs::read(file).map_err(unreadable)?;
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let file = file.display();
        CommandError::Usage(format!("`{file}` is no text: byte {at} is not UTF-8"))
    })
}

fn variables(written: &[String]) -> Result<Vec<(String, String)>, CommandError> {
    let pair = |text: &String| {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| CommandError::Usage(format!("`{text}` is not `name=value`")))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    written.iter().map(pair).collect()
}
