//! Leaders over HTTP and on the command line: who caused reposts, what that rests on, and nobody who
//! was erased.
#![cfg(feature = "server")]

mod common;

use std::collections::BTreeSet;

use common::jobs::{Place, bsmv};
use common::posts::{event, record};
use common::server::{Answer, Server};
use common::shell::said;
use common::{assert_error, assert_shape};
use serde_json::{Value, json};

/// A repost by a user, of a post or of another repost.
fn repost(id: &str, parent: Option<&str>, t: u32, user: &str) -> Value {
    let mut repost = event(id, parent, t);
    repost["user"] = user.into();
    repost
}

/// Three posts of Anta that "kol" makes travel, one of Nike that "other" does, and one that nobody
/// knows the parents of.
fn filled(server: &Server) {
    for (i, id) in ["a1", "a2", "a3"].into_iter().enumerate() {
        let mut post = record();
        post["text"] = "安踏的新跑鞋，轻便".into();
        post["user"] = "anta".into();
        post["created_at"] = format!("2026-11-0{}T10:00:00Z", i + 1).into();
        assert_eq!(server.put(id, &post).status, 201);
        let reposts = [
            repost("k", None, 10, "kol"),
            repost("k1", Some("k"), 40, "fan-1"),
            repost("k2", Some("k"), 50, "fan-2"),
            repost("k3", Some("k1"), 90, "fan-3"),
            repost("near", None, 14, "shadow"),
        ];
        assert_eq!(server.add(id, &reposts), 5);
    }
    let mut nike = record();
    nike["text"] = "Nike shoes are light".into();
    nike["platform"] = "x".into();
    nike["user"] = "nike".into();
    nike["created_at"] = "2026-10-20T10:00:00Z".into();
    server.put("n1", &nike);
    let reposts = [
        repost("o", None, 10, "other"),
        repost("o1", Some("o"), 40, "fan-1"),
    ];
    server.add("n1", &reposts);
    nike["created_at"] = "2026-10-21T10:00:00Z".into();
    server.put("n2", &nike);
    let reposts = [
        repost("u", None, 10, "unsure"),
        repost("u1", None, 40, "fan-9"),
    ];
    server.add("n2", &reposts);
}

fn asked(server: &Server, query: &str) -> Value {
    let answer = server.get(&format!("/v1/leaders{query}"), &[]);
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_shape("LeadersPage", &answer.json());
    answer.json()
}

fn accounts(page: &Value) -> Vec<&str> {
    let rows = page["leaders"].as_array().unwrap().iter();
    rows.map(|row| row["account"].as_str().unwrap()).collect()
}

/// The row of a user, who must be there.
fn row_of(server: &Server, user: &str) -> Value {
    let page = asked(server, &format!("?user={user}"));
    assert_eq!(page["leaders"].as_array().unwrap().len(), 1, "{page}");
    page["leaders"][0].clone()
}

#[test]
fn whoever_carried_the_posts_comes_first_with_what_it_rests_on() {
    let server = Server::start();
    filled(&server);
    let page = asked(&server, "");
    assert_eq!((&page["posts"], &page["reposts"]), (&json!(5), &json!(19)));
    // Of two reposts it isn't known what they passed on.
    assert_eq!(page["observed"], 17.0 / 19.0);
    let first = &page["leaders"][0];
    assert_eq!(first, &row_of(&server, "kol"));
    assert_eq!((&first["rank"], &first["posts"]), (&json!(1), &json!(3)));
    assert_eq!(
        (&first["reposts"], &first["direct"]),
        (&json!(9.0), &json!(6.0))
    );
    assert_eq!(
        (&first["parents"], &first["observed"]),
        (&json!("observed"), &json!(1.0))
    );
    assert_eq!(
        (&first["h_index"], &first["median_delay"]),
        (&json!(3), &json!(40))
    );
    let per_post = |end: &str| first["per_post"][end].as_f64().unwrap();
    assert!(per_post("low") < per_post("value") && per_post("value") < per_post("high"));
    assert_eq!(first["examples"].as_array().unwrap().len(), 3);
    assert_eq!(first["examples"][0]["reposts"], 3.0);
    let unsure = row_of(&server, "unsure");
    assert_eq!(
        (&unsure["parents"], &unsure["observed"]),
        (&json!("inferred"), &json!(0.0))
    );
    let expected = unsure["reposts"].as_f64().unwrap();
    assert!(expected > 0.0 && expected < 1.0);

    // The same accounts within seconds, three times: told with its rows.
    let signal = &first["signals"][0];
    assert_eq!(
        (&signal["kind"], &signal["posts"]),
        (&json!("same_moments"), &json!(3))
    );
    let shadow = row_of(&server, "shadow");
    assert_eq!(signal["evidence"][0]["other"], shadow["account"]);
    assert_eq!(
        (
            &signal["evidence"][0]["t"],
            &signal["evidence"][0]["other_t"]
        ),
        (&json!(10), &json!(14))
    );
    assert_eq!(row_of(&server, "other")["signals"], json!([]));

    // As authors, the accounts whose posts they are.
    let authors = asked(&server, "?role=author");
    assert_eq!(authors["accounts"], 2);
    let anta = &authors["leaders"][0];
    assert_eq!(
        (&anta["posts"], &anta["reposts"]),
        (&json!(3), &json!(15.0))
    );
    assert_eq!(anta["followers"], 59400);
    assert!(anta["lift"].as_f64().unwrap() > 0.0);
}

#[test]
fn posts_are_chosen_by_brand_topic_platform_and_period() {
    let server = Server::start();
    filled(&server);
    let posts = |query: &str| asked(&server, query)["posts"].as_u64().unwrap();
    for (query, found) in [
        ("?brand=Anta,%E5%AE%89%E8%B8%8F", 3),
        ("?brand=nike", 2),
        ("?brand=nike&topic=light", 2),
        ("?brand=nike&topic=%E8%BD%BB%E4%BE%BF", 0),
        ("?platform=x", 2),
        ("?platform=douyin", 0),
        ("?from=2026-11-02", 2),
        ("?to=2026-11-02", 3),
        ("?from=2026-10-21T10:00:00Z&to=2026-11-01T10:00:01Z", 2),
    ] {
        assert_eq!(posts(query), found, "{query}");
    }
    let none = asked(&server, "?platform=douyin");
    assert_eq!(
        (&none["leaders"], &none["observed"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(asked(&server, "?user=nobody")["leaders"], json!([]));
    for (query, field) in [
        ("?from=yesterday", "from"),
        ("?from=2026-11-02&to=2026-11-02", "to"),
        ("?platform=myspace", "platform"),
        ("?role=king", "role"),
        ("?brand=,", "brand"),
        ("?topic=%21", "topic"),
        ("?user=", "user"),
        ("?cursor=x", "cursor"),
        ("?most=5", "most"),
    ] {
        let refused = server.get(&format!("/v1/leaders{query}"), &[]);
        assert_error(&refused, 422, "invalid_input");
        assert_eq!(refused.json()["error"]["field"], field);
    }
}

#[test]
fn pages_hold_as_long_as_nothing_changes_and_etags_name_them() {
    let server = Server::start();
    server.put("p", &record());
    let reposts: Vec<Value> = (0..120)
        .map(|i| {
            let parent = (i > 0).then(|| format!("e{}", i / 2));
            event(&format!("e{i}"), parent.as_deref(), i)
        })
        .collect();
    server.add("p", &reposts);
    let mut all = Vec::new();
    let mut query = String::new();
    let mut pages = 0;
    loop {
        let page = asked(&server, &query);
        all.extend(accounts(&page).into_iter().map(str::to_owned));
        pages += 1;
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("?cursor={next}");
    }
    assert_eq!((pages, all.len()), (3, 120));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 120);

    let ask = |path: &str, tag: &str| server.get(path, &[("if-none-match", tag)]);
    let first = server.get("/v1/leaders", &[]);
    let tag = first.header("etag").to_owned();
    let last = format!("/v1/leaders{query}");
    assert_eq!(ask("/v1/leaders", &tag).status, 304);
    assert_eq!(ask(&last, &tag).status, 200, "another page");
    assert_eq!(
        ask("/v1/leaders?role=author", &tag).status,
        200,
        "another question"
    );
    server.add("p", &[event("new", None, 500)]);
    assert_eq!(ask("/v1/leaders", &tag).status, 200, "something came");
    assert_error(&server.get(&last, &[]), 410, "snapshot_gone");
}

fn has(answer: &Answer, account: &str) -> bool {
    String::from_utf8_lossy(&answer.body).contains(account)
}

#[test]
fn an_erased_account_is_in_no_answer() {
    let server = Server::start();
    filled(&server);
    let [kol, shadow, anta] = ["kol", "shadow", "anta"].map(|user| {
        let role = if user == "anta" { "author" } else { "spreader" };
        let page = asked(&server, &format!("?role={role}&user={user}"));
        page["leaders"][0]["account"].as_str().unwrap().to_owned()
    });
    let before = server.get("/v1/leaders", &[]);
    let tag = before.header("etag").to_owned();
    assert!(has(&before, &kol) && has(&before, &shadow));
    // As evidence of another's row, too.
    server.erase("/v1/users/shadow");
    let after = server.get("/v1/leaders", &[("if-none-match", &tag)]);
    assert_eq!(after.status, 200);
    assert!(!has(&after, &shadow) && has(&after, &kol));
    assert_eq!(after.json()["leaders"][0]["signals"], json!([]));
    server.erase("/v1/users/kol");
    let after = server.get("/v1/leaders", &[]);
    assert!(!has(&after, &kol));
    assert_eq!(asked(&server, "?user=kol")["leaders"], json!([]));
    // What it had carried hangs on the posts now.
    assert_eq!(after.json()["reposts"], 13);
    server.erase("/v1/users/anta");
    let authors = server.get("/v1/leaders?role=author", &[]);
    assert!(!has(&authors, &anta));
    assert_eq!(authors.json()["posts"], 2);
}

#[test]
fn the_command_line_lists_the_same_and_shows_ids_that_are_known() {
    let place = Place::new();
    let server = place.server(&[]);
    filled(&server);
    let store = place.path("store.db");
    let run = |more: &[&str]| {
        let out = bsmv(&["leaders", "--store", store.to_str().unwrap()])
            .args(more)
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", said(&out));
        String::from_utf8(out.stdout).unwrap()
    };
    let told: Value = serde_json::from_str(&run(&["--json", "--most", "50"])).unwrap();
    assert_eq!(told, asked(&server, ""));
    let ids = place.file("ids.txt", "shadow\nkol\n\nnobody\n");
    let table = run(&[
        "--ids",
        ids.to_str().unwrap(),
        "--most",
        "2",
        "--brand",
        "安踏",
    ]);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert_eq!((rows[0][1], rows[1][1]), ("account", "kol"));
    assert_eq!(rows[1][7..9], ["observed", "100 %"]);
    let wrong = bsmv(&["leaders", "--store", "nowhere.db"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("nowhere.db: there is no such file"));
}
