//! Connections with clients: who doesn't send a request is let go.

use std::io::{Error, ErrorKind};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tower::ServiceExt;

/// How long the head of a request may take, and how long a connection may wait for one.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long to wait for others to hang up when no more files can be opened.
const FULL: Duration = Duration::from_millis(50);

/// Answers connections until `stop`, then finishes the requests that have begun.
pub async fn answer(listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
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
                eprintln!("bsmv: a client can't be heard: {error}");
                sleep(FULL).await;
                continue;
            }
        };
        // An answer goes out at once.
        stream.set_nodelay(true).ok();
        let app = app
            .clone()
            .map_request(|request: Request<Incoming>| request.map(Body::new));
        let service = TowerToHyperService::new(app);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = all.watch(connection);
        tokio::spawn(async move {
            // It broke off, or its head was no HTTP: there is nobody to tell.
            connection.await.ok();
        });
    }
    drop(listener);
    all.shutdown().await;
}

/// True if a client hung up before it was answered.
fn is_the_clients(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
