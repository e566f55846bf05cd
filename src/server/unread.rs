//! Bodies that were refused before they were read: a little of what is still sent is taken, for who
//! sends when the connection is closed may never read why.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::error::{Code, Failure};

/// Bytes of a refused body that are taken, how long that may last, and how long nothing may come.
const MOST_TAKEN: usize = 8 << 20;
const TAKING_TIME: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_millis(200);

/// Answers a request, and before a refusal is sent takes what is on its way of the body.
pub async fn hear_out(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let asks_first = asks_first(request.headers());
    let (give_back, mut given_back) = oneshot::channel();
    let request = request.map(|body| {
        Body::new(Lent {
            body,
            was_read: false,
            give_back: Some(give_back),
        })
    });
    let response = next.run(request).await;
    let status = response.status();
    if (status.is_client_error() || status.is_server_error())
        && !came_too_late(&response)
        && let Ok(unread) = given_back.try_recv()
        // Nothing is on its way where the sender waits to be told to go on.
        && (unread.was_read || !asks_first)
    {
        timeout(TAKING_TIME, take(unread.body)).await.ok();
    }
    response
}

/// True if the sender sends the body only when it is asked for.
fn asks_first(headers: &HeaderMap) -> bool {
    let expected = headers.get(header::EXPECT);
    expected.is_some_and(|what| what.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// True if a sender was waited for long enough already.
fn came_too_late(response: &Response) -> bool {
    let code = response.extensions().get::<Code>();
    let late = [Failure::Deadline, Failure::TooSlow].map(|failure| failure.code());
    code.is_some_and(|code| late.contains(&code.0))
}

async fn take(mut body: Body) {
    let mut bytes = 0;
    while bytes <= MOST_TAKEN {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
        let Ok(Some(Ok(frame))) = timeout(SILENCE, frame).await else {
            return;
        };
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// What is left of a body when nobody reads it any more.
struct Unread {
    body: Body,
    was_read: bool,
}

/// A body that goes back to its lender when it is dropped.
struct Lent {
    body: Body,
    was_read: bool,
    give_back: Option<oneshot::Sender<Unread>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let unread = Unread {
            body: std::mem::take(&mut self.body),
            was_read: self.was_read,
        };
        if let Some(give_back) = self.give_back.take() {
            // Nobody waits for the body of a request that was answered well.
            give_back.send(unread).ok();
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.was_read = true;
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
