//! The test on random splits over three variants, in any order and merge. Parts of the
//! rows may lack a variant, which is an error.

use datafusion::arrow::array::{StringArray, StringViewArray};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::testing::{Argument, Case};

const GROUPS: usize = 4;

#[test]
fn any_split_equals_one_pass() {
    for seed in 0..30 {
        let random = &mut StdRng::seed_from_u64(seed);
        let names = ["a", "b", "c"];
        let mut variants: Vec<Option<&str>> = Vec::new();
        let mut groups = Vec::new();
        let mut counts = [[0_i64; 3]; GROUPS];
        for (group, counts) in counts.iter_mut().enumerate() {
            // A group has rows of all variants or none at all.
            let rows = [0, 3, 100][random.random_range(0..3)];
            for row in 0..rows {
                let variant = if row < 3 {
                    row
                } else {
                    random.random_range(0..3)
                };
                let known = row < 3 || random.random_bool(0.9);
                variants.push(known.then_some(names[variant]));
                groups.push(group);
                counts[variant] += i64::from(known);
            }
        }
        let shares = [0.2, 0.3, 0.5];
        let tested = counts.map(|counts| {
            let n = counts.iter().sum::<i64>();
            (n > 0).then(|| (n, chi_square(&counts, &shares)))
        });
        let columns: Vec<ArrayRef> = vec![
            Arc::new(tested.iter().map(|t| Some((*t)?.0)).collect::<Int64Array>()),
            Arc::new(tested.iter().map(|t| (*t)?.1.0).collect::<Float64Array>()),
            Arc::new(tested.iter().map(|t| (*t)?.1.1).collect::<Float64Array>()),
        ];
        let known: NullBuffer = tested.iter().map(Option::is_some).collect();
        let expected = StructArray::try_new(result_fields(), columns, Some(known)).unwrap();
        let expected: ArrayRef = Arc::new(expected);
        let variants: ArrayRef = match seed % 2 {
            0 => Arc::new(StringArray::from(variants)),
            _ => Arc::new(StringViewArray::from(variants)),
        };
        let shares = shares.map(|share| ScalarValue::from(share * 10.0)).to_vec();
        let shares = ScalarValue::List(ScalarValue::new_list(&shares, &DataType::Float64, true));
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(SrmTest))),
            arguments: vec![Argument::Column(variants), Argument::Constant(shares)],
            groups,
            filter: None,
        };
        case.assert_grouped_routes(&expected, seed);
    }
}
