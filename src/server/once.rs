//! The header `Idempotency-Key`: a write that is sent again with it is not made again.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, Uri};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::access::Caller;
use super::error::Failure;
use super::state::Api;
use crate::Error;
use crate::published::store::Once;

/// The header that names a write.
const NAME: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest name, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// A write, and its name if the client gave it one.
pub struct Write {
    name: Option<String>,
    method: Method,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Write {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let name = match parts.headers.get(NAME) {
            None => None,
            Some(value) => {
                let name = value.to_str().ok();
                let name = name.filter(|name| (1..=MAX_NAME_BYTES).contains(&name.len()));
                let problem = || {
                    let problem = format!("must have 1 to {MAX_NAME_BYTES} characters of ASCII");
                    Failure::Core(Error::invalid("Idempotency-Key", problem))
                };
                Some(name.ok_or_else(problem)?.to_owned())
            }
        };
        Ok(Write {
            name,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
        })
    }
}

impl Write {
    /// The same with what else it asks for, its body say; none if the client gave no name.
    pub fn once(&self, api: &Api, caller: &Caller, body: &[u8]) -> Option<Once> {
        let name = self.name.as_ref()?;
        let mut asked = Sha256::new();
        for part in [
            self.method.as_str().as_bytes(),
            self.uri.to_string().as_bytes(),
            body,
        ] {
            asked.update((part.len() as u64).to_be_bytes());
            asked.update(part);
        }
        let asked: String = asked
            .finalize()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let (key, caller) = (api.store.key(), caller.name());
        Some(Once::new(key, caller, name, &asked, now))
    }
}
