//! The maximum of a smooth function of a few numbers, by Newton's method with damping.
//!
//! A step solves (−H + λ·s·1) d = g for gradient g and second derivatives H, with s the largest
//! of these on the diagonal; λ is 0 while that is positive definite and steps climb, and grows
//! tenfold while not. No coordinate changes by more than [`FARTHEST_STEP`] at once.
//!
//! It has converged where −H is positive definite and the undamped step is no longer than
//! [`SMALL_STEP`]. A ridge that climbs for ever is never mistaken for a maximum by that: along
//! e^(−θ), however flat it has become, Newton's step stays 1. The search gives up there at
//! ±[`FARTHEST`]. Since functions here have logarithms of parameters as coordinates, no optimum
//! of interest lies there.
//!
//! Source: J. Nocedal and S. J. Wright, *Numerical Optimization*, 2nd edition, chapter 3.4.

use crate::interrupt;

/// A search takes at most so many steps.
const MOST_STEPS: usize = 200;

/// The greatest change of a coordinate in one step.
const FARTHEST_STEP: f64 = 2.0;

/// Beyond this a coordinate is given up.
const FARTHEST: f64 = 25.0;

/// The step from which one more reaches the limit of precision, as its length is squared.
const SMALL_STEP: f64 = 1e-7;

/// The least damping, and the greatest.
const DAMPING: (f64, f64) = (1e-4, 1e8);

/// The part of a value that rounding may change.
const NOISE: f64 = 1e-13;

/// A function's value with its gradient and second derivatives, of which the upper triangle
/// counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surface<const K: usize> {
    /// The value.
    pub(crate) value: f64,
    /// The first derivatives.
    pub(crate) gradient: [f64; K],
    /// The second derivatives.
    pub(crate) hessian: [[f64; K]; K],
}

impl<const K: usize> Surface<K> {
    pub(crate) const ZERO: Self = Self {
        value: 0.0,
        gradient: [0.0; K],
        hessian: [[0.0; K]; K],
    };

    /// The same function of the logarithms of its arguments, which are `at`, times `factor`.
    pub(crate) fn by_logarithms(mut self, at: &[f64; K], factor: f64) -> Self {
        self.value *= factor;
        for i in 0..K {
            for j in i..K {
                self.hessian[i][j] *= factor * at[i] * at[j];
            }
            self.gradient[i] *= factor * at[i];
            self.hessian[i][i] += self.gradient[i];
        }
        self
    }

    fn is_finite(&self) -> bool {
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        self.value.is_finite()
            && finite(&self.gradient)
            && (0..K).all(|i| finite(&self.hessian[i][i..]))
    }

    /// The step that solves for the gradient; `None` when the matrix is not positive definite.
    fn step(&self, damping: f64) -> Option<[f64; K]> {
        let scale = (0..K).map(|i| self.hessian[i][i].abs()).fold(0.0, f64::max);
        let mut lower = [[0.0; K]; K];
        for i in 0..K {
            for j in 0..=i {
                let mut rest = -self.hessian[j][i];
                if i == j {
                    rest += damping * scale;
                }
                rest -= (0..j).map(|k| lower[i][k] * lower[j][k]).sum::<f64>();
                if i != j {
                    lower[i][j] = rest / lower[j][j];
                } else if rest > scale * f64::EPSILON {
                    lower[i][i] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        let mut step = self.gradient;
        for i in 0..K {
            step[i] -= (0..i).map(|k| lower[i][k] * step[k]).sum::<f64>();
            step[i] /= lower[i][i];
        }
        for i in (0..K).rev() {
            step[i] -= (i + 1..K).map(|k| lower[k][i] * step[k]).sum::<f64>();
            step[i] /= lower[i][i];
        }
        step.iter().all(|part| part.is_finite()).then_some(step)
    }
}

/// Where a search ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summit<const K: usize> {
    /// The coordinates.
    pub(crate) at: [f64; K],
    /// The value there.
    pub(crate) value: f64,
    /// Whether it is a maximum.
    pub(crate) converged: bool,
}

/// A model's parameters, fitted to rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit<const K: usize> {
    /// The parameters.
    pub(crate) parameters: [f64; K],
    /// The logarithm of the likelihood of all rows.
    pub(crate) log_likelihood: f64,
    /// Whether they are a maximum of it.
    pub(crate) converged: bool,
}

/// The highest of the points that searches from `starts` reach, of equal ones a maximum, then
/// the first.
pub(crate) fn maximise<const K: usize>(
    starts: &[[f64; K]],
    surface: impl Fn(&[f64; K]) -> Surface<K>,
) -> Option<Summit<K>> {
    let summits = starts.iter().map(|start| climb(*start, &surface));
    summits.reduce(|best, next| {
        let margin = NOISE.sqrt() * best.value.abs();
        let higher = if next.converged == best.converged {
            next.value > best.value
        } else if next.converged {
            next.value >= best.value - margin
        } else {
            next.value > best.value + margin
        };
        if higher || best.value.is_nan() {
            next
        } else {
            best
        }
    })
}

fn climb<const K: usize>(start: [f64; K], surface: &impl Fn(&[f64; K]) -> Surface<K>) -> Summit<K> {
    let mut at = start;
    let mut here = surface(&at);
    let mut damping = 0.0;
    for _ in 0..MOST_STEPS {
        let inside = at.iter().all(|part| part.abs() < FARTHEST);
        if !here.is_finite() || !inside || damping > DAMPING.1 || interrupt::is_raised() {
            break;
        }
        let Some(mut step) = here.step(damping) else {
            damping = more(damping);
            continue;
        };
        let longest = step
            .iter()
            .fold(0.0_f64, |longest, part| longest.max(part.abs()));
        if longest > FARTHEST_STEP {
            step.iter_mut()
                .for_each(|part| *part *= FARTHEST_STEP / longest);
        }
        let mut next_at = at;
        for (part, change) in next_at.iter_mut().zip(step) {
            *part += change;
        }
        let next = surface(&next_at);
        let climbs = next.value >= here.value - NOISE * here.value.abs();
        if damping == 0.0 && longest <= SMALL_STEP {
            let (at, value) = if climbs {
                (next_at, next.value)
            } else {
                (at, here.value)
            };
            return Summit {
                at,
                value,
                converged: true,
            };
        }
        if climbs && next.is_finite() {
            (at, here) = (next_at, next);
            damping = if damping > DAMPING.0 {
                damping / 10.0
            } else {
                0.0
            };
        } else {
            damping = more(damping);
        }
    }
    Summit {
        at,
        value: here.value,
        converged: false,
    }
}

fn more(damping: f64) -> f64 {
    (damping * 10.0).max(DAMPING.0)
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    /// −(x² − y)² − (1 − x)²: a bent ridge with its maximum, 0, at (1, 1).
    fn bent(at: &[f64; 2]) -> Surface<2> {
        let [x, y] = *at;
        let across = x * x - y;
        Surface {
            value: -across * across - (1.0 - x) * (1.0 - x),
            gradient: [-4.0 * x * across + 2.0 * (1.0 - x), 2.0 * across],
            hessian: [[-12.0 * x * x + 4.0 * y - 2.0, 4.0 * x], [0.0, -2.0]],
        }
    }

    #[test]
    fn a_bent_ridge_is_followed_to_its_top() {
        for start in [[-3.0, 9.0], [0.0, 20.0], [5.0, -5.0], [1.0, 1.0]] {
            let top = maximise(&[start], bent).unwrap();
            assert!(top.converged, "from {start:?}");
            assert!(
                top.at.iter().all(|part| (part - 1.0).abs() < 1e-10),
                "{top:?}"
            );
        }
    }

    /// −e^(−x) − y² climbs for ever; −y² has no x in it at all.
    #[test]
    fn what_has_no_maximum_does_not_converge() {
        let endless = |at: &[f64; 2]| Surface {
            value: -(-at[0]).exp() - at[1] * at[1],
            gradient: [(-at[0]).exp(), -2.0 * at[1]],
            hessian: [[-(-at[0]).exp(), 0.0], [0.0, -2.0]],
        };
        let top = maximise(&[[0.0, 3.0], [-2.0, 1.0]], endless).unwrap();
        assert!(!top.converged && top.at[0] > 20.0, "{top:?}");
        let level = |at: &[f64; 2]| Surface {
            value: -at[1] * at[1],
            gradient: [0.0, -2.0 * at[1]],
            hessian: [[0.0, 0.0], [0.0, -2.0]],
        };
        let top = maximise(&[[0.0, 3.0]], level).unwrap();
        assert!(!top.converged && top.at[1].abs() < 1e-3, "{top:?}");
        let broken = |_: &[f64; 2]| Surface {
            value: f64::NAN,
            ..Surface::ZERO
        };
        assert!(!maximise(&[[0.0, 3.0]], broken).unwrap().converged);
    }

    /// Of two maxima, 0 at −1 and higher by 0.1 or so near 1, the higher.
    #[test]
    fn the_highest_summit_counts() {
        let two = |at: &[f64; 1]| {
            let x = at[0];
            let across = x * x - 1.0;
            Surface {
                value: -across * across + 0.05 * x,
                gradient: [-4.0 * x * across + 0.05],
                hessian: [[-12.0 * x * x + 4.0]],
            }
        };
        let top = maximise(&[[-1.2], [1.2]], two).unwrap();
        assert!(top.converged && top.at[0] > 0.9, "{top:?}");
        assert_eq!(maximise(&[], two), None);
    }
}
