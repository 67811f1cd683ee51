//! What a test says of two variants, in the form that all tests share.

use crate::math::tails::{NORMAL_CRITICAL, normal_two_sided, student_critical, student_two_sided};

/// How a treatment differs from the control. What is not defined, or not finite, is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Comparison {
    /// Treatment − control.
    pub(crate) effect: Option<f64>,
    /// What the test is made on.
    pub(crate) statistic: Option<f64>,
    /// How likely a statistic is that far out, on either side, without any difference.
    pub(crate) p_value: Option<f64>,
    /// Where the interval begins that covers the effect 95 times in a hundred.
    pub(crate) lower: Option<f64>,
    /// Where it ends.
    pub(crate) upper: Option<f64>,
}

impl Comparison {
    /// An effect of which nothing else is known.
    pub(crate) fn of_effect(effect: f64) -> Self {
        Self {
            effect: finite(effect),
            ..Self::default()
        }
    }

    /// An effect against a normal distribution, `error` being its standard error.
    pub(crate) fn normal(effect: f64, error: f64) -> Self {
        let statistic = finite(effect / error);
        Self {
            statistic,
            p_value: statistic.map(normal_two_sided),
            ..Self::of_effect(effect)
        }
        .within(error * NORMAL_CRITICAL)
    }

    /// An effect against Student's t: `squares` are the squared standard errors of the control
    /// and of the treatment, of which each has `df` degrees of freedom, the two together as many
    /// as Welch and Satterthwaite say.
    pub(crate) fn student(effect: f64, squares: [f64; 2], df: [f64; 2]) -> Self {
        let df = satterthwaite(squares, df);
        let error = (squares[0] + squares[1]).sqrt();
        let Some(statistic) = finite(effect / error).filter(|_| df.is_finite()) else {
            return Self::of_effect(effect);
        };
        Self {
            statistic: Some(statistic),
            p_value: Some(student_two_sided(statistic, df)),
            ..Self::of_effect(effect)
        }
        .within(error * student_critical(df))
    }

    /// With an interval that reaches so far to both sides of the effect; none without reach, as
    /// rows that do not vary say nothing of how the effect would.
    pub(crate) fn within(self, reach: f64) -> Self {
        let effect = self.effect.filter(|_| reach > 0.0);
        Self {
            lower: effect.and_then(|effect| finite(effect - reach)),
            upper: effect.and_then(|effect| finite(effect + reach)),
            ..self
        }
    }
}

/// The degrees of freedom of a sum of two squared standard errors with so many each (Welch 1947).
pub(crate) fn satterthwaite(squares: [f64; 2], df: [f64; 2]) -> f64 {
    // By shares, which squared cannot leave the range of a double.
    let shares = squares.map(|part| part / (squares[0] + squares[1]));
    1.0 / (shares[0] * shares[0] / df[0] + shares[1] * shares[1] / df[1])
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}
