//! The HTTP server: the API under `/v1`, the page, and the bundle that the page loads.
//!
//! The API has one module for each tag of `www/api/openapi.json`: `scoring`, `posts`, `jobs`,
//! `service`. Its handlers are made of what `request`, `work` and `etag` offer, share `state`, and
//! fail with the values of `error`.

mod connections;
mod cors;
mod cursor;
mod error;
mod etag;
mod headers;
pub mod jobs;
#[cfg(test)]
mod openapi;
mod posts;
mod request;
mod retention;
mod scoring;
mod service;
mod state;
mod work;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::map_response;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::services::{ServeDir, ServeFile};

use crate::post::Post;
use crate::published::store::Store;
use crate::scorer::Scorer;
use crate::scorer::request::ScoreRequest;

use error::Failure;
use jobs::Jobs;
use state::Api;

/// The files that are served beside the API.
pub struct Site {
    /// Directory with the page's `index.html`.
    pub www: PathBuf,
    /// Directory of the bundle in use; served as `/models/<its name>`.
    pub bundle: PathBuf,
    /// Profiles that the page offers; served as `/models/brands.json`.
    pub brands: PathBuf,
    /// Pages that may ask from other origins: `*`, or origins such as `https://shop.example`.
    pub allow_origin: Vec<HeaderValue>,
}

/// What the server keeps beside the posts, and how long it keeps.
#[derive(Debug, Clone, Default)]
pub struct Keeping {
    /// Files to be scored; without them it takes none.
    pub jobs: Option<jobs::Settings>,
    /// How long posts are kept after they were published; without it until they are erased.
    pub posts_for: Option<time::Duration>,
}

/// A reason for the server not to start, or to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The directory of the page has no `index.html`.
    #[error("{}: no index.html there", .0.display())]
    NoPage(PathBuf),
    /// The bundle can't score.
    #[error("trying the bundle: {0}")]
    Bundle(crate::Error),
    /// The directory of the bundle can't be found.
    #[error("{}: {problem}", path.display())]
    NoBundle {
        /// The directory, as it was given.
        path: PathBuf,
        /// The system's words.
        problem: io::Error,
    },
    /// The name of the bundle's directory can't be part of an address.
    #[error(
        "{}: the name of a served bundle has only letters, digits, `-`, `_` and `.`",
        .0.display()
    )]
    BundleName(PathBuf),
    /// The folder of the jobs can't be used.
    #[error("{}: {problem}", path.display())]
    NoJobs {
        /// The folder.
        path: PathBuf,
        /// The system's words.
        problem: io::Error,
    },
    /// The address is in use, or not this machine's.
    #[error("{address}: can't listen there: {problem}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The system's words.
        problem: io::Error,
    },
    /// The system failed the running server.
    #[error("serving: {0}")]
    Io(#[from] io::Error),
}

type Result<T, E = ServeError> = std::result::Result<T, E>;

/// Serves until SIGINT or SIGTERM, then finishes what it has begun; jobs go on at the next start.
/// Calls `listening` with the address as soon as it can answer.
///
/// # Errors
/// [`ServeError`] if the page or the bundle is not fit to be served, the folder of the jobs can't be
/// used, or the address is not free; and what `listening` fails with.
pub async fn serve(
    address: SocketAddr,
    scorer: Scorer,
    store: Store,
    keeping: Keeping,
    site: &Site,
    listening: impl FnOnce(SocketAddr) -> io::Result<()>,
) -> Result<()> {
    let app = app(scorer, store, keeping, site)?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|problem| ServeError::Listen { address, problem })?;
    listening(listener.local_addr()?)?;
    connections::answer(listener, app, stop_signal()?).await;
    Ok(())
}

fn app(scorer: Scorer, store: Store, keeping: Keeping, site: &Site) -> Result<Router> {
    if !site.www.join("index.html").is_file() {
        return Err(ServeError::NoPage(site.www.clone()));
    }
    try_scoring(&scorer)?;
    let scorer = Arc::new(scorer);
    let jobs = match keeping.jobs {
        Some(settings) => {
            let path = settings.folder.clone();
            let current = Arc::clone(&scorer);
            let started = Jobs::start(settings, Box::new(move || Arc::clone(&current)));
            Some(started.map_err(|problem| ServeError::NoJobs { path, problem })?)
        }
        None => None,
    };
    let state = Api::new(scorer, store, jobs);
    if let Some(kept_for) = keeping.posts_for {
        tokio::spawn(retention::erase_old(Arc::clone(&state.store), kept_for));
    }
    // Weights are compressed once, when the page is built: for every page it would cost seconds.
    let worth_compressing =
        DefaultPredicate::new().and(NotForContentType::new("application/octet-stream"));
    let bundle = ServeDir::new(&site.bundle).precompressed_br();
    // Vite names them by their content.
    let assets = Router::new()
        .fallback_service(ServeDir::new(site.www.join("assets")))
        .layer(map_response(headers::immutable));
    let app = Router::new()
        .nest("/v1", api(state))
        .nest_service(&bundle_route(&site.bundle)?, bundle)
        .nest_service("/assets", assets)
        .route_service("/models/brands.json", ServeFile::new(&site.brands))
        .fallback_service(ServeDir::new(&site.www))
        .layer(CompressionLayer::new().compress_when(worth_compressing));
    // The layer answers browsers that ask whether they may ask, so it isn't there for nobody.
    let app = match site.allow_origin.as_slice() {
        [] => app,
        origins => app.layer(cors::layer(origins)),
    };
    Ok(app
        .layer(map_response(headers::complete))
        .layer(CatchPanicLayer::custom(error::panicked)))
}

/// The paths under `/v1`.
fn api(api: Api) -> Router {
    Router::new()
        .merge(scoring::routes())
        .merge(posts::routes())
        .merge(jobs::routes())
        .merge(service::routes())
        .fallback(|| async { Failure::NoSuchPath })
        .method_not_allowed_fallback(|| async { Failure::NoSuchMethod })
        .with_state(api)
}

/// Scores one post, so that a bundle that can't score stops the start.
fn try_scoring(scorer: &Scorer) -> Result<()> {
    let request = ScoreRequest {
        post: Post {
            text: "ok".to_owned(),
            ..Post::default()
        },
        ..ScoreRequest::default()
    };
    let score = request.check().and_then(|request| scorer.score(&request));
    score.map(drop).map_err(ServeError::Bundle)
}

/// `/models/<name of the bundle's directory>`.
fn bundle_route(bundle: &Path) -> Result<String> {
    let directory = bundle
        .canonicalize()
        .map_err(|problem| ServeError::NoBundle {
            path: bundle.to_owned(),
            problem,
        })?;
    let name = directory.file_name().and_then(|name| name.to_str());
    match name {
        Some(name)
            if name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) =>
        {
            Ok(format!("/models/{name}"))
        }
        _ => Err(ServeError::BundleName(directory)),
    }
}

/// Ends at the first SIGINT or SIGTERM.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without a handler there is nothing to wait for, and the process ends as it would.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
