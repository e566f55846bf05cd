//! The model: the one inside the library, or a bundle in a folder.

use std::path::{Component, Path};

use bsmv::{Bundle, Error, Manifest, Precision, Result, Scorer};

/// A file of the repository's bundle, with its name.
macro_rules! of_bundle {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../models/bsmv-base/", $name)),
        )
    };
}

/// The bundle of the repository for 8 bits, as it was when this was built.
const INSIDE: [(&str, &[u8]); 5] = [
    of_bundle!("manifest.json"),
    of_bundle!("tokenizer.json"),
    of_bundle!("heads.safetensors"),
    of_bundle!("diffusion.safetensors"),
    of_bundle!("encoder_int8.safetensors"),
];

/// A scorer with the bundle in `folder`, or the one inside, which is for int8 alone.
///
/// # Errors
/// [`Error::Bundle`] if a file is missing, damaged, or not for this precision;
/// [`Error::BundleSchema`] if the bundle is of another release.
pub fn open(folder: Option<&Path>, precision: Precision) -> Result<Scorer> {
    let bundle = match (folder, precision) {
        (Some(folder), _) => in_folder(folder, precision)?,
        (None, Precision::Int8) => Bundle::read(
            Manifest::from_json(inside("manifest.json")?)?,
            precision,
            inside,
        )?,
        (None, Precision::F32) => {
            let problem = "the model inside is for int8 alone: for f32 give the folder of a whole \
                bundle, such as models/bsmv-base of the repository";
            return Err(Error::Bundle(problem.to_owned()));
        }
    };
    Scorer::new(bundle, precision)
}

fn inside(name: &str) -> Result<&'static [u8]> {
    let found = INSIDE.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, bytes)| *bytes)
        .ok_or_else(|| Error::Bundle(format!("{name} is not inside")))
}

fn in_folder(folder: &Path, precision: Precision) -> Result<Bundle> {
    let read = |name: &str| {
        // What a manifest names never leads out of its folder.
        let mut parts = Path::new(name).components();
        if !parts.all(|part| matches!(part, Component::Normal(_))) {
            let problem = format!("the manifest names `{name}`, which is outside the bundle");
            return Err(Error::Bundle(problem));
        }
        let path = folder.join(name);
        std::fs::read(&path).map_err(|e| Error::Bundle(format!("{}: {e}", path.display())))
    };
    let manifest = Manifest::from_json(&read("manifest.json")?)?;
    let sums = manifest.clone();
    Bundle::read(manifest, precision, |name| {
        let bytes = read(name)?;
        sums.verify(name, &bytes)?;
        Ok(bytes)
    })
}
