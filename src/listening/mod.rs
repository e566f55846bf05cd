//! What stored posts and their events tell: who carried a post on, and which accounts act together.
//!
//! Everything here is of numbers that were seen or follow from them; each comes with how many posts
//! it rests on.

pub mod coordination;
pub mod influence;
pub mod leaders;
