//! A model of a table: read, train, judge, save, load, predict.
//!
//! `cargo run --release -p tegmentum-applied --example own_table`

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use tegmentum_applied::table::{ReadOptions, Table};
use tegmentum_applied::tabular::{Predictions, TabularModel, fit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table =
        Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/iris.csv").as_ref(), &ReadOptions::default())?;
    let fitted = fit(&table, "species").seed(1).run()?;
    println!("accuracy on rows that it has not seen: {}", fitted.report.scores[0].value);

    let path = std::env::temp_dir().join(format!("iris-{}.safetensors", std::process::id()));
    fitted.model.save(&path)?;
    let model = TabularModel::load(&path)?;
    std::fs::remove_file(&path)?;
    let new = Table::from_csv(
        b"sepal_length,sepal_width,petal_length,petal_width\n5,3.4,1.5,0.2\n",
        "new.csv",
        &ReadOptions::default(),
    )?;
    let Predictions::Classes(predicted) = model.predict(&new)? else { unreachable!("species are classes") };
    assert_eq!(predicted.class(0), "setosa");
    println!("the new flower: {}", predicted.class(0));
    Ok(())
}
