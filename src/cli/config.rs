//! Options of `bsmv serve` from a file: each key is the name of an option.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::parser::ValueSource;
use clap::{CommandFactory, Parser};
use toml::{Table, Value};

use super::{Cli, Verb, serve};

/// The name of the verb that has a file of options.
const VERB: &str = "serve";

/// The options of a file, and of the command line where both have one.
pub fn serve_args(file: &Path) -> Result<serve::Args> {
    let name = || file.display().to_string();
    let text = fs::read_to_string(file).with_context(name)?;
    let table: Table = text.parse().with_context(name)?;
    let given: Vec<OsString> = std::env::args_os().collect();
    let all = with_file(&table, &given).with_context(name)?;
    match Cli::try_parse_from(all)?.verb {
        Verb::Serve(args) => Ok(args),
        _ => bail!("the options are of bsmv {VERB}"),
    }
}

/// The command line with the options of the file in front of its own.
fn with_file(table: &Table, given: &[OsString]) -> Result<Vec<OsString>> {
    let command = Cli::command();
    let known = command
        .find_subcommand(VERB)
        .context("there is no such verb")?;
    let matches = command.clone().get_matches_from(given);
    let matches = matches
        .subcommand_matches(VERB)
        .context("the options are of another verb")?;
    let mut all: Vec<OsString> = given[..2].to_vec();
    for (key, value) in table {
        let option = known
            .get_arguments()
            .find(|option| option.get_long() == Some(key.as_str()) && key != "config");
        let Some(option) = option else {
            bail!("{key}: there is no option --{key}: see bsmv {VERB} --help");
        };
        let id = option.get_id().as_str();
        if matches.value_source(id) == Some(ValueSource::CommandLine) {
            continue;
        }
        let takes_value = option.get_action().takes_values();
        match value {
            Value::Boolean(true) if !takes_value => all.push(format!("--{key}").into()),
            Value::Boolean(false) if !takes_value => {}
            Value::Array(list) => {
                for value in list {
                    all.push(format!("--{key}={}", text_of(key, value)?).into());
                }
            }
            value => all.push(format!("--{key}={}", text_of(key, value)?).into()),
        }
    }
    all.extend_from_slice(&given[2..]);
    Ok(all)
}

fn text_of(key: &str, value: &Value) -> Result<String> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(is) => is.to_string(),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            bail!("{key}: use a text, a number or a list of them")
        }
    })
}
