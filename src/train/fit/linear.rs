//! Lines through numbers: least squares and logistic regression, in f64.

/// Solves `a` x = `b` for a symmetric positive matrix `[n][n]`, by elimination.
pub fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        let pivot = a[i][i];
        let (above, below) = a.split_at_mut(i + 1);
        let row = &above[i];
        for (k, other) in below.iter_mut().enumerate() {
            let factor = other[i] / pivot;
            if factor != 0.0 {
                for (x, y) in other[i..].iter_mut().zip(&row[i..]) {
                    *x -= factor * y;
                }
                b[i + 1 + k] -= factor * b[i];
            }
        }
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| a[i][j] * x[j]).sum();
        x[i] = (b[i] - known) / a[i][i];
    }
    x
}

/// Coefficients of `y` on `rows`, whose squares cost `ridge` each.
pub fn least_squares(rows: &[Vec<f64>], y: &[f64], ridge: f64) -> Vec<f64> {
    let n = rows.first().map_or(0, Vec::len);
    let mut a = vec![vec![0.0; n]; n];
    let mut b = vec![0.0; n];
    for (row, y) in rows.iter().zip(y) {
        add_product(&mut a, row, 1.0);
        for (b, x) in b.iter_mut().zip(row) {
            *b += x * y;
        }
    }
    for (i, row) in a.iter_mut().enumerate() {
        row[i] += ridge;
    }
    solve(a, b)
}

/// Log-odds of `positive` as coefficients of `rows`, each row weighed, whose squares cost `ridge`
/// each; by Newton's steps.
pub fn logistic(rows: &[Vec<f64>], positive: &[bool], weights: &[f64], ridge: f64) -> Vec<f64> {
    const STEPS: usize = 30;
    // Far below what a weight is rounded to.
    const SETTLED: f64 = 1e-6;
    let n = rows.first().map_or(0, Vec::len);
    let mut found = vec![0.0; n];
    for _ in 0..STEPS {
        let mut a = vec![vec![0.0; n]; n];
        let mut b: Vec<f64> = found.iter().map(|w| -ridge * w).collect();
        for ((row, &positive), weight) in rows.iter().zip(positive).zip(weights) {
            let odds: f64 = row.iter().zip(&found).map(|(x, w)| x * w).sum();
            let p = 1.0 / (1.0 + (-odds).exp());
            add_product(&mut a, row, weight * p * (1.0 - p));
            let off = weight * (f64::from(u8::from(positive)) - p);
            for (b, x) in b.iter_mut().zip(row) {
                *b += off * x;
            }
        }
        for (i, row) in a.iter_mut().enumerate() {
            row[i] += ridge;
        }
        let steps = solve(a, b);
        for (w, step) in found.iter_mut().zip(&steps) {
            *w += step;
        }
        if steps.iter().all(|step| step.abs() < SETTLED) {
            break;
        }
    }
    found
}

/// Adds `weight` times the product of a row with itself.
fn add_product(a: &mut [Vec<f64>], row: &[f64], weight: f64) {
    for (sums, &x) in a.iter_mut().zip(row) {
        let x = weight * x;
        if x != 0.0 {
            for (sum, y) in sums.iter_mut().zip(row) {
                *sum += x * y;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_found_again() {
        let rows: Vec<Vec<f64>> = (0..20)
            .map(|i| vec![1.0, f64::from(i), f64::from(i * i % 7)])
            .collect();
        let y: Vec<f64> = rows.iter().map(|r| 2.0 - 0.5 * r[1] + 3.0 * r[2]).collect();
        for (got, expected) in least_squares(&rows, &y, 1e-9).iter().zip([2.0, -0.5, 3.0]) {
            assert!((got - expected).abs() < 1e-5, "{got} for {expected}");
        }
    }

    #[test]
    fn odds_follow_shares() {
        // Three of four are positive.
        let rows = vec![vec![1.0]; 4];
        let odds = logistic(&rows, &[true, true, true, false], &[1.0; 4], 1e-6)[0];
        assert!((odds - 3f64.ln()).abs() < 1e-3, "{odds}");
    }
}
