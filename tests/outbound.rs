//! The program speaks to nobody on its own: run where there is no network but loopback, and watched.
#![cfg(all(feature = "server", target_os = "linux"))]

mod common;

use std::fs;
use std::process::Command;

use common::shell::{has, said};

/// In a network of its own: a server that scores, does a job and forecasts, and the command line.
const SCRIPT: &str = r#"
ip link set lo up
cat >post.json <<'END'
{"created_at":"2026-11-22T10:00:00Z","platform":"x","text":"Lovely boots."}
END
printf 'text\nLovely\n' >posts.csv
mkdir www && echo '<!doctype html>' >www/index.html
$watch "$bsmv" serve --addr 127.0.0.1:0 --bundle "$bundle" --www www --store posts.db --precision int8 >address 2>said &
until grep -q http address; do sleep 0.1; done
url=$(sed 's/.*\(http\)/\1/' address)
export BSMV_SERVER=$url
curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }
curl -X PUT -H 'content-type: application/json' --data-binary @post.json "$url/v1/posts/1"
curl "$url/v1/posts/1/forecast"
curl -H 'content-type: application/json' -d '{"post":{"text":"Lovely boots."}}' "$url/v1/explain"
"$bsmv" jobs submit posts.csv --to scores.csv
curl "$url/"
# Under strace it is a child.
child=$(cat /proc/$!/task/$!/children)
kill -TERM ${child:-$!}
wait
$watch_too "$bsmv" score --bundle "$bundle" --text "Lovely boots." --precision int8 --json
"#;

#[test]
fn nothing_is_asked_of_any_network() {
    let namespace = Command::new("unshare")
        .args(["-rn", "ip", "link", "set", "lo", "up"])
        .output();
    if !namespace.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: this machine gives nobody a network of their own (unshare -rn, ip)");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let traced = has("strace");
    let watch = |file: &str| match traced {
        true => format!("strace -f -qq -e trace=%net -o {file}"),
        false => String::new(),
    };
    let done = Command::new("unshare")
        .args(["-rn", "bash", "-euo", "pipefail", "-c", SCRIPT])
        .current_dir(place.path())
        .env("bsmv", env!("CARGO_BIN_EXE_bsmv"))
        .env(
            "bundle",
            concat!(env!("CARGO_MANIFEST_DIR"), "/models/bsmv-base"),
        )
        .env("watch", watch("served"))
        .env("watch_too", watch("scored"))
        .output()
        .unwrap();
    let all = said(&done);
    assert!(
        done.status.success(),
        "{all}\n{}",
        fs::read_to_string(place.path().join("said")).unwrap_or_default()
    );
    assert!(
        all.contains("1 rows: 1 scored") && all.contains("\"bsmv\""),
        "{all}"
    );
    if !traced {
        eprintln!("not watched: there is no strace here");
        return;
    }
    let calls = fs::read_to_string(place.path().join("served")).unwrap();
    assert!(
        calls.contains("accept4("),
        "the server was not watched:\n{calls}"
    );
    let reached: Vec<&str> = calls.lines().filter(|line| is_outbound(line)).collect();
    assert!(reached.is_empty(), "{reached:#?}");
    let calls = fs::read_to_string(place.path().join("scored")).unwrap();
    assert!(!calls.contains("socket("), "{calls}");
}

/// A call that begins to speak to somebody: connects, or sends without a connection to an address.
fn is_outbound(line: &str) -> bool {
    let connects = line.contains("connect(");
    let sends = ["sendto(", "sendmsg(", "sendmmsg("]
        .iter()
        .any(|call| line.contains(call));
    connects || (sends && line.contains("sin_addr"))
}
