//! Which columns of a table a terminal has room for, and how wide they may be.

use unicode_width::UnicodeWidthStr;

use super::cell::Cell;
use super::table::Heading;

/// A long value is cut to this before a column is left out.
const CUT_TO: usize = 32;
/// Borders and blanks around a value.
const FRAME: usize = 3;
/// The column of dots that stands for what is left out.
const DOTS: usize = 1 + FRAME;

/// The columns to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// Numbers of the columns before the gap, with their widths.
    left: Vec<(usize, usize)>,
    /// Numbers of the columns after the gap, with their widths.
    right: Vec<(usize, usize)>,
    left_out: usize,
}

impl Fit {
    /// How many columns are not shown.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    /// One value for each column to show, and one for the gap.
    pub(super) fn row<T>(
        &self,
        value: impl Fn(usize, usize) -> T,
        gap: impl FnOnce() -> T,
    ) -> Vec<T> {
        let of = |&(column, width): &(usize, usize)| value(column, width);
        let mut row: Vec<T> = self.left.iter().map(of).collect();
        if self.left_out > 0 {
            row.push(gap());
        }
        row.extend(self.right.iter().map(of));
        row
    }
}

/// Fits the columns into `width`: whole if there is room, else with long values
/// cut, else without those in the middle.
pub(super) fn fit(headings: &[Heading], rows: &[Vec<Cell>], width: Option<usize>) -> Fit {
    let natural = |column: usize| {
        let values = rows.iter().map(|row| row[column].width()).max();
        values.unwrap_or(0).max(headings[column].name.width())
    };
    let mut widths: Vec<usize> = (0..headings.len()).map(natural).collect();
    let room = width.unwrap_or(usize::MAX);
    if total(&widths) > room {
        shrink(&mut widths, room);
    }
    if total(&widths) <= room {
        return Fit {
            left: widths.into_iter().enumerate().collect(),
            right: Vec::new(),
            left_out: 0,
        };
    }
    from_both_ends(&widths, room)
}

/// The width of a table of such columns.
fn total(widths: &[usize]) -> usize {
    1 + widths.iter().map(|width| width + FRAME).sum::<usize>()
}

/// Cuts the widest column again and again, though none below [`CUT_TO`].
fn shrink(widths: &mut [usize], room: usize) {
    loop {
        let excess = total(widths).saturating_sub(room);
        let mut sorted: Vec<usize> = widths.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        sorted.dedup();
        let (Some(&widest), next) = (sorted.first(), sorted.get(1).copied().unwrap_or(0)) else {
            return;
        };
        if excess == 0 || widest <= CUT_TO {
            return;
        }
        let as_wide = widths.iter().filter(|&&width| width == widest).count();
        let cut = excess.div_ceil(as_wide).min(widest - next.max(CUT_TO));
        for width in widths.iter_mut().filter(|width| **width == widest) {
            *width -= cut;
        }
    }
}

/// Takes columns from the left and the right by turns while there is room, and
/// the first one in any case.
fn from_both_ends(widths: &[usize], room: usize) -> Fit {
    let mut used = 1 + DOTS;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let (mut from, mut to) = (0, widths.len());
    while from < to {
        let take_left = left.len() <= right.len();
        let column = if take_left { from } else { to - 1 };
        let mut width = widths[column];
        if used + width + FRAME > room {
            if !left.is_empty() {
                break;
            }
            width = room.saturating_sub(used + FRAME).max(1);
        }
        used += width + FRAME;
        if take_left {
            left.push((column, width));
            from += 1;
        } else {
            right.insert(0, (column, width));
            to -= 1;
        }
    }
    Fit {
        left,
        right,
        left_out: to - from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(widths: &[usize], room: Option<usize>) -> Fit {
        let headings: Vec<Heading> = widths.iter().map(|_| Heading::new("c", false)).collect();
        let row = widths.iter().map(|&width| Cell::text(&"x".repeat(width)));
        let rows = vec![row.collect()];
        let fit = fit(&headings, &rows, room);
        let shown: Vec<usize> = fit.left.iter().chain(&fit.right).map(|c| c.1).collect();
        let dots = if fit.left_out > 0 { DOTS } else { 0 };
        assert!(total(&shown) + dots <= room.unwrap_or(usize::MAX));
        fit
    }

    #[test]
    fn everything_is_shown_without_a_limit() {
        assert_eq!(fitted(&[500, 3], None).left, vec![(0, 500), (1, 3)]);
    }

    #[test]
    fn long_values_are_cut_before_columns_are_left_out() {
        assert_eq!(
            fitted(&[100, 50, 3], Some(80)).left,
            vec![(0, 33), (1, 33), (2, 3)]
        );
    }

    #[test]
    fn columns_in_the_middle_go_first() {
        let fit = fitted(&[10; 12], Some(60));
        assert_eq!(fit.left, vec![(0, 10), (1, 10)]);
        assert_eq!(fit.right, vec![(10, 10), (11, 10)]);
        assert_eq!(fit.left_out(), 8);
        assert_eq!(fit.row(|column, _| column, || 99), vec![0, 1, 99, 10, 11]);
    }

    #[test]
    fn a_tiny_terminal_still_shows_a_column() {
        assert_eq!(fitted(&[90, 90], Some(20)).left, vec![(0, 12)]);
        assert!(fit(&[], &[], Some(20)).left.is_empty());
    }
}
