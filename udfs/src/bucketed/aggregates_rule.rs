//! Aggregates once what DataFusion would aggregate twice.
//!
//! DataFusion aggregates each partition, sends the states to the partition that owns their group,
//! and merges them there. With many groups the states are as many as the rows, and those of
//! functions that look at a customer's whole history are as large as well. So here the rows are
//! sent, only the columns that the functions look at, and aggregated once where they arrive.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_expr::{Partitioning, PhysicalExpr, physical_exprs_equal};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, InputOrderMode};

use super::aggregate::BucketedAggregateExec;

/// The rule, to be run when DataFusion's have distributed the work.
#[derive(Debug)]
pub(crate) struct BucketAggregates;

impl PhysicalOptimizerRule for BucketAggregates {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rewritten = plan.transform_up(|node| {
            let once = match node.downcast_ref::<AggregateExec>() {
                Some(last) => grouped_once(last)?,
                None => None,
            };
            Ok(match once {
                Some(once) => Transformed::yes(once),
                None => Transformed::no(node),
            })
        });
        Ok(rewritten?.data)
    }

    fn name(&self) -> &'static str {
        "BucketAggregates"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same as `last` and what it merges in one step; `None` where two are better or needed.
fn grouped_once(last: &AggregateExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some((first, partitions)) = first_step(last) else {
        return Ok(None);
    };
    let aggregates = first.aggr_expr();
    if aggregates.iter().any(|call| !call.order_bys().is_empty()) {
        return Ok(None);
    }
    let mut sent = Columns::default();
    let keys = first.group_expr().expr().iter();
    let keys: Vec<_> = keys
        .map(|(key, name)| (sent.column(key), name.clone()))
        .collect();
    let arguments = aggregates
        .iter()
        .map(|call| sent.columns(&call.expressions()));
    let arguments: Vec<_> = arguments.collect();
    let filters = first.filter_expr().iter();
    let filters: Vec<_> = filters
        .map(|filter| filter.as_ref().map(|filter| sent.column(filter)))
        .collect();
    let rows = sent.of(first.input())?;
    let hashed = keys.iter().map(|(key, _)| Arc::clone(key)).collect();
    let rows = RepartitionExec::try_new(rows, Partitioning::Hash(hashed, partitions))?;
    let schema = rows.schema();
    let calls = aggregates.iter().zip(arguments);
    let calls = calls.map(|(call, arguments)| over(call, arguments, &schema));
    let once = AggregateExec::try_new(
        AggregateMode::SinglePartitioned,
        PhysicalGroupBy::new_single(keys),
        calls.collect::<Result<_>>()?,
        filters,
        Arc::new(rows),
        schema,
    )?;
    if once.schema() != last.schema() {
        return Ok(None);
    }
    Ok(Some(Arc::new(BucketedAggregateExec::of(once)?)))
}

/// The step that reads the rows whose groups `last` gives, and the partitions in which it gives
/// them; `None` where rows that come in the order of their groups make the first step cheap, and
/// for groups of several kinds.
fn first_step(last: &AggregateExec) -> Option<(&AggregateExec, usize)> {
    let (first, partitions) = match last.mode() {
        AggregateMode::FinalPartitioned => {
            let sent = last.input().downcast_ref::<RepartitionExec>()?;
            let Partitioning::Hash(keys, partitions) = sent.partitioning() else {
                return None;
            };
            let first = sent.input().downcast_ref::<AggregateExec>()?;
            // What reads the groups may count on the partition in which each of them comes.
            if !physical_exprs_equal(keys, &first.output_group_expr()) {
                return None;
            }
            (first, *partitions)
        }
        AggregateMode::Final => {
            let sent = last.input().downcast_ref::<CoalescePartitionsExec>()?;
            (sent.input().downcast_ref::<AggregateExec>()?, 1)
        }
        AggregateMode::Single => (last, 1),
        _ => return None,
    };
    let keys = first.group_expr();
    let reads_rows = matches!(first.mode(), AggregateMode::Partial | AggregateMode::Single);
    let is_plain = reads_rows
        && *first.input_order_mode() == InputOrderMode::Linear
        && first.limit_options().is_none()
        && last.limit_options().is_none()
        && keys.is_single()
        && !keys.is_empty();
    is_plain.then_some((first, partitions))
}

/// The call of an aggregate function over other arguments of the same types.
fn over(
    call: &AggregateFunctionExpr,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    schema: &SchemaRef,
) -> Result<Arc<AggregateFunctionExpr>> {
    let mut made = AggregateExprBuilder::new(Arc::new(call.fun().clone()), arguments)
        .schema(Arc::clone(schema))
        .alias(call.name())
        .with_distinct(call.is_distinct())
        .with_ignore_nulls(call.ignore_nulls());
    if let Some(display) = call.human_display() {
        made = made.human_display(display);
    }
    if let Some(alias) = call.human_display_alias() {
        made = made.human_display_alias(alias);
    }
    made.build().map(Arc::new)
}

/// The columns that are sent, each once unless it is another at every look.
#[derive(Debug, Default)]
struct Columns(Vec<ProjectionExpr>);

impl Columns {
    /// `expr` as a column of what is sent; a constant stays itself.
    fn column(&mut self, expr: &Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr> {
        if expr.is::<Literal>() {
            return Arc::clone(expr);
        }
        let known = self.0.iter().position(|sent| sent.expr.eq(expr));
        let known = known.filter(|_| !is_volatile(expr));
        let index = known.unwrap_or(self.0.len());
        let name = expr.downcast_ref::<Column>().map(Column::name);
        let name = name.map_or_else(|| expr.to_string(), str::to_owned);
        if known.is_none() {
            self.0
                .push(ProjectionExpr::new(Arc::clone(expr), name.clone()));
        }
        Arc::new(Column::new(&name, index))
    }

    fn columns(&mut self, exprs: &[Arc<dyn PhysicalExpr>]) -> Vec<Arc<dyn PhysicalExpr>> {
        exprs.iter().map(|expr| self.column(expr)).collect()
    }

    /// These columns of `input`.
    fn of(self, input: &Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let stays = |(index, sent): (usize, &ProjectionExpr)| {
            let column = sent.expr.downcast_ref::<Column>();
            column.is_some_and(|column| column.index() == index)
        };
        let is_same = self.0.len() == input.schema().fields().len();
        if is_same && self.0.iter().enumerate().all(stays) {
            return Ok(Arc::clone(input));
        }
        Ok(Arc::new(ProjectionExec::try_new(
            self.0,
            Arc::clone(input),
        )?))
    }
}
