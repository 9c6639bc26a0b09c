//! Drills of the documents, run as they stand there.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Case;

/// The commands of a document, block by block.
pub fn blocks(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = fs::read_to_string(path).expect("the document");
    let parts = text.split("```sh\n").skip(1);
    parts.map(|part| part.split("```").next().expect("an end").to_owned()).collect()
}

/// Runs a block as a person would, with the program on the path.
pub fn sh(case: &Case, block: &str) -> (bool, String) {
    let program = super::program();
    let mut path = program.parent().expect("a folder").as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-e", "-c", block]).current_dir(case.path("")).env("PATH", path);
    for (name, value) in case.command().get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let done = super::ran(&mut command);
    (done.code == 0, format!("{}{}", done.stdout, done.stderr))
}
