//! The HTTP server: the API under `/v1`, the page, and the bundle that the page loads.

mod api;
mod cursor;
mod error;
mod headers;
mod posts;
mod work;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::scorer::Scorer;
use anyhow::{Context, Result, bail};
use axum::Router;
use axum::middleware::map_response;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::services::{ServeDir, ServeFile};

use crate::published::store::Store;

/// What is served beside the API.
pub struct Site {
    /// Directory with the page's `index.html`.
    pub www: PathBuf,
    /// Directory of the bundle in use; served as `/models/<its name>`.
    pub bundle: PathBuf,
    /// Profiles that the page offers; served as `/models/brands.json`.
    pub brands: PathBuf,
}

/// Serves until SIGINT or SIGTERM, then finishes what it has begun. Prints one line with the
/// address as soon as it can answer.
pub async fn serve(addr: SocketAddr, scorer: Scorer, store: Store, site: &Site) -> Result<()> {
    let app = app(scorer, store, site)?;
    let listener = TcpListener::bind(addr)
        .await
        .with_context(|| format!("{addr}: can't listen there"))?;
    let mut out = std::io::stdout();
    writeln!(out, "bsmv listens on http://{}", listener.local_addr()?)?;
    out.flush()?;
    axum::serve(listener, app)
        .with_graceful_shutdown(stop_signal()?)
        .await?;
    Ok(())
}

fn app(scorer: Scorer, store: Store, site: &Site) -> Result<Router> {
    if !site.www.join("index.html").is_file() {
        let www = site.www.display();
        bail!("{www}: no index.html there (name the page's directory with --www DIR)");
    }
    // Weights hardly shrink, and compressing them for every page would cost seconds.
    let worth_compressing =
        DefaultPredicate::new().and(NotForContentType::new("application/octet-stream"));
    Ok(Router::new()
        .nest("/v1", api::routes(Arc::new(scorer), Arc::new(store))?)
        .nest_service(&bundle_route(site)?, ServeDir::new(&site.bundle))
        .route_service("/models/brands.json", ServeFile::new(&site.brands))
        .fallback_service(ServeDir::new(&site.www))
        .layer(CompressionLayer::new().compress_when(worth_compressing))
        .layer(map_response(headers::complete))
        .layer(CatchPanicLayer::custom(error::panicked)))
}

/// `/models/<name of the bundle's directory>`.
fn bundle_route(site: &Site) -> Result<String> {
    let directory = site.bundle.canonicalize().context("bundle")?;
    let name = directory.file_name().and_then(|name| name.to_str());
    match name {
        Some(name)
            if name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) =>
        {
            Ok(format!("/models/{name}"))
        }
        _ => bail!(
            "{}: the name of a served bundle has only letters, digits, `-`, `_` and `.`",
            directory.display()
        ),
    }
}

/// Ends at the first SIGINT or SIGTERM.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static> {
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
