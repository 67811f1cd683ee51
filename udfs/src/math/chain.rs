//! What comes after, or before, a chain of rows that follow one another directly.

/// The way in which a chain goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To later rows.
    Forward,
    /// To earlier rows.
    Backward,
}

/// The row at which a chain begins, if the first condition holds on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// The first row.
    Head,
    /// The last row.
    Tail,
    /// The first row on which the first condition holds.
    FirstMatch,
    /// The last row on which the first condition holds.
    LastMatch,
}

/// A chain of rows, of which each fulfils the next of so many conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) direction: Direction,
    pub(crate) base: Base,
    pub(crate) conditions: usize,
}

impl Chain {
    /// The row that follows the chain, if there are both; `masks` has the conditions that hold on
    /// each row, the first as the lowest bit.
    pub(crate) fn next(self, masks: &[u32]) -> Option<usize> {
        let begins = |mask: &u32| mask & 1 == 1;
        let last = masks.len().checked_sub(1)?;
        let base = match self.base {
            Base::Head => begins(&masks[0]).then_some(0),
            Base::Tail => begins(&masks[last]).then_some(last),
            Base::FirstMatch => masks.iter().position(begins),
            Base::LastMatch => masks.iter().rposition(begins),
        }?;
        let row = |steps: usize| match self.direction {
            Direction::Forward => base.checked_add(steps).filter(|&row| row <= last),
            Direction::Backward => base.checked_sub(steps),
        };
        let holds = |step: usize| row(step).is_some_and(|row| masks[row] >> step & 1 == 1);
        match (1..self.conditions).all(holds) {
            true => row(self.conditions),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u32 = 1;
    const B: u32 = 2;
    const OTHER: u32 = 0;

    fn next(direction: Direction, base: Base, conditions: usize, masks: &[u32]) -> Option<usize> {
        let chain = Chain {
            direction,
            base,
            conditions,
        };
        chain.next(masks)
    }

    /// The cases of ClickHouse's documentation of sequenceNextNode: Home, Gift, Exit and others.
    #[test]
    fn chains_begin_where_they_are_told() {
        use Base::{FirstMatch, Head, LastMatch, Tail};
        use Direction::{Backward, Forward};
        assert_eq!(next(Forward, Head, 2, &[A, B, OTHER]), Some(2));
        assert_eq!(next(Forward, Head, 2, &[A, A, B, OTHER]), None);
        assert_eq!(next(Forward, Head, 2, &[B, A, B, OTHER]), None);
        assert_eq!(next(Backward, Tail, 2, &[OTHER, B, OTHER]), None);
        assert_eq!(next(Backward, Tail, 2, &[OTHER, OTHER, B, A]), Some(1));
        assert_eq!(next(Forward, FirstMatch, 1, &[OTHER, A, OTHER]), Some(2));
        assert_eq!(next(Forward, FirstMatch, 1, &[A, B, A, OTHER]), Some(1));
        assert_eq!(next(Forward, FirstMatch, 2, &[B, A, OTHER]), None);
        assert_eq!(next(Forward, FirstMatch, 2, &[A, B, A, OTHER]), Some(2));
        assert_eq!(next(Forward, LastMatch, 1, &[A, B, A]), None);
        assert_eq!(next(Backward, LastMatch, 1, &[B, A, OTHER]), Some(0));
        assert_eq!(next(Backward, LastMatch, 2, &[B, A, OTHER]), None);
        assert_eq!(next(Backward, LastMatch, 2, &[B, B, A, OTHER]), Some(0));
        assert_eq!(next(Backward, FirstMatch, 1, &[OTHER, A, A]), Some(0));
    }

    #[test]
    fn short_histories_have_no_next() {
        for base in [Base::Head, Base::Tail, Base::FirstMatch, Base::LastMatch] {
            for direction in [Direction::Forward, Direction::Backward] {
                assert_eq!(next(direction, base, 1, &[]), None);
                assert_eq!(next(direction, base, 1, &[A]), None);
                assert_eq!(next(direction, base, 32, &[u32::MAX; 32]), None);
            }
        }
        let long = [u32::MAX; 33];
        assert_eq!(next(Direction::Forward, Base::Head, 32, &long), Some(32));
        assert_eq!(next(Direction::Backward, Base::Tail, 32, &long), Some(0));
    }
}
