//! Lets the copies of a repeated part read what the first of them computes.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion, TreeNodeRewriter};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, displayable};

use super::SharedExec;
use super::buffer::Buffer;

/// The rule that links the copies, to be run after all others.
#[derive(Debug)]
pub(crate) struct LinkShared;

impl PhysicalOptimizerRule for LinkShared {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let copies = copies(&plan)?;
        if copies.is_empty() {
            return Ok(plan);
        }
        let mut linker = Linker {
            copies,
            open: Vec::new(),
            buffers: HashMap::new(),
        };
        Ok(plan.rewrite(&mut linker)?.data)
    }

    fn name(&self) -> &'static str {
        "LinkShared"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The copies of a repeated part.
struct Copies {
    /// What all of them look like, as far as they are equal to the first.
    shape: String,
    /// How many will be read; those within a copy that only reads are none.
    readers: usize,
}

impl Copies {
    fn include(&self, copy: &SharedExec) -> bool {
        self.shape == shape(copy)
    }
}

/// The copies by number. All come from one logical plan by the same rules, and none of these
/// looks through a [`SharedExec`]; if one comes to do so, what it changed is no copy.
fn copies(plan: &Arc<dyn ExecutionPlan>) -> Result<HashMap<usize, Copies>> {
    let mut copies: HashMap<usize, Copies> = HashMap::new();
    plan.apply(|node| {
        let Some(shared) = node.downcast_ref::<SharedExec>() else {
            return Ok(TreeNodeRecursion::Continue);
        };
        match copies.get_mut(&shared.number()) {
            Some(copies) if copies.include(shared) => {
                copies.readers += 1;
                return Ok(TreeNodeRecursion::Jump);
            }
            Some(_) => {}
            None => {
                let first = Copies {
                    shape: shape(shared),
                    readers: 1,
                };
                copies.insert(shared.number(), first);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(copies)
}

fn shape(copy: &SharedExec) -> String {
    let input = copy.input();
    let partitions = input.output_partitioning().partition_count();
    let plan = displayable(input.as_ref()).indent(true);
    format!("{partitions} {:?}\n{plan}", input.schema())
}

struct Linker {
    copies: HashMap<usize, Copies>,
    /// For each [`SharedExec`] around the current node, its readers if it is the first of many.
    open: Vec<Option<usize>>,
    buffers: HashMap<usize, Arc<Buffer>>,
}

impl TreeNodeRewriter for Linker {
    type Node = Arc<dyn ExecutionPlan>;

    fn f_down(&mut self, node: Self::Node) -> Result<Transformed<Self::Node>> {
        let Some(shared) = node.downcast_ref::<SharedExec>() else {
            return Ok(Transformed::no(node));
        };
        let copies = self.copies.get(&shared.number());
        let copies = copies.filter(|copies| copies.readers > 1 && copies.include(shared));
        if copies.is_some()
            && let Some(buffer) = self.buffers.get(&shared.number())
        {
            return Ok(Transformed::yes(Arc::new(shared.reading(buffer))));
        }
        self.open.push(copies.map(|copies| copies.readers));
        Ok(Transformed::no(node))
    }

    fn f_up(&mut self, node: Self::Node) -> Result<Transformed<Self::Node>> {
        let Some(shared) = node.downcast_ref::<SharedExec>().filter(|s| !s.is_linked()) else {
            return Ok(Transformed::no(node));
        };
        let Some(readers) = self.open.pop().flatten() else {
            return Ok(Transformed::yes(Arc::clone(shared.input())));
        };
        let buffer = Arc::new(Buffer::new(Arc::clone(shared.input()), readers));
        self.buffers.insert(shared.number(), Arc::clone(&buffer));
        Ok(Transformed::yes(Arc::new(shared.computing(&buffer))))
    }
}
