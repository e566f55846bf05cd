//! Shadows: models that read what others read, to see how much they would differ.

use std::sync::Arc;

use super::lineup::Lineup;
use super::state::Api;
use crate::scorer::request::CheckedRequest;

/// Has the shadows of a lineup score a request that was scored: `number` is what came of it, none if
/// its text can't be read. Returns at once: the client waits for none of it. Where no core is free it
/// is counted as left out.
pub fn compare(api: &Api, lineup: &Arc<Lineup>, request: CheckedRequest, number: Option<f32>) {
    let request = Arc::new(request);
    for (place, model) in lineup.models().iter().enumerate() {
        if !model.is_shadow {
            continue;
        }
        let metrics = Arc::clone(&api.metrics);
        let Some(turn) = api.queue.spare_turn() else {
            metrics.shadowed(&model.name, "left_out");
            continue;
        };
        let (lineup, request) = (Arc::clone(lineup), Arc::clone(&request));
        tokio::task::spawn_blocking(move || {
            let _until_done = turn;
            let model = &lineup.models()[place];
            let own = match model.scorer.score(&request) {
                Ok(score) => Some(score.bsmv),
                Err(crate::Error::Unreadable(_)) => None,
                Err(_) => return metrics.shadowed(&model.name, "failed"),
            };
            match (number, own) {
                (Some(number), Some(own)) => {
                    metrics.shadow_differs(&model.name, (own - number).abs());
                    metrics.shadowed(&model.name, "scored");
                }
                (None, None) => metrics.shadowed(&model.name, "refused"),
                _ => metrics.shadowed(&model.name, "refused_otherwise"),
            }
        });
    }
}
