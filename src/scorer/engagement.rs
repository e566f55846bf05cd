//! What people will do with a post: likes, saves, comments and shares, beside those of the author's
//! last posts.

use super::answer::Engagement;
use crate::diffusion::DiffusionInput;
use crate::diffusion::reach::{Count, Known, Reach, Told};
use crate::post::Post;

/// Share of counts that a range holds.
const COVERAGE: f32 = 0.8;

/// Every count of the post that can be forecast; `told` is what its words say of likes.
pub fn list(post: &Post, input: &DiffusionInput, told: Option<Told>) -> Vec<Engagement> {
    let known = Known {
        told,
        ..Known::of(input.platform, input.author, input.form.as_ref())
    };
    let counts = Count::ALL.into_iter().filter(|&c| c != Count::Events);
    let forecast = |count: Count| {
        let expected = Reach::learnt().expect(count, &known)?;
        let so_far = match count {
            Count::Likes => post.likes,
            Count::Saves => post.saves,
            Count::Comments => post.comments,
            Count::Shares | Count::Events => None,
        };
        let least = so_far.unwrap_or(0);
        let at = |error: f32| ((expected.log + error).exp_m1().round() as u64).max(least);
        let [_, low, high, _] = expected.errors;
        let recent = input.author.map_or(&[][..], |author| &author.recent);
        let others: Vec<u64> = recent.iter().filter_map(|p| count.of(p)).collect();
        let median = at(0.0);
        Some(Engagement {
            count,
            median,
            low: at(low),
            high: at(high),
            coverage: COVERAGE,
            above: others.iter().filter(|&&n| n < median).count() as u32,
            of: others.len() as u32,
        })
    };
    counts.filter_map(forecast).collect()
}
