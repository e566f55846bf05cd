//! The graph network's forecast of one graph, natively, from 1,000 to 100,000 events: median
//! milliseconds, and the slope of their logarithms (1 is linear).

mod graphs;

fn main() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/models/bsmv-base/diffusion.safetensors"
    );
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let net = graphs::load(bytes).unwrap();
    println!("{:>8} {:>10}", "events", "median ms");
    let mut points = Vec::new();
    for events in graphs::SIZES {
        let graph = graphs::graph(events);
        let mut ms: Vec<f64> = (0..graphs::ROUNDS)
            .map(|_| {
                let begin = std::time::Instant::now();
                graphs::forecast(&net, &graph);
                begin.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        ms.sort_by(f64::total_cmp);
        let median = ms[ms.len() / 2];
        println!("{events:>8} {median:>10.2}");
        points.push(((events as f64).ln(), median.ln()));
    }
    let (first, last) = (points[0], points[points.len() - 1]);
    let whole = (last.1 - first.1) / (last.0 - first.0);
    let ten = points[points.len() - 2];
    let end = (last.1 - ten.1) / (last.0 - ten.0);
    println!("slope {whole:.2} over all, {end:.2} from the last but one");
}
