//! What is in deploy/: options in a file, the container, the unit, the archive and the package.
#![cfg(all(feature = "server", target_os = "linux"))]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::server::Server;
use common::shell::{archive, bash, has, said};
use toml::{Table, Value};

fn text_of(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The options of `bsmv serve` by name, each with its default if it has one.
fn options() -> BTreeMap<String, Option<String>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bsmv"));
    // Away from the checkout, so that no path is found there.
    let help = command.args(["serve", "--help"]).current_dir("/").output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let mut options = BTreeMap::new();
    let mut last = None;
    for line in help.lines().map(str::trim) {
        if let Some(at) = line
            .find("--")
            .filter(|&at| at == 0 || line.starts_with('-'))
        {
            let name = line[at + 2..].split([' ', '.']).next().unwrap().to_owned();
            options.insert(name.clone(), None);
            last = Some(name);
        } else if let Some((_, rest)) = line.split_once("[default: ") {
            let default = rest.split(']').next().unwrap().to_owned();
            options.insert(last.clone().unwrap(), Some(default));
        }
    }
    options.remove("help");
    options.remove("config");
    assert!(options.len() > 8, "{help}");
    options
}

#[test]
fn the_file_of_options_has_all_of_them_and_their_defaults() {
    let text = text_of("deploy/bsmv.toml");
    let given: Table = text.parse().unwrap();
    let setting = |line: &&str| {
        let rest = line.strip_prefix("# ").unwrap_or(line);
        rest.split_once(" = ")
            .is_some_and(|(key, _)| !key.contains(' '))
    };
    let all: Table = text
        .lines()
        .filter(setting)
        .map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line)))
        .collect::<String>()
        .parse()
        .unwrap();
    let options = options();
    let names: Vec<&String> = options.keys().collect();
    let mut keys: Vec<&String> = all.keys().collect();
    keys.sort();
    assert_eq!(keys, names);
    for (name, default) in &options {
        // Paths depend on where it is installed.
        let is_path = ["www", "bundle", "brands"].contains(&name.as_str());
        if let (Some(default), false, false) = (default, given.contains_key(name), is_path) {
            let shown = match &all[name] {
                Value::String(text) => text.clone(),
                other => serde_json::to_string(other).unwrap(),
            };
            assert_eq!(&shown, default, "{name}");
        }
    }
}

#[test]
fn the_command_line_wins_over_the_file_and_mistakes_are_named() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("bsmv.toml");
    let store = place.path().join("of-the-file.db");
    let write = |text: &str| fs::write(&file, text).unwrap();
    write(&format!(
        "addr = \"127.0.0.1:1\"\nprecision = \"int8\"\nstore = {store:?}\njobs-waiting = 3\n\
         allow-origin = [\"https://one.example\", \"https://two.example\"]\n"
    ));
    let config = file.to_str().unwrap();
    let server = Server::start_with(&["--config", config]);
    assert_eq!(server.get("/v1/health", &[]).json()["precision"], "int8");
    assert!(store.exists());
    for (origin, allowed) in [
        ("https://two.example", true),
        ("https://three.example", false),
    ] {
        let answer = server.get("/v1/health", &[("origin", origin)]);
        let named = answer.header("access-control-allow-origin") == origin;
        assert_eq!(named, allowed, "{origin}");
    }
    drop(server);
    // What belongs together may stand in both places, and must be in one.
    write("store = \"x.db\"\ntls-key = \"key.pem\"\n");
    let serve = |more: &[&str]| {
        let mut serve = Command::new(env!("CARGO_BIN_EXE_bsmv"));
        let output = serve
            .args(["serve", "--addr", "127.0.0.1:0"])
            .args(more)
            .current_dir(place.path())
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let told = serve(&["--config", config]);
    assert!(told.contains("--tls-key needs --tls-cert too"), "{told}");
    let told = serve(&[
        "--config",
        config,
        "--jobs",
        "jobs",
        "--tls-cert",
        "cert.pem",
    ]);
    assert!(!told.contains("needs"), "{told}");
    let told = serve(&["--jobs", "jobs"]);
    assert!(told.contains("--jobs needs --store too"), "{told}");
    write(&format!(
        "addr = \"127.0.0.1:1\"\nprecision = \"int8\"\nstore = {store:?}\njobs-waiting = 3\n\
         allow-origin = [\"https://one.example\", \"https://two.example\"]\n"
    ));
    let args = [
        "--config",
        config,
        "--precision",
        "f32",
        "--allow-origin",
        "https://three.example",
    ];
    let server = Server::start_with(&args);
    assert_eq!(server.get("/v1/health", &[]).json()["precision"], "f32");
    let answer = server.get("/v1/health", &[("origin", "https://two.example")]);
    assert_eq!(answer.header("access-control-allow-origin"), "");

    for (text, words) in [
        ("colour = \"red\"", "colour: there is no option --colour"),
        (
            "config = \"other.toml\"",
            "config: there is no option --config",
        ),
        ("jobs-waiting = \"many\"", "--jobs-waiting"),
        (
            "addr = { port = 1 }",
            "addr: use a text, a number or a list",
        ),
        ("addr = ", "bsmv.toml"),
    ] {
        write(text);
        let refused = Command::new(env!("CARGO_BIN_EXE_bsmv"))
            .args(["serve", "--config", config])
            .output()
            .unwrap();
        assert!(!refused.status.success());
        assert!(said(&refused).contains(words), "{text}: {}", said(&refused));
    }
}

/// An instruction of the Dockerfile, and its words.
struct Instruction {
    name: String,
    words: String,
}

fn instructions() -> Vec<Instruction> {
    let text = text_of("deploy/Dockerfile").replace("\\\n", " ");
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let (name, words) = line.split_once(' ').unwrap();
            Instruction {
                name: name.to_owned(),
                words: words.trim().to_owned(),
            }
        })
        .collect()
}

#[test]
fn the_container_runs_as_nobody_from_what_the_release_has() {
    let all = instructions();
    let known = [
        "FROM",
        "COPY",
        "RUN",
        "WORKDIR",
        "ARG",
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    ];
    let mut stages = Vec::new();
    for Instruction { name, words } in &all {
        assert!(known.contains(&name.as_str()), "{name}");
        if name == "FROM" {
            let parts: Vec<&str> = words.split(' ').collect();
            let (_, tag) = parts[0].split_once(':').expect("a version of the image");
            assert!(
                tag.bytes().any(|b| b.is_ascii_digit()) || tag.starts_with("bookworm"),
                "{tag}"
            );
            stages.push(parts.get(2).copied().unwrap_or("last"));
        }
        if name == "COPY"
            && let Some(from) = words.strip_prefix("--from=")
        {
            let stage = from.split(' ').next().unwrap();
            assert!(stages.contains(&stage), "{stage} comes later, or never");
        }
    }
    assert_eq!(stages, ["node", "build", "last"]);
    let begin = all.iter().rposition(|i| i.name == "FROM").unwrap();
    let last = &all[begin..];
    let one = |name: &str| {
        let found: Vec<&str> = last
            .iter()
            .filter(|i| i.name == name)
            .map(|i| i.words.as_str())
            .collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0]
    };
    // Nobody with a name, so that a cluster can tell that it isn't root.
    let (user, group) = one("USER").split_once(':').unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0);
    // A shell would keep signals from the program.
    let list = |words: &str| -> Vec<String> { serde_json::from_str(words).unwrap() };
    let entry = list(one("ENTRYPOINT"));
    assert_eq!(entry, ["bsmv"]);
    let (_, check) = one("HEALTHCHECK").split_once("CMD ").unwrap();
    assert_eq!(list(check), ["bsmv", "health"]);
    // What it starts is understood by the program, and writes only to the volume.
    let command = list(one("CMD"));
    assert_eq!(command[..3], ["serve", "--config", "/etc/bsmv/bsmv.toml"]);
    let options: Table = text_of("deploy/bsmv.toml").parse().unwrap();
    assert!(
        options["store"]
            .as_str()
            .unwrap()
            .starts_with(one("VOLUME"))
    );
    // What is copied out of the build is in the archive that the build makes.
    let script = text_of("deploy/archive.sh");
    for (inside, made_by) in [
        ("/made/bin/bsmv", "$root/bin/bsmv"),
        ("/made/share/bsmv", "share=$root/share/bsmv"),
        ("/made/etc/bsmv.toml", "\"$root/etc\" deploy/bsmv.toml"),
    ] {
        assert!(
            last.iter()
                .any(|i| i.name == "COPY" && i.words.contains(inside)),
            "{inside}"
        );
        assert!(script.contains(made_by), "{made_by}");
    }
}

#[test]
fn a_server_answers_its_health_check() {
    let server = Server::start();
    let url = format!("http://{}", server.address);
    let health = |url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bsmv"));
        command
            .arg("health")
            .env("BSMV_SERVER", url)
            .output()
            .unwrap()
    };
    assert!(health(&url).status.success());
    drop(server);
    assert_eq!(health(&url).status.code(), Some(1));
}

#[test]
fn systemd_takes_the_unit_and_finds_it_closed() {
    if !has("systemd-analyze") {
        eprintln!("skipped: there is no systemd-analyze here");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let unit = place.path().join("bsmv.service");
    let text = text_of("deploy/bsmv.service");
    assert!(text.contains("ExecStart=/usr/bin/bsmv serve --config /etc/bsmv/bsmv.toml\n"));
    fs::write(
        &unit,
        text.replace("/usr/bin/bsmv", env!("CARGO_BIN_EXE_bsmv")),
    )
    .unwrap();
    let verified = bash(place.path(), "systemd-analyze verify ./bsmv.service");
    assert!(verified.status.success(), "{}", said(&verified));
    assert_eq!(said(&verified), "");
    // Exposure is from 0 to 100 here: 15 is less than nearly all units have.
    let closed = "systemd-analyze security --offline=true --threshold=15 ./bsmv.service";
    let closed = bash(place.path(), closed);
    assert!(closed.status.success(), "{}", said(&closed));
}

#[test]
fn the_same_program_makes_the_same_archive_and_package() {
    let [one, two] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let sums = [&one, &two].map(|place| {
        let made = archive(place.path());
        assert!(made.status.success(), "{}", said(&made));
        String::from_utf8(made.stdout).unwrap()
    });
    assert!(sums[0].contains("-linux.tar.gz"), "{}", sums[0]);
    assert_eq!(sums[0], sums[1]);

    let unpack = "tar -xzf bsmv-*-linux.tar.gz && cd bsmv-*-linux && find . -type f | sort";
    let listed = bash(one.path(), unpack);
    let files = said(&listed);
    for file in [
        "./bin/bsmv",
        "./etc/bsmv.service",
        "./etc/bsmv.toml",
        "./share/bsmv/models/brands.json",
        "./share/bsmv/models/bsmv-base/manifest.json",
        "./share/bsmv/www/index.html",
        "./share/doc/bsmv/LICENSE",
        "./share/doc/bsmv/docs/running.md",
        "./share/doc/bsmv/sbom.cdx.json",
    ] {
        assert!(
            files.lines().any(|line| line == file),
            "{file} is not in it:\n{files}"
        );
    }
    // It finds its own model, wherever it is unpacked.
    let scored = "cd / && \"$OLDPWD\"/bsmv-*-linux/bin/bsmv score --precision int8 --text Lovely";
    let scored = bash(one.path(), &format!("cd . && {scored}"));
    assert!(scored.status.success(), "{}", said(&scored));
    let sbom = bash(one.path(), "cat bsmv-*-linux/share/doc/bsmv/sbom.cdx.json");
    let sbom: serde_json::Value = serde_json::from_slice(&sbom.stdout).unwrap();
    let parts = sbom["components"].as_array().unwrap();
    let named = |name: &str| parts.iter().any(|part| part["name"] == name);
    assert!(
        named("axum") && named("rusqlite"),
        "what the server is made of"
    );
    assert!(
        !named("candle-core") && !named("proptest"),
        "training and tests are not in it"
    );
    assert!(
        parts
            .iter()
            .all(|part| part["licenses"][0]["expression"].is_string())
    );

    if !has("dpkg-deb") {
        eprintln!("not looked at: there is no dpkg-deb here");
        return;
    }
    let package = bash(
        one.path(),
        "dpkg-deb --field bsmv_*.deb; dpkg-deb --contents bsmv_*.deb",
    );
    let package = said(&package);
    for words in [
        "Package: bsmv\n",
        concat!("Version: ", env!("CARGO_PKG_VERSION"), "\n"),
        "Depends: libc6 (>= 2.",
        "./usr/bin/bsmv\n",
        "./usr/lib/systemd/system/bsmv.service\n",
        "./etc/bsmv/bsmv.toml\n",
        "./usr/share/bsmv/www/index.html\n",
    ] {
        assert!(package.contains(words), "{words}:\n{package}");
    }
    let owners = package.lines().filter(|line| line.contains(" ./"));
    assert!(owners.clone().count() > 10 && owners.clone().all(|line| line.contains(" root/root ")));
}
