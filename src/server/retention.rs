//! Posts that go when they have been kept long enough.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::answers::Answers;
use crate::published::store::Store;

/// How often old posts are looked for.
const EVERY: std::time::Duration = std::time::Duration::from_hours(1);

/// Who it is in the audit log; no key can have this name.
const ACTOR: &str = "bsmv serve";

/// Erases posts that were published longer ago than `kept_for`, with their events, now and then. Never
/// ends.
pub async fn erase_old(store: Arc<Store>, answers: Arc<Answers>, kept_for: Duration) {
    loop {
        // Nothing is older than the first moment there is.
        let now = OffsetDateTime::now_utc();
        if let Some(oldest) = now.checked_sub(kept_for) {
            match store.by(ACTOR, now).prune(oldest).await {
                Ok(done) if done.posts > 0 => {
                    answers.forget();
                    let (posts, events) = (done.posts, done.events);
                    tracing::info!(posts, events, "posts were kept long enough: erased");
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "old posts could not be erased"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
