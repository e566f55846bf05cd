//! How a text reads between a scene of real use and an advertisement. What an advertisement is
//! worth is for its own reach and words to say, so the score never moves with it.

use crate::heads::indicator::IndicatorHead;

/// 0 a scene of real use, 1 hard advertisement; about 0.5 for what is neither, such as news.
pub const HEAD: IndicatorHead = IndicatorHead {
    code: "advert",
    ends: ["a scene of real use", "hard advertisement"],
    classes: 2,
    value: |probabilities| probabilities[1],
};
