//! Rows: what every kind of file becomes.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// The names of columns, each with a number.
#[derive(Debug, Default)]
pub struct Names {
    list: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    /// The names of a table's header, in order; those of the same name have numbers of their own.
    pub fn of_header<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Names::default();
        for name in header {
            let number = names.list.len();
            names.numbers.entry(name.to_owned()).or_insert(number);
            names.list.push(name.to_owned());
        }
        names
    }

    /// The number of a name, which it gets if it is new.
    pub fn number_of(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.list.len();
        self.numbers.insert(name.to_owned(), number);
        self.list.push(name.to_owned());
        number
    }

    /// How many there are so far.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The name of a number that one of them has.
    pub fn name(&self, number: usize) -> &str {
        &self.list[number]
    }

    /// The names in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(String::as_str)
    }
}

/// Cells that aren't empty, each with the number of its column. Its memory is used again.
#[derive(Debug, Default)]
pub struct Row {
    number: usize,
    cells: Vec<(usize, String)>,
    used: usize,
    object: Option<Map<String, Value>>,
}

impl Row {
    /// Empties it for the row of this number, from 1: its line, where lines count.
    pub fn begin(&mut self, number: usize) {
        self.number = number;
        self.used = 0;
        self.object = None;
    }

    /// Keeps the JSON object that its cells are of.
    pub fn keep(&mut self, object: Map<String, Value>) {
        self.object = Some(object);
    }

    /// The JSON object that its cells are of, if they are of one.
    pub fn object(&self) -> Option<&Map<String, Value>> {
        self.object.as_ref()
    }

    /// Its number, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Adds a cell, unless it is blank.
    pub fn push(&mut self, column: usize, cell: &str) {
        if cell.trim().is_empty() {
            return;
        }
        match self.cells.get_mut(self.used) {
            Some((number, text)) => {
                *number = column;
                text.clear();
                text.push_str(cell);
            }
            None => self.cells.push((column, cell.to_owned())),
        }
        self.used += 1;
    }

    /// Its cells without blanks at their ends, each with the number of its column.
    pub fn cells(&self) -> impl Iterator<Item = (usize, &str)> {
        self.exact_cells()
            .map(|(number, text)| (number, text.trim()))
    }

    /// Its cells as they are in the file, each with the number of its column.
    pub fn exact_cells(&self) -> impl Iterator<Item = (usize, &str)> {
        self.cells[..self.used]
            .iter()
            .map(|(number, text)| (*number, text.as_str()))
    }

    /// True if it has no cell.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }
}
