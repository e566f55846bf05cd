//! What holds for every row of a call, where the row says nothing itself.

use bsmv::post::json::{parse, read};
use bsmv::scorer::words::Locale;
use bsmv::{BrandProfile, Error, Platform, Result, ScoreRequest, Weights};
use serde::Deserialize;
use serde_json::{Value, json};

/// What holds for every row.
#[derive(Debug, Default)]
pub struct Settings {
    brand: Option<BrandProfile>,
    weights: Option<Weights>,
    /// Where the posts stand.
    pub platform: Option<Platform>,
    /// The language of all words of the answers.
    pub locale: Option<Locale>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    brand: Option<Value>,
    weights: Option<Value>,
    platform: Option<Platform>,
    locale: Option<Locale>,
}

impl Settings {
    /// From JSON; a brand may be its name alone, weights may be the name of a preset.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field that breaks a rule, as in `brand.name`.
    pub fn from_json(json: &str) -> Result<Self> {
        let sent: Sent = parse(json, "")?;
        let brand = sent.brand.map(|brand| match brand {
            Value::String(name) => json!({ "name": name }),
            other => other,
        });
        let brand: Option<BrandProfile> = brand.map(|brand| read(brand, "brand")).transpose()?;
        let weights = sent.weights.map(weights_of).transpose()?;
        if let Some(brand) = &brand {
            brand.validate().map_err(|e| e.within("brand"))?;
        }
        if let Some(weights) = &weights {
            weights.validate().map_err(|e| e.within("weights"))?;
        }
        Ok(Settings {
            brand,
            weights,
            platform: sent.platform,
            locale: sent.locale,
        })
    }

    /// Fills in what a request leaves out.
    pub fn fill(&self, mut request: ScoreRequest) -> ScoreRequest {
        if request.brand.is_none() {
            request.brand.clone_from(&self.brand);
        }
        request.weights = request.weights.or(self.weights);
        request.locale = request.locale.or(self.locale);
        request
    }
}

fn weights_of(sent: Value) -> Result<Weights> {
    let Value::String(preset) = &sent else {
        return read(sent, "weights");
    };
    match preset.as_str() {
        "balanced" => Ok(Weights::BALANCED),
        "awareness" => Ok(Weights::AWARENESS),
        "sales" => Ok(Weights::SALES),
        other => {
            let problem = format!(
                "is \"{other}\": use balanced, awareness, sales or an object with sentiment, topic \
                 and diffusion"
            );
            Err(Error::invalid("weights", problem))
        }
    }
}
