//! Where a model's key comes from: what it is made of in each table that the model reads.
//!
//! If the rows of a query with the key `k` depend on no rows of a table but those for which certain
//! expressions are `k`, then finding `k` anew takes those rows alone, and a changed row touches
//! the keys that the expressions give for it. That is so wherever a filter for `k` could be moved
//! from the query's result down to the table: through the groups of an aggregate and the partitions
//! of a window that hold the key, and to both sides of a join that equates it. Where it could
//! not, there are no such expressions, and any change of the table may touch any key.

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType, Result};
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, LogicalPlan, TableScan, Unnest, Window,
};

/// The expressions over a node's columns that give the key, one for each of its columns; none where
/// the node's rows cannot be told apart by it.
pub(super) type Key = Option<Vec<Expr>>;

/// Makes something else of each table that a plan reads, given what the key is in it.
pub(super) fn at_scans(
    plan: LogicalPlan,
    key: Key,
    visit: &mut dyn FnMut(TableScan, Key) -> Result<LogicalPlan>,
) -> Result<LogicalPlan> {
    if let LogicalPlan::TableScan(scan) = plan {
        return visit(scan, key);
    }
    let mut keys = of_inputs(&plan, key.as_deref()).into_iter();
    let plan = plan
        .map_subqueries(|query| at_scans(query, None, visit).map(Transformed::yes))
        .data()?;
    plan.map_children(|input| {
        let key = keys.next().flatten();
        at_scans(input, key, visit).map(Transformed::yes)
    })
    .data()
}

/// What the key of a node is in each of its inputs.
fn of_inputs(plan: &LogicalPlan, key: Option<&[Expr]>) -> Vec<Key> {
    let inputs = plan.inputs();
    let Some(key) = key else {
        return vec![None; inputs.len()];
    };
    let schema = plan.schema();
    match plan {
        LogicalPlan::Projection(projection) => {
            let of = |place: usize| Some(projection.expr.get(place)?.clone().unalias());
            vec![replaced(key, schema, &of)]
        }
        LogicalPlan::SubqueryAlias(_) | LogicalPlan::Union(_) => {
            let by_place = |input: &&LogicalPlan| {
                replaced(key, schema, &|place| column_at(input.schema(), place))
            };
            inputs.iter().map(by_place).collect()
        }
        LogicalPlan::Filter(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Distinct(Distinct::All(_)) => vec![Some(key.to_vec())],
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => vec![Some(key.to_vec())],
        LogicalPlan::Aggregate(aggregate) => vec![of_groups(aggregate, key)],
        LogicalPlan::Window(window) => vec![of_partitions(window, key)],
        LogicalPlan::Join(join) => of_sides(join, key),
        LogicalPlan::Unnest(unnest) => vec![of_unnested(unnest, key)],
        _ => vec![None; inputs.len()],
    }
}

fn of_groups(aggregate: &Aggregate, key: &[Expr]) -> Key {
    if let [Expr::GroupingSet(_)] = aggregate.group_expr.as_slice() {
        return None;
    }
    let of = |place: usize| Some(aggregate.group_expr.get(place)?.clone().unalias());
    replaced(key, &aggregate.schema, &of)
}

fn of_partitions(window: &Window, key: &[Expr]) -> Key {
    let input = window.input.schema();
    let of = |place: usize| (place < input.fields().len()).then(|| column_at(input, place))?;
    let key = replaced(key, &window.schema, &of)?;
    let holds_key = |function: &Expr| {
        let Expr::WindowFunction(function) = unaliased(function) else {
            return false;
        };
        let partition = &function.params.partition_by;
        key.iter().all(|part| {
            let columns = part.column_refs();
            partition.contains(part)
                || columns
                    .into_iter()
                    .all(|column| partition.contains(&Expr::Column(column.clone())))
        })
    };
    window.window_expr.iter().all(holds_key).then_some(key)
}

fn of_unnested(unnest: &Unnest, key: &[Expr]) -> Key {
    let input = unnest.input.schema();
    let of = |place: usize| {
        let from = *unnest.dependency_indices.get(place)?;
        let is_unnested = unnest.list_type_columns.iter().any(|(at, _)| *at == from)
            || unnest.struct_type_columns.contains(&from);
        (!is_unnested).then(|| column_at(input, from))?
    };
    replaced(key, &unnest.schema, &of)
}

fn of_sides(join: &Join, key: &[Expr]) -> Vec<Key> {
    let (left, right) = (join.left.schema(), join.right.schema());
    let width = left.fields().len();
    // The side that each of the join's columns is of, and its place there.
    let origin = |place: usize| match join.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => Some((Side::Left, place)),
        JoinType::RightSemi | JoinType::RightAnti => Some((Side::Right, place)),
        JoinType::LeftMark => (place < width).then_some((Side::Left, place)),
        JoinType::RightMark => (place < right.fields().len()).then_some((Side::Right, place)),
        _ if place < width => Some((Side::Left, place)),
        _ => Some((Side::Right, place - width)),
    };
    let on = |side: Side| {
        let of = |place: usize| {
            let (from, place) = origin(place)?;
            if from == side {
                return column_at(side.of(left, right), place);
            }
            let column = column_at(from.of(left, right), place)?;
            let pair = join.on.iter().map(|(l, r)| match side {
                Side::Left => (l, r),
                Side::Right => (r, l),
            });
            let mut equal = pair.filter(|(_, other)| **other == column);
            equal.next().map(|(this, _)| this.clone())
        };
        replaced(key, &join.schema, &of)
    };
    // The side whose rows are all in the result, or make all of it.
    let leading = match join.join_type {
        JoinType::Inner => return vec![on(Side::Left), on(Side::Right)],
        JoinType::Full => return vec![None, None],
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => Side::Left,
        JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
            Side::Right
        }
    };
    let is_of_leading = key.iter().all(|part| {
        part.column_refs().into_iter().all(|column| {
            let place = join.schema.maybe_index_of_column(column);
            place
                .and_then(origin)
                .is_some_and(|(side, _)| side == leading)
        })
    });
    if !is_of_leading {
        return vec![None, None];
    }
    // One NULL among its rows changes what NOT IN says of all others.
    let other = |side: Side| match join.null_aware {
        true => None,
        false => on(side),
    };
    match leading {
        Side::Left => vec![on(Side::Left), other(Side::Right)],
        Side::Right => vec![other(Side::Left), on(Side::Right)],
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    fn of<T>(self, left: T, right: T) -> T {
        match self {
            Self::Left => left,
            Self::Right => right,
        }
    }
}

/// The key with something else in the place of each column of `schema`; none when there is nothing
/// for one of them, or when it is more than columns can say.
fn replaced(key: &[Expr], schema: &DFSchema, of: &dyn Fn(usize) -> Option<Expr>) -> Key {
    let part = |part: &Expr| {
        let mut fits = true;
        let changed = part.clone().transform_down(|expr| {
            let found = match &expr {
                Expr::Column(column) => schema.maybe_index_of_column(column).and_then(of),
                Expr::OuterReferenceColumn(..)
                | Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_) => None,
                _ => return Ok(Transformed::no(expr)),
            };
            match found {
                Some(found) => Ok(Transformed::new(found, true, TreeNodeRecursion::Jump)),
                None => {
                    fits = false;
                    Ok(Transformed::new(expr, false, TreeNodeRecursion::Stop))
                }
            }
        });
        changed.ok().filter(|_| fits).map(|changed| changed.data)
    };
    key.iter().map(part).collect()
}

fn column_at(schema: &DFSchema, place: usize) -> Option<Expr> {
    let is_there = place < schema.fields().len();
    is_there.then(|| Expr::Column(Column::from(schema.qualified_field(place))))
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}
