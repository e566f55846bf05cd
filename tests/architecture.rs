//! ARCHITECTURE.md and CONTRIBUTING.md name only what exists, and `src/` keeps to their rule: a
//! folder uses only those above it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The pages that name files and items.
const PAGES: [&str; 2] = ["ARCHITECTURE.md", "CONTRIBUTING.md"];
/// Stands for a name that the reader chooses; a path with it names a file to be made.
const CHOSEN: &str = "NAME";
/// Most lines of a file of code, as CONTRIBUTING.md has it.
const MOST_LINES: usize = 600;
/// Folders with code, and the endings of its files.
const CODE: [&str; 11] = [
    "src", "tests", "benches", "examples", "fuzz", "build.d", "deploy", "models", "python", "www",
    "build.sh",
];
const ENDINGS: [&str; 8] = ["rs", "js", "mjs", "ts", "css", "html", "py", "sh"];
/// Folders that are made, not written.
const MADE: [&str; 4] = ["node_modules", "pkg", "dist", "target"];
/// Words before the name of an item where it is declared, in Rust or JavaScript.
const DECLARED_BY: [&str; 10] = [
    "fn ",
    "struct ",
    "enum ",
    "trait ",
    "type ",
    "const ",
    "static ",
    "mod ",
    "function ",
    "class ",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Runs of plain text and of code between backticks, in turn; fenced blocks are left out.
fn runs(page: &str) -> Vec<String> {
    let mut fenced = false;
    let mut text = String::new();
    for line in page.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if !fenced && !fence {
            text += line;
            text.push('\n');
        }
    }
    assert!(!fenced, "a fence is left open");
    text.split('`').map(str::to_owned).collect()
}

/// The path that a piece of code is, if it is one: below the root, or one of its files.
fn path_in(code: &str) -> Option<&str> {
    let first = code.split('/').next()?;
    let spelt = code
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    let known = code.contains('/') || code.contains('.');
    (spelt && known && !first.is_empty() && root().join(first).exists()).then_some(code)
}

fn is_source(file: &str) -> bool {
    file.ends_with(".rs") || file.ends_with(".js")
}

/// Whether a file declares an item of this name.
fn declares(source: &str, name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    DECLARED_BY.iter().any(|word| {
        let declaration = format!("{word}{name}");
        source
            .match_indices(&declaration)
            .any(|(at, _)| ends(&source[at + declaration.len()..]))
    })
}

#[test]
fn every_path_and_link_of_the_pages_leads_somewhere() {
    let mut seen = BTreeSet::new();
    for page in PAGES {
        let runs = runs(&text_of(page));
        for code in runs.iter().skip(1).step_by(2) {
            let Some(path) = path_in(code) else { continue };
            let place = match path.split_once(CHOSEN) {
                // The folder that the new file goes to.
                Some((before, _)) => before.rsplit_once('/').map_or("", |(folder, _)| folder),
                None => path,
            };
            assert!(root().join(place).exists(), "{page}: there is no {path}");
            seen.insert(path.to_owned());
        }
        for text in runs.iter().step_by(2) {
            for link in text.split("](").skip(1) {
                let target = link.split([')', '#']).next().unwrap_or_default();
                let inside = !target.contains("://") && !target.is_empty();
                let there = root().join(target).exists();
                assert!(!inside || there, "{page}: the link to {target} is broken");
            }
        }
    }
    assert!(seen.len() > 40, "only {} paths were found", seen.len());
}

#[test]
fn every_item_of_the_pages_is_in_the_file_they_name() {
    let mut seen = 0;
    for page in PAGES {
        let runs = runs(&text_of(page));
        // `Item` in `path`; the text between may go over the end of a line.
        for three in runs.windows(3).skip(1).step_by(2) {
            let [item, between, file] = three else {
                continue;
            };
            let is_a_pair = between.split_whitespace().eq(["in"]);
            let Some(file) =
                path_in(file).filter(|file| is_a_pair && is_source(file) && !file.contains(CHOSEN))
            else {
                continue;
            };
            let name = item.rsplit("::").next().unwrap_or_default();
            let source = text_of(file);
            assert!(declares(&source, name), "{page}: {file} declares no {name}");
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} items were found");
}

/// The folders and files of `src/`, in the order of ARCHITECTURE.md's table.
fn rooms() -> Vec<String> {
    let page = text_of("ARCHITECTURE.md");
    let table = page
        .split("| in `src/` |")
        .nth(1)
        .expect("the table of src/");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with("| `"));
    rows.filter_map(|row| Some(row.split('`').nth(1)?.to_owned()))
        .collect()
}

/// The file at a place, or all below it that somebody wrote.
fn files_in(place: impl AsRef<Path>) -> Vec<PathBuf> {
    let place = root().join(place);
    if !place.is_dir() {
        return vec![place];
    }
    let inside = fs::read_dir(place).unwrap().map(|entry| entry.unwrap());
    let written = inside.filter(|entry| !MADE.iter().any(|made| entry.file_name() == *made));
    written.flat_map(|entry| files_in(entry.path())).collect()
}

#[test]
fn no_file_of_code_is_longer_than_600_lines() {
    let mut seen = 0;
    for file in CODE.into_iter().flat_map(files_in) {
        let ending = file.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
            let lines = text_of(&file).lines().count();
            let file = file.display();
            assert!(lines <= MOST_LINES, "{file} has {lines} lines");
            seen += 1;
        }
    }
    assert!(seen > 300, "only {seen} files were found");
}

/// The first part of a file's path below `src/`, without its ending.
fn room_of(file: &Path) -> String {
    let below = file.strip_prefix(root().join("src")).unwrap();
    let first = below.components().next().unwrap();
    let first: &Path = first.as_ref();
    first.file_stem().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn the_table_names_every_folder_of_src() {
    let files = files_in("src");
    let found: BTreeSet<String> = files.iter().map(|file| room_of(file)).collect();
    let mut listed: BTreeSet<String> = rooms().into_iter().collect();
    listed.extend(["lib", "main", "error"].map(str::to_owned));
    assert_eq!(found, listed);
}

#[test]
fn a_folder_uses_only_those_above_it() {
    let rooms = rooms();
    let floor = |room: &str| rooms.iter().position(|known| known == room);
    let files = files_in("src");
    let mut imports = 0;
    for file in files {
        let Some(own) = floor(&room_of(&file)) else {
            continue;
        };
        let source = fs::read_to_string(&file).unwrap();
        let code = source
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default());
        for line in code {
            for path in line.split("crate::").skip(1) {
                let used: String = path
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if let Some(other) = floor(&used) {
                    let file = file.display();
                    assert!(other <= own, "{file} uses {used}, which stands below it");
                    imports += 1;
                }
            }
        }
    }
    assert!(imports > 100, "only {imports} imports were found");
}
