//! Connections with clients: who doesn't send a request is let go. Hands are shaken beside each other,
//! so that a slow client holds up nobody.

use std::io::{Error, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tower::ServiceExt;

/// How long the head of a request may take, and how long a connection may wait for one.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long a client may take to shake hands.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Longest head of a request, in bytes, and most that is read from a connection at once.
const READ: usize = 64 << 10;
/// How long to wait for others to hang up when no more files can be opened.
const FULL: Duration = Duration::from_millis(50);

/// Answers connections until `stop`, then finishes the requests that have begun. With `tls` it is
/// HTTPS.
pub async fn answer(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    app: Router,
    stop: impl Future<Output = ()>,
) {
    let tls = tls.map(TlsAcceptor::from);
    let all = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_the_clients(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "a client can't be heard");
                sleep(FULL).await;
                continue;
            }
        };
        // An answer goes out at once.
        stream.set_nodelay(true).ok();
        let (app, watcher) = (app.clone(), all.watcher());
        match tls.clone() {
            None => tokio::spawn(speak(stream, app, watcher)),
            Some(tls) => tokio::spawn(shake_hands(tls, stream, app, watcher)),
        };
    }
    drop(listener);
    all.shutdown().await;
}

/// Speaks TLS with a client, and HTTP in it.
async fn shake_hands(tls: TlsAcceptor, stream: TcpStream, app: Router, watcher: Watcher) {
    // Who doesn't speak TLS is hung up on.
    if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
        speak(stream, app, watcher).await;
    }
}

/// Answers the requests of a connection.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    app: Router,
    watcher: Watcher,
) {
    let app = app.map_request(|request: Request<Incoming>| request.map(Body::new));
    let service = TowerToHyperService::new(app);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(READ)
        .serve_connection(TokioIo::new(stream), service);
    // It broke off, or its head was no HTTP: there is nobody to tell.
    watcher.watch(connection).await.ok();
}

/// True if a client hung up before it was answered.
fn is_the_clients(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
