//! The heads of the bundle: one file and one line of [`HEADS`] each, with how it is fitted and its
//! figures beside its baselines. `bsmv train`, `bsmv eval`, the bundle and the help texts go over
//! that list. [`diffusion`], [`intervals`], [`likeness`] and [`reach`] fit what isn't a head.

pub mod advert;
pub mod diffusion;
pub mod emotion;
pub mod intervals;
pub mod irony;
pub mod kind;
pub mod likeness;
pub mod likes;
pub mod novelty;
pub mod reach;
pub mod reader;
pub mod relevance;
pub mod sentiment;
pub mod topics;
pub mod trained;
pub mod wants;

use trained::TrainedHead;

/// Every head that reads text, in the order of `models/README.md`.
pub const HEADS: &[TrainedHead] = &[
    sentiment::HEAD,
    emotion::HEAD,
    advert::HEAD,
    irony::HEAD,
    kind::HEAD,
    wants::HEAD,
    topics::HEAD,
    relevance::HEAD,
    novelty::HEAD,
    likes::HEAD,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::{CATEGORIES, INDICATORS};

    #[test]
    fn names_and_files_differ() {
        let unique = |mut of: Vec<&str>| {
            let n = of.len();
            of.sort_unstable();
            of.dedup();
            of.len() == n
        };
        let files = || HEADS.iter().flat_map(|head| head.files);
        assert!(unique(HEADS.iter().map(|head| head.name).collect()));
        assert!(unique(files().map(|file| file.name).collect()));
        assert!(unique(files().map(|file| file.prefix).collect()));
    }

    #[test]
    fn every_head_beside_the_score_is_trained_under_its_code() {
        let indicators = INDICATORS.iter().map(|head| head.code);
        for code in indicators.chain(CATEGORIES.iter().map(|head| head.code)) {
            let head = HEADS.iter().find(|head| head.name == code);
            let prefix = head.map(|head| head.files[0].prefix);
            assert_eq!(prefix, Some(format!("{code}.")).as_deref());
        }
    }
}
