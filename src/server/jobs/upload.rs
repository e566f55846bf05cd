//! A job's input on its way from the body to the disk.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, Uri, header};
use encoding_rs::Encoding;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::board::Jobs;
use super::failure::JobFailure;
use super::record::{Job, JobState, Options, Record};
use super::wrong;
use crate::bulk::Form;
use crate::definition::value::Weights;
use crate::post::brand::BrandProfile;
use crate::post::json;
use crate::published::import::offset;
use crate::published::store::Once;
use crate::server::access::Caller;
use crate::server::error::Failure;
use crate::server::request::Params;
use crate::server::work::blocking;

/// Parts of a body that wait for the disk.
const WAITING: usize = 16;
/// How long so many bytes of a body may take to arrive: who sends less holds a place for nothing.
const PART_TIME: Duration = Duration::from_secs(30);
const PART_BYTES: usize = 16 << 10;
/// Bytes that arrive between two looks at the room on the disk.
const LOOK_EVERY: u64 = 64 << 20;
/// Longest name of a file, in characters.
const MAX_NAME_CHARS: usize = 200;
/// What a file may be declared as.
const TYPES: &str = "text/csv, application/x-ndjson, application/vnd.apache.parquet or \
                     application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PARAMS: [&str; 7] = [
    "name",
    "out",
    "brand",
    "weights",
    "platform",
    "utc_offset",
    "encoding",
];

/// What is asked for with a file.
pub struct Submitted {
    name: Option<String>,
    out: Form,
    options: Options,
}

/// Reads the query and the type of the body.
pub fn asked(uri: &Uri, headers: &HeaderMap) -> Result<Submitted, Failure> {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase());
    let form = Form::ALL
        .into_iter()
        .find(|form| sent.as_deref() == Some(form.media_type()))
        .ok_or(Failure::NotOfType(TYPES))?;
    if let Some(coding) = headers.get(header::CONTENT_ENCODING)
        && coding != "identity"
    {
        let name = String::from_utf8_lossy(coding.as_bytes());
        return Err(Failure::Encoded(name.chars().take(40).collect()));
    }
    let params = Params::read(uri, &PARAMS)?;
    let name = params.get("name").map(str::to_owned);
    if let Some(name) = &name
        && (name.is_empty() || name.chars().count() > MAX_NAME_CHARS)
    {
        let problem = format!("must have 1 to {MAX_NAME_CHARS} characters");
        return Err(wrong("name", problem));
    }
    let out = params.get("out").map(|name| {
        let known = Form::ALL.into_iter().find(|form| form.name() == name);
        known.ok_or_else(|| {
            let problem = format!("is \"{name}\": use csv, ndjson, parquet or xlsx");
            wrong("out", problem)
        })
    });
    let options = Options {
        brand: params.get("brand").map(read_brand).transpose()?,
        weights: params.get("weights").map(read_weights).transpose()?,
        platform: match params.get("platform") {
            Some(name) => {
                let quoted = serde_json::to_string(name).map_err(|_| Failure::Internal)?;
                Some(json::parse(quoted, "platform")?)
            }
            None => None,
        },
        utc_offset: params.get("utc_offset").map(read_offset).transpose()?,
        encoding: params.get("encoding").map(read_encoding).transpose()?,
    };
    Ok(Submitted {
        name,
        out: out.transpose()?.unwrap_or(form),
        options,
    })
}

fn read_brand(text: &str) -> Result<BrandProfile, Failure> {
    let brand: BrandProfile = json::parse(text, "brand")?;
    brand.validate().map_err(|error| error.within("brand"))?;
    Ok(brand)
}

fn read_weights(text: &str) -> Result<Weights, Failure> {
    let weights = Weights::from_words(text)?;
    weights
        .validate()
        .map_err(|error| error.within("weights"))?;
    Ok(weights)
}

fn read_offset(text: &str) -> Result<i32, Failure> {
    // A plus sign in a query is a blank.
    let signed = match text.strip_prefix(' ') {
        Some(number) => format!("+{number}"),
        None => text.to_owned(),
    };
    let problem = || wrong("utc_offset", "use an offset such as %2B08:00");
    Ok(offset(&signed).ok_or_else(problem)?.whole_seconds())
}

fn read_encoding(label: &str) -> Result<String, Failure> {
    let problem = || wrong("encoding", "use a name such as utf-8, gb18030 or utf-16le");
    let known = Encoding::for_label(label.as_bytes()).ok_or_else(problem)?;
    Ok(known.name().to_owned())
}

/// A name as a header may have it.
pub fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                escaped.push(byte.into());
            }
            _ => escaped += &format!("%{byte:02X}"),
        }
    }
    escaped
}

/// Streams a body to the disk and accepts the job.
pub async fn receive(
    jobs: &Arc<Jobs>,
    caller: &Caller,
    submitted: Submitted,
    request: Request,
    once: impl Fn(&str) -> Option<Once>,
) -> Result<Job, Failure> {
    let most = jobs.settings.most_input_bytes;
    let body = request.into_body();
    let declared = body.size_hint().lower();
    if declared > most {
        return Err(too_large(most));
    }
    let room = Arc::clone(jobs);
    blocking(move || Ok(room.check_room(declared)?)).await?;

    let now = OffsetDateTime::now_utc();
    let millis = now.unix_timestamp_nanos() / 1_000_000;
    let id = format!("{millis:012x}{:08x}", rand::random::<u32>());
    if !jobs.arrivals.begin(&id, caller.shared_name()) {
        return Err(Failure::Overloaded);
    }
    let arriving = Arriving {
        jobs: Arc::clone(jobs),
        id: id.clone(),
        accepted: false,
    };
    let (bytes, sha256) = arriving.stream(body, most).await?;
    let once = once(&sha256).map(|once| once.names());
    let record = Record {
        id,
        owner: caller.owner(),
        once,
        name: submitted.name,
        state: JobState::Waiting,
        created_at: now,
        ended_at: None,
        bytes,
        out: submitted.out,
        rows: None,
        options: submitted.options,
        counts: None,
        error: None,
    };
    blocking(move || Ok(arriving.accept(record)?)).await
}

fn too_large(most: u64) -> Failure {
    Failure::TooLarge(usize::try_from(most).unwrap_or(usize::MAX))
}

/// A job whose input is on its way; its files go with it unless it is accepted.
struct Arriving {
    jobs: Arc<Jobs>,
    id: String,
    accepted: bool,
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.accepted {
            self.jobs.arrivals.give_up(&self.id);
            self.jobs.folder.give_up(&self.id);
        }
    }
}

impl Arriving {
    /// Writes a body of at most `most` bytes to the disk; its length and its SHA-256.
    async fn stream(&self, body: Body, most: u64) -> Result<(u64, String), Failure> {
        let path = self.jobs.folder.begin(&self.id).map_err(JobFailure::from)?;
        let (parts, taken) = mpsc::channel(WAITING);
        let to = path.clone();
        let write = tokio::spawn(blocking(move || Ok(write(&to, taken)?)));
        let handed_over = self.hand_over(body, most, parts).await;
        // Whatever became of it, nobody writes any more when the files are removed.
        let sha256 = write.await.map_err(|_| Failure::Internal)??;
        let bytes = handed_over?;
        if bytes == 0 {
            return Err(wrong("file", "is empty"));
        }
        blocking(move || refuse_databases(&path)).await?;
        Ok((bytes, sha256))
    }

    /// Hands the parts of a body to who writes them; their length.
    async fn hand_over(
        &self,
        mut body: Body,
        most: u64,
        parts: mpsc::Sender<Bytes>,
    ) -> Result<u64, Failure> {
        let mut bytes = 0;
        let mut looked = 0;
        let (mut patience, mut since) = (PART_TIME, 0);
        while let Some(part) = next_part(&mut body, &mut patience).await? {
            bytes += part.len() as u64;
            since += part.len();
            if since >= PART_BYTES {
                (patience, since) = (PART_TIME, 0);
            }
            if bytes > most {
                return Err(too_large(most));
            }
            if bytes - looked > LOOK_EVERY {
                looked = bytes;
                let jobs = Arc::clone(&self.jobs);
                blocking(move || Ok(jobs.check_room(0)?)).await?;
            }
            if parts.send(part).await.is_err() {
                // Who writes says why not.
                break;
            }
        }
        Ok(bytes)
    }

    fn accept(mut self, record: Record) -> Result<Job, JobFailure> {
        let id = record.id.clone();
        let job = self.jobs.accept(record)?;
        // It may be that of an earlier request.
        self.accepted = job.id == id;
        Ok(job)
    }
}

/// The next bytes of a body; `None` at its end. `patience` is how long they may take, and is less by
/// what they took.
async fn next_part(body: &mut Body, patience: &mut Duration) -> Result<Option<Bytes>, Failure> {
    loop {
        let begin = Instant::now();
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
        let came = timeout(*patience, frame).await;
        *patience = patience.saturating_sub(begin.elapsed());
        match came {
            Err(_) => return Err(Failure::TooSlow),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(Failure::BodyBroken),
            Ok(Some(Ok(frame))) => {
                // Trailers are no part of the file.
                if let Ok(part) = frame.into_data() {
                    return Ok(Some(part));
                }
            }
        }
    }
}

/// Writes what comes; its SHA-256. When it returns all of it is on the disk.
fn write(path: &Path, mut parts: mpsc::Receiver<Bytes>) -> Result<String, JobFailure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let mut sha256 = Sha256::new();
    while let Some(part) = parts.blocking_recv() {
        sha256.update(&part);
        file.write_all(&part)?;
    }
    file.sync_all()?;
    Ok(sha256
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect())
}

/// A database runs what is in it when it is opened: none is taken from strangers.
fn refuse_databases(path: &Path) -> Result<(), Failure> {
    const DATABASE: &[u8] = b"SQLite format 3\0";
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(DATABASE.len() as u64).read_to_end(&mut head))
        .map_err(JobFailure::from)?;
    if head == DATABASE {
        return Err(Failure::NotOfType(TYPES));
    }
    Ok(())
}
