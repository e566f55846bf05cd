//! A server that is asked over HTTP.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder};

/// Where the key of a server that asks for one is read from, so that no list of processes shows it.
const KEY: &str = "BSMV_KEY";

/// The server that is asked. A key is read from the variable BSMV_KEY, where one is set.
#[derive(clap::Args)]
pub struct Server {
    /// Address of the server; by default what the variable BSMV_SERVER says, or
    /// http://127.0.0.1:8080
    #[arg(long, value_name = "URL", default_value_t = default_server(), hide_default_value = true)]
    server: String,
}

fn default_server() -> String {
    std::env::var("BSMV_SERVER").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned())
}

/// Adds the key to a request.
pub fn with_key<T>(request: RequestBuilder<T>) -> RequestBuilder<T> {
    match std::env::var(KEY) {
        Ok(key) => request.header("authorization", format!("Bearer {key}")),
        Err(_) => request,
    }
}

impl Server {
    /// Sends requests; an answer that is a refusal is an answer.
    pub fn agent(&self) -> Agent {
        let config = Agent::config_builder().http_status_as_error(false);
        config.build().into()
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.trim_end_matches('/'))
    }

    /// Gets an answer in JSON.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.json(with_key(self.agent().get(self.url(path))).call())
    }

    /// An answer in JSON that isn't a refusal.
    pub fn json(&self, sent: Result<Response<Body>, ureq::Error>) -> Result<Value> {
        Ok(self.answer(sent)?.body_mut().read_json()?)
    }

    /// An answer that isn't a refusal.
    pub fn answer(&self, sent: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>> {
        let mut answer = sent.with_context(|| self.server.clone())?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body: Option<Value> = answer.body_mut().read_json().ok();
        let message = body.as_ref().and_then(|b| b["error"]["message"].as_str());
        bail!("{}: {}", self.server, message.unwrap_or(status.as_str()));
    }
}
