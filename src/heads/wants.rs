//! What the writer of a comment or post wants.

use crate::heads::category::CategoryHead;

/// To buy or know, to thank, to say that it is resolved, to complain, to praise, or to chat.
pub const HEAD: CategoryHead = CategoryHead {
    code: "wants",
    classes: &[ASK, "thanks", "resolved", "complaint", "praise", "chatter"],
};

/// Who wants to buy or to know: 求链接, 色号, price, size.
pub const ASK: &str = "ask";
