//! Credit for conversions: how it is divided among the touches before each.

use crate::math::credits::Credits;
use crate::math::sessions::elapsed;

/// How a conversion's credit, 1, is divided among its touches, which are in the order of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Model {
    /// All for the first.
    First,
    /// All for the last.
    Last,
    /// In equal parts.
    Linear,
    /// In proportion to 2 to the power of minus the time to the conversion over this half-life.
    TimeDecay {
        /// In ticks.
        half_life: f64,
    },
    /// 40 % for the first and for the last, 20 % in equal parts for those between; half each of
    /// two, all for the only one.
    Position,
}

/// What happened to one customer at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) time: i64,
    /// The channel of a touch.
    pub(crate) channel: Option<u32>,
    pub(crate) converted: bool,
}

/// Divides the credit for the conversions of one customer after the other.
#[derive(Debug)]
pub(crate) struct Attribution {
    model: Model,
    /// How long before a conversion a touch may be, in ticks.
    lookback: u64,
    credits: Credits,
    // What follows is of the last customer, and kept for its memory.
    times: Vec<i64>,
    /// Channel and index of each touch.
    channels: Vec<(u32, usize)>,
    conversions: Vec<i64>,
}

impl Attribution {
    pub(crate) fn new(model: Model, lookback: u64) -> Self {
        let half_life = match model {
            Model::TimeDecay { half_life } => half_life,
            _ => f64::INFINITY,
        };
        Self {
            model,
            lookback,
            credits: Credits::new(half_life),
            times: Vec::new(),
            channels: Vec::new(),
            conversions: Vec::new(),
        }
    }

    /// Appends the channels with credit and what they have of it, from the lowest channel up, and
    /// last `None` with the conversions that no touch precedes. `contacts` are those of one
    /// customer, by time and channel.
    pub(crate) fn append(
        &mut self,
        contacts: impl Iterator<Item = Contact>,
        shares: &mut Vec<(Option<u32>, f64)>,
    ) {
        self.times.clear();
        self.channels.clear();
        self.conversions.clear();
        for contact in contacts {
            if let Some(channel) = contact.channel {
                self.channels.push((channel, self.times.len()));
                self.times.push(contact.time);
            }
            if contact.converted {
                self.conversions.push(contact.time);
            }
        }
        let untouched = match self.conversions.is_empty() {
            true => 0,
            false => self.divide(),
        };
        if untouched < self.conversions.len() {
            self.append_channels(shares);
        }
        if untouched > 0 {
            shares.push((None, untouched as f64));
        }
    }

    /// Gives the touches their credit; returns how many conversions have no touch.
    fn divide(&mut self) -> usize {
        let Self {
            model,
            credits,
            times,
            ..
        } = self;
        credits.begin(times);
        let (mut first, mut end, mut untouched) = (0, 0, 0);
        for &conversion in &self.conversions {
            while times.get(end).is_some_and(|&time| time <= conversion) {
                end += 1;
            }
            while first < end && elapsed(times[first], conversion) > self.lookback {
                first += 1;
            }
            match (*model, end - first) {
                (_, 0) => untouched += 1,
                (Model::First, _) => credits.add(first..first + 1, 1.0),
                (Model::Last, _) | (Model::Position, 1) => credits.add(end - 1..end, 1.0),
                (Model::Position, 2) => credits.add(first..end, 1.0),
                (Model::Position, _) => {
                    credits.add(first..first + 1, 0.4);
                    credits.add(first + 1..end - 1, 0.2);
                    credits.add(end - 1..end, 0.4);
                }
                (Model::Linear | Model::TimeDecay { .. }, _) => credits.add(first..end, 1.0),
            }
        }
        credits.settle();
        untouched
    }

    /// Adds up the credit of each channel, touch by touch in the order of time.
    fn append_channels(&mut self, shares: &mut Vec<(Option<u32>, f64)>) {
        self.channels.sort_unstable();
        for touches in self.channels.chunk_by(|a, b| a.0 == b.0) {
            let share = self.credits.total(touches.iter().map(|(_, touch)| *touch));
            if share > 0.0 {
                shares.push((Some(touches[0].0), share));
            }
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.credits.heap_size()
            + (self.times.capacity() + self.conversions.capacity()) * size_of::<i64>()
            + self.channels.capacity() * size_of::<(u32, usize)>()
    }
}

#[cfg(test)]
mod tests;
