//! The heads of the bundle: one file and one line of [`HEADS`] each, with how it is fitted and its
//! figures beside its baselines. `bsmv train`, `bsmv eval`, the bundle and the help texts go over
//! that list. [`diffusion`] and [`intervals`] fit what isn't a head that reads text.

pub mod advert;
pub mod diffusion;
pub mod emotion;
pub mod intervals;
pub mod novelty;
pub mod reader;
pub mod relevance;
pub mod sentiment;
pub mod topics;
pub mod trained;

use trained::TrainedHead;

/// Every head that reads text, in the order of `models/README.md`.
pub const HEADS: &[TrainedHead] = &[
    sentiment::HEAD,
    emotion::HEAD,
    advert::HEAD,
    topics::HEAD,
    relevance::HEAD,
    novelty::HEAD,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::INDICATORS;

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
    fn every_indicator_is_trained_under_its_code() {
        for indicator in INDICATORS {
            let head = HEADS.iter().find(|head| head.name == indicator.code);
            let prefix = head.map(|head| head.files[0].prefix);
            assert_eq!(prefix, Some(format!("{}.", indicator.code)).as_deref());
        }
    }
}
