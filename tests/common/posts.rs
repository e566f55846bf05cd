//! Posts and events over HTTP.

use bsmv::diffusion::{DiffusionGraph, DiffusionPage};
use serde_json::{Value, json};

use super::assert_shape;
use super::server::{Answer, Server};

/// What is said of a post.
pub fn record() -> Value {
    json!({
        "created_at": "2026-11-22T10:00:00Z", "user": "author-1", "platform": "weibo",
        "author": {"followers": 59400, "following": 2887, "posts": 11345, "verified": false},
        "text": "给爸买的跑鞋，他天天穿着去公园，逢人就夸轻便。"
    })
}

/// A repost by somebody.
pub fn event(id: &str, parent: Option<&str>, t: u32) -> Value {
    json!({"id": id, "parent": parent, "t": t, "kind": "repost", "user": format!("user-{id}")})
}

pub fn ndjson(events: &[Value]) -> String {
    events.iter().map(|e| format!("{e}\n")).collect()
}

impl Server {
    pub fn put(&self, id: &str, record: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        let path = format!("/v1/posts/{id}");
        self.send("PUT", &path, &json, &record.to_string())
    }

    pub fn append(&self, id: &str, body: &str) -> Answer {
        let path = format!("/v1/posts/{id}/events");
        let ndjson = [("content-type", "application/x-ndjson")];
        self.send("POST", &path, &ndjson, body)
    }

    /// Adds events and says how many were new.
    pub fn add(&self, id: &str, events: &[Value]) -> u64 {
        let answer = self.append(id, &ndjson(events));
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_shape("Appended", &answer.json());
        let answer = answer.json();
        let [added, known] = ["added", "known"].map(|n| answer[n].as_u64().unwrap());
        assert_eq!(added + known, events.len() as u64);
        added
    }

    pub fn page(&self, id: &str, query: &str) -> Value {
        let path = format!("/v1/posts/{id}/diffusion{query}");
        let answer = self.get(&path, &[]);
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_shape("DiffusionPage", &answer.json());
        answer.json()
    }

    /// All pages put together by the core's own reader, and how many there were.
    pub fn graph(&self, id: &str) -> (DiffusionGraph, usize) {
        let mut page = self.page(id, "");
        let parse =
            |page: &Value| -> DiffusionPage { serde_json::from_value(page.clone()).unwrap() };
        let mut graph = DiffusionGraph::from_page(parse(&page)).unwrap();
        let mut pages = 1;
        while let Some(next) = page["next"].as_str() {
            page = self.page(id, &format!("?cursor={next}"));
            graph.append(&parse(&page)).unwrap();
            pages += 1;
        }
        assert_eq!(graph.len() as u64, page["total"]);
        (graph, pages)
    }

    pub fn erase(&self, path: &str) -> (u64, u64) {
        let answer = self.send("DELETE", path, &[], "");
        assert_eq!(answer.status, 200);
        assert_shape("Erased", &answer.json());
        let answer = answer.json();
        let count = |name: &str| answer[name].as_u64().unwrap();
        (count("posts"), count("events"))
    }
}
