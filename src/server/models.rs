//! The models of a server: `/models`, what is in use; `/models/reload` and `/models/rollback`, which
//! change that while requests are answered. Each request keeps the models that it began with.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Serialize;
use time::OffsetDateTime;

use super::access::Caller;
use super::error::Failure;
use super::etag::{to_json, unless_same};
use super::lineup::{Lineup, Model};
use super::request::{Asked, JSON, Nothing};
use super::state::Api;
use super::work::{blocking, cores};
use crate::encoder::Precision;
use crate::post::Post;
use crate::scorer::Scorer;
use crate::scorer::request::ScoreRequest;

/// Reads the models that are to be in use. Given are those that are, whose scorers may be used again;
/// at the start there are none.
pub type LoadModels = Box<dyn Fn(Option<&Lineup>) -> Result<Lineup, String> + Send + Sync>;

/// What the audit log calls whoever may send signals to the process.
#[cfg(unix)]
const SIGNAL: &str = "SIGHUP";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/models", get(list))
        .route("/models/reload", post(reload))
        .route("/models/rollback", post(rollback))
}

/// The models in use, and those that were in use before.
pub struct Models {
    now: RwLock<Arc<Lineup>>,
    before: Mutex<Option<Arc<Lineup>>>,
    load: LoadModels,
    /// Held by who changes them.
    changing: Mutex<()>,
}

impl Models {
    /// Reads the models and tries each.
    ///
    /// # Errors
    /// What is wrong with one, in words.
    pub fn start(load: LoadModels) -> Result<Self, String> {
        let lineup = load(None)?;
        try_out(&lineup, None)?;
        Ok(Models {
            now: RwLock::new(Arc::new(lineup)),
            before: Mutex::default(),
            load,
            changing: Mutex::default(),
        })
    }

    /// The models in use now.
    pub fn now(&self) -> Arc<Lineup> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now)
    }

    /// Reads the models anew, tries each that is new, and puts them in use. Blocks for as long as
    /// that takes; requests go on meanwhile.
    ///
    /// # Errors
    /// What is wrong, in words. Those in use stay then.
    pub fn reload(&self) -> Result<(), String> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let was = self.now();
        let begin = Instant::now();
        let lineup = (self.load)(Some(&was))?;
        try_out(&lineup, Some(&was))?;
        self.put(Arc::new(lineup));
        let ms = begin.elapsed().as_millis();
        tracing::info!(ms, "models were read anew");
        Ok(())
    }

    /// Puts those in use again that were before the last change; false if there are none.
    pub fn rollback(&self) -> bool {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.before().take();
        match before {
            Some(lineup) => {
                self.put(lineup);
                true
            }
            None => false,
        }
    }

    fn before(&self) -> std::sync::MutexGuard<'_, Option<Arc<Lineup>>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, lineup: Arc<Lineup>) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let was = std::mem::replace(&mut *now, lineup);
        *self.before() = Some(was);
    }
}

/// Tries every model that wasn't in use.
fn try_out(lineup: &Lineup, was: Option<&Lineup>) -> Result<(), String> {
    let before = was.map_or(&[] as &[Model], Lineup::models);
    for model in lineup.models() {
        let same = |known: &Model| Arc::ptr_eq(&known.scorer, &model.scorer);
        if !before.iter().any(same) {
            warm_up(&model.scorer).map_err(|e| format!("trying `{}`: {e}", model.name))?;
        }
    }
    Ok(())
}

/// Scores a long post on each core, so that a bundle that can't score is never in use, and the first
/// request finds everything in memory.
fn warm_up(scorer: &Scorer) -> crate::Result<()> {
    let score = || {
        let request = ScoreRequest {
            post: Post {
                text: "Third winter in these boots and my feet are still dry. ".repeat(8),
                ..Post::default()
            },
            ..ScoreRequest::default()
        };
        request.check().and_then(|request| scorer.score(&request))
    };
    std::thread::scope(|scope| {
        let scoring: Vec<_> = (0..cores()).map(|_| scope.spawn(score)).collect();
        scoring.into_iter().try_for_each(|scored| {
            let bug = |_| crate::Error::Compute("scoring panicked".to_owned());
            scored.join().map_err(bug)?.map(drop)
        })
    })
}

/// A model in use.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ModelInUse {
    /// What those who run the server call it.
    name: String,
    /// `name@version` of its bundle.
    bundle: String,
    /// How its text encoder computes.
    precision: Precision,
    /// Posts of each hundred that it reads.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    share: u8,
    /// True if it reads what others read too, and nobody is answered with that.
    shadow: bool,
}

/// The models in use.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ModelList {
    /// The first has all that others leave, and scores files.
    #[cfg_attr(test, schemars(length(min = 1)))]
    models: Vec<ModelInUse>,
    /// True if there are models to go back to.
    can_roll_back: bool,
}

impl Models {
    fn told(&self) -> ModelList {
        let lineup = self.now();
        let model = |model: &Model| ModelInUse {
            name: model.name.clone(),
            bundle: model.scorer.bundle(),
            precision: model.scorer.reader().embedder().precision(),
            share: model.share,
            shadow: model.is_shadow,
        };
        ModelList {
            models: lineup.models().iter().map(model).collect(),
            can_roll_back: self.before().is_some(),
        }
    }
}

async fn list(
    State(api): State<Api>,
    _: Asked<Nothing>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let json = to_json(&api.models.told())?;
    Ok(unless_same(&headers, JSON, json))
}

async fn reload(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    _: Asked<Nothing>,
) -> Result<Json<ModelList>, Failure> {
    let models = Arc::clone(&api.models);
    blocking(move || models.reload().map_err(Failure::Models)).await?;
    changed(&api, caller.name(), "reload_models").await
}

async fn rollback(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    _: Asked<Nothing>,
) -> Result<Json<ModelList>, Failure> {
    if !api.models.rollback() {
        return Err(Failure::NoModelsBefore);
    }
    changed(&api, caller.name(), "roll_back_models").await
}

/// Forgets the answers of other models, and has the audit log tell which are in use now.
async fn changed(api: &Api, who: &str, action: &'static str) -> Result<Json<ModelList>, Failure> {
    api.answers.forget();
    let told = api.models.told();
    let in_use = |model: &ModelInUse| format!("{}: {}", model.name, model.bundle);
    let in_use: Vec<_> = told.models.iter().map(in_use).collect();
    let store = api.store.by(who, OffsetDateTime::now_utc());
    store.tell(action, in_use.join(", ")).await?;
    Ok(Json(told))
}

/// Reads the models anew whenever the process gets SIGHUP. Never ends.
#[cfg(unix)]
pub async fn reload_when_asked(api: Api) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut asked = match signal(SignalKind::hangup()) {
        Ok(asked) => asked,
        Err(error) => {
            tracing::error!(%error, "SIGHUP can't be heard");
            return;
        }
    };
    while asked.recv().await.is_some() {
        let models = Arc::clone(&api.models);
        let reloaded = tokio::task::spawn_blocking(move || models.reload()).await;
        match reloaded {
            Ok(Ok(())) => {
                if changed(&api, SIGNAL, "reload_models").await.is_err() {
                    tracing::error!("the audit log has no line of the models that were read anew");
                }
            }
            Ok(Err(problem)) => tracing::error!(problem, "the models stay as they were"),
            Err(error) => tracing::error!(%error, "the models stay as they were"),
        }
    }
}
