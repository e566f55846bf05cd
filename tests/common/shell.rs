//! Scripts, and what they need of the machine.

use std::path::Path;
use std::process::{Command, Output};

/// Runs a script in bash, in a folder; the first line that fails is the last.
pub fn bash(folder: &Path, script: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]);
    command.current_dir(folder).output().unwrap()
}

/// Both things that a program said.
pub fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|b| String::from_utf8_lossy(b));
    format!("{out}{err}")
}

/// Whether the machine has a program.
pub fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output();
    found.is_ok_and(|found| found.status.success())
}

/// Makes what is installed of the program under test, in a folder.
pub fn archive(to: &Path) -> Output {
    let page = to.join("page");
    std::fs::create_dir_all(&page).unwrap();
    std::fs::write(
        page.join("index.html"),
        "<!doctype html><title>page</title>",
    )
    .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/archive.sh");
    Command::new(script)
        .arg(env!("CARGO_BIN_EXE_bsmv"))
        .arg(page)
        .arg(to)
        .output()
        .unwrap()
}
