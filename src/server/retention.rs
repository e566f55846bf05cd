//! Posts that go when they have been kept long enough.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::published::store::Store;

/// How often old posts are looked for.
const EVERY: std::time::Duration = std::time::Duration::from_hours(1);

/// Erases posts that were published longer ago than `kept_for`, with their events, now and then. Never
/// ends.
pub async fn erase_old(store: Arc<Store>, kept_for: Duration) {
    loop {
        // Nothing is older than the first moment there is.
        if let Some(oldest) = OffsetDateTime::now_utc().checked_sub(kept_for) {
            match store.prune(oldest).await {
                Ok(done) if done.posts > 0 => {
                    let (posts, events) = (done.posts, done.events);
                    eprintln!(
                        "bsmv: {posts} posts were kept long enough: erased, with {events} events"
                    );
                }
                Ok(_) => {}
                Err(error) => eprintln!("bsmv: erasing old posts: {error}"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
