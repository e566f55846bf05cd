//! What sort of post a text is.

use crate::heads::category::CategoryHead;

/// From a scene of real use to a service's reply.
pub const HEAD: CategoryHead = CategoryHead {
    code: "kind",
    classes: &[
        "real_use",
        "recommendation",
        "complaint",
        "disclosed_ad",
        "hard_ad",
        "brand_announcement",
        "giveaway",
        "news",
        "question",
        "comparison",
        "fan_talk",
        "everyday",
        "service_reply",
        "other",
    ],
};
