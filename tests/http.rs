//! `bsmv serve` as its clients meet it: the real program on a port of its own.
#![cfg(feature = "server")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::Unreadable;
use common::server::Server;
use common::{
    OPENAPI, a_million_events, assert_error, assert_shape, bad_inputs, draft, full_request,
    odd_inputs, tells_of_dropped_events, unreadable,
};
use flate2::Compression;
use flate2::write::GzEncoder;

fn assert_scores(server: &Server) {
    let answer = server.score(&draft().to_string());
    assert_eq!(answer.status, 200);
    assert_shape("Score", &answer.json());
}

#[test]
fn good_requests_are_scored() {
    let server = Server::start();
    assert_scores(&server);
    let answer = server.post(
        "Application/JSON; charset=utf-8",
        &full_request().to_string(),
    );
    assert_eq!(answer.status, 200);
    assert_shape("Score", &answer.json());
    assert_eq!(answer.json()["events"], 3);
}

#[test]
fn what_moved_a_score_is_explained() {
    let server = Server::start();
    let answer = server.explain(&full_request().to_string());
    assert_eq!(answer.status, 200);
    let explanation = answer.json();
    assert_shape("Explanation", &explanation);
    assert_eq!(explanation["events"].as_array().unwrap().len(), 3);
    assert_error(&server.explain("{}"), 422, "invalid_input");
}

#[test]
fn a_text_that_cannot_be_read_has_no_score_and_a_reason() {
    let server = Server::start();
    for Unreadable { code, request } in unreadable() {
        for answer in [
            server.score(&request.to_string()),
            server.explain(&request.to_string()),
        ] {
            assert_eq!(answer.status, 200, "{request}");
            let refusal = answer.json();
            assert_shape("Refusal", &refusal);
            assert_eq!(refusal["refused"]["code"], code, "{request}");
        }
    }
    assert_scores(&server);
}

#[test]
fn bad_requests_are_refused_by_name_and_the_server_goes_on() {
    let server = Server::start();
    // A list is several requests here: `tests/load.rs`.
    let alone = |bad: &common::BadInput| !bad.body().starts_with('[');
    for bad in bad_inputs().into_iter().filter(alone) {
        let answer = server.score(&bad.body());
        let status = match bad.code.as_str() {
            "malformed_json" => 400,
            _ => 422,
        };
        assert_error(&answer, status, &bad.code);
        assert_eq!(answer.json()["error"]["field"], bad.field, "{}", bad.name);
    }
    assert_error(&server.score(""), 400, "malformed_json");
    assert_error(
        &server.post("text/plain", "{}"),
        415,
        "unsupported_media_type",
    );
    assert_error(&server.get("/v1/score", &[]), 405, "method_not_allowed");
    assert_error(&server.get("/v1/nothing", &[]), 404, "not_found");
    assert_scores(&server);
}

#[test]
fn an_error_is_a_problem_too_for_who_asks_for_problems() {
    let server = Server::start();
    let json = ("content-type", "application/json");
    let accept = ("accept", "application/json, application/problem+json;q=0.5");
    let problem = server.send("POST", "/v1/score", &[json, accept], "{}");
    assert_eq!(problem.header("content-type"), "application/problem+json");
    let body: serde_json::Value = serde_json::from_slice(&problem.body).unwrap();
    assert_shape("ErrorBody", &body);
    assert_eq!(body["status"], 422);
    assert_eq!(body["title"], "Unprocessable Entity");
    assert_eq!(body["detail"], body["error"]["message"]);
    // The same, declared as before.
    assert_eq!(body, server.score("{}").json());
    let good = server.send("POST", "/v1/score", &[json, accept], &draft().to_string());
    assert_eq!(good.header("content-type"), "application/json");
}

#[test]
fn who_is_refused_while_sending_reads_why() {
    let server = Server::start();
    let long = "x".repeat(4 << 20);
    let head = |method, path, media, more| {
        let (host, length) = (&server.address, long.len());
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {media}\r\n\
             content-length: {length}\r\nconnection: close\r\n{more}\r\n"
        )
    };
    let answer = |mut stream: TcpStream| {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let (json, lines) = ("application/json", "application/x-ndjson");
    for (method, path, media, status) in [
        ("POST", "/v1/score", "text/plain", 415),
        ("POST", "/v1/explain", "text/plain", 415),
        ("POST", "/v1/checks", "text/plain", 415),
        ("PUT", "/v1/posts/p", "text/plain", 415),
        ("POST", "/v1/posts/p/events", "text/plain", 415),
        ("POST", "/v1/posts/p/events?observed_until=x", lines, 422),
        ("POST", "/v1/nothing", json, 404),
        ("POST", "/v1/health", json, 405),
    ] {
        let mut stream = server.send_raw(&head(method, path, media, ""));
        for part in long.as_bytes().chunks(64 << 10) {
            let sent = stream.write_all(part);
            sent.unwrap_or_else(|problem| panic!("{path}: {problem}"));
        }
        let answer = answer(stream);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
    }
    // Who asks before sending isn't told to go on.
    let asks = head(
        "POST",
        "/v1/score",
        "text/plain",
        "expect: 100-continue\r\n",
    );
    let answer = answer(server.send_raw(&asks));
    assert!(answer.starts_with("HTTP/1.1 415 "), "{answer}");
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    let server = Server::start();
    for path in ["/v1/health", "/v1/openapi.json", "/docs", "/docs/style.css"] {
        let whole = server.get(path, &[]);
        let known = [("if-none-match", whole.header("etag"))];
        let again = server.get(path, &known);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        // What is compressed has a weak tag, and there is nothing to compress now.
        let tag = whole.header("etag").trim_start_matches("W/");
        assert_eq!(again.header("etag"), tag);
    }
}

#[test]
fn the_description_can_be_read_by_people() {
    let server = Server::start();
    let page = server.get("/docs", &[]);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let html = String::from_utf8(page.body).unwrap();
    let description: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let title = format!("<b>{}</b> {path}</h2>", method.to_uppercase());
            assert!(html.contains(&title), "{title}");
        }
    }
    for name in description["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(html.contains(&format!("<h3 id=\"{name}\">")), "{name}");
    }
    // Every link leads to a place on the page, and none to elsewhere.
    for link in html.split("href=\"").skip(1) {
        let target = link.split('"').next().unwrap();
        let there = match target.strip_prefix('#') {
            Some(id) => html.contains(&format!("id=\"{id}\"")),
            None => server.get(target, &[]).status == 200,
        };
        assert!(there, "{target}");
    }
    assert!(!html.contains("<script") && !html.contains(" src="));
}

#[test]
fn odd_requests_are_scored_and_an_id_comes_back() {
    let server = Server::start();
    for odd in odd_inputs() {
        let answer = server.score(&odd.raw);
        assert_eq!(answer.status, 200, "{}: {}", odd.name, answer.json());
        assert_shape("Score", &answer.json());
    }
    let named = r#"{"id": "7", "post": {"text": "Dry feet"}}"#;
    assert_eq!(server.score(named).json()["id"], "7");
    assert_eq!(server.explain(named).json()["id"], "7");
}

#[test]
fn a_post_at_the_end_of_all_time_is_refused_before_it_is_kept() {
    let server = Server::start();
    let json = [("content-type", "application/json")];
    let record =
        r#"{"created_at": "9999-12-31T23:59:59-12:00", "text": "好用", "platform": "weibo"}"#;
    let answer = server.send("PUT", "/v1/posts/edge", &json, record);
    assert_error(&answer, 422, "invalid_input");
    assert_eq!(answer.json()["error"]["field"], "created_at");
    assert_error(
        &server.get("/v1/posts/edge/forecast", &[]),
        404,
        "not_found",
    );
    let last = record.replace("9999", "9998");
    assert_eq!(
        server.send("PUT", "/v1/posts/edge", &json, &last).status,
        201
    );
    assert_eq!(server.get("/v1/posts/edge/forecast", &[]).status, 200);
}

#[test]
fn a_compressed_body_is_read_and_a_bomb_is_not() {
    let server = Server::start();
    let packed = |bytes: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let body = packed(draft().to_string().as_bytes());
    let answer = server.post_encoded("gzip", &body);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), server.score(&draft().to_string()).json());
    let cut = &body[..body.len() / 2];
    assert_error(&server.post_encoded("gzip", cut), 400, "malformed_json");
    assert_error(&server.post_encoded("gzip", b"{}"), 400, "malformed_json");

    let other = server.post_encoded("compress", &body);
    assert_error(&other, 415, "unsupported_encoding");
    assert!(
        other.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("`compress`")
    );
    assert_eq!(other.header("accept-encoding"), "gzip, deflate");

    // 65 MiB of blanks in 300 KB.
    let bomb = packed(&vec![b' '; 65 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert_error(&server.post_encoded("gzip", &bomb), 413, "too_large");
    assert_scores(&server);
}

#[test]
fn pages_of_other_origins_may_ask_only_where_an_option_says_so() {
    let shop = ("origin", "https://shop.example");
    let question = [shop, ("access-control-request-method", "POST")];
    let closed = Server::start();
    assert_eq!(
        closed.send("OPTIONS", "/v1/score", &question, "").status,
        405
    );
    assert_eq!(
        closed
            .get("/v1/health", &[shop])
            .header("access-control-allow-origin"),
        ""
    );

    let open = Server::start_with(&[
        "--allow-origin",
        "https://shop.example",
        "--allow-origin",
        "http://localhost:5173",
    ]);
    let answer = open.send("OPTIONS", "/v1/score", &question, "");
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://shop.example"
    );
    assert!(
        answer
            .header("access-control-allow-methods")
            .contains("POST")
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .contains("content-type")
    );
    let answer = open.get("/v1/health", &[shop]);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://shop.example"
    );
    assert!(
        answer
            .header("access-control-expose-headers")
            .contains("etag")
    );
    assert!(
        answer
            .headers_named("vary")
            .to_lowercase()
            .contains("origin")
    );
    let other = open.get("/v1/health", &[("origin", "https://evil.example")]);
    assert_eq!(other.header("access-control-allow-origin"), "");

    let any = Server::start_with(&["--allow-origin", "*"]);
    assert_eq!(
        any.get("/v1/nothing", &[shop])
            .header("access-control-allow-origin"),
        "*"
    );
}

#[test]
fn too_much_is_refused_or_cut_and_said_so() {
    let server = Server::start();
    let million = server.score(&a_million_events());
    assert_eq!(million.status, 200);
    assert!(
        tells_of_dropped_events(&million.json()),
        "{}",
        million.json()
    );

    // Only announced: refused before it is sent.
    let mut stream = server.send_raw(
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 99999999999\r\n\r\n",
    );
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 413");
    assert_scores(&server);
}

#[test]
fn bodies_that_never_end_keep_nobody_out_but_those_who_need_their_memory() {
    const ANNOUNCED: &str = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/json\r\nContent-Length: 60000000\r\n\r\n";
    let server = Server::start();
    // Heads and bodies that don't go on; how many there may be is the server's affair.
    let begun = |i: usize| match i % 3 {
        0 => server.send_raw("POST /v1/score HTTP/1.1\r\nHost: b"),
        1 => server.send_raw(&ANNOUNCED.replace("60000000", "10")),
        _ => server.send_raw(ANNOUNCED),
    };
    let waiting: Vec<_> = (0..300).map(begun).collect();
    assert_scores(&server);
    let large = format!("{{\"post\":{{\"text\":\"ok\"}}}}{}", " ".repeat(8 << 20));
    // The server may answer, and hang up, before all is sent.
    let ask = || {
        let head = ANNOUNCED.replace("60000000", &large.len().to_string());
        let mut stream = server.send_raw("");
        let head = head.replace("Host: localhost", "Host: localhost\r\nConnection: close");
        stream.write_all(format!("{head}{large}").as_bytes()).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    };
    let answer = ask();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    // Until what has come of them fills the memory for bodies.
    let part = format!("{ANNOUNCED}{}", " ".repeat(4 << 20));
    let mut full = Vec::new();
    let refused = (0..100).find_map(|_| {
        let mut stream = server.send_raw("");
        stream.write_all(part.as_bytes()).ok();
        full.push(stream);
        Some(ask()).filter(|answer| answer.contains("HTTP/1.1 503"))
    });
    let refused = refused.expect("no request was refused");
    assert!(refused.contains(r#""code":"overloaded""#), "{refused}");
    assert!(refused.contains("retry-after: 1"), "{refused}");
    assert_scores(&server);

    drop((waiting, full));
    let again = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        ask().starts_with("HTTP/1.1 200")
    });
    assert!(again, "their memory wasn't given back");
}

#[test]
fn the_server_describes_itself() {
    let server = Server::start();
    let health = server.get("/v1/health", &[]);
    assert_eq!(health.status, 200);
    assert_shape("Health", &health.json());
    let scored = server.score(&draft().to_string()).json();
    assert_eq!(health.json()["bundle"], scored["bundle"]);

    let description = server.get("/v1/openapi.json", &[]);
    assert_eq!(description.body, OPENAPI.as_bytes());
}

#[test]
fn the_page_and_the_bundle_come_with_the_right_headers() {
    let server = Server::start();
    let page = server.get("/", &[("accept-encoding", "br")]);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html");
    assert_eq!(page.header("content-encoding"), "br");
    assert_eq!(page.header("cache-control"), "no-cache");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"));

    let tag = page.header("etag");
    let again = [("accept-encoding", "br"), ("if-none-match", tag)];
    assert_eq!(server.get("/", &again).status, 304);

    let module = server.get("/module.wasm", &[]);
    assert_eq!(module.header("content-type"), "application/wasm");

    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/bsmv-base");
    let manifest = server.get("/models/bsmv-base/manifest.json", &[]);
    assert_eq!(manifest.status, 200);
    assert_eq!(
        manifest.body,
        std::fs::read(directory.join("manifest.json")).unwrap()
    );

    assert_eq!(server.get("/nothing.html", &[]).status, 404);
    for path in [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/models/bsmv-base/../../Cargo.toml",
    ] {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        server
            .send_raw(&request)
            .read_to_string(&mut answer)
            .unwrap();
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
    }
}

#[cfg(unix)]
#[test]
fn a_polite_signal_ends_the_server_well() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start();
        assert_scores(&server);
        let kill = format!("kill -{signal} {}", server.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "SIG{signal}");
        // It printed its address and nothing else.
        let mut rest = String::new();
        let out = server.child.stdout.as_mut().unwrap();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}
