//! Irony: how likely a text is meant the other way from how it is written.

use crate::heads::indicator::IndicatorHead;

/// 0 meant as it is written, 1 meant the other way.
pub const HEAD: IndicatorHead = IndicatorHead {
    code: "irony",
    ends: ["meant as it is written", "meant the other way"],
    classes: 2,
    value: |probabilities| probabilities[1],
};

/// From this probability on irony is said, and the interval holds both readings.
pub const LIKELY: f32 = 0.5;
