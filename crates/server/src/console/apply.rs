//! What does `walletscope apply` do? It sends files to a server, shows the plan, asks, and has it done.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::fault::Fault;
use super::place::Place;
use super::usage;
use crate::cli::ApplyArguments;
use crate::client::{ApiClient, json_headers, succeeded};
use crate::observe::log::tell;

/// `--plan` found changes.
const CHANGES: u8 = 3;
/// Ends of names of files that a folder is searched for.
const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "template"];

/// Plans and applies.
pub async fn apply(arguments: ApplyArguments) -> ExitCode {
    let files = match read_files(&arguments.file) {
        Ok(files) if files.is_empty() => {
            return usage("there are no .yaml, .yml, .json or .template files; name one with -f FILE");
        }
        Ok(files) => files,
        Err(why) => return usage(&why),
    };
    let place = match Place::find(&arguments.place).await {
        Ok(place) => place,
        Err(why) => return failed(&why),
    };
    let outcome = run(&arguments, place.client(), &files).await;
    place.leave().await;
    match outcome {
        Ok(code) => code,
        Err(why) => failed(&why),
    }
}

async fn run(arguments: &ApplyArguments, client: &ApiClient, files: &[Value]) -> Result<ExitCode, String> {
    let plan = ask(client, files, false).await?;
    show(&plan);
    if !list(&plan, "errors").is_empty() {
        return Err("nothing was changed; mend the files first".to_owned());
    }
    let changes = plan["changes"].as_u64().unwrap_or(0);
    if changes == 0 {
        tell("everything is as the files say");
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.plan {
        tell(format!("{} to be done; without --plan they are", counted(changes)));
        return Ok(ExitCode::from(CHANGES));
    }
    if !arguments.yes && !is_confirmed(changes)? {
        tell("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    let done = ask(client, files, true).await?;
    if let Some(failure) = done["failure"].as_object() {
        let said = |name: &str| failure.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = done["done"].as_u64().unwrap_or(0);
        return Err(format!(
            "{}: {}; {number} of {} done, run it again to go on",
            said("place"),
            said("sentence"),
            counted(changes)
        ));
    }
    tell(format!("{} done", counted(done["done"].as_u64().unwrap_or(0))));
    Ok(ExitCode::SUCCESS)
}

async fn ask(client: &ApiClient, files: &[Value], apply: bool) -> Result<Value, String> {
    let body = json!({ "files": files, "apply": apply }).to_string();
    let answer = client.post_once("/api/v1/definitions", json_headers(), body.into()).await;
    let body = answer.and_then(succeeded).map_err(|error| Fault::of_call(error).to_string())?;
    serde_json::from_slice(&body).map_err(|error| format!("the server's answer cannot be read: {error}"))
}

/// Plan and lints on standard output, faults on standard error.
fn show(plan: &Value) {
    let mut text = String::new();
    for step in list(plan, "steps") {
        let sign = match step["action"].as_str() {
            Some("create") => "+",
            Some("change") => "~",
            Some("keep") => "=",
            _ => "-",
        };
        let word = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
        text.push_str(&format!("{sign} {:<6} {} {}\n", word("action"), word("kind"), word("name")));
        for detail in list(step, "details") {
            text.push_str(&format!("           {}\n", detail.as_str().unwrap_or_default()));
        }
    }
    for lint in list(plan, "lints") {
        let word = |name: &str| lint[name].as_str().unwrap_or_default();
        text.push_str(&format!(
            "! {}: {} [{}]\n           {}\n",
            word("place"),
            word("sentence"),
            word("code"),
            word("whatToDo")
        ));
    }
    // A closed pipe is nobody's loss.
    let _written = std::io::stdout().lock().write_all(text.as_bytes());
    for error in list(plan, "errors") {
        let word = |name: &str| error[name].as_str().unwrap_or_default();
        tell(format!("{}: {}", word("place"), word("sentence")));
    }
}

fn is_confirmed(changes: u64) -> Result<bool, String> {
    if !std::io::stdin().is_terminal() {
        return Err("nobody can be asked here; add --yes to apply the plan".to_owned());
    }
    eprint!("apply {}? [y/N] ", counted(changes));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| format!("cannot read standard input: {error}"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn counted(changes: u64) -> String {
    if changes == 1 { "1 change".to_owned() } else { format!("{changes} changes") }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn read_files(paths: &[std::path::PathBuf]) -> Result<Vec<Value>, String> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| format!("cannot read standard input: {error}"))?;
            files.push(json!({ "name": "standard input", "text": text }));
        } else if path.is_dir() {
            let entries = std::fs::read_dir(path);
            let entries = entries.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            let mut found: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            found.retain(|file| file.is_file() && is_definition(file));
            found.sort_unstable();
            for file in found {
                files.push(read_file(&file)?);
            }
        } else {
            files.push(read_file(path)?);
        }
    }
    Ok(files)
}

fn is_definition(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

fn read_file(file: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(json!({ "name": file.display().to_string(), "text": text }))
}

fn failed(why: &str) -> ExitCode {
    tell(why);
    ExitCode::FAILURE
}
