//! The real server program on a port of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request, Response};
use ureq::{Agent, Body};

/// A running server; ends with the value.
pub struct Server {
    pub child: Child,
    /// `127.0.0.1:<port>`
    pub address: String,
    pub agent: Agent,
    _www: tempfile::TempDir,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// All values of a header that may come several times, with commas between them.
    pub fn headers_named(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter();
        let values: Vec<&str> = values.map(|v| v.to_str().unwrap()).collect();
        values.join(", ")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl From<Response<Body>> for Answer {
    fn from(mut response: Response<Body>) -> Self {
        let body = response.body_mut().with_config().limit(1 << 30);
        Answer {
            body: body.read_to_vec().unwrap(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
        }
    }
}

impl Server {
    /// Starts a server with the committed bundle, a page of two files, and a store in memory.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server whose store is in a file.
    pub fn start_on(store: &Path) -> Self {
        Self::start_with(&["--store", store.to_str().unwrap()])
    }

    /// Starts a server with more arguments.
    pub fn start_with(args: &[&str]) -> Self {
        Self::start_telling(args, Stdio::inherit())
    }

    /// Starts a server whose log goes somewhere.
    pub fn start_telling(args: &[&str], log: Stdio) -> Self {
        let www = tempfile::tempdir().unwrap();
        let page = format!("<!doctype html><title>page</title>{}", " ".repeat(2000));
        std::fs::write(www.path().join("index.html"), page).unwrap();
        std::fs::write(www.path().join("module.wasm"), b"\0asm\x01\0\0\0").unwrap();
        let own_address: &[&str] = if args.contains(&"--addr") {
            &[]
        } else {
            &["--addr", "127.0.0.1:0"]
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_bsmv"))
            .arg("serve")
            .args(own_address)
            .args(args)
            .arg("--www")
            .arg(www.path())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let (_, address) = line.trim_end().split_once("://").expect("an address");
        Server {
            child,
            address: address.to_owned(),
            agent: Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(Duration::from_secs(300)))
                .build()
                .into(),
            _www: www,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Any request; a body of nothing is none.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_send(method, path, headers, body).unwrap()
    }

    /// Posts bytes as JSON under an encoding.
    pub fn post_encoded(&self, encoding: &str, body: &[u8]) -> Answer {
        let request = Request::post(self.url("/v1/score"))
            .header("content-type", "application/json")
            .header("content-encoding", encoding);
        let response = self.agent.run(request.body(body).unwrap());
        response.unwrap().into()
    }

    /// As [`Server::send`], where the server may be gone.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = if ["GET", "DELETE", "OPTIONS"].contains(&method) {
            self.agent.run(request.body(()).unwrap())?
        } else {
            self.agent.run(request.body(body.to_owned()).unwrap())?
        };
        Ok(response.into())
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, "")
    }

    pub fn post(&self, content_type: &str, body: &str) -> Answer {
        self.send("POST", "/v1/score", &[("content-type", content_type)], body)
    }

    pub fn score(&self, body: &str) -> Answer {
        self.post("application/json", body)
    }

    pub fn explain(&self, body: &str) -> Answer {
        let json = [("content-type", "application/json")];
        self.send("POST", "/v1/explain", &json, body)
    }

    /// Sends bytes as they are. Answers come on the stream.
    pub fn send_raw(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
