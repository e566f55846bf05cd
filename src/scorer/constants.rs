//! Platforms, presets of weights and words: all that clients offer and say without a scorer.
//!
//! The build writes it to `www/pkg/constants.js`, so that it is stated here alone.

use serde::Serialize;

use crate::definition::value::Weights;
use crate::post::Platform;
use crate::scorer::words::{Locale, Words};

/// The constants, as JSON has them.
#[derive(Debug, Serialize)]
pub struct Constants {
    platforms: [Platform; Platform::ALL.len()],
    presets: Presets,
    words: Tables,
}

#[derive(Debug, Serialize)]
struct Presets {
    balanced: Weights,
    awareness: Weights,
    sales: Weights,
}

#[derive(Debug, Serialize)]
struct Tables {
    zh: &'static Words,
    en: &'static Words,
}

/// All constants.
pub fn constants() -> Constants {
    Constants {
        platforms: Platform::ALL,
        presets: Presets {
            balanced: Weights::BALANCED,
            awareness: Weights::AWARENESS,
            sales: Weights::SALES,
        },
        words: Tables {
            zh: Locale::Zh.words(),
            en: Locale::En.words(),
        },
    }
}
