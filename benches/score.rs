//! Latency of one score, natively, over the fixtures: median and 95th percentile by precision, with
//! the encoder alone beside the whole path.

#[path = "../tests/common/model.rs"]
#[allow(dead_code)] // Tests read more of it.
mod model;

use std::time::Instant;

use bsmv::encoder::Precision;

fn main() {
    let brands = model::brands();
    let fixtures = model::fixtures();
    println!("{:<8} {:<8} {:>10} {:>10}", "", "", "median ms", "p95 ms");
    for precision in [Precision::Int8, Precision::F32] {
        let scorer = model::scorer(precision);
        let requests: Vec<_> = fixtures
            .iter()
            .map(|f| {
                (
                    model::checked(&model::request(f, &brands)),
                    f.post.full_text(),
                )
            })
            .collect();
        // Brands are made ready once, as they are for who types.
        for (request, _) in &requests {
            scorer.score(request).unwrap();
        }
        let time = |name: &str, run: &dyn Fn(usize)| {
            let mut ms: Vec<f64> = (0..requests.len())
                .map(|i| {
                    let begin = Instant::now();
                    run(i);
                    begin.elapsed().as_secs_f64() * 1e3
                })
                .collect();
            ms.sort_by(f64::total_cmp);
            let at = |q: f64| ms[((ms.len() - 1) as f64 * q) as usize];
            let precision = format!("{precision:?}").to_lowercase();
            println!(
                "{precision:<8} {name:<8} {:>10.2} {:>10.2}",
                at(0.5),
                at(0.95)
            );
        };
        time("encoder", &|i| drop(scorer.embed(&requests[i].1).unwrap()));
        time("score", &|i| drop(scorer.score(&requests[i].0).unwrap()));
    }
}
