//! Several models at once: shares, shadows, and changing them while requests are answered.
#![cfg(feature = "server")]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::posts::record;
use common::server::{Answer, Server};
use common::{assert_error, assert_shape};
use serde_json::{Value, json};

/// The committed bundle under another version, as a folder of links.
fn bundle(place: &Path, version: &str) -> PathBuf {
    let committed = common::model::bundle_folder();
    let folder = place.join(version);
    std::fs::create_dir(&folder).unwrap();
    for file in std::fs::read_dir(&committed).unwrap() {
        let file = file.unwrap();
        if file.file_name() != "manifest.json" {
            std::fs::hard_link(file.path(), folder.join(file.file_name()))
                .or_else(|_| std::fs::copy(file.path(), folder.join(file.file_name())).map(drop))
                .unwrap();
        }
    }
    rename(&folder, version);
    folder
}

/// Gives a bundle a version.
fn rename(folder: &Path, version: &str) {
    let committed = common::model::bundle_folder().join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(committed).unwrap()).unwrap();
    manifest["version"] = version.into();
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

fn score(server: &Server, id: &str) -> Answer {
    let request = json!({"id": id, "post": {"text": format!("Dry feet {id}")}});
    server.score(&request.to_string())
}

/// The version of the bundle that made an answer, which says it in two places.
fn version_of(answer: &Answer) -> String {
    let score = answer.json();
    assert_eq!(answer.status, 200, "{score}");
    assert_eq!(score["bundle"], answer.header("bsmv-bundle"));
    let bundle = score["bundle"].as_str().unwrap();
    bundle.rsplit_once('@').unwrap().1.to_owned()
}

/// A number of the server's metrics.
fn counted(server: &Server, name: &str) -> f64 {
    let text = String::from_utf8(server.get("/metrics", &[]).body).unwrap();
    let line = text.lines().find(|line| line.starts_with(name));
    line.map_or(0.0, |line| {
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    })
}

#[test]
fn a_post_keeps_its_model_and_each_model_has_its_share() {
    let place = tempfile::tempdir().unwrap();
    let [old, new] = ["1.0.0", "2.0.0"].map(|version| bundle(place.path(), version));
    let models = [
        format!("old={}", old.display()),
        format!("new={}", new.display()),
    ];
    let server = Server::start_with(&[
        "--precision",
        "int8",
        "--model",
        &models[0],
        "--model",
        &models[1],
        "--share",
        "new=30",
    ]);
    let list = server.get("/v1/models", &[]).json();
    assert_shape("ModelList", &list);
    let told: Vec<[&Value; 2]> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| [&model["name"], &model["share"]])
        .collect();
    assert_eq!(
        told,
        [[&json!("old"), &json!(70)], [&json!("new"), &json!(30)]]
    );
    assert_eq!(list["can_roll_back"], false);

    let version = |id: usize| version_of(&score(&server, &format!("post-{id}")));
    let versions: Vec<String> = (0..200).map(version).collect();
    let new_ones = versions
        .iter()
        .filter(|&version| version == "2.0.0")
        .count();
    assert!((40..=80).contains(&new_ones), "{new_ones} of 200");
    assert_eq!(
        counted(&server, "bsmv_model_requests_total{model=\"new\"}"),
        new_ones as f64
    );
    // However it is asked for.
    for id in [0, 1, 2, 3, 4, 5] {
        let name = format!("post-{id}");
        let request = json!({"id": name, "post": {"text": "Something else"}}).to_string();
        let explained = server.explain(&request);
        let bundle = format!("bsmv-base@{}", versions[id]);
        assert_eq!(explained.header("bsmv-bundle"), bundle);
        server.put(&name, &record());
        let forecast = server.get(&format!("/v1/posts/{name}/forecast"), &[]);
        assert_eq!(forecast.json()["bundle"], bundle.as_str());
        assert_eq!(forecast.header("bsmv-bundle"), bundle);
    }
    let texts: BTreeSet<String> = (0..40)
        .map(|i| {
            let request = json!({"post": {"text": format!("Dry feet {i}")}});
            let again = json!({"post": {"text": format!("Dry feet {i}"), "images": 1}});
            let [one, two] = [request, again].map(|r| version_of(&server.score(&r.to_string())));
            assert_eq!(one, two, "the same text");
            one
        })
        .collect();
    assert_eq!(texts.len(), 2);
}

#[test]
fn models_change_under_load_without_a_failed_request() {
    let place = tempfile::tempdir().unwrap();
    let [old, new] = ["1.0.0", "2.0.0"].map(|version| bundle(place.path(), version));
    let options = place.path().join("bsmv.toml");
    let name = |folder: &Path| {
        let line = format!(
            "precision = \"int8\"\nmodel = [\"one={}\"]\n",
            folder.display()
        );
        std::fs::write(&options, line).unwrap();
    };
    name(&old);
    let store = place.path().join("store.db");
    let server = Server::start_with(&[
        "--config",
        options.to_str().unwrap(),
        "--store",
        store.to_str().unwrap(),
    ]);
    let change = |what: &str| server.send("POST", &format!("/v1/models/{what}"), &[], "");
    let now = || version_of(&score(&server, "now"));
    let becomes = |version: &str| {
        let begin = Instant::now();
        while now() != version {
            assert!(begin.elapsed() < Duration::from_secs(120), "not {version}");
        }
    };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ask = |client: usize| {
            let (over, server) = (&over, &server);
            scope.spawn(move || {
                let mut seen = BTreeSet::new();
                for n in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    seen.insert(version_of(&score(server, &format!("{client}-{n}"))));
                }
                seen
            })
        };
        let clients: Vec<_> = (0..3).map(ask).collect();
        assert_eq!(now(), "1.0.0");
        assert_error(&change("rollback"), 409, "no_models_before");
        name(&new);
        let changed = change("reload");
        assert_shape("ModelList", &changed.json());
        assert_eq!(changed.json()["models"][0]["bundle"], "bsmv-base@2.0.0");
        assert_eq!(now(), "2.0.0");
        assert_eq!(change("rollback").status, 200);
        assert_eq!(now(), "1.0.0");

        // By a signal, with what the folder has now.
        rename(&new, "3.0.0");
        let id = server.child.id().to_string();
        let hang_up = || {
            let sent = Command::new("kill").args(["-HUP", &id]).status();
            assert!(sent.unwrap().success());
        };
        hang_up();
        becomes("3.0.0");
        assert_eq!(change("rollback").json()["can_roll_back"], true);
        assert_eq!(now(), "1.0.0");

        // What can't be used changes nothing.
        std::fs::write(new.join("manifest.json"), "{}").unwrap();
        assert_error(&change("reload"), 409, "models_unfit");
        std::fs::write(&options, "no-such-option = 1\n").unwrap();
        assert_error(&change("reload"), 409, "models_unfit");
        assert_eq!(now(), "1.0.0");
        over.store(true, Ordering::Relaxed);
        for client in clients {
            let seen = client.join().unwrap();
            assert!(seen.contains("1.0.0"), "{seen:?}");
        }
    });
    let mut audit = Command::new(env!("CARGO_BIN_EXE_bsmv"));
    let audit = audit.arg("audit").arg("--store").arg(&store).output();
    let log = String::from_utf8(audit.unwrap().stdout).unwrap();
    for (who, action, version) in [
        ("(nobody)", "reload_models", "2.0.0"),
        ("(nobody)", "roll_back_models", "1.0.0"),
        ("SIGHUP", "reload_models", "3.0.0"),
    ] {
        let told = |line: &str| {
            [who, action, version]
                .iter()
                .all(|word| line.contains(word))
        };
        assert!(log.lines().any(told), "{who} {action} {version}: {log}");
    }
}

#[test]
fn a_shadow_answers_nobody_and_its_differences_are_counted() {
    let place = tempfile::tempdir().unwrap();
    let [old, new] = ["1.0.0", "2.0.0"].map(|version| bundle(place.path(), version));
    let models = [
        format!("old={}", old.display()),
        format!("new={}", new.display()),
    ];
    let server = Server::start_with(&[
        "--precision",
        "int8",
        "--model",
        &models[0],
        "--model",
        &models[1],
        "--shadow",
        "new",
    ]);
    let scored = "bsmv_shadow_scores_total{model=\"new\",result=\"scored\"}";
    let compared = "bsmv_shadow_difference_points_count{model=\"new\"}";
    let begin = Instant::now();
    let mut asked = 0.0;
    while counted(&server, scored) < 3.0 {
        assert!(begin.elapsed() < Duration::from_secs(120));
        asked += 1.0;
        assert_eq!(version_of(&score(&server, &format!("{asked}"))), "1.0.0");
    }
    assert!(counted(&server, compared) >= 3.0);
    // It is the same model under another name.
    assert_eq!(
        counted(&server, "bsmv_shadow_difference_points_sum{model=\"new\"}"),
        0.0
    );
    assert_eq!(
        counted(&server, "bsmv_model_requests_total{model=\"old\"}"),
        asked
    );
    let share = "bsmv_model_share{model=\"new\",bundle=\"bsmv-base@2.0.0\",precision=\"int8\",shadow=\"true\"}";
    let text = String::from_utf8(server.get("/metrics", &[]).body).unwrap();
    assert!(text.contains(&format!("{share} 0")), "{text}");
}

#[test]
fn models_that_cannot_be_in_use_together_stop_the_start() {
    let model = |name: &str| format!("{name}={}", common::model::bundle_folder().display());
    let (one, two) = (model("one"), model("two"));
    for (more, words) in [
        (
            &["--share", "three=10"] as &[&str],
            "there is no model `three`",
        ),
        (&["--share", "one=10"], "the first model"),
        (&["--shadow", "one"], "the first model"),
        (
            &["--shadow", "two", "--share", "two=1"],
            "can't have a share",
        ),
        (&["--share", "two=101"], "a whole number up to 100"),
        (&["--model", &two], "two models have the name"),
        (&["--bundle", "x"], "cannot be used with"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_bsmv"))
            .args([
                "serve",
                "--addr",
                "127.0.0.1:0",
                "--www",
                "www",
                "--precision",
                "int8",
            ])
            .args(["--model", &one, "--model", &two])
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(words),
            "{more:?}: {said}"
        );
    }
}
