//! Reading events and cascades from files: the parsers, and `bsmv import` as its users meet it.
#![cfg(feature = "server")]

mod common;

use std::ops::ControlFlow;

use bsmv::Result;
use bsmv::diffusion::{Arrival, DiffusionGraph, DiffusionPage, EventKind, EventLog};
use bsmv::published::import::{
    Columns, Item, Settings, Source, When, cascade_from_pages, cascade_from_paths,
    events_from_ndjson, items, post_from_json, recognise, unknown_columns,
};
use bsmv::published::record::{Event, MAX_SECONDS, seconds_after};
use common::desk::{Desk, counts};
use common::page;
use common::server::Server;
use proptest::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// 2026-11-22 10:00 UTC.
const POSTED: OffsetDateTime = match OffsetDateTime::from_unix_timestamp(1_795_341_600) {
    Ok(time) => time,
    Err(_) => panic!("in range"),
};

fn kind() -> impl Strategy<Value = EventKind> {
    prop::sample::select(vec![
        EventKind::Repost,
        EventKind::Quote,
        EventKind::Reply,
        EventKind::Comment,
    ])
}

/// Ids and texts as a table can hold them: without blanks at their ends.
fn event() -> impl Strategy<Value = Event> {
    let text = || prop::option::of("[^\\pC\\pZ]([^\\pC]{0,20}[^\\pC\\pZ])?");
    let id = "[^\\pC\\pZ]{1,12}";
    (
        (
            id,
            prop::option::of(id),
            0..=MAX_SECONDS,
            kind(),
            prop::option::of(id),
        ),
        (
            prop::option::of(any::<u64>()),
            prop::option::of(any::<bool>()),
            prop::option::of(-1f32..=1.0),
            text(),
        ),
    )
        .prop_map(
            |((id, parent, t, kind, user), (followers, verified, s, text))| Event {
                parent: parent.filter(|parent| *parent != id),
                id,
                t,
                kind,
                user,
                followers,
                verified,
                s,
                text,
            },
        )
}

/// A graph that obeys every rule.
fn graph() -> impl Strategy<Value = DiffusionGraph> {
    prop::collection::vec((any::<u32>(), any::<u16>(), kind(), 0u128..6), 0..40).prop_map(|rows| {
        let mut log = EventLog::new(Some(0));
        for (i, &(parent, t, kind, user)) in rows.iter().enumerate() {
            log.push(&Arrival {
                id: i as u128,
                parent: (i > 0).then(|| u128::from(parent) % (i as u128 * 2)),
                t: t.into(),
                kind,
                user: Some(user),
                followers: Some(u64::from(parent)).filter(|f| f % 3 > 0),
                verified: None,
                s: (parent % 2 == 0).then_some(0.25),
            });
        }
        DiffusionGraph {
            observed_until: 100_000,
            ..log.graph(rows.len()).graph
        }
    })
}

/// The graph that a store would make of these events.
fn graph_of(events: &[Event]) -> DiffusionGraph {
    // Any hash does; these keep the order of the ids of pages.
    let hash = |id: &str| {
        id.parse().unwrap_or_else(|_| {
            id.bytes()
                .fold(7, |h: u128, b| h.wrapping_mul(131) ^ u128::from(b))
        })
    };
    let mut log = EventLog::new(events.first().and_then(|e| {
        let (post, _) = e.user.as_deref()?.split_once(':')?;
        Some(hash(&format!("{post}:0")))
    }));
    for event in events {
        assert!(log.push(&Arrival {
            id: hash(&event.id),
            parent: event.parent.as_deref().map(hash),
            t: event.t,
            kind: event.kind,
            user: event.user.as_deref().map(hash),
            followers: event.followers,
            verified: event.verified,
            s: event.s,
        }));
    }
    log.graph(events.len()).graph
}

fn csv_of(events: &[Event]) -> Vec<u8> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let header = [
        "text",
        "id",
        "parent",
        "t",
        "kind",
        "user",
        "followers",
        "verified",
        "s",
    ];
    table.write_record(header).unwrap();
    for e in events {
        let kind = serde_json::to_value(e.kind).unwrap();
        let cell = |value: Option<String>| value.unwrap_or_default();
        table
            .write_record([
                cell(e.text.clone()),
                e.id.clone(),
                cell(e.parent.clone()),
                e.t.to_string(),
                kind.as_str().unwrap().to_owned(),
                cell(e.user.clone()),
                cell(e.followers.map(|f| f.to_string())),
                cell(e.verified.map(|v| v.to_string())),
                cell(e.s.map(|s| s.to_string())),
            ])
            .unwrap();
    }
    table.into_inner().unwrap()
}

/// The events of a file, each by way of its row.
fn events_from_file(bytes: &[u8]) -> Result<Vec<Event>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let source = Source::open(file.path(), None, None).unwrap();
    let sections = source
        .sections(&|names| recognise(names).is_some())
        .unwrap();
    let [section] = sections.as_slice() else {
        panic!("one section");
    };
    let at_header = |error: bsmv::Error| error.within(&section.place(1));
    let layout =
        recognise(&section.columns).ok_or_else(|| at_header(unknown_columns(&section.columns)))?;
    layout.check_header(&section.columns).map_err(at_header)?;
    let mut columns = Columns::new(layout);
    let mut read = Ok(Vec::new());
    let visited = source.visit(section, &mut |names, row| {
        let found = row.and_then(|row| {
            items(row, names, &mut columns, layout, &Settings::default())
                .map_err(|e| e.within(&section.place(row.number())))
        });
        let found = found.and_then(|found| {
            found
                .into_iter()
                .map(|item| match item {
                    Item::Event(happening) => {
                        let mut event = happening.event;
                        event.t = match happening.when {
                            When::After(t) => t,
                            When::At(moment) => {
                                seconds_after(POSTED, moment.at(POSTED.offset()))?.0
                            }
                        };
                        Ok(event)
                    }
                    other => panic!("no event: {other:?}"),
                })
                .collect::<Result<Vec<Event>>>()
        });
        match (found, &mut read) {
            (Ok(found), Ok(events)) => {
                events.extend(found);
                ControlFlow::Continue(())
            }
            (Err(error), _) => {
                read = Err(error);
                ControlFlow::Break(())
            }
            (_, Err(_)) => ControlFlow::Break(()),
        }
    });
    visited.unwrap();
    read
}

/// Events of lines that the API takes.
fn events_from_lines(bytes: &[u8]) -> Result<Vec<Event>> {
    events_from_ndjson(bytes, || Some(POSTED))
}

/// Everything a parser can do with some bytes. Only panics matter here.
fn read_all(bytes: &[u8]) {
    events_from_lines(bytes).ok();
    cascade_from_paths(bytes, 1).ok();
    cascade_from_pages(bytes).ok();
    post_from_json(bytes).ok();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_survive_lines_of_json(events in prop::collection::vec(event(), 0..8), blank in any::<bool>()) {
        let between = if blank { "\r\n\n" } else { "\n" };
        let lines: Vec<String> =
            events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
        prop_assert_eq!(events_from_lines(lines.join(between).as_bytes()).unwrap(), events);
    }

    #[test]
    fn events_survive_a_table(events in prop::collection::vec(event(), 0..8), mark in any::<bool>()) {
        let mut bytes = if mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        bytes.extend(csv_of(&events));
        if !events.is_empty() {
            prop_assert_eq!(events_from_file(&bytes).unwrap(), events);
        }
    }

    #[test]
    fn events_survive_a_file_of_json(events in prop::collection::vec(event(), 1..8), list in any::<bool>()) {
        let bytes = if list {
            serde_json::to_vec_pretty(&events).unwrap()
        } else {
            let lines: Vec<String> =
                events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
            lines.join("\n").into_bytes()
        };
        prop_assert_eq!(events_from_file(&bytes).unwrap(), events);
    }

    #[test]
    fn graphs_survive_pages(graph in graph(), size in 1usize..50) {
        let mut bytes = Vec::new();
        let mut start = 1;
        loop {
            let mut page = graph.page("p", POSTED, u32::MAX, start, size);
            start += page.t.len();
            page.next = (start <= graph.len()).then(|| "more".to_owned());
            let last = page.next.is_none();
            bytes.extend(serde_json::to_vec(&page).unwrap());
            if last { break; }
        }
        let cascade = cascade_from_pages(&bytes).unwrap();
        prop_assert_eq!(cascade.observed_until, graph.observed_until);
        let mut again = graph_of(&cascade.events);
        again.observed_until = graph.observed_until;
        prop_assert_eq!(again.t, graph.t);
        prop_assert_eq!(again.user, graph.user);
        prop_assert_eq!(again.followers, graph.followers);
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn no_damage_makes_a_parser_panic(
        events in prop::collection::vec(event(), 0..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let lines: Vec<String> =
            events.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
        let whole = [
            lines.join("\n").into_bytes(),
            csv_of(&events),
            page(3).to_string().into_bytes(),
            b"1\tu\t1464710400\t3\tu:0 u/a:5 u/a/b:9 u/c:9".to_vec(),
        ];
        for mut bytes in whole {
            for (place, byte, how) in &damage {
                if bytes.is_empty() { break; }
                let i = place.index(bytes.len());
                match how {
                    0 => bytes[i] = *byte,
                    1 => { bytes.remove(i); }
                    _ => bytes.insert(i, *byte),
                }
            }
            read_all(&bytes);
        }
    }
}

#[test]
fn paths_become_a_tree() {
    let line = "m1\tu0\t1464710400\t7\tu0:0 u0/a:10 u0/a/b:20 u0/c:15 u0/a:30 u0/a/d:40 u0/x/y/z:50 u0/a/d:40";
    let cascade = cascade_from_paths(line.as_bytes(), 1).unwrap();
    assert_eq!((cascade.id.as_str(), cascade.observed_until), ("m1", 50));
    assert_eq!(cascade.post.user.as_deref(), Some("u0"));
    assert_eq!(cascade.post.created_at.unix_timestamp(), 1_464_710_400);
    let by_id = |id: &str| cascade.events.iter().position(|e| e.id == id).unwrap();
    let tree: Vec<_> = cascade
        .events
        .iter()
        .map(|e| {
            (
                e.user.as_deref().unwrap(),
                e.t,
                e.parent.as_deref().map(by_id),
            )
        })
        .collect();
    assert_eq!(
        tree,
        [
            ("a", 10, None),
            ("b", 20, Some(0)),
            ("c", 15, None),
            ("a", 30, None),
            // The latest of a's reposts before it.
            ("d", 40, Some(3)),
            // Nobody on its way is listed.
            ("z", 50, None),
            // The same entry is the same event.
            ("d", 40, Some(3)),
        ]
    );
    assert_eq!(cascade.events[4].id, cascade.events[6].id);
}

#[test]
fn tables_and_lines_take_times_of_day() {
    let table = "id,created_at,kind\na,2026-11-22T18:01:40+08:00,repost\n";
    assert_eq!(events_from_file(table.as_bytes()).unwrap()[0].t, 100);
    let line = r#"{"id":"a","created_at":"2026-11-22T10:05:00Z","kind":"repost"}"#;
    assert_eq!(events_from_lines(line.as_bytes()).unwrap()[0].t, 300);
    // A little before the post, as another clock has it.
    let early = line.replace("10:05:00", "09:59:58");
    assert_eq!(events_from_lines(early.as_bytes()).unwrap()[0].t, 0);
    let unknown = events_from_ndjson(line.as_bytes(), || None).unwrap_err();
    assert_eq!(unknown.field(), Some("lines[1].created_at"));
}

#[test]
fn every_mistake_is_named_by_line_and_field() {
    let field_of = |outcome: Result<()>| outcome.unwrap_err().field().unwrap().to_owned();
    let line = |text: &str| field_of(events_from_lines(text.as_bytes()).map(drop));
    for (text, field) in [
        (r#"{"id":"a","kind":"repost"}"#, "lines[1].t"),
        (
            r#"{"id":"a","kind":"repost","t":1,"created_at":"2026-11-22T10:05:00Z"}"#,
            "lines[1].t",
        ),
        (r#"{"id":"a","kind":"repost","t":1763776987}"#, "lines[1].t"),
        (
            r#"{"id":"a","kind":"repost","created_at":"2026-11-22T09:05:00Z"}"#,
            "lines[1].created_at",
        ),
        (
            "\n{\"id\":\"a\",\"kind\":\"repost\",\"t\":1,\"likes\":2}",
            "lines[2].likes",
        ),
    ] {
        assert_eq!(line(text), field, "{text}");
    }
    let table = |text: &str| field_of(events_from_file(text.as_bytes()).map(drop));
    for (text, field) in [
        ("", "lines[1].header"),
        ("id,kind\n", "lines[1].header"),
        ("a,b\n", "lines[1].header"),
        ("id,t,t,kind\n", "lines[1].header"),
        (
            "id,t,kind,created_at\na,1,repost,2026-11-22T10:00:00Z\n",
            "lines[2].t",
        ),
        ("id,t,kind\na,1\n", "lines[2].kind"),
        ("id,t,kind\na,1,repost,more\n", "lines[2]"),
        ("id,t,kind\na,1,repost\n\n,2,repost\n", "lines[4].id"),
        (
            "id,t,kind\r\na,1,repost\r\n\r\na,soon,repost\r\n",
            "lines[4].t",
        ),
        ("id,t,kind\na,soon,repost\n", "lines[2].t"),
        ("id,t,kind\na,1763776987,repost\n", "lines[2].t"),
        ("id,t,kind\na,,repost\n", "lines[2].t"),
        ("id,t,kind\na,1,like\n", "lines[2].kind"),
        ("id,t,kind,s\na,1,quote,NaN\n", "lines[2].s"),
        ("id,t,kind,verified\na,1,quote,maybe\n", "lines[2].verified"),
        (
            "id,t,kind,followers\na,1,quote,many\n",
            "lines[2].followers",
        ),
        (
            "id,t,kind,text\na,1,quote,\"two\nlines\"\nb,x,quote,\n",
            "lines[4].t",
        ),
        (
            "id,t,kind,text\na,1,quote,\"no end\nb,2,quote,\n",
            "lines[2]",
        ),
        (
            "id,created_at,kind\na,2026-11-22,quote\n",
            "lines[2].created_at",
        ),
    ] {
        assert_eq!(table(text), field, "{text}");
    }

    let paths = |text: &str| field_of(cascade_from_paths(text.as_bytes(), 3).map(drop));
    for (text, field) in [
        ("", "lines[3]"),
        ("1\tu\t0\tu:0", "lines[3]"),
        ("\tu\t0\t1\tu:0", "lines[3].id"),
        ("1\t\t0\t1\tu:0", "lines[3].user"),
        ("1\tu\tnow\t1\tu:0", "lines[3].created_at"),
        ("1\tu\t99999999999999\t1\tu:0", "lines[3].created_at"),
        ("1\tu\t0\t1\tu:0 u/v", "lines[3].paths[2]"),
        ("1\tu\t0\t1\tu:0 u//v:3", "lines[3].paths[2]"),
        ("1\tu\t0\t1\tu:0 u/v:-3", "lines[3].paths[2]"),
    ] {
        assert_eq!(paths(text), field, "{text}");
    }
    let deep = format!("1\tu\t0\t1\t{}:3", vec!["u"; 1_001].join("/"));
    assert_eq!(paths(&deep), "lines[3].paths[1]");

    let pages = |pages: &[Value]| {
        let bytes: String = pages.iter().map(Value::to_string).collect();
        field_of(cascade_from_pages(bytes.as_bytes()).map(drop))
    };
    let with = |at: &str, value: Value| {
        let mut page = page(3);
        *page.pointer_mut(at).unwrap() = value;
        page
    };
    assert_eq!(pages(&[]), "pages");
    assert_eq!(pages(&[with("/next", json!("more"))]), "pages");
    assert_eq!(pages(&[with("/total", json!(4))]), "pages");
    assert_eq!(pages(&[with("/parent/2", json!(3))]), "pages[1].parent[2]");
    assert_eq!(pages(&[with("/kind/0", json!("like"))]), "pages[1].kind[0]");
    assert_eq!(pages(&[page(3), page(3)]), "pages[2].start");
    assert_eq!(
        pages(&[page(3), with("/post", json!("other"))]),
        "pages[2].post"
    );
    let broken = format!("{}{{\"schema\":1,", page(3));
    let error = cascade_from_pages(broken.as_bytes()).unwrap_err();
    assert_eq!(
        (error.code(), error.field()),
        ("malformed_json", Some("pages[2]"))
    );
}

#[test]
fn every_format_can_be_imported_and_again() {
    let desk = Desk::new();
    let about = desk.file(
        "post.json",
        r#"{"created_at":"2026-11-22T10:00:00Z","user":"u0","platform":"x","text":"Boots."}"#,
    );
    let about = about.to_str().unwrap();

    let lines = concat!(
        r#"{"id":"a","t":5,"kind":"quote","user":"u1","text":"What great boots!"}"#,
        "\n",
        r#"{"id":"b","parent":"a","t":9,"kind":"repost","user":"u2"}"#,
    );
    let lines = desk.file("events.ndjson", lines);
    let one = ["--format", "ndjson", "--id", "one"];
    let unknown = desk.import(&one, &lines);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("describe it with --post FILE"));
    let first = [&one[..], &["--post", about]].concat();
    assert_eq!(desk.imported(&first, &lines)[0], counts(1, 2, 0));
    // The store knows the post now, and its events.
    assert_eq!(desk.imported(&one, &lines)[0], counts(1, 0, 2));
    let table = desk.file(
        "events.csv",
        "id,parent,created_at,kind,user\nb,a,2026-11-22T10:00:09Z,repost,u2\nc,b,2026-11-22T10:01:00Z,repost,u3\n",
    );
    let one = ["--format", "csv", "--id", "one", "--observed-until", "90"];
    assert_eq!(desk.imported(&one, &table)[0], counts(1, 1, 1));

    let many = desk.file(
        "cascades.txt",
        "m1\tu0\t1464710400\t2\tu0:0 u0/a:10 u0/a/b:20\nm2\tu9\t1464710400\t0\tu9:0\n",
    );
    for expected in [counts(2, 2, 0), counts(2, 0, 2)] {
        let summary = desk.imported(&["--format", "deephawkes"], &many);
        assert_eq!(summary[0], expected);
    }
    let mut two = page(4);
    two["post"] = "two".into();
    let pages = desk.file("pages.json", two.to_string());
    for expected in [counts(1, 4, 0), counts(1, 0, 4)] {
        let summary = desk.imported(&["--format", "pages", "--post", about], &pages);
        assert_eq!(summary[0], expected);
    }

    let server = Server::start_on(&desk.store());
    let graph = |id: &str| -> DiffusionPage {
        let answer = server.get(&format!("/v1/posts/{id}/diffusion"), &[]);
        serde_json::from_value(answer.json()).unwrap()
    };
    let one = graph("one");
    assert_eq!(
        (one.t, one.parent, one.observed_until),
        (vec![5, 9, 60], vec![0, 1, 2], 90)
    );
    assert!(one.s[0].unwrap() > 0.3, "the text was read");
    let m1 = graph("m1");
    assert_eq!(
        (m1.t, m1.parent, m1.user),
        (vec![10, 20], vec![0, 1], vec![1, 2])
    );
    assert_eq!(graph("m2").total, 0);
    let sent: DiffusionPage = serde_json::from_value(two).unwrap();
    let expected = DiffusionPage { text: None, ..sent };
    assert_eq!(graph("two"), expected);
    let forecast = server.get("/v1/posts/two/forecast", &[]);
    assert!(forecast.json()["history"][0]["score"].is_object());
}
