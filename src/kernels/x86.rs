//! x86-64: AVX2 (`maddubs`), AVX-VNNI and AVX-512 VNNI (`dpbusd`). All are exact for 7-bit
//! activations.

use std::arch::x86_64::*;

use super::math::LANES;
use super::pairs::InPairs;
use super::{FloatTile, Kernel, Order, Tile, Work};

/// 256-bit products of unsigned activations with signed weights, two to a lane of 16 bits.
///
/// Widening those to 32 bits and adding them is most of the work, and twice two products in one lane
/// save half of it: 132 in place of 122 G multiply-adds a second on an Intel Xeon that adds on one
/// port more than it multiplies on. They fit where the weights are small enough, which those of
/// trained layers mostly are: such groups of inputs lie in pairs at a panel's front.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(());

impl Kernel for Avx2 {
    const NAME: &'static str = "avx2";
    const ROWS: usize = 4;
    const COLUMNS: usize = 16;
    const DEPTH: usize = 4;
    const FLOAT_ROWS: usize = 6;
    const QUERIES: usize = 6;
    type Activation = u8;

    fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        found.then_some(Avx2(()))
    }

    fn tile(self, tile: &Tile<u8>, out: &mut [f32]) {
        tile.check::<Self>(out);
        assert_eq!(tile.order.inputs.len(), tile.stride / Self::DEPTH);
        // SAFETY: `detect` found the instructions, or there were no `self`; every address was just
        // checked.
        unsafe { by_rows!(tile.rows.len(), 1 2 3 or 4: tile_avx2(tile, out)) }
    }

    fn order(self, panel: &mut [i8]) -> Order {
        self.run(InPairs(panel))
    }

    fn float_tile(self, tile: &FloatTile, out: &mut [f32]) {
        tile.check::<Self>(out);
        // SAFETY: as for `tile`.
        unsafe { by_rows!(tile.rows, 1 2 3 4 5 or 6: float_tile_avx2(tile, out)) }
    }

    #[inline(always)]
    fn fetch<T>(self, soon: &[T]) {
        fetch(soon);
    }

    #[inline(always)]
    fn sums<const Q: usize>(
        self,
        factors: [&[f32]; Q],
        rows: &[[f32; LANES]],
    ) -> [[f32; LANES]; Q] {
        // SAFETY: as for `tile`; the function checks its slices.
        unsafe { sums_avx2(factors, rows) }
    }

    fn run<W: Work>(self, work: W) -> W::Output {
        #[target_feature(enable = "avx2")]
        fn with_avx2<W: Work>(work: W) -> W::Output {
            work.run()
        }
        // SAFETY: as for `tile`.
        unsafe { with_avx2(work) }
    }
}

/// 256-bit products, four to a lane, in one instruction, where there is no AVX-512. All else is AVX2's.
#[derive(Debug, Clone, Copy)]
pub struct AvxVnni(Avx2);

impl Kernel for AvxVnni {
    const NAME: &'static str = "avxvnni";
    const ROWS: usize = 6;
    const COLUMNS: usize = 16;
    const DEPTH: usize = 4;
    const FLOAT_ROWS: usize = Avx2::FLOAT_ROWS;
    const FLOAT_COLUMNS: usize = Avx2::FLOAT_COLUMNS;
    const QUERIES: usize = Avx2::QUERIES;
    type Activation = u8;

    fn detect() -> Option<Self> {
        let avx2 = Avx2::detect()?;
        is_x86_feature_detected!("avxvnni").then_some(AvxVnni(avx2))
    }

    fn tile(self, tile: &Tile<u8>, out: &mut [f32]) {
        tile.check::<Self>(out);
        // SAFETY: `detect` found the instructions, or there were no `self`; every address was just
        // checked.
        unsafe { by_rows!(tile.rows.len(), 1 2 3 4 5 or 6: tile_avx_vnni(tile, out)) }
    }

    fn float_tile(self, tile: &FloatTile, out: &mut [f32]) {
        self.0.float_tile(tile, out);
    }

    #[inline(always)]
    fn fetch<T>(self, soon: &[T]) {
        self.0.fetch(soon);
    }

    #[inline(always)]
    fn sums<const Q: usize>(
        self,
        factors: [&[f32]; Q],
        rows: &[[f32; LANES]],
    ) -> [[f32; LANES]; Q] {
        self.0.sums(factors, rows)
    }

    fn run<W: Work>(self, work: W) -> W::Output {
        self.0.run(work)
    }
}

/// [`Kernel::fetch`], into the first-level cache.
#[inline(always)]
fn fetch<T>(soon: &[T]) {
    let bytes = size_of_val(soon);
    for at in (0..bytes).step_by(64) {
        // SAFETY: inside the slice; and no address is wrong to ask for.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(soon.as_ptr().cast::<i8>().add(at)) };
    }
}

/// 512-bit products, four to a lane, in one instruction.
#[derive(Debug, Clone, Copy)]
pub struct Avx512Vnni(());

impl Kernel for Avx512Vnni {
    const NAME: &'static str = "avx512vnni";
    const ROWS: usize = 6;
    const COLUMNS: usize = 64;
    const DEPTH: usize = 4;
    const FLOAT_ROWS: usize = 12;
    const FLOAT_COLUMNS: usize = 32;
    const QUERIES: usize = 8;
    type Activation = u8;

    fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        found.then_some(Avx512Vnni(()))
    }

    fn tile(self, tile: &Tile<u8>, out: &mut [f32]) {
        tile.check::<Self>(out);
        // SAFETY: `detect` found the instructions, or there were no `self`; every address was just
        // checked.
        unsafe { by_rows!(tile.rows.len(), 1 2 3 4 5 or 6: tile_vnni(tile, out)) }
    }

    fn float_tile(self, tile: &FloatTile, out: &mut [f32]) {
        tile.check::<Self>(out);
        // SAFETY: as for `tile`.
        unsafe { by_rows!(tile.rows, 1 2 3 4 5 6 7 8 9 10 11 or 12: float_tile_avx512(tile, out)) }
    }

    #[inline(always)]
    fn fetch<T>(self, soon: &[T]) {
        fetch(soon);
    }

    #[inline(always)]
    fn sums<const Q: usize>(
        self,
        factors: [&[f32]; Q],
        rows: &[[f32; LANES]],
    ) -> [[f32; LANES]; Q] {
        // SAFETY: as for `tile`; the function checks its slices.
        unsafe { sums_avx512(factors, rows) }
    }

    fn run<W: Work>(self, work: W) -> W::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
        fn with_avx512<W: Work>(work: W) -> W::Output {
            work.run()
        }
        // SAFETY: as for `tile`.
        unsafe { with_avx512(work) }
    }
}

/// Four activations of one row as one 32-bit number.
///
/// # Safety
/// `a` must be readable for four bytes.
#[inline(always)]
unsafe fn four(a: *const u8) -> i32 {
    // SAFETY: as the caller promises.
    unsafe { a.cast::<i32>().read_unaligned() }
}

/// # Safety
/// Needs AVX2, and a tile that passed [`Tile::check`], of `R` rows, with an order of all its groups.
#[target_feature(enable = "avx2")]
unsafe fn tile_avx2<const R: usize>(tile: &Tile<u8>, out: &mut [f32]) {
    let Tile {
        activations: a,
        stride,
        order,
        ..
    } = *tile;
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[_mm256_setzero_si256(); 2]; R];
    // SAFETY: the tile was checked: groups lie one after the other in the panel, and each begins at
    // an input that has DEPTH - 1 behind it in every row.
    unsafe {
        let at =
            |r: usize, k: u32| _mm256_set1_epi32(four(a.as_ptr().add(r * stride + k as usize)));
        let (pairs, alone) = order.inputs.split_at(order.paired);
        let mut w = tile.panel.as_ptr().cast::<__m256i>();
        for &[k, l] in pairs.as_chunks::<2>().0 {
            // Activations are read again for each vector of weights: there are registers for no more.
            for v in 0..2 {
                let [first, second] = [
                    _mm256_loadu_si256(w.add(v)),
                    _mm256_loadu_si256(w.add(2 + v)),
                ];
                for (r, sum) in sums.iter_mut().enumerate() {
                    let a = _mm256_maddubs_epi16(at(r, k), first);
                    let b = _mm256_maddubs_epi16(at(r, l), second);
                    let fours = _mm256_madd_epi16(_mm256_add_epi16(a, b), ones);
                    sum[v] = _mm256_add_epi32(sum[v], fours);
                }
            }
            w = w.add(4);
        }
        for &k in alone {
            for v in 0..2 {
                let weights = _mm256_loadu_si256(w.add(v));
                for (r, sum) in sums.iter_mut().enumerate() {
                    let twos = _mm256_maddubs_epi16(at(r, k), weights);
                    sum[v] = _mm256_add_epi32(sum[v], _mm256_madd_epi16(twos, ones));
                }
            }
            w = w.add(2);
        }
        put_avx2(&sums, tile, out);
    }
}

/// # Safety
/// Needs AVX2 and AVX-VNNI, and a tile that passed [`Tile::check`], of `R` rows.
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn tile_avx_vnni<const R: usize>(tile: &Tile<u8>, out: &mut [f32]) {
    let (a, stride) = (tile.activations.as_ptr(), tile.stride);
    let mut sums = [[_mm256_setzero_si256(); 2]; R];
    // SAFETY: the tile was checked.
    unsafe {
        for k in 0..stride / 4 {
            let w = tile.panel.as_ptr().add(64 * k).cast::<__m256i>();
            let w = [_mm256_loadu_si256(w), _mm256_loadu_si256(w.add(1))];
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = _mm256_set1_epi32(four(a.add(r * stride + 4 * k)));
                for (sum, w) in sum.iter_mut().zip(w) {
                    *sum = _mm256_dpbusd_avx_epi32(*sum, x, w);
                }
            }
        }
        put_avx2(&sums, tile, out);
    }
}

/// Writes what [`Channels`](super::Channels) makes of a tile's exact sums.
///
/// # Safety
/// Needs AVX2, and a tile that passed [`Tile::check`], of `R` rows.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn put_avx2<const R: usize>(sums: &[[__m256i; 2]; R], tile: &Tile<u8>, out: &mut [f32]) {
    let channels = tile.channels;
    // SAFETY: the tile was checked.
    unsafe {
        for v in 0..2 {
            let scales = _mm256_loadu_ps(channels.scales.as_ptr().add(8 * v));
            let weights = _mm256_loadu_si256(channels.sums.as_ptr().add(8 * v).cast());
            let bias = _mm256_loadu_ps(channels.bias.as_ptr().add(8 * v));
            for (r, sum) in sums.iter().enumerate() {
                let row = tile.rows.get_unchecked(r);
                let zero = _mm256_mullo_epi32(_mm256_set1_epi32(row.zero), weights);
                let exact = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum[v], zero));
                let scale = _mm256_mul_ps(_mm256_set1_ps(row.scale), scales);
                let y = _mm256_add_ps(_mm256_mul_ps(exact, scale), bias);
                _mm256_storeu_ps(out.as_mut_ptr().add(r * tile.width + 8 * v), y);
            }
        }
    }
}

/// # Safety
/// Needs AVX-512 F and VNNI, and a tile that passed [`Tile::check`], of `R` rows.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn tile_vnni<const R: usize>(tile: &Tile<u8>, out: &mut [f32]) {
    let Tile {
        activations: a,
        stride,
        rows,
        panel,
        channels,
        width,
        ..
    } = *tile;
    let mut sums = [[_mm512_setzero_si512(); 4]; R];
    // SAFETY: the tile was checked.
    unsafe {
        for k in 0..stride / 4 {
            let w = panel.as_ptr().add(256 * k).cast::<__m512i>();
            let w = [
                _mm512_loadu_si512(w),
                _mm512_loadu_si512(w.add(1)),
                _mm512_loadu_si512(w.add(2)),
                _mm512_loadu_si512(w.add(3)),
            ];
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = _mm512_set1_epi32(four(a.as_ptr().add(r * stride + 4 * k)));
                for (sum, w) in sum.iter_mut().zip(w) {
                    *sum = _mm512_dpbusd_epi32(*sum, x, w);
                }
            }
        }
        for v in 0..4 {
            let scales = _mm512_loadu_ps(channels.scales.as_ptr().add(16 * v));
            let weights = _mm512_loadu_si512(channels.sums.as_ptr().add(16 * v).cast());
            let bias = _mm512_loadu_ps(channels.bias.as_ptr().add(16 * v));
            for (r, sum) in sums.iter().enumerate() {
                let row = rows.get_unchecked(r);
                let zero = _mm512_mullo_epi32(_mm512_set1_epi32(row.zero), weights);
                let exact = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum[v], zero));
                let scale = _mm512_mul_ps(_mm512_set1_ps(row.scale), scales);
                let y = _mm512_add_ps(_mm512_mul_ps(exact, scale), bias);
                _mm512_storeu_ps(out.as_mut_ptr().add(r * width + 16 * v), y);
            }
        }
    }
}

/// # Safety
/// Needs AVX2.
#[target_feature(enable = "avx2")]
unsafe fn sums_avx2<const Q: usize>(
    factors: [&[f32]; Q],
    rows: &[[f32; LANES]],
) -> [[f32; LANES]; Q] {
    assert!(factors.iter().all(|f| f.len() >= rows.len()));
    let mut sums = [[_mm256_setzero_ps(); 2]; Q];
    let mut out = [[0f32; LANES]; Q];
    // SAFETY: a row holds two vectors, and factors reach as far as the rows.
    unsafe {
        for (j, row) in rows.iter().enumerate() {
            let v = [
                _mm256_loadu_ps(row.as_ptr()),
                _mm256_loadu_ps(row.as_ptr().add(8)),
            ];
            for (sum, factors) in sums.iter_mut().zip(factors) {
                let x = _mm256_set1_ps(*factors.get_unchecked(j));
                for (sum, v) in sum.iter_mut().zip(v) {
                    *sum = _mm256_add_ps(*sum, _mm256_mul_ps(x, v));
                }
            }
        }
        // One after the other, each in a register until here.
        for (out, sum) in out.iter_mut().zip(sums) {
            _mm256_storeu_ps(out.as_mut_ptr(), sum[0]);
            _mm256_storeu_ps(out.as_mut_ptr().add(8), sum[1]);
        }
    }
    out
}

/// # Safety
/// Needs AVX-512 F.
#[target_feature(enable = "avx512f")]
unsafe fn sums_avx512<const Q: usize>(
    factors: [&[f32]; Q],
    rows: &[[f32; LANES]],
) -> [[f32; LANES]; Q] {
    assert!(factors.iter().all(|f| f.len() >= rows.len()));
    let mut sums = [_mm512_setzero_ps(); Q];
    let mut out = [[0f32; LANES]; Q];
    // SAFETY: a row holds one vector, and factors reach as far as the rows.
    unsafe {
        for (j, row) in rows.iter().enumerate() {
            let v = _mm512_loadu_ps(row.as_ptr());
            for (sum, factors) in sums.iter_mut().zip(factors) {
                let x = _mm512_set1_ps(*factors.get_unchecked(j));
                *sum = _mm512_add_ps(*sum, _mm512_mul_ps(x, v));
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            _mm512_storeu_ps(out.as_mut_ptr(), sum);
        }
    }
    out
}

/// # Safety
/// Needs AVX2 and FMA, and a tile that passed [`FloatTile::check`], of `R` rows.
#[target_feature(enable = "avx2,fma")]
unsafe fn float_tile_avx2<const R: usize>(tile: &FloatTile, out: &mut [f32]) {
    let FloatTile {
        x: a,
        stride,
        panel,
        bias,
        width,
        ..
    } = *tile;
    // SAFETY: the tile was checked.
    unsafe {
        let load = |p: *const f32| -> [__m256; 2] {
            std::array::from_fn(|v| _mm256_loadu_ps(p.add(8 * v)))
        };
        let mut sums = [load(bias.as_ptr()); R];
        for k in 0..stride {
            let w = load(panel.as_ptr().add(16 * k));
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = _mm256_set1_ps(*a.get_unchecked(r * stride + k));
                for (sum, w) in sum.iter_mut().zip(w) {
                    *sum = _mm256_fmadd_ps(x, w, *sum);
                }
            }
        }
        for (r, sum) in sums.iter().enumerate() {
            for (v, sum) in sum.iter().enumerate() {
                _mm256_storeu_ps(out.as_mut_ptr().add(r * width + 8 * v), *sum);
            }
        }
    }
}

/// # Safety
/// Needs AVX-512 F, and a tile that passed [`FloatTile::check`], of `R` rows.
#[target_feature(enable = "avx512f")]
unsafe fn float_tile_avx512<const R: usize>(tile: &FloatTile, out: &mut [f32]) {
    let FloatTile {
        x: a,
        stride,
        panel,
        bias,
        width,
        ..
    } = *tile;
    // SAFETY: the tile was checked.
    unsafe {
        let load = |p: *const f32| -> [__m512; 2] {
            std::array::from_fn(|v| _mm512_loadu_ps(p.add(16 * v)))
        };
        let mut sums = [load(bias.as_ptr()); R];
        for k in 0..stride {
            let w = load(panel.as_ptr().add(32 * k));
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = _mm512_set1_ps(*a.get_unchecked(r * stride + k));
                for (sum, w) in sum.iter_mut().zip(w) {
                    *sum = _mm512_fmadd_ps(x, w, *sum);
                }
            }
        }
        for (r, sum) in sums.iter().enumerate() {
            for (v, sum) in sum.iter().enumerate() {
                _mm512_storeu_ps(out.as_mut_ptr().add(r * width + 16 * v), *sum);
            }
        }
    }
}
