//! `bsmv score FILE --out FILE` as its users meet it.
#![cfg(feature = "server")]

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use calamine::{Data, Reader, Xlsx, open_workbook};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A program that scores in int8.
fn program(input: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bsmv"));
    command.arg("score").arg(input).arg("--out").arg(out);
    command.args(["--precision", "int8"]);
    command
}

fn score(input: &Path, out: &Path, args: &[&str]) -> Output {
    program(input, out).args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|b| String::from_utf8_lossy(b));
    format!("{out}{err}")
}

fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn lines_of_json(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The records of a CSV file, its header first.
fn table(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_path(path).unwrap();
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

/// Column `name` of a row.
fn cell<'a>(table: &'a [Vec<String>], row: usize, name: &str) -> &'a str {
    let column = table[0].iter().position(|column| column == name);
    &table[row][column.unwrap_or_else(|| panic!("no column {name}: {:?}", table[0]))]
}

/// What `bsmv score` says of a request on standard input.
fn scored_alone(request: &Value) -> Value {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bsmv"))
        .args(["score", "--precision", "int8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = child.stdin.take().unwrap();
    serde_json::to_writer(input, request).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

const POSTS: &str = "\u{feff}编号,平台,正文,粉丝,心情\n\
    757000000000000001,微博,\"这双鞋很软，走一天也不累\n真的\",1.2万,  :) \n\
    757000000000000002,weibo,,3,空\n\
    757000000000000003,X,Never again.,NaN,\"a,b\"\n\
    757000000000000004,微博,\"这双鞋很软，走一天也不累\n真的\",1.2万,again\n\
    757000000000000005,微博,好看,many,\n\
    757000000000000006,微博,锟斤拷锟斤拷,,\n";

#[test]
fn a_table_keeps_its_columns_and_order_and_bad_rows_stand_beside_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let input = file(&folder, "posts.csv", POSTS);
    let out = folder.path().join("scores.csv");
    let output = score(&input, &out, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains(
            "6 rows: 3 scored, 1 unreadable, 2 wrong; 3 texts were read, 1 rows have the text"
        ),
        "{}",
        said(&output)
    );
    let table = table(&out);
    assert_eq!(table.len(), 7);
    assert_eq!(table[0][..5], ["编号", "平台", "正文", "粉丝", "心情"]);
    let ids: Vec<&str> = (1..7).map(|row| cell(&table, row, "编号")).collect();
    let expected = (1..7).map(|i| format!("75700000000000000{i}"));
    assert!(
        ids.iter().eq(expected.collect::<Vec<_>>().iter()),
        "{ids:?}"
    );
    assert_eq!(cell(&table, 1, "正文"), "这双鞋很软，走一天也不累\n真的");
    assert_eq!(cell(&table, 1, "心情"), "  :) ");

    let alone = scored_alone(&json!({"post": {
        "text": "这双鞋很软，走一天也不累\n真的", "platform": "weibo", "author": {"followers": 12_000}
    }}));
    for row in [1, 4] {
        let bsmv: f32 = cell(&table, row, "bsmv").parse().unwrap();
        assert_eq!(bsmv, alone["bsmv"].as_f64().unwrap() as f32);
        assert!(!cell(&table, row, "bsmv_unseen").is_empty());
        assert_eq!(cell(&table, row, "bsmv_error"), "");
    }
    assert_eq!(cell(&table, 2, "bsmv"), "");
    assert_eq!(cell(&table, 2, "bsmv_error"), "lines[4].正文: is empty");
    assert_eq!(cell(&table, 2, "bsmv_error_code"), "invalid_input");
    assert_eq!(cell(&table, 2, "bsmv_line"), "4");
    assert!(cell(&table, 5, "bsmv_error").starts_with("lines[8].粉丝: is \"many\""));
    assert_eq!(cell(&table, 6, "bsmv"), "");
    assert_eq!(cell(&table, 6, "bsmv_refused"), "damaged");
    assert_eq!(cell(&table, 6, "bsmv_error"), "");
    assert!(!folder.path().join("scores.csv.part").exists());
    assert!(!folder.path().join("scores.csv.new").exists());
}

#[test]
fn all_forms_hold_the_same_scores() {
    let folder = tempfile::tempdir().unwrap();
    let input = file(&folder, "posts.csv", POSTS);
    let out = |name: &str| folder.path().join(name);
    for name in ["a.csv", "a.ndjson", "a.parquet", "a.xlsx"] {
        let output = score(&input, &out(name), &[]);
        assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
    }
    let table = table(&out("a.csv"));
    let number = |row: usize| cell(&table, row, "bsmv").parse::<f32>().unwrap();

    let objects = lines_of_json(&out("a.ndjson"));
    assert_eq!(objects.len(), 6);
    assert_eq!(objects[0]["编号"], "757000000000000001");
    assert_eq!(objects[0]["bsmv"].as_f64().unwrap() as f32, number(1));
    assert_eq!(objects[1]["bsmv_error"], "lines[4].正文: is empty");
    assert!(objects[1].get("bsmv").is_none());

    let parquet = SerializedFileReader::try_from(out("a.parquet").as_path()).unwrap();
    assert_eq!(parquet.metadata().file_metadata().num_rows(), 6);
    let rows: Vec<Value> = parquet
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap().to_json_value())
        .collect();
    assert_eq!(rows[2]["正文"], "Never again.");
    assert_eq!(rows[2]["bsmv"].as_f64().unwrap() as f32, number(3));
    assert_eq!(rows[1]["bsmv"], Value::Null);
    assert_eq!(rows[1]["bsmv_line"], 4);

    let mut book: Xlsx<_> = open_workbook(out("a.xlsx")).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    assert_eq!(
        sheet.get((1, 0)),
        Some(&Data::String("757000000000000001".to_owned()))
    );
    let Some(Data::Float(bsmv)) = sheet.get((3, 5)) else {
        panic!("{:?}", sheet.get((3, 5)));
    };
    assert_eq!(*bsmv as f32, number(3));
}

#[test]
fn each_form_is_read_and_keeps_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let ndjson = concat!(
        r#"{"id": 12345678901234567, "text": "Lovely", "tags": ["a", "b"], "user": {"name": "n"}}"#,
        "\n",
        "not JSON\n",
        r#"{"id": "b", "post": {"text": "Awful service", "platform": "x"}, "weights": {"sentiment": 0.5, "topic": 0.25, "diffusion": 0.25}}"#,
        "\n",
        r#"{"post": {"text": "x", "likes": -1}}"#,
        "\n",
    );
    let input = file(&folder, "posts.jsonl", ndjson);
    let out = folder.path().join("scores.ndjson");
    let output = score(&input, &out, &["--platform", "weibo"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let objects = lines_of_json(&out);
    assert_eq!(objects.len(), 4);
    assert_eq!(objects[0]["id"], 12345678901234567u64);
    assert_eq!(objects[0]["tags"], json!(["a", "b"]));
    assert_eq!(objects[0]["user"]["name"], "n");
    assert!(
        objects[1]["bsmv_error"]
            .as_str()
            .unwrap()
            .contains("lines[2]: not JSON")
    );
    assert_eq!(objects[1]["bsmv_line"], 2);
    let alone = scored_alone(&json!({"post": {"text": "Awful service", "platform": "x"},
        "weights": {"sentiment": 0.5, "topic": 0.25, "diffusion": 0.25}}));
    assert_eq!(
        objects[2]["bsmv"].as_f64().unwrap() as f32,
        alone["bsmv"].as_f64().unwrap() as f32
    );
    assert!(
        objects[3]["bsmv_error"]
            .as_str()
            .unwrap()
            .starts_with("lines[4].post.likes: must be"),
        "{}",
        objects[3]
    );

    // A workbook and a Parquet file are read as the table that they were made of.
    let input = file(
        &folder,
        "posts.csv",
        "id,text,note\n1,Lovely,a\n2,Awful,b\n",
    );
    for (made, name) in [("xlsx", "b.xlsx"), ("parquet", "b.parquet")] {
        let plain = folder.path().join(name);
        assert!(score(&input, &plain, &[]).status.success());
        // Its scores are in the way of new ones.
        let again = score(&plain, &folder.path().join("again.csv"), &[]);
        assert_eq!(again.status.code(), Some(1));
        assert!(
            said(&again).contains("has a column bsmv"),
            "{made}: {}",
            said(&again)
        );
    }
}

#[test]
fn what_is_there_is_not_overwritten_and_other_options_do_not_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let input = file(&folder, "posts.csv", "text\nLovely\n");
    let out = file(&folder, "scores.csv", "mine");
    let output = score(&input, &out, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("is there already"),
        "{}",
        said(&output)
    );
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");

    let out = folder.path().join("other.csv");
    let part = file(&folder, "other.csv.part", "{\"input\":\"another\"}\n");
    let output = score(&input, &out, &[]);
    assert!(
        said(&output).contains("was begun with another input"),
        "{}",
        said(&output)
    );
    assert!(!out.exists());
    std::fs::remove_file(part).unwrap();

    let output = score(&input, &folder.path().join("scores.txt"), &[]);
    assert!(
        said(&output).contains("must end in .csv"),
        "{}",
        said(&output)
    );
    let numbers = file(&folder, "numbers.csv", "a,b\n1,2\n");
    let output = score(&numbers, &folder.path().join("n.csv"), &[]);
    assert!(
        said(&output).contains("no column has texts"),
        "{}",
        said(&output)
    );
}

/// At most so many milliseconds, by chance.
fn any_time(most: u64) -> Duration {
    Duration::from_millis(RandomState::new().build_hasher().finish() % most)
}

#[test]
fn a_run_that_is_killed_ten_times_goes_on_and_ends_as_one_that_was_not() {
    const ROWS: usize = 9_000;
    const KILLS: usize = 10;
    let folder = tempfile::tempdir().unwrap();
    let mut rows = String::from("id,text\n");
    for i in 0..ROWS {
        // A third are equal to another; some are bad.
        match i % 50 {
            7 => rows += &format!("{i},\n"),
            _ => rows += &format!("{i},coffee {}\n", i % (ROWS * 2 / 3)),
        }
    }
    let input = file(&folder, "posts.csv", rows);
    let whole = folder.path().join("whole.csv");
    assert_eq!(score(&input, &whole, &[]).status.code(), Some(1));

    let out = folder.path().join("killed.csv");
    let part = folder.path().join("killed.csv.part");
    let size = || std::fs::metadata(&part).map_or(0, |file| file.len());
    let mut kills = 0;
    while !out.exists() {
        let mut child = program(&input, &out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if kills == KILLS {
            child.wait().unwrap();
            break;
        }
        // Some are killed wherever they are, some soon after they scored something.
        if kills % 3 == 1 {
            let before = size();
            while size() <= before + 1_000 && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(any_time(20));
        } else {
            std::thread::sleep(any_time(150));
        }
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().ok();
        child.wait().unwrap();
        // As if a line had been half written.
        if !out.exists() && kills % 3 == 2 {
            use std::io::Write;
            let journal = std::fs::OpenOptions::new().append(true).open(&part);
            let half = |mut journal: std::fs::File| journal.write_all(b"{\"line\":3,\"outc");
            journal.and_then(half).ok();
        }
    }
    assert_eq!(kills, KILLS);
    assert_eq!(std::fs::read(&whole).unwrap(), std::fs::read(&out).unwrap());
}
