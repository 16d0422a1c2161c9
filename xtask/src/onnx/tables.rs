//! Models of tables, and what they predict.

use std::fmt::Write as _;

use anyhow::Result;
use tegmentum::random::Key;
use tegmentum_applied::table::{self, ReadOptions, Table};
use tegmentum_applied::tabular::{Predictions, TabularModel, fit};

use super::{Case, Tensor, Tensors, Values};
use crate::command::root;

/// Rows of the tables that are made.
const ROWS: usize = 300;

/// Iris, and a table with everything that columns may have, to predict a class and a number.
pub(super) fn cases() -> Result<Vec<Case>> {
    let iris = Table::read(&root().join("data/iris.csv"), &ReadOptions::default())?;
    let species = fit(&iris, "species").evaluations(4_000).run()?.model;
    let width = fit(&iris, "petal_width").hidden(&[8, 8]).evaluations(2_000).run()?.model;
    let options = ReadOptions { text: vec!["grade".to_owned()], ..ReadOptions::default() };
    let learned = Table::from_csv(mixed(1, "").as_bytes(), "learned.csv", &options)?;
    // Names and numbers that were never seen, and missing cells where there were none.
    let more = "9999,1e9,purple,1.0,NA,b,0,1\nNA,-1e9,none,2.0,null,?,1,2\n1970,0,N/A,7,3.5,c,0,3\n";
    let other = Table::from_csv(mixed(2, more).as_bytes(), "other.csv", &options)?;
    let label = fit(&learned, "label").exclude(&["price".to_owned()]).evaluations(2_000).run()?.model;
    let price = fit(&learned, "price").hidden(&[]).evaluations(2_000).run()?.model;
    Ok(vec![
        case("table-iris-species", &species, &iris)?,
        case("table-iris-petal-width", &width, &iris)?,
        case("table-mixed-class", &label, &other)?,
        case("table-mixed-number", &price, &other)?,
    ])
}

/// A table of years, sizes with missing cells, colours with missing and rare ones, grades that are numbers read as text, a column
/// that is called as an output is, a class, and a number that is large and differs by little.
fn mixed(seed: u64, more: &str) -> String {
    let mut stream = Key::from_seed(seed).stream();
    let mut text = "year,far,colour,grade,some size,prediction,label,price\n".to_owned();
    for _ in 0..ROWS {
        let year = 2000 + stream.below(20);
        let far = 1e6 + f64::from(stream.normal());
        let colour = ["red", "blue", "", "NA", "Blue", "rosé"][stream.below(6)];
        let colour = if stream.below(60) == 0 { "rare" } else { colour };
        let grade = ["1", "2", "2.50"][stream.below(3)];
        let size = if stream.below(5) == 0 { "?".to_owned() } else { format!("{:.3}", stream.normal()) };
        let letter = ["a", "b"][stream.below(2)];
        let label = usize::from(colour == "red") + stream.below(2);
        let price = 1e7 + year as f64 + f64::from(stream.normal());
        let _ = writeln!(text, "{year},{far:.4},{colour},{grade},{size},{letter},{label},{price:.3}");
    }
    text + more
}

/// A model with the rows of a table.
fn case(name: &str, model: &TabularModel, table: &Table) -> Result<Case> {
    let mut inputs = Vec::new();
    for column in model.columns() {
        let values = match table.column(column)?.values() {
            table::Values::Number(values) => Values::Double(values.clone()),
            table::Values::Category { names, codes } => {
                // Both an empty cell and a word may stand where one is missing.
                let cell = |(row, code): (usize, &Option<u32>)| match code {
                    Some(code) => names[*code as usize].clone(),
                    None => ["", "NaN", "n/A"][row % 3].to_owned(),
                };
                Values::String(codes.iter().enumerate().map(cell).collect())
            }
            table::Values::Date(_) => anyhow::bail!("no model reads dates"),
        };
        // The output of a number is called so.
        let taken = column == "prediction" && model.target() == "price";
        let name = if taken { "prediction_1".to_owned() } else { column.to_owned() };
        inputs.push(Tensor { name, shape: vec![table.rows(), 1], values });
    }
    let rows = table.rows();
    let tensor = |name: &str, shape: Vec<usize>, values: Values| Tensor { name: name.to_owned(), shape, values };
    let outputs = match model.predict(table)? {
        Predictions::Classes(classes) => {
            let labels = (0..rows).map(|row| classes.class(row).to_owned()).collect();
            let probabilities = (0..rows).flat_map(|row| classes.probabilities(row).to_vec()).collect();
            vec![
                tensor("label", vec![rows], Values::String(labels)),
                tensor("probabilities", vec![rows, classes.names().len()], Values::Float(probabilities)),
            ]
        }
        Predictions::Numbers(numbers) => vec![tensor("prediction", vec![rows, 1], Values::Double(numbers))],
    };
    Ok(Case { name: name.to_owned(), model: model.to_onnx(), tensors: Tensors { inputs, outputs } })
}
