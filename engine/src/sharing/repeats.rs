//! Finds and marks the groupings that a plan has more than once.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion, TreeNodeRewriter};
use datafusion::common::{DFSchemaRef, Result, internal_err};
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, TableSource, UserDefinedLogicalNodeCore,
};

/// A part of a plan that occurs elsewhere in it as well, under the same number.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Repeat {
    pub(super) number: usize,
    input: LogicalPlan,
}

impl PartialOrd for Repeat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.number.partial_cmp(&other.number)
    }
}

impl UserDefinedLogicalNodeCore for Repeat {
    fn name(&self) -> &'static str {
        "Repeat"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Repeat: {}", self.number)
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        match <[LogicalPlan; 1]>::try_from(inputs) {
            Ok([input]) => Ok(Self {
                number: self.number,
                input,
            }),
            Err(inputs) => internal_err!("a repeat has one input, got {}", inputs.len()),
        }
    }
}

/// `plan` with a [`Repeat`] around each grouping that it has more than once.
pub(super) fn marked(plan: LogicalPlan) -> Result<LogicalPlan> {
    let repeated = repeated(&plan)?;
    if repeated.is_empty() {
        return Ok(plan);
    }
    let mut marker = Marker {
        repeated,
        open: Vec::new(),
    };
    Ok(plan.rewrite_with_subqueries(&mut marker)?.data)
}

/// The groupings that occur more than once, outermost first.
fn repeated(plan: &LogicalPlan) -> Result<Vec<LogicalPlan>> {
    let mut seen: Vec<(LogicalPlan, usize)> = Vec::new();
    let mut recursive = false;
    plan.apply_with_subqueries(|node| {
        if matches!(node, LogicalPlan::RecursiveQuery(_)) {
            // Runs its parts several times, each time with other rows.
            recursive = true;
            return Ok(TreeNodeRecursion::Stop);
        }
        if !matches!(node, LogicalPlan::Aggregate(_)) {
            return Ok(TreeNodeRecursion::Continue);
        }
        match seen.iter_mut().find(|(other, _)| same(other, node)) {
            // What is inside of it is no further repetition.
            Some((_, times)) => {
                *times += 1;
                Ok(TreeNodeRecursion::Jump)
            }
            None => {
                seen.push((node.clone(), 1));
                Ok(TreeNodeRecursion::Continue)
            }
        }
    })?;
    let mut repeated = Vec::new();
    for (grouping, times) in seen {
        if times > 1
            && !recursive
            && !is_volatile(&grouping)?
            && (!has_subquery(&grouping)? || times == times_outside_subqueries(plan, &grouping)?)
        {
            repeated.push(grouping);
        }
    }
    Ok(repeated)
}

/// Whether a plan needs the value of a subquery. That is there for those who asked for it, once
/// all of its query's subqueries have run: for another query it may come too late.
fn has_subquery(plan: &LogicalPlan) -> Result<bool> {
    plan.exists(|node| {
        let mut found = false;
        node.apply_subqueries(|_| {
            found = true;
            Ok(TreeNodeRecursion::Stop)
        })?;
        Ok(found)
    })
}

fn times_outside_subqueries(plan: &LogicalPlan, grouping: &LogicalPlan) -> Result<usize> {
    let mut times = 0;
    plan.apply(|node| {
        Ok(match same(node, grouping) {
            true => {
                times += 1;
                TreeNodeRecursion::Jump
            }
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(times)
}

/// Whether two plans are equal and read the same tables. Plans compare their tables by name, but
/// one name may stand for several versions of a table.
fn same(one: &LogicalPlan, other: &LogicalPlan) -> bool {
    one == other && sources(one) == sources(other)
}

/// Where the tables of a plan come from, in order.
fn sources(plan: &LogicalPlan) -> Option<Vec<*const dyn TableSource>> {
    let mut sources = Vec::new();
    let visited = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            sources.push(Arc::as_ptr(&scan.source));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    visited.ok().map(|_| sources)
}

/// Whether a plan may give something else each time.
pub(crate) fn is_volatile(plan: &LogicalPlan) -> Result<bool> {
    let mut volatile = false;
    plan.apply_with_subqueries(|node| {
        volatile = node.expressions().iter().any(Expr::is_volatile);
        Ok(match volatile {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(volatile)
}

struct Marker {
    repeated: Vec<LogicalPlan>,
    /// For each grouping around the current node, its number if it is repeated.
    open: Vec<Option<usize>>,
}

impl TreeNodeRewriter for Marker {
    type Node = LogicalPlan;

    fn f_down(&mut self, node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        if matches!(node, LogicalPlan::Aggregate(_)) {
            let number = self.repeated.iter().position(|other| same(other, &node));
            self.open.push(number);
        }
        Ok(Transformed::no(node))
    }

    fn f_up(&mut self, node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        if !matches!(node, LogicalPlan::Aggregate(_)) {
            return Ok(Transformed::no(node));
        }
        Ok(match self.open.pop().flatten() {
            Some(number) => Transformed::yes(LogicalPlan::Extension(Extension {
                node: Arc::new(Repeat {
                    number,
                    input: node,
                }),
            })),
            None => Transformed::no(node),
        })
    }
}
