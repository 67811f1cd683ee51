//! Every function of this crate, by family.

use std::sync::{Arc, LazyLock};

use datafusion::error::Result;
use datafusion::logical_expr::{
    AggregateUDF, Documentation, ScalarUDF, ScalarUDFImpl, WindowUDF, WindowUDFImpl,
};

use crate::aggregate::{Aggregate, Aggregating};
use crate::constants::Constants;
use crate::parameter::Parameter;
use crate::scalar::{PerRow, Scalar};
use crate::{
    baskets, cohorts, experiments, funnels, lifetime, money, segments, sequences, sessions,
};

/// What a function's type declares beyond DataFusion's own traits.
pub(crate) trait Described {
    /// What it takes, in order.
    const PARAMETERS: &'static [Parameter];

    /// Checks the constants of a call: their range, and how they fit together.
    fn check(_constants: &Constants) -> Result<()> {
        Ok(())
    }

    /// Checks them once more where the function's window has no ORDER BY.
    fn check_unordered(_constants: &Constants) -> Result<()> {
        Ok(())
    }
}

/// A function, in the one kind in which its type implements it.
#[derive(Debug)]
pub(crate) enum Function {
    /// One value from one row.
    Scalar(Arc<ScalarUDF>),
    /// One value from many rows.
    Aggregate(Arc<AggregateUDF>),
    /// One value a row, from the rows around it.
    Window(Arc<WindowUDF>),
}

/// A function with what it declares.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The function itself.
    pub(crate) function: Function,
    /// What it takes, in order.
    pub(crate) parameters: &'static [Parameter],
    /// The check of a call's constants.
    pub(crate) check: fn(&Constants) -> Result<()>,
    /// The further check of a window without ORDER BY.
    pub(crate) check_unordered: fn(&Constants) -> Result<()>,
    /// Whether it is an aggregate that keeps rows rather than sums of them.
    pub(crate) holistic: bool,
}

impl Entry {
    /// A scalar function's entry.
    pub(crate) fn scalar<F: ScalarUDFImpl + Described + 'static>(function: F) -> Self {
        Self::new::<F>(Function::Scalar(Arc::new(ScalarUDF::from(function))))
    }

    /// The entry of a scalar function that is made of what it says of itself.
    pub(crate) fn per_row<F: PerRow>(function: F) -> Self {
        let function = ScalarUDF::from(Scalar::new(function));
        Self::new::<F>(Function::Scalar(Arc::new(function)))
    }

    /// An aggregate function's entry.
    pub(crate) fn aggregate<F: Aggregating>(function: F) -> Self {
        let function = AggregateUDF::from(Aggregate::new(function));
        Self {
            holistic: F::HOLISTIC,
            ..Self::new::<F>(Function::Aggregate(Arc::new(function)))
        }
    }

    /// A window function's entry.
    pub(crate) fn window<F: WindowUDFImpl + Described + 'static>(function: F) -> Self {
        Self::new::<F>(Function::Window(Arc::new(WindowUDF::from(function))))
    }

    fn new<F: Described>(function: Function) -> Self {
        Self {
            function,
            parameters: F::PARAMETERS,
            check: F::check,
            check_unordered: F::check_unordered,
            holistic: false,
        }
    }

    /// The function's name.
    pub(crate) fn name(&self) -> &str {
        match &self.function {
            Function::Scalar(function) => function.name(),
            Function::Aggregate(function) => function.name(),
            Function::Window(function) => function.name(),
        }
    }

    /// What the function says of itself.
    pub(crate) fn documentation(&self) -> Option<&Documentation> {
        match &self.function {
            Function::Scalar(function) => function.documentation(),
            Function::Aggregate(function) => function.documentation(),
            Function::Window(function) => function.documentation(),
        }
    }
}

/// Functions about one subject.
#[derive(Debug)]
pub(crate) struct Family {
    /// Its title in the documentation.
    pub(crate) title: &'static str,
    /// Its functions, in the order of the documentation.
    pub(crate) functions: Vec<Entry>,
}

/// Every family, in the order of the documentation.
pub(crate) fn families() -> &'static [Family] {
    static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
        vec![
            cohorts::family(),
            segments::family(),
            funnels::family(),
            sequences::family(),
            sessions::family(),
            lifetime::family(),
            experiments::family(),
            baskets::family(),
            money::family(),
        ]
    });
    &FAMILIES
}

/// Every function of every family.
pub(crate) fn functions() -> impl Iterator<Item = &'static Entry> {
    families().iter().flat_map(|family| &family.functions)
}

/// The function that a call of `name` means: with `over`, the window function of that
/// name if there is one, else the aggregate; without, anything but a window function.
pub(crate) fn called(name: &str, over: bool) -> Option<&'static Entry> {
    let named = || functions().filter(|entry| entry.name() == name);
    let is_window = |entry: &&Entry| matches!(entry.function, Function::Window(_));
    if over {
        named()
            .find(is_window)
            .or_else(|| named().find(|entry| matches!(entry.function, Function::Aggregate(_))))
    } else {
        named().find(|entry| !is_window(entry))
    }
}
