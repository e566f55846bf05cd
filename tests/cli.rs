//! `bsmv score` as its users meet it: the real program, its output and its exit code.
#![cfg(feature = "cli")]

mod common;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use common::{
    Unreadable, a_million_events, assert_shape, bad_inputs, draft, odd_inputs, page,
    tells_of_dropped_events, unreadable,
};
use serde_json::{Value, json};

const TEXT: &str = "Third winter in these boots and my feet are still dry.";

/// Runs `bsmv` with `input` on standard input.
fn bsmv(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bsmv"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Beside the reading of its answers, so that neither side waits for the other. A program
    // that has refused its arguments doesn't read: a broken pipe is fine.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// The only line on standard error.
fn complaint(output: &Output) -> &str {
    let text = std::str::from_utf8(&output.stderr).unwrap().trim_end();
    assert!(!text.contains('\n'), "more than one line: {text}");
    text
}

/// Lines of JSON.
fn answers(output: &Output) -> Vec<Value> {
    stdout(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A file that holds `value`, gone with the directory.
fn file(directory: &tempfile::TempDir, name: &str, value: &Value) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, value.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_post_gets_a_score_for_people_and_for_programs() {
    let plain = bsmv(&["score", "--text", TEXT], "");
    assert_eq!(plain.status.code(), Some(0), "{}", complaint(&plain));
    assert!(stdout(&plain).contains("50 is no effect"));
    assert!(stdout(&plain).contains("Not taken into account"));

    let json = bsmv(&["score", "--text", TEXT, "--json"], "");
    assert_eq!(json.status.code(), Some(0));
    assert_shape("Score", &answers(&json)[0]);
}

#[test]
fn every_option_reaches_the_score() {
    let directory = tempfile::tempdir().unwrap();
    let brand = file(
        &directory,
        "brand.json",
        &json!({"name": "Example Boots", "positioning": "Waterproof boots."}),
    );
    let author = file(&directory, "author.json", &json!({"followers": 1200}));
    let graph = file(&directory, "graph.json", &page(30));
    #[rustfmt::skip]
    let args = [
        "score", "--text", TEXT, "--title", "Boots", "--platform", "x", "--brand", &brand,
        "--author", &author, "--graph", &graph, "--weights", "sales", "--precision", "int8",
        "--json",
    ];
    let output = bsmv(&args, "");
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let score = &answers(&output)[0];
    assert_eq!(score["events"], 30);
    assert_eq!(score["precision"], "int8");
    assert_eq!(score["weights"]["topic"], 0.5);

    let plain = bsmv(&args[..args.len() - 1], "");
    assert!(stdout(&plain).contains("for Example Boots"));
}

#[test]
fn bad_lines_are_answered_in_place_and_the_rest_goes_on() {
    let bad = bad_inputs();
    let good = draft().to_string();
    let mut input = format!("{good}\n\n");
    for row in &bad {
        input += &format!("{}\n", row.body());
    }
    input += &good;
    let output = bsmv(&["score"], &input);
    assert_eq!(output.status.code(), Some(1));
    let answers = answers(&output);
    assert_eq!(answers.len(), bad.len() + 2);
    assert_shape("Score", &answers[0]);
    for (i, (row, answer)) in bad.iter().zip(&answers[1..]).enumerate() {
        assert_eq!(
            answer["error"]["field"], row.field,
            "{}: {answer}",
            row.name
        );
        assert_eq!(answer["error"]["code"], row.code, "{}", row.name);
        // The good line and the empty one come first.
        assert_eq!(answer["line"], i + 3, "{}", row.name);
        assert_shape("Error", &answer["error"]);
    }
    assert_eq!(answers.last(), answers.first());
}

#[test]
fn a_text_that_cannot_be_read_is_answered_with_the_reason() {
    let lines: Vec<_> = unreadable().collect();
    let input: String = lines
        .iter()
        .map(|line| format!("{}\n", line.request))
        .collect();
    let output = bsmv(&["score"], &input);
    assert!(output.status.success());
    let answers = answers(&output);
    assert_eq!(answers.len(), lines.len());
    for (answer, Unreadable { code, request }) in answers.iter().zip(&lines) {
        assert_shape("Refusal", answer);
        assert_eq!(answer["refused"]["code"], *code, "{request}");
    }
    let output = bsmv(&["score", "--text", "锟斤拷锟斤拷"], "");
    assert!(output.status.success());
    assert!(
        stdout(&output).starts_with("No score. The text is damaged"),
        "{output:?}"
    );
}

#[test]
fn odd_lines_are_scored_and_an_id_comes_back() {
    let odd = odd_inputs();
    let mut input = String::from("\u{feff}\n");
    for row in &odd {
        input += &format!("{}\n", row.raw);
    }
    input += "{\"id\": \"no post\"}\n{\"id\": 3";
    let output = bsmv(&["score"], &input);
    let answers = answers(&output);
    assert_eq!(answers.len(), odd.len() + 2);
    for (row, answer) in odd.iter().zip(&answers) {
        assert!(answer["bsmv"].is_number(), "{}: {answer}", row.name);
        assert_shape("Score", answer);
    }
    assert_eq!(answers[odd.len() - 1]["id"], "好 7");
    let [.., missing, cut] = &answers[..] else {
        panic!()
    };
    assert_eq!(missing["id"], "no post");
    assert_eq!(missing["error"]["field"], "post");
    assert!(cut.get("id").is_none());
    assert_eq!(cut["line"], odd.len() + 3);
}

#[test]
fn options_stand_in_for_what_a_line_leaves_out() {
    let directory = tempfile::tempdir().unwrap();
    let brand = file(&directory, "brand.json", &json!({"name": "Example Boots"}));
    let mut own = draft();
    own["weights"] = json!({"sentiment": 0.2, "topic": 0.5, "diffusion": 0.3});
    let output = bsmv(
        &["score", "--brand", &brand, "--weights", "0.1, 0.1, 0.8"],
        &format!("{}\n{own}\n", draft()),
    );
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let answers = answers(&output);
    assert_eq!(answers[0]["weights"]["topic"], 0.1);
    assert_eq!(answers[1]["weights"]["topic"], 0.5);
}

#[test]
fn mistakes_in_options_are_one_line_that_names_the_field() {
    let directory = tempfile::tempdir().unwrap();
    let nameless = file(&directory, "nameless.json", &json!({"name": ""}));
    let author = file(&directory, "author.json", &json!({"followers": -1}));
    let graph = file(&directory, "graph.json", &{
        let mut graph = page(3);
        graph["parent"][2] = json!(3);
        graph
    });
    let cases: [(&[&str], &str); 8] = [
        (&["--text", " "], "post.text"),
        (&["--text", TEXT, "--platform", "myspace"], "post.platform"),
        (&["--text", TEXT, "--brand", &nameless], "brand.name"),
        (
            &["--text", TEXT, "--author", &author],
            "post.author.followers",
        ),
        (&["--text", TEXT, "--graph", &graph], "graph.parent[2]"),
        (&["--text", TEXT, "--weights", "heavy"], "weights"),
        (&["--text", TEXT, "--weights", "0.5,0.5,0.5"], "weights.sum"),
        (
            &["--text", TEXT, "--bundle", "no/such"],
            "no model bundle at no/such",
        ),
    ];
    for (options, field) in cases {
        let output = bsmv(&[&["score"], options].concat(), "");
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        let expected = format!("bsmv: {field}");
        assert!(complaint.starts_with(&expected), "{complaint}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn wrong_usage_has_an_exit_code_of_its_own() {
    for args in [
        &["frobnicate"][..],
        &["score", "--precision", "f16"],
        &["score", "--title", "a title without a text"],
    ] {
        assert_eq!(bsmv(args, "").status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_million_events_are_cut_to_the_documented_number() {
    let output = bsmv(&["score"], &a_million_events());
    assert_eq!(output.status.code(), Some(0));
    let score = &answers(&output)[0];
    assert!(tells_of_dropped_events(score), "{score}");
}

#[test]
#[cfg(not(feature = "cuda"))]
fn without_cuda_auto_says_so_and_computes_on_the_cpu() {
    let score = |options: &[&str]| {
        let mut args = vec!["score", "--text", TEXT, "--json"];
        args.extend(options);
        bsmv(&args, "")
    };
    let auto = score(&["--device", "auto"]);
    assert_eq!(auto.status.code(), Some(0));
    assert!(complaint(&auto).contains("computing on the CPU"));
    assert_eq!(auto.stdout, score(&[]).stdout);

    let cuda = score(&["--device", "cuda"]);
    assert_eq!(cuda.status.code(), Some(1));
    assert!(complaint(&cuda).contains("--features cuda"));

    let int8 = score(&["--device", "auto", "--precision", "int8"]);
    assert_eq!(int8.status.code(), Some(0));
    assert_eq!(complaint(&int8), "");
}

/// The committed topics where they can be changed.
#[cfg(feature = "train")]
fn topics(directory: &tempfile::TempDir) -> String {
    for name in ["topics.json", "topics.safetensors"] {
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("models")
            .join(name);
        std::fs::copy(from, directory.path().join(name)).unwrap();
    }
    directory
        .path()
        .join("topics.json")
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
#[cfg(feature = "train")]
fn topics_are_merged_and_named_in_their_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = topics(&directory);
    let output = bsmv(&["topics", "merge", &path, "8", "3"], "");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(stdout(&output).lines().count(), 9);
    let output = bsmv(
        &["topics", "rename", &path, "3", "--en", "Sports and money"],
        "",
    );
    assert!(output.status.success(), "{output:?}");
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let merged = &file["topics"][3];
    assert_eq!(merged["label"]["en"], "Sports and money");
    assert_eq!(merged["clusters"], json!([5, 20, 23]));
    assert_eq!(file["topics"].as_array().unwrap().len(), 9);
}

#[test]
#[cfg(feature = "train")]
fn topics_that_do_not_exist_or_names_that_do_are_one_line_and_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = topics(&directory);
    let before = std::fs::read(&path).unwrap();
    let missing = directory.path().join("none.json");
    for (arguments, why) in [
        (
            &["merge", &path, "0", "10"][..],
            "no topic 10: they are numbered 0 to 9",
        ),
        (&["merge", &path, "3"], "two topics or more"),
        (&["merge", &path, "--to", "5"], "how large its clusters are"),
        (
            &["rename", &path, "0", "--en", "Sports"],
            "topic 8 has that name already",
        ),
        (&["rename", &path, "0", "--zh", " "], "can't be blank"),
        (&["rename", &path, "0"], "give a name"),
        (&["merge", missing.to_str().unwrap(), "0", "1"], "none.json"),
    ] {
        let output = bsmv(&[&["topics"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(complaint(&output).contains(why), "{}", complaint(&output));
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
