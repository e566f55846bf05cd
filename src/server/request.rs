//! The parts of a request that more than one endpoint reads: body, id and query.

use std::future::poll_fn;
use std::io::Read;
use std::marker::PhantomData;
use std::pin::Pin;
use std::str::FromStr;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use tokio::time::timeout;

use super::access::Caller;
use super::buffer::Buffer;
use super::error::Failure;
use super::work::{Queue, SMALL, Share, blocking};
use crate::Error;
use crate::published::record::{MAX_ID_BYTES, check_id};

/// The media type of everything but events.
pub const JSON: &str = "application/json";
/// Longest packed body, in bytes, that is unpacked at once: it becomes a few megabytes at most.
const SMALL_PACKED: usize = 4 << 10;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Fails unless the body is declared as `media`.
pub fn declared(headers: &HeaderMap, media: &'static str) -> Result<(), Failure> {
    let is_it = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media));
    if is_it {
        Ok(())
    } else {
        Err(Failure::NotOfType(media))
    }
}

/// The whole body, unpacked, if it is short enough and comes soon enough, with its share of the
/// memory for bodies. `limit` is in bytes and holds of what is sent and of what that becomes.
pub async fn body_of(
    request: Request,
    limit: usize,
    queue: &Queue,
    caller: &Caller,
) -> Result<(Bytes, Share), Failure> {
    let coding = Coding::of(request.headers())?;
    // A declared length over the limit is refused before anything is read.
    if request.body().size_hint().lower() > limit as u64 {
        return Err(Failure::TooLarge(limit));
    }
    let mut share = queue.share();
    let body = timeout(BODY_TIME, sent(request, limit, &mut share))
        .await
        .map_err(|_| Failure::TooSlow)??;
    match coding {
        Coding::None => Ok((body.into(), share)),
        packed => {
            let turn = match body.len() {
                ..=SMALL_PACKED => None,
                _ => Some(queue.heavy_turn(caller).await),
            };
            blocking(move || {
                let _until_done = turn;
                packed.unpack(body.as_ref(), limit, share)
            })
            .await
        }
    }
}

/// The body as it is sent. Its share grows with what has come, whatever its length is said to be.
async fn sent(request: Request, limit: usize, share: &mut Share) -> Result<Buffer, Failure> {
    let mut body = request.into_body();
    let mut whole = Buffer::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| Failure::BodyBroken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > limit {
            return Err(Failure::TooLarge(limit));
        }
        share.grow(whole.size_with(data.len()))?;
        whole.extend(&data)?;
    }
    Ok(whole)
}

/// How a body is compressed.
enum Coding {
    None,
    Gzip,
    Deflate,
}

impl Coding {
    /// Reads `Content-Encoding`.
    fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let mut named = headers.get_all(header::CONTENT_ENCODING).iter();
        let name = match (named.next(), named.next()) {
            (None, _) => return Ok(Coding::None),
            (Some(one), None) => String::from_utf8_lossy(one.as_bytes()).to_lowercase(),
            (Some(_), Some(_)) => return Err(Failure::Encoded("several encodings".to_owned())),
        };
        match name.trim() {
            "" | "identity" => Ok(Coding::None),
            "gzip" | "x-gzip" => Ok(Coding::Gzip),
            "deflate" => Ok(Coding::Deflate),
            _ => Err(Failure::Encoded(name.chars().take(40).collect())),
        }
    }

    /// What a body becomes. A bomb is noticed at the limit.
    fn unpack(
        self,
        body: &[u8],
        limit: usize,
        mut share: Share,
    ) -> Result<(Bytes, Share), Failure> {
        let (name, reader): (_, Box<dyn Read + '_>) = match self {
            Coding::None => ("identity", Box::new(body)),
            Coding::Gzip => ("gzip", Box::new(MultiGzDecoder::new(body))),
            Coding::Deflate => ("deflate", Box::new(ZlibDecoder::new(body))),
        };
        let mut reader = reader.take(limit as u64 + 1);
        let mut whole = Buffer::new();
        let mut part = vec![0; SMALL];
        loop {
            let read = reader.read(&mut part);
            let more = match read.map_err(|_| Failure::NotEncoded(name))? {
                0 => return Ok((whole.into(), share)),
                read => &part[..read],
            };
            if whole.len() + more.len() > limit {
                return Err(Failure::TooLarge(limit));
            }
            share.grow(body.len() + whole.size_with(more.len()))?;
            whole.extend(more)?;
        }
    }
}

/// Parameters that the query of an endpoint may have.
pub trait Known {
    /// Their names.
    const NAMES: &'static [&'static str];
}

/// No parameters.
pub struct Nothing;

impl Known for Nothing {
    const NAMES: &'static [&'static str] = &[];
}

/// The query of a request: the parameters of `K`, and no others.
pub struct Asked<K> {
    /// The parameters.
    pub params: Params,
    known: PhantomData<K>,
}

/// The id that a path names, of a post, user, brand or job, if it keeps the rules; and the query.
pub struct Target<K = Nothing> {
    /// The id.
    pub id: String,
    /// The parameters of the query.
    pub params: Params,
    known: PhantomData<K>,
}

impl<S: Send + Sync, K: Known> FromRequestParts<S> for Asked<K> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let params = Params::read(&parts.uri, K::NAMES)?;
        let known = PhantomData;
        Ok(Asked { params, known })
    }
}

impl<S: Send + Sync, K: Known> FromRequestParts<S> for Target<K> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = id.map_err(|_| {
            let problem = format!("isn't UTF-8 of at most {MAX_ID_BYTES} bytes");
            Error::invalid("id", problem)
        })?;
        check_id("id", &id)?;
        let params = Params::read(&parts.uri, K::NAMES)?;
        let known = PhantomData;
        Ok(Target { id, params, known })
    }
}

/// The parameters of a query; each is known and given once.
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query that may have only the `known` parameters.
    pub fn read(uri: &Uri, known: &[&str]) -> Result<Self, Failure> {
        let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Error::invalid("query", "isn't written as name=value&name=value"))?;
        for (i, (name, _)) in given.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let problem = if known.is_empty() {
                    "is not a known parameter: there are none".to_owned()
                } else {
                    format!("is not a known parameter: use {}", known.join(", "))
                };
                return Err(Error::invalid(name, problem).into());
            }
            if given[..i].iter().any(|(earlier, _)| earlier == name) {
                return Err(Error::invalid(name, "is given twice").into());
            }
        }
        Ok(Params(given))
    }

    /// The text of a parameter, if it was given.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The whole number of a parameter, if it was given.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                let problem = format!("is \"{text}\": use a whole number from 0 to 4294967295");
                Failure::Core(Error::invalid(name, problem))
            })
        };
        self.get(name).map(parse).transpose()
    }
}
