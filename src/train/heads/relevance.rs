//! Relevance: is a post about a brand, for brands never seen.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor};
use candle_nn::VarMap;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::definition::features::EMBEDDING;
use crate::heads::relevance::{
    BACKGROUND, Background, Centres, HIDDEN, Net, PAIR_FEATURES, RelevanceHead,
};
use crate::layers::tensors::Tensors;
use crate::text::Language;

use crate::train::data::cascades::text_hash;
use crate::train::data::catalogue::{Catalogue, Mask, TargetPost};
use crate::train::data::pairs::{Against, Description, Pairs, Vectors, pairs, passing_mentions};
use crate::train::data::sets::Split;
use crate::train::data::texts::{Embeddings, held_out, language, validates};
use crate::train::fit::optimise::{
    HeadPlan, Mlp, file_of_vars, fit, matrix, scale_layer, start, temperature,
};
use crate::train::heads::trained::{HeadFile, Held, SEED, Setting, TrainedHead, Training};
use crate::train::metrics::{MetricRow, auc, bootstrap, calibration_error};

/// One in so many posts that name their target lends the name to a post about something else.
const PASSING: usize = 30;
/// Labels are this far from 0 and 1: names that mean something else are rare in the data, and
/// people's labels aren't certain.
const SMOOTHING: f32 = 0.01;

/// Divides the number of training posts.
const SHARE: Setting = Setting {
    name: "share",
    about: "Train on one in so many posts, for trials",
    default: 1,
};

/// How the head is fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: "relevance",
    about: "The relevance of a post to a brand",
    files: &[HeadFile {
        prefix: "relevance.",
        name: "relevance.safetensors",
    }],
    settings: &[SHARE, SEED],
    train,
    evaluate,
    predictions: None,
};

/// Calibrates on brands kept from training.
fn train(training: &Training) -> Result<()> {
    let (sources, seed) = (&training.sources, training.seed());
    let (data, share) = (sources.data(), training.value(&SHARE));
    let student = training.student()?;
    let embeddings = Embeddings::new(&student, &sources.folders.runs)?;
    let mut catalogue = Catalogue::read(&sources.brands)?;
    let learns = |name: &str| !held_out(name) && !validates(name);
    let mut read = |split, wanted: &dyn Fn(&str) -> bool| -> Result<Vec<TargetPost>> {
        let posts = catalogue.posts(data, split, share, Mask::Some, wanted)?;
        Ok(posts.into_iter().filter(|p| !p.irrelevant).collect())
    };
    let mut posts = read(Split::Train, &learns)?;
    let mut valid = read(Split::Valid, &validates)?;
    catalogue.add_profiles();
    let real = posts.len();
    for posts in [&mut posts, &mut valid] {
        posts.extend(passing_mentions(&catalogue, posts, PASSING, seed));
    }
    let all: Vec<TargetPost> = posts.iter().chain(&valid).cloned().collect();
    let vectors = Vectors::of(&catalogue, &all, &embeddings)?;
    let background = background(&catalogue, &posts[..real], &vectors, seed)?;

    let paired = |posts: &[TargetPost]| {
        let varied = Description::Varied;
        pairs(
            &catalogue,
            posts,
            &vectors,
            &background,
            varied,
            Against::Others,
            seed,
        )
    };
    let (train, held) = (paired(&posts)?, paired(&valid)?);

    let layers = [("hidden", PAIR_FEATURES, HIDDEN), ("out", HIDDEN, 1)];
    let vars = start(&layers, seed)?;
    standardise(&vars, &train.features)?;
    let head = Mlp::new(&vars, &layers, Tensor::tanh)?;
    let (x, valid_x) = (matrix(&train.features)?, matrix(&held.features)?);
    let labels = |about: &[bool]| -> Result<Tensor> {
        let y: Vec<f32> = about
            .iter()
            .map(|&a| if a { 1.0 - SMOOTHING } else { SMOOTHING })
            .collect();
        Ok(Tensor::new(y, &Device::Cpu)?.unsqueeze(1)?)
    };
    let (y, valid_y) = (labels(&train.about)?, labels(&held.about)?);
    let plan = HeadPlan {
        epochs: 60,
        batch: 256,
        rate: 5e-3,
        decay: 1e-3,
        patience: 8,
        seed,
    };
    let loss = |rows: &Tensor| {
        let logits = head.logits(&x.index_select(rows, 0)?)?;
        cross_entropy(&logits, &y.index_select(rows, 0)?)
    };
    let valid_loss = |factor: f64| -> Result<f64> {
        let logits = (head.logits(&valid_x)? * factor)?;
        Ok(f64::from(
            cross_entropy(&logits, &valid_y)?.to_scalar::<f32>()?,
        ))
    };
    let best = fit(&vars, x.dim(0)?, &plan, loss, || valid_loss(1.0))?;
    let t = temperature(valid_loss)?;
    scale_layer(&vars, "out", 1.0 / t)?;

    save(&vars, &background, &sources.to_make(HEAD.files[0].name)?)?;
    let deployed = Net::load(&Tensors::open(&file_of_vars(&vars)?)?)?;
    let found = probabilities(&deployed, &held);
    println!(
        "{} pairs of {} posts, validation loss {best:.4}, temperature {t:.3}, AUC {:.4}, ECE {:.4}",
        train.about.len(),
        real,
        auc(&held.about, &found),
        calibration_error(&held.about, &found),
    );
    Ok(())
}

/// Mean of -y ln p - (1 - y) ln (1 - p) of logits (n, 1).
fn cross_entropy(logits: &Tensor, y: &Tensor) -> candle_core::Result<Tensor> {
    // ln(1 + e^x) without overflow: max(x, 0) + ln(1 + e^-|x|).
    let soft_plus = (logits.relu()? + (logits.abs()?.neg()?.exp()? + 1.0)?.log()?)?;
    (soft_plus - logits.mul(y)?)?.mean_all()
}

/// Means by kind, each language counting half, and the direction between the languages' posts.
fn centres(catalogue: &Catalogue, posts: &[TargetPost], vectors: &Vectors) -> Result<Centres> {
    let of = |texts: Vec<(Language, &str)>| -> Result<[Vec<f32>; 2]> {
        let mut sums = [vec![0f32; EMBEDDING], vec![0f32; EMBEDDING]];
        let mut counts = [0f32; 2];
        for (language, text) in texts {
            let l = usize::from(language != Language::Zh);
            sums[l]
                .iter_mut()
                .zip(vectors.get(text)?)
                .for_each(|(s, x)| *s += x);
            counts[l] += 1.0;
        }
        for (sum, n) in sums.iter_mut().zip(counts) {
            sum.iter_mut().for_each(|s| *s /= n.max(1.0));
        }
        Ok(sums)
    };
    let halfway = |[a, b]: &[Vec<f32>; 2]| -> Vec<f32> {
        a.iter().zip(b).map(|(a, b)| (a + b) / 2.0).collect()
    };
    let targets = || catalogue.targets.iter();
    let post = of(posts
        .iter()
        .map(|p| (language(p.set), p.text.as_str()))
        .collect())?;
    let name = of(targets()
        .map(|t| (t.language, t.profile.name.as_str()))
        .collect())?;
    let sentences = targets().map(|t| (t.language, t.profile.positioning.trim()));
    let positioning = of(sentences.filter(|(_, p)| !p.is_empty()).collect())?;
    let mut language: Vec<f32> = post[0]
        .iter()
        .zip(&post[1])
        .map(|(zh, en)| zh - en)
        .collect();
    crate::train::topics::clusters::normalise(&mut language);
    Ok(Centres {
        post: halfway(&post),
        name: halfway(&name),
        positioning: halfway(&positioning),
        language,
    })
}

/// Scales the first layer's start so that it reads features of mean 0 and deviation 1.
fn standardise(vars: &VarMap, features: &[Vec<f32>]) -> Result<()> {
    let n = features.len() as f32;
    let (mut mean, mut square) = (vec![0f32; PAIR_FEATURES], vec![0f32; PAIR_FEATURES]);
    for row in features {
        for (i, x) in row.iter().enumerate() {
            mean[i] += x / n;
            square[i] += x * x / n;
        }
    }
    let scale: Vec<f32> = mean
        .iter()
        .zip(&square)
        .map(|(m, s)| (s - m * m).max(1e-4).sqrt().recip())
        .collect();
    let data = vars.data().lock().ok().context("variables are locked")?;
    let var = |name: &str| data.get(name).with_context(|| format!("no {name}"));
    let (weight, bias) = (var("hidden.weight")?, var("hidden.bias")?);
    let scale = Tensor::new(scale, &Device::Cpu)?;
    let mean = Tensor::new(mean, &Device::Cpu)?.unsqueeze(1)?;
    weight.set(&weight.as_tensor().broadcast_mul(&scale)?)?;
    bias.set(&weight.as_tensor().matmul(&mean)?.squeeze(1)?.neg()?)?;
    Ok(())
}

/// Centres, and a seeded choice of rows for the backgrounds, half of each language where there
/// are enough. Nothing of brands held out or kept for validation.
fn background(
    catalogue: &Catalogue,
    posts: &[TargetPost],
    vectors: &Vectors,
    seed: u64,
) -> Result<Background> {
    let centres = centres(catalogue, posts, vectors)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut choose = |texts: Vec<(Language, &str)>, centre: &[f32]| -> Result<Vec<Vec<f32>>> {
        let (mut zh, mut en): (Vec<_>, Vec<_>) = texts
            .into_iter()
            .partition(|(language, _)| *language == Language::Zh);
        zh.shuffle(&mut rng);
        en.shuffle(&mut rng);
        let half = (BACKGROUND / 2)
            .max(BACKGROUND.saturating_sub(en.len()))
            .min(zh.len());
        let chosen = zh.into_iter().take(half).chain(en).take(BACKGROUND);
        let rows: Result<Vec<Vec<f32>>> = chosen
            .map(|(_, text)| Ok(centres.apply(vectors.get(text)?, centre)))
            .collect();
        let rows = rows?;
        ensure!(rows.len() == BACKGROUND, "too few texts for the background");
        Ok(rows)
    };
    let targets = || {
        let learnt = (0..catalogue.targets.len()).filter(|&t| catalogue.learns(t));
        learnt.map(|t| &catalogue.targets[t])
    };
    let sentences = targets().map(|t| (t.language, t.profile.positioning.trim()));
    let names = targets().map(|t| (t.language, t.profile.name.as_str()));
    let posts = posts.iter().map(|p| (language(p.set), p.text.as_str()));
    let posts = choose(posts.collect(), &centres.post)?;
    let names = choose(names.collect(), &centres.name)?;
    let positionings = choose(
        sentences.filter(|(_, p)| !p.is_empty()).collect(),
        &centres.positioning,
    )?;
    Ok(Background {
        posts,
        names,
        positionings,
        centres,
    })
}

fn background_tensors(background: &Background) -> Result<HashMap<String, Tensor>> {
    let centres = &background.centres;
    let vectors = [
        ("post", &centres.post),
        ("name", &centres.name),
        ("positioning", &centres.positioning),
        ("language", &centres.language),
    ];
    let rows = [
        ("posts", &background.posts),
        ("names", &background.names),
        ("positionings", &background.positionings),
    ];
    let mut tensors = HashMap::new();
    for (name, v) in vectors {
        let tensor = Tensor::from_slice(v, EMBEDDING, &Device::Cpu)?;
        tensors.insert(format!("centres.{name}"), tensor);
    }
    for (name, rows) in rows {
        tensors.insert(format!("background.{name}"), matrix(rows)?);
    }
    Ok(tensors)
}

/// The background and the variables by name.
fn all_tensors(vars: &VarMap, background: &Background) -> Result<HashMap<String, Tensor>> {
    let mut tensors = background_tensors(background)?;
    let data = vars.data().lock().ok().context("variables are locked")?;
    tensors.extend(
        data.iter()
            .map(|(name, var)| (name.clone(), var.as_tensor().clone())),
    );
    Ok(tensors)
}

fn save(vars: &VarMap, background: &Background, out: &Path) -> Result<()> {
    let tensors = all_tensors(vars, background)?;
    candle_core::safetensors::save(&tensors, out)
        .with_context(|| format!("writing {}", out.display()))
}

fn probabilities(net: &Net, pairs: &Pairs) -> Vec<f32> {
    let rows = pairs.features.iter();
    rows.filter_map(|row| Some(net.probability(row.first_chunk()?)))
        .collect()
}

/// AUC and calibration on posts of held-out brands against random mismatches, with names in
/// place and taken out, against brands of the same category, and against posts that people called
/// irrelevant; beside "name found in the text" and the cosine to the name.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let head = held.scorer.reader().relevance_head();
    let (files, data) = (&held.sources.brands, held.sources.data());
    let (split, embeddings) = (held.split, held.embeddings);
    let mut rows = Vec::new();
    for (mask, masked) in [(Mask::Nobody, ""), (Mask::Everybody, ", name masked")] {
        let mut catalogue = Catalogue::read(files)?;
        let posts = catalogue.posts(data, split, 1, mask, held_out)?;
        let posts: Vec<TargetPost> = posts.into_iter().filter(|p| !p.irrelevant).collect();
        let vectors = Vectors::of(&catalogue, &posts, embeddings)?;
        for (description, described) in [
            (Description::Full, "described"),
            (Description::NameOnly, "name only"),
        ] {
            let found = pairs(
                &catalogue,
                &posts,
                &vectors,
                head.background(),
                description,
                Against::Others,
                1,
            )?;
            for set in ["en_brand_sentiment", "zh_weibo_hashtag"] {
                rows.extend(figures(
                    head.net(),
                    &found,
                    set,
                    &format!("{set}, {described}{masked}"),
                )?);
            }
        }
    }
    let mut catalogue = Catalogue::read(files)?;
    let posts = catalogue.posts(data, split, 1, Mask::Nobody, held_out)?;
    let posts: Vec<TargetPost> = posts.into_iter().filter(|p| !p.irrelevant).collect();
    // Whom a brand could be mistaken for: those described, and those met in other posts.
    catalogue.add_profiles();
    catalogue.posts(data, Split::Train, 1, Mask::Nobody, |_| true)?;
    let vectors = Vectors::of(&catalogue, &posts, embeddings)?;
    let found = described(head, &catalogue, &posts, &vectors, Against::Category)?;
    let set = "en_brand_sentiment";
    let slice = format!("{set}, same category");
    rows.extend(figures(head.net(), &found, set, &slice)?);
    rows.extend(labelled_pairs(head, held)?);
    Ok(rows)
}

/// Pairs of posts with brands that are described in full.
fn described(
    head: &RelevanceHead,
    catalogue: &Catalogue,
    posts: &[TargetPost],
    vectors: &Vectors,
    against: Against,
) -> Result<Pairs> {
    let background = head.background();
    pairs(
        catalogue,
        posts,
        vectors,
        background,
        Description::Full,
        against,
        1,
    )
}

/// Brands left out at a time where the rows that people labelled are fitted to.
const PARTS: u64 = 8;

/// AUC on posts that people labelled by whether they are about the brand they name: of the head, and
/// of a line fitted to these very rows, or some of them, on the text's vector and the pair's
/// features, brand by brand left out. Rows of training and validation: the test split has too few to tell.
fn labelled_pairs(head: &RelevanceHead, held: &Held) -> Result<Vec<MetricRow>> {
    let data = held.sources.data();
    let mut catalogue = Catalogue::read(&held.sources.brands)?;
    let mut posts = catalogue.labelled_posts(data, Split::Train)?;
    posts.extend(catalogue.labelled_posts(data, Split::Valid)?);
    let vectors = Vectors::of(&catalogue, &posts, held.embeddings)?;
    let found = described(head, &catalogue, &posts, &vectors, Against::Nobody)?;
    let slice = "against labelled irrelevant";
    let mut rows = figures(head.net(), &found, "en_brand_sentiment", slice)?;

    let mut x = Vec::with_capacity(posts.len());
    for (post, features) in posts.iter().zip(&found.features) {
        let vector = vectors.get(&post.text)?;
        // As far apart as the features are, or the line would hardly read them.
        let width = (EMBEDDING as f32).sqrt();
        x.push(
            vector
                .iter()
                .map(|v| v * width)
                .chain(features.iter().copied())
                .collect(),
        );
    }
    let part = |post: &TargetPost| text_hash(&catalogue.targets[post.target].profile.name) % PARTS;
    for (share, of_them) in [(4, "a quarter"), (2, "half"), (1, "all")] {
        let mut scores = vec![0f32; posts.len()];
        for left_out in 0..PARTS {
            let (out, mut inside): (Vec<usize>, Vec<usize>) =
                (0..posts.len()).partition(|&i| part(&posts[i]) == left_out);
            inside.retain(|i| i % share == 0);
            let line = line(&x, &found.about, &inside)?;
            let logits = line.logits(&matrix(&pick(&x, &out))?)?.flatten_all()?;
            for (&i, logit) in out.iter().zip(logits.to_vec1::<f32>()?) {
                scores[i] = logit;
            }
        }
        rows.push(MetricRow::new(
            "relevance",
            slice,
            format!("fitted to {of_them}, brands left out"),
            "auc",
            posts.len(),
            bootstrap(posts.len(), |at| {
                let about: Vec<bool> = at.iter().map(|&i| found.about[i]).collect();
                let scores: Vec<f32> = at.iter().map(|&i| scores[i]).collect();
                auc(&about, &scores)
            }),
        ));
    }
    Ok(rows)
}

fn pick(x: &[Vec<f32>], rows: &[usize]) -> Vec<Vec<f32>> {
    rows.iter().map(|&i| x[i].clone()).collect()
}

/// Logistic regression on some rows.
fn line(x: &[Vec<f32>], about: &[bool], rows: &[usize]) -> Result<Mlp> {
    let layers = [("line", x.first().map_or(0, Vec::len), 1)];
    let vars = start(&layers, 1)?;
    let line = Mlp::new(&vars, &layers, Tensor::tanh)?;
    let y: Vec<f32> = rows
        .iter()
        .map(|&i| f32::from(u8::from(about[i])))
        .collect();
    let y = Tensor::new(y, &Device::Cpu)?.unsqueeze(1)?;
    let x = matrix(&pick(x, rows))?;
    let plan = HeadPlan {
        epochs: 30,
        batch: 64,
        rate: 1e-3,
        decay: 1.0,
        patience: 30,
        seed: 1,
    };
    let loss = |at: &Tensor| {
        cross_entropy(
            &line.logits(&x.index_select(at, 0)?)?,
            &y.index_select(at, 0)?,
        )
    };
    let whole = || {
        Ok(f64::from(
            cross_entropy(&line.logits(&x)?, &y)?.to_scalar::<f32>()?,
        ))
    };
    fit(&vars, rows.len(), &plan, loss, whole)?;
    Ok(line)
}

fn figures(net: &Net, all: &Pairs, set: &str, slice: &str) -> Result<Vec<MetricRow>> {
    let mine: Vec<usize> = (0..all.about.len())
        .filter(|&i| all.sets[i] == set)
        .collect();
    if mine.is_empty() {
        return Ok(Vec::new());
    }
    let part = Pairs {
        features: mine.iter().map(|&i| all.features[i].clone()).collect(),
        about: mine.iter().map(|&i| all.about[i]).collect(),
        sets: Vec::new(),
    };
    let model = probabilities(net, &part);
    let feature = |i: usize| part.features.iter().map(|f| f[i]).collect::<Vec<f32>>();
    let row = |method: &str, metric: &str, score: &[f32], of: fn(&[bool], &[f32]) -> f64| {
        let estimate = bootstrap(part.about.len(), |rows| {
            let about: Vec<bool> = rows.iter().map(|&i| part.about[i]).collect();
            let score: Vec<f32> = rows.iter().map(|&i| score[i]).collect();
            of(&about, &score)
        });
        MetricRow::new(
            "relevance",
            slice,
            method,
            metric,
            part.about.len(),
            estimate,
        )
    };
    Ok(vec![
        row("model", "auc", &model, auc),
        row("model", "calibration_error", &model, calibration_error),
        row("name found", "auc", &feature(0), auc),
        row("cosine to the name", "auc", &feature(2), auc),
    ])
}
