//! The HTTP server: the API under `/v1`, the page, and the bundle that the page loads.
//!
//! The API has one module for each tag of `www/api/openapi.json`: `scoring`, `posts`,
//! `listening`, `jobs`, `models`, `service`. Its handlers are made of what `request`, `work` and `etag` offer, share `state`, and
//! fail with the values of `error`.

mod access;
mod answers;
mod buffer;
mod connections;
mod cors;
mod cursor;
mod docs;
mod error;
mod etag;
mod headers;
pub mod jobs;
mod lineup;
mod listening;
mod metrics;
mod models;
mod observe;
mod once;
#[cfg(test)]
mod openapi;
mod posts;
mod request;
mod retention;
mod scoring;
mod service;
mod shadow;
mod state;
mod tls;
mod turns;
mod unread;
mod work;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::services::{ServeDir, ServeFile};

use crate::published::store::{Store, StoreError};

use access::Access;
use error::Failure;
use jobs::Jobs;
use models::Models;
use state::Api;

pub use access::KeyRules;
pub use lineup::{Lineup, LineupError, Model};
pub use models::LoadModels;
pub use state::Load;
pub use tls::{TlsError, TlsFiles};

/// The files that are served beside the API.
pub struct Site {
    /// Directory with the page's `index.html`.
    pub www: PathBuf,
    /// Directory of the first model's bundle; served as `/models/<its name>`.
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

/// Where the server listens, whom it answers, and what it serves beside the API.
pub struct Settings {
    /// Address to listen on; port 0 picks a free one.
    pub address: SocketAddr,
    /// The files that HTTPS needs; without them it is HTTP.
    pub tls: Option<TlsFiles>,
    /// Whom it answers.
    pub keys: KeyRules,
    /// How much it does at once, and for how long.
    pub load: Load,
    /// What it keeps beside the posts.
    pub keeping: Keeping,
    /// The page and the bundle.
    pub site: Site,
}

/// A reason for the server not to start, or to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The directory of the page has no `index.html`.
    #[error("{}: no index.html there", .0.display())]
    NoPage(PathBuf),
    /// A model can't be used.
    #[error("{0}")]
    Models(String),
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
    /// A file of HTTPS doesn't do.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Others could reach the server, and nobody has a key.
    #[error(
        "{0}: others can reach the server there, and its store has no keys: make one by \
         `bsmv key create`, or say --public-score or --no-keys"
    )]
    NobodyHasAKey(SocketAddr),
    /// The keys can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system failed the running server.
    #[error("serving: {0}")]
    Io(#[from] io::Error),
}

type Result<T, E = ServeError> = std::result::Result<T, E>;

/// Serves with the models that `load` reads until SIGINT or SIGTERM, then finishes what it has begun, in the time that `settings`
/// allow; jobs go on at the next start. Calls `listening` with the address as soon as it can answer.
///
/// # Errors
/// [`ServeError`] if the page or the bundle is not fit to be served, the folder of the jobs can't be
/// used, the address is not free or without a lock; and what `listening` fails with.
pub async fn serve(
    settings: &Settings,
    load: LoadModels,
    store: Store,
    listening: impl FnOnce(SocketAddr) -> io::Result<()>,
) -> Result<()> {
    let address = settings.address;
    let tls = settings.tls.as_ref().map(TlsFiles::read).transpose()?;
    let access = Access::new(settings.keys, address.ip().is_loopback(), &store)?;
    if access.is_useless() {
        return Err(ServeError::NobodyHasAKey(address));
    }
    let access = Arc::new(access);
    let store = Arc::new(store);
    check_page(&settings.site)?;
    let models = Arc::new(Models::start(load).map_err(ServeError::Models)?);
    let jobs = match &settings.keeping.jobs {
        Some(jobs) => Some(start_jobs(jobs, &models)?),
        None => None,
    };
    let api = Api::new(models, Arc::clone(&store), jobs, &settings.load);
    let app = app(&api, &access, &settings.site)?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|problem| ServeError::Listen { address, problem })?;
    listening(listener.local_addr()?)?;
    let mut beside = JoinSet::new();
    beside.spawn(Arc::clone(&access).keep_up(Arc::clone(&store)));
    #[cfg(unix)]
    beside.spawn(models::reload_when_asked(api.clone()));
    if let Some(kept_for) = settings.keeping.posts_for {
        let answers = Arc::clone(&api.answers);
        beside.spawn(retention::erase_old(Arc::clone(&store), answers, kept_for));
    }
    let (ending, end) = watch::channel(false);
    let asked = stop_signal()?;
    let stop = async move {
        asked.await;
        ending.send(true).ok();
    };
    tokio::select! {
        () = connections::answer(listener, tls, app, stop) => {}
        () = too_long(end, settings.load.drain) => {
            tracing::warn!("requests that had begun were given up: --drain allows no more time");
        }
    }
    beside.shutdown().await;
    access.note(&store).await;
    Ok(())
}

/// Goes on with the jobs of a folder.
fn start_jobs(settings: &jobs::Settings, models: &Arc<Models>) -> Result<Arc<Jobs>> {
    let models = Arc::clone(models);
    let scorer = move || Arc::clone(&models.now().first().scorer);
    let started = Jobs::start(settings.clone(), Box::new(scorer));
    started.map_err(|problem| ServeError::NoJobs {
        path: settings.folder.clone(),
        problem,
    })
}

/// Ends when the server has been ending for longer than this.
async fn too_long(mut end: watch::Receiver<bool>, drain: Duration) {
    if end.wait_for(|&ending| ending).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(drain).await;
}

/// Fails where there is no page.
fn check_page(site: &Site) -> Result<()> {
    match site.www.join("index.html").is_file() {
        true => Ok(()),
        false => Err(ServeError::NoPage(site.www.clone())),
    }
}

fn app(state: &Api, access: &Arc<Access>, site: &Site) -> Result<Router> {
    // Weights and code are compressed once, when the page is built: for every page it would cost seconds.
    let worth_compressing =
        DefaultPredicate::new().and(NotForContentType::new("application/octet-stream"));
    // Of both forms browsers get zstd, which they unpack three times as fast.
    let bundle = ServeDir::new(&site.bundle)
        .precompressed_br()
        .precompressed_zstd();
    // Vite names them by their content.
    let assets = Router::new()
        .fallback_service(ServeDir::new(site.www.join("assets")).precompressed_br())
        .layer(map_response(headers::immutable));
    let app = Router::new()
        .nest("/v1", api(state.clone()))
        .merge(docs::routes())
        .merge(service::probes().with_state(state.clone()))
        .nest_service(&bundle_route(&site.bundle)?, bundle)
        .nest_service("/assets", assets)
        .route_service("/models/brands.json", ServeFile::new(&site.brands))
        .fallback_service(ServeDir::new(&site.www))
        .layer(from_fn_with_state(Arc::clone(access), access::guard))
        .layer(from_fn(unread::hear_out))
        .layer(CompressionLayer::new().compress_when(worth_compressing));
    // The layer answers browsers that ask whether they may ask, so it isn't there for nobody.
    let app = match site.allow_origin.as_slice() {
        [] => app,
        origins => app.layer(cors::layer(origins)),
    };
    Ok(app
        .layer(map_response(headers::complete))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(
            Arc::clone(&state.metrics),
            observe::observe,
        )))
}

/// The paths under `/v1`.
fn api(api: Api) -> Router {
    Router::new()
        .merge(scoring::routes())
        .merge(posts::routes())
        .merge(listening::routes())
        .merge(jobs::routes())
        .merge(models::routes())
        .merge(service::routes())
        .fallback(|| async { Failure::NoSuchPath })
        .method_not_allowed_fallback(|| async { Failure::NoSuchMethod })
        .with_state(api)
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
