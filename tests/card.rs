//! The figures of the model card and of its longer page are those that `bsmv eval --json` printed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const PAGES: [&str; 2] = ["README.md", "figures.md"];
const FIGURES: &str = "figures.ndjson";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn bundle() -> PathBuf {
    root().join("models/bsmv-base")
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn the_tables_are_what_the_script_writes() {
    let copy = tempfile::tempdir().unwrap();
    for name in PAGES.into_iter().chain([FIGURES]) {
        fs::copy(bundle().join(name), copy.path().join(name)).unwrap();
    }
    let out = Command::new("python3")
        .arg(root().join("models/figures.py"))
        .arg(copy.path())
        .output()
        .expect("python3 runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    for name in PAGES {
        let same = text_of(&bundle().join(name)) == text_of(&copy.path().join(name));
        assert!(
            same,
            "python3 models/figures.py models/bsmv-base changes {name}"
        );
    }
}

/// The numbers with three decimals in a text, without their sign.
fn figures_in(text: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| !c.is_ascii_digit() && c != '.';
    text.split(part).filter(|number| {
        let three = number.rsplit_once('.').is_some_and(|(_, d)| d.len() == 3);
        three && number.matches('.').count() == 1
    })
}

#[test]
fn no_figure_of_the_card_is_in_no_file() {
    let mut known = BTreeSet::new();
    for line in text_of(&bundle().join(FIGURES)).lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        for key in ["value", "low", "high"] {
            let number = row[key]
                .as_f64()
                .map(|number| format!("{:.3}", number.abs()));
            known.extend(number);
        }
    }
    let card = text_of(&bundle().join("README.md"));
    let mut seen = 0;
    for figure in figures_in(&card) {
        assert!(
            known.contains(figure),
            "{figure} is in the card and in no file"
        );
        seen += 1;
    }
    assert!(seen > 100, "only {seen} figures were found");
    assert!(
        card.lines().count() <= 150,
        "the card is longer than a card"
    );
}
