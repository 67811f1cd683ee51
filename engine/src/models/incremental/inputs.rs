//! The tables that a model is made of, views seen through: what they hold, and what the model's key is
//! in them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, Volatility};
use ring::digest::{SHA256, digest};

use super::walk::{Key, at_scans};
use crate::EngineError;
use crate::formats::contents::{Contents, Held, Identity, followed};

/// A table that a model reads.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) held: Held,
    /// Each time that the plan reads the table, with what the key is there.
    pub(crate) reads: Vec<(TableScan, Key)>,
}

/// The query of a model over tables that stay what they are.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// Optimized.
    pub(crate) plan: LogicalPlan,
    /// The key, as columns of the plan.
    pub(crate) key: Vec<Expr>,
    /// The names of these.
    pub(crate) names: Vec<String>,
    pub(crate) inputs: Vec<Input>,
    /// Tells the query from another.
    pub(crate) fingerprint: String,
    /// Why the rows of one build say nothing of those of the next, if so.
    pub(crate) unsteady: Option<String>,
}

impl Inputs {
    /// Looks at a planned query whose result has these columns as its key.
    ///
    /// # Errors
    /// When the query cannot be planned, or what it reads cannot be looked at.
    pub(crate) async fn of(
        state: &SessionState,
        plan: LogicalPlan,
        key: &[String],
    ) -> std::result::Result<Self, EngineError> {
        let analyzer = state.analyzer();
        let analyzed = analyzer.execute_and_check(plan, state.config_options(), |_, _| {})?;
        let mut unsteady = calls_unsteady(&analyzed)?;
        let fingerprint = fingerprint(&analyzed);
        let optimized = state.optimize(&analyzed)?;
        let mut columns = optimized.schema().columns();
        columns.retain(|column| key.contains(&column.name));
        let names = columns.iter().map(|column| column.name.clone()).collect();
        let key: Vec<_> = columns.into_iter().map(Expr::Column).collect();
        let mut reads = Vec::new();
        at_scans(optimized.clone(), Some(key.clone()), &mut |scan, key| {
            reads.push((scan.clone(), key));
            Ok(LogicalPlan::TableScan(scan))
        })?;
        let mut held: BTreeMap<Identity, Input> = BTreeMap::new();
        let mut order = Vec::new();
        for (scan, key) in reads {
            let table = source_as_provider(&scan.source)?;
            let Some(table) = followed(table.as_ref()) else {
                let name = scan.table_name.table();
                unsteady.get_or_insert_with(|| format!("changes of {name} cannot be told"));
                continue;
            };
            let input = match held.entry(table.identity()) {
                Entry::Occupied(input) => input.into_mut(),
                Entry::Vacant(place) => {
                    order.push(*place.key());
                    place.insert(Input {
                        name: scan.table_name.table().to_owned(),
                        held: table.hold().await?,
                        reads: Vec::new(),
                    })
                }
            };
            input.reads.push((scan, key));
        }
        let plan = at_scans(optimized, None, &mut |mut scan, _| {
            let table = source_as_provider(&scan.source)?;
            let input = followed(table.as_ref()).and_then(|table| held.get(&table.identity()));
            if let Some(input) = input {
                scan.source = provider_as_source(Arc::clone(&input.held.table));
            }
            Ok(LogicalPlan::TableScan(scan))
        })?;
        let mut inputs: Vec<Input> = order.iter().filter_map(|id| held.remove(id)).collect();
        tell_apart(&mut inputs);
        Ok(Self {
            plan,
            key,
            names,
            inputs,
            fingerprint,
            unsteady,
        })
    }

    /// What the inputs hold, by their names.
    pub(crate) fn contents(&self) -> BTreeMap<String, Contents> {
        let inputs = self.inputs.iter();
        inputs
            .map(|input| (input.name.clone(), input.held.contents.clone()))
            .collect()
    }

    /// Whether the key can be told in all that is read.
    pub(crate) fn all_have_key(&self) -> bool {
        self.inputs.iter().all(Input::has_key)
    }
}

impl Input {
    /// Whether each of its rows is for one value of the key.
    pub(crate) fn has_key(&self) -> bool {
        self.reads.iter().all(|(_, key)| key.is_some())
    }
}

/// Gives names to inputs that have the same one.
fn tell_apart(inputs: &mut [Input]) {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for input in inputs {
        let times = met.entry(input.name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            input.name = format!("{} ({times})", input.name);
        }
    }
}

/// A function that does not give the same for the same, if the plan calls one.
fn calls_unsteady(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Expr::ScalarFunction(call) = expr
                    && call.func.signature().volatility != Volatility::Immutable
                {
                    found = Some(format!("it calls {}()", call.func.name()));
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// What tells a query from another, whatever the tables hold: the query with the types of its columns,
/// and the engine that runs it.
fn fingerprint(plan: &LogicalPlan) -> String {
    let text = format!(
        "{}\n{}",
        env!("CARGO_PKG_VERSION"),
        plan.display_indent_schema()
    );
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
