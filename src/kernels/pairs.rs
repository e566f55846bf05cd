//! Which groups of inputs [`Avx2`] may add before it widens their products.

use super::{Avx2, Kernel, Order, Work};

/// Weights of a panel of [`Avx2`] in one group of inputs.
const GROUP: usize = Avx2::COLUMNS * Avx2::DEPTH;
/// Neighbouring weights whose products make one sum of 16 bits.
const SUMMED: usize = 2;
/// What positive or negative weights may add up to, so that 127 times it stays in 16 bits.
const MOST: i16 = i16::MAX / 127;
/// Partners that are tried for a group before it stays alone.
const TRIES: usize = 16;

/// What each sum of 16 bits is in a group at most: positive weights, and negative ones without sign.
type Load = [[i16; GROUP / SUMMED]; 2];

#[inline(always)]
fn load(group: &[i8; GROUP]) -> Load {
    let side = |sign: i16| {
        let of = |w: &i8| (sign * i16::from(*w)).max(0);
        let (neighbours, _) = group.as_chunks::<SUMMED>();
        std::array::from_fn(|i| neighbours[i].iter().map(of).sum())
    };
    [side(1), side(-1)]
}

#[inline(always)]
fn fit(a: &Load, b: &Load) -> bool {
    let both = a.as_flattened().iter().zip(b.as_flattened());
    both.fold(0, |most, (a, b)| most.max(a + b)) <= MOST
}

/// Brings groups of inputs whose products can be added in 16 bits side by side, in pairs, to the
/// front of a panel: those with the largest weights each with one of small ones.
pub struct InPairs<'a>(pub &'a mut [i8]);

impl Work for InPairs<'_> {
    type Output = Order;

    #[inline(always)]
    fn run(self) -> Order {
        in_pairs(self.0)
    }
}

#[inline(always)]
fn in_pairs(panel: &mut [i8]) -> Order {
    let groups = panel.as_chunks::<GROUP>().0.to_vec();
    let loads: Vec<Load> = groups.iter().map(load).collect();
    let size = |load: &Load| load.as_flattened().iter().fold(0, |most, &v| most.max(v));
    let sizes: Vec<i16> = loads.iter().map(size).collect();
    let mut by_size: Vec<usize> = (0..groups.len()).collect();
    by_size.sort_unstable_by_key(|&g| sizes[g]);
    let (mut paired, mut alone) = (Vec::with_capacity(groups.len()), Vec::new());
    while let Some(large) = by_size.pop() {
        let mut small = by_size.iter().take(TRIES);
        match small.position(|&small| fit(&loads[large], &loads[small])) {
            Some(at) => paired.extend([large, by_size.remove(at)]),
            None => alone.push(large),
        }
    }
    let pairs = paired.len();
    paired.extend(alone);
    for (place, &g) in panel.as_chunks_mut::<GROUP>().0.iter_mut().zip(&paired) {
        *place = groups[g];
    }
    let first = |&g: &usize| (g * Avx2::DEPTH) as u32;
    Order::new(paired.iter().map(first).collect(), pairs, Avx2::DEPTH)
}
