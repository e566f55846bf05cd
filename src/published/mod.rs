//! Published posts: what a store is told of them, the forms it comes in, and what becomes of them.

pub mod forecast;
#[cfg(feature = "import")]
pub mod import;
#[cfg(feature = "server")]
pub mod leaders;
pub mod record;
#[cfg(feature = "server")]
pub mod store;
