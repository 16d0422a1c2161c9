//! From cells to inputs, with columns, texts and gaps that nobody announced.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tegmentum::error::Result;
use tegmentum::learning::online::{InputKind, LARGEST};

use super::refused;
use crate::table::{Decimal, is_missing, number, quoted};

/// What stands in a column of a row.
///
/// # Example
/// ```
/// use tegmentum_applied::stream::Cell;
/// use tegmentum_applied::table::Decimal;
///
/// assert_eq!(Cell::of("1,5", Decimal::Comma), Cell::Number(1.5));
/// assert_eq!(Cell::of("red", Decimal::Point), Cell::Text("red"));
/// assert_eq!(Cell::of("", Decimal::Point), Cell::Missing);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Missing,
    /// A number, from -10¹⁰⁰ to 10¹⁰⁰.
    Number(f64),
    /// Anything else.
    Text(&'a str),
}

impl<'a> Cell<'a> {
    /// What a text says.
    pub fn of(text: &'a str, decimal: Decimal) -> Self {
        match number(text, decimal) {
            _ if is_missing(text) => Self::Missing,
            Some(value) => Self::Number(value),
            None => Self::Text(text),
        }
    }
}

/// Texts of a column that have a flag of their own, at most.
const MOST_TEXTS: usize = 64;

/// A column, and the places of its inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamColumn {
    name: String,
    number: Option<usize>,
    missing: Option<usize>,
    /// The flags of texts, in the order in which they were seen.
    texts: Vec<(String, usize)>,
    /// The flag of all later texts.
    others: Option<usize>,
}

/// All columns that were ever seen, and where those of the present rows stand.
#[derive(Clone, Debug, Default)]
pub(super) struct StreamColumns {
    pub(super) known: Vec<StreamColumn>,
    /// For each cell of a row its column; `None` for the target and what is excluded.
    order: Vec<Option<usize>>,
    target: usize,
    kinds: Vec<InputKind>,
    names: HashMap<String, usize>,
}

impl StreamColumns {
    /// What was kept of columns, if it can be: the places of all inputs, each once.
    pub(super) fn of(known: Vec<StreamColumn>) -> Option<Self> {
        let numbers: Vec<usize> = known.iter().filter_map(|column| column.number).collect();
        let flags = known.iter().flat_map(|column| {
            let texts = column.texts.iter().map(|text| text.1);
            texts.chain(column.missing).chain(column.others).collect::<Vec<_>>()
        });
        let mut all: Vec<(usize, InputKind)> = flags.map(|place| (place, InputKind::Flag)).collect();
        all.extend(numbers.iter().map(|&place| (place, InputKind::Number)));
        all.sort_unstable_by_key(|input| input.0);
        let is_whole = all.iter().enumerate().all(|(index, input)| input.0 == index);
        let names: HashMap<String, usize> =
            known.iter().enumerate().map(|(index, column)| (column.name.clone(), index)).collect();
        let kinds = all.into_iter().map(|input| input.1).collect();
        let fits = is_whole && names.len() == known.len();
        fits.then_some(Self { known, order: Vec::new(), target: 0, kinds, names })
    }

    pub(super) fn kinds(&self) -> &[InputKind] {
        &self.kinds
    }

    pub(super) fn is_header(&self, cells: &[&str], target: &str, decimal: Decimal) -> bool {
        let known = cells.iter().filter(|cell| self.names.contains_key(**cell)).count();
        let is_value = |cell: &&str| is_missing(cell) || number(cell, decimal).is_some();
        cells.contains(&target) && (2 * known + 1 >= cells.len() || !cells.iter().any(is_value))
    }

    /// The columns of the rows that follow; the names of those that are new.
    pub(super) fn header(&mut self, names: &[String], target: &str, exclude: &[String]) -> Result<Vec<String>> {
        let Some(place) = names.iter().position(|name| name == target) else {
            let all: Vec<String> = names.iter().take(5).map(|name| quoted(name)).collect();
            let what = format!("the target {}", quoted(target));
            return Err(refused(what, &format!("there is no such column; there are {}", all.join(", "))));
        };
        let twice = (1..names.len()).find(|&index| names[..index].contains(&names[index]));
        if let Some(twice) = twice {
            let what = format!("column {}", quoted(&names[twice]));
            return Err(refused(what, "two columns have this name: rename one of them"));
        }
        self.target = place;
        self.order.clear();
        let mut added = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if index == place || exclude.contains(name) {
                self.order.push(None);
                continue;
            }
            let known = *self.names.entry(name.clone()).or_insert(self.known.len());
            if known == self.known.len() {
                self.known.push(StreamColumn { name: name.clone(), ..StreamColumn::default() });
                added.push(name.clone());
            }
            self.order.push(Some(known));
        }
        Ok(added)
    }

    /// The class in a row, if it is there.
    pub(super) fn target<'c>(&self, cells: &[&'c str]) -> Option<&'c str> {
        cells.get(self.target).copied().filter(|cell| !is_missing(cell))
    }

    /// Makes the inputs that a row needs and that are not there yet.
    pub(super) fn make_room(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        self.check(cells)?;
        let mut there = vec![false; self.known.len()];
        let Self { known, order, kinds, .. } = self;
        let mut make = |kind| {
            kinds.push(kind);
            kinds.len() - 1
        };
        for (cell, place) in cells.iter().zip(order.iter()).filter_map(|(cell, place)| Some((*cell, (*place)?))) {
            let column = &mut known[place];
            match cell {
                Cell::Missing => continue,
                Cell::Number(_) if column.number.is_none() => column.number = Some(make(InputKind::Number)),
                Cell::Number(_) => {}
                Cell::Text(text) => column.make_flag(text, &mut make),
            }
            there[place] = true;
        }
        for (column, _) in known.iter_mut().zip(&there).filter(|(_, there)| !**there) {
            // A gap says something only in a column that has had a value.
            if column.missing.is_none() && column.has_values() {
                column.missing = Some(make(InputKind::Flag));
            }
        }
        Ok(())
    }

    /// The inputs of a row, as far as they are there.
    pub(super) fn encode(&self, cells: &[Cell<'_>], inputs: &mut Vec<f64>) -> Result<()> {
        self.check(cells)?;
        inputs.clear();
        inputs.extend(self.kinds.iter().map(|kind| if *kind == InputKind::Number { f64::NAN } else { 0.0 }));
        let missing = self.known.iter().filter_map(|column| column.missing);
        missing.for_each(|place| inputs[place] = 1.0);
        for (cell, place) in cells.iter().zip(&self.order).filter_map(|(cell, place)| Some((*cell, (*place)?))) {
            let column = &self.known[place];
            let (place, value) = match cell {
                Cell::Missing => continue,
                Cell::Number(value) => (column.number, value),
                Cell::Text(text) => (column.flag(text), 1.0),
            };
            if let Some(missing) = column.missing {
                inputs[missing] = 0.0;
            }
            if let Some(place) = place {
                inputs[place] = value;
            }
        }
        Ok(())
    }

    fn check(&self, cells: &[Cell<'_>]) -> Result<()> {
        if cells.len() != self.order.len() {
            let what = format!("a row of {} cells", cells.len());
            return Err(refused(what, &format!("must have {}, like the header", self.order.len())));
        }
        for (cell, place) in cells.iter().zip(&self.order) {
            if let (Cell::Number(value), Some(place)) = (cell, place)
                && !(-LARGEST..=LARGEST).contains(value)
            {
                let what = format!("{value:?} in column {}", quoted(&self.known[*place].name));
                return Err(refused(what, "numbers must lie between -1e100 and 1e100"));
            }
        }
        Ok(())
    }
}

impl StreamColumn {
    fn has_values(&self) -> bool {
        self.number.is_some() || !self.texts.is_empty()
    }

    /// The flag of a text, if it has one or shares one.
    fn flag(&self, text: &str) -> Option<usize> {
        self.texts.iter().find(|known| known.0 == text).map(|known| known.1).or(self.others)
    }

    /// Gives a text a flag of its own, or the one that all later texts share.
    fn make_flag(&mut self, text: &str, make: &mut impl FnMut(InputKind) -> usize) {
        if self.flag(text).is_some() {
            return;
        }
        let place = make(InputKind::Flag);
        if self.texts.len() < MOST_TEXTS {
            self.texts.push((text.to_owned(), place));
        } else {
            self.others = Some(place);
        }
    }
}
