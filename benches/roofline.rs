//! Where a pass goes on one thread, by kernel: each step of the layers alone, its share of the time, and
//! its share of what the machine could do. A product's ceiling is its own tile over and over in the
//! first-level cache, attention's the sums that it is made of, and that of the rest a copy of the
//! same numbers. `cargo bench --bench roofline -- KERNEL` measures one kernel.

use std::hint::black_box;
use std::time::Instant;

use bsmv::kernels::attention::{Attention, Shape};
use bsmv::kernels::floats::{FloatLinear, gelu};
use bsmv::kernels::int8::{Activations, PackedLinear};
use bsmv::kernels::math::{LANES, LayerNorm};
use bsmv::kernels::{FloatTile, Kernel};

/// The encoder of the bundle.
const HIDDEN: usize = 384;
const WIDE: usize = 1536;
const HEADS: usize = 12;
const LAYERS: usize = 6;

/// Pieces of a text.
const LENGTHS: [usize; 4] = [16, 64, 128, 256];
/// Rows that go through the products together.
const BLOCK: usize = 64;
/// Numbers that the largest tile of any kernel writes, and more.
const TILE: usize = 1024;

/// Least seconds of many runs: what else the machine does only adds to it.
fn least(mut run: impl FnMut()) -> f64 {
    run();
    let begin = Instant::now();
    let mut least = f64::INFINITY;
    while begin.elapsed().as_secs_f64() < 0.05 {
        let begin = Instant::now();
        run();
        least = least.min(begin.elapsed().as_secs_f64());
    }
    least
}

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.7).sin()).collect()
}

/// Weights as they are distributed in trained layers: most are small.
fn weights(n: usize) -> Vec<i8> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let normal = |_| ((0..6).map(|_| uniform()).sum::<f32>() * 48.0) as i8;
    (0..n).map(normal).collect()
}

/// A step of all layers: seconds, and what it could take at the ceiling.
struct Step {
    name: String,
    seconds: f64,
    at_ceiling: f64,
}

fn report(title: &str, steps: &[Step]) {
    let all: f64 = steps.iter().map(|step| step.seconds).sum();
    println!("{title}: {:.2} ms", all * 1e3);
    for step in steps {
        println!(
            "  {:<24} {:>7.3} ms {:>4.0} % of the time, {:>4.0} % of the ceiling",
            step.name,
            step.seconds * 1e3,
            100.0 * step.seconds / all,
            100.0 * step.at_ceiling / step.seconds
        );
    }
}

/// Multiply-adds per second of the 8-bit tile, of the f32 tile, and of sums of products.
fn ceilings<K: Kernel>(kernel: K) -> [f64; 3] {
    const TIMES: usize = 200;
    let (rows, columns) = (K::ROWS, K::COLUMNS);
    // What fits into the first-level cache.
    let deep = (24 << 10) / columns;
    let linear = PackedLinear::new(
        kernel,
        &weights(columns * deep),
        &numbers(columns),
        &numbers(columns),
    );
    let mut input = Activations::<K>::default();
    input.quantize(kernel, &numbers(rows * deep), deep);
    let mut out = vec![0.0; TILE];
    let tile = least(|| {
        for _ in 0..TIMES {
            linear.apply(&input, black_box(&mut out[..rows * columns]));
        }
    });
    let (rows, columns) = (K::FLOAT_ROWS, K::FLOAT_COLUMNS);
    let depth = (24 << 10) / 4 / columns;
    let (x, panel) = (numbers(rows * depth), numbers(columns * depth));
    let float = FloatTile {
        x: &x,
        stride: depth,
        rows,
        panel: &panel,
        bias: &panel,
        width: columns,
    };
    let float_seconds = least(|| {
        for _ in 0..TIMES {
            kernel.float_tile(&float, black_box(&mut out));
        }
    });
    // One head with rows enough for whole blocks of lanes.
    let positions = 256;
    let rows_of_lanes = vec![[0.5f32; LANES]; positions];
    let factors = numbers(K::QUERIES * positions);
    let sums = least(|| {
        for _ in 0..TIMES {
            black_box(sums_of(kernel, &factors, black_box(&rows_of_lanes)));
        }
    });
    let times = TIMES as f64;
    [
        times * (K::ROWS * K::COLUMNS * deep) as f64 / tile,
        times * (rows * columns * depth) as f64 / float_seconds,
        times * (K::QUERIES * positions * LANES) as f64 / sums,
    ]
}

/// Sums for as many queries as the kernel takes together.
fn sums_of<K: Kernel>(kernel: K, factors: &[f32], rows: &[[f32; LANES]]) -> f32 {
    struct Sums<'a, K>(K, &'a [f32], &'a [[f32; LANES]]);
    impl<K: Kernel> Sums<'_, K> {
        #[inline(always)]
        fn of<const Q: usize>(&self) -> f32 {
            let n = self.2.len();
            let factors: [&[f32]; Q] = std::array::from_fn(|q| &self.1[q * n..][..n]);
            let sums = self.0.sums(factors, self.2);
            sums.iter().flatten().sum()
        }
    }
    impl<K: Kernel> bsmv::kernels::Work for Sums<'_, K> {
        type Output = f32;
        #[inline(always)]
        fn run(self) -> f32 {
            match K::QUERIES {
                8 => self.of::<8>(),
                6 => self.of::<6>(),
                2 => self.of::<2>(),
                _ => self.of::<4>(),
            }
        }
    }
    kernel.run(Sums(kernel, factors, rows))
}

/// Bytes per second that a copy reads and writes, of as many numbers.
fn copy_rate(n: usize) -> f64 {
    let (from, mut to) = (numbers(n), vec![0f32; n]);
    let seconds = least(|| {
        for _ in 0..20 {
            black_box(&mut to).copy_from_slice(black_box(&from));
        }
    });
    20.0 * 8.0 * n as f64 / seconds
}

const PRODUCTS: [(&str, usize, usize); 4] = [
    ("query, key, value", HIDDEN, 3 * HIDDEN),
    ("attention's product", HIDDEN, HIDDEN),
    ("up", HIDDEN, WIDE),
    ("down", WIDE, HIDDEN),
];

fn measure<K: Kernel>(kernel: K) {
    let [tile, float_tile, sums] = ceilings(kernel);
    let copied = copy_rate(BLOCK * HIDDEN);
    println!(
        "{}: ceilings of {:.0} (8 bits), {:.0} (f32) and {:.0} (sums) G multiply-adds/s, copies {:.0} GB/s",
        K::NAME,
        tile * 1e-9,
        float_tile * 1e-9,
        sums * 1e-9,
        copied * 1e-9
    );
    for rows in LENGTHS {
        let layers = LAYERS as f64;
        let blocks = rows.div_ceil(BLOCK) as f64;
        let block = rows.min(BLOCK);
        let product = |name: &str, inputs: usize, outputs: usize, seconds: f64, rate: f64| Step {
            name: name.to_owned(),
            seconds: layers * blocks * seconds,
            at_ceiling: layers * (rows * inputs * outputs) as f64 / rate,
        };
        // Numbers read and written once each.
        let rest = |name: &str, n: usize, seconds: f64| Step {
            name: name.to_owned(),
            seconds: layers * seconds,
            at_ceiling: layers * 8.0 * n as f64 / copied,
        };

        let mut shared = Vec::new();
        let shape = Shape {
            positions: rows,
            heads: HEADS,
            size: HIDDEN / HEADS,
        };
        let qkv = numbers(rows * 3 * HIDDEN);
        let mut context = vec![0.0; rows * shape.size];
        let mut attention = Attention::default();
        shared.push(Step {
            name: "attention".to_owned(),
            seconds: layers
                * least(|| {
                    for head in 0..HEADS {
                        attention.start(shape);
                        attention.add(&qkv, head);
                        attention.finish(kernel, &mut context);
                    }
                }),
            at_ceiling: layers * (2 * rows * rows * HIDDEN) as f64 / sums,
        });
        let norm = LayerNorm {
            weight: numbers(HIDDEN),
            bias: numbers(HIDDEN),
            eps: 1e-12,
        };
        let x = numbers(block * HIDDEN);
        let mut state = x.clone();
        let seconds = 2.0 * blocks * least(|| norm.apply(kernel, &mut state, Some(&x)));
        shared.push(rest("norms", 2 * rows * HIDDEN, seconds));

        // Every layer has weights of its own: together they are more than the caches nearby hold.
        let mut input = Activations::<K>::default();
        let mut steps = Vec::new();
        for (name, inputs, outputs) in PRODUCTS {
            let channels = numbers(outputs);
            let linears: Vec<_> = (0..LAYERS)
                .map(|_| {
                    let weights = weights(inputs * outputs);
                    PackedLinear::new(kernel, &weights, &channels, &channels)
                })
                .collect();
            input.quantize(kernel, &numbers(block * inputs), inputs);
            let mut out = vec![0.0; block * outputs];
            let seconds = least(|| linears.iter().for_each(|l| l.apply(&input, &mut out)));
            steps.push(product(name, inputs, outputs, seconds / layers, tile));
        }
        let wide = numbers(block * WIDE);
        let mut spoilt = wide.clone();
        let copying = least(|| spoilt.copy_from_slice(&wide));
        let seconds = least(|| {
            spoilt.copy_from_slice(&wide);
            input.quantize_gelu(kernel, &mut spoilt, WIDE);
        });
        let seconds = blocks * (seconds - copying);
        steps.push(rest("GELU, quantized", rows * WIDE, seconds));
        let seconds = 3.0 * blocks * least(|| input.quantize(kernel, &x, HIDDEN));
        steps.push(rest("other quantizing", 3 * rows * HIDDEN, seconds));
        report_with(&format!("{} int8, {rows} pieces", K::NAME), steps, &shared);

        let mut steps = Vec::new();
        for (name, inputs, outputs) in PRODUCTS {
            let (bias, x) = (numbers(outputs), numbers(block * inputs));
            let linears: Vec<_> = (0..LAYERS)
                .map(|_| FloatLinear::new(kernel, &numbers(inputs * outputs), &bias))
                .collect();
            let mut out = vec![0.0; block * outputs];
            let seconds = least(|| linears.iter().for_each(|l| l.apply(&x, &mut out)));
            steps.push(product(name, inputs, outputs, seconds / layers, float_tile));
        }
        let seconds = least(|| {
            spoilt.copy_from_slice(&wide);
            gelu(kernel, &mut spoilt);
        });
        steps.push(rest("GELU", rows * WIDE, blocks * (seconds - copying)));
        report_with(&format!("{} f32, {rows} pieces", K::NAME), steps, &shared);
    }
}

fn report_with(title: &str, mut steps: Vec<Step>, shared: &[Step]) {
    steps.extend(shared.iter().map(|step| Step {
        name: step.name.clone(),
        ..*step
    }));
    report(title, &steps);
}

fn name<K: Kernel>(_: K) -> &'static str {
    K::NAME
}

fn main() {
    // Cargo adds an option of its own.
    let wanted = std::env::args().skip(1).find(|arg| arg != "--bench");
    bsmv::for_each_kernel!(|kernel| {
        let oracle = name(kernel) == "scalar";
        if wanted
            .as_deref()
            .map_or(!oracle, |wanted| wanted == name(kernel))
        {
            measure(kernel);
        }
    });
}
