//! Names in studies: where errors point, and what was registered at run time.

use std::any::Any;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::Description;
use crate::error::{Error, Result};

trait ToySettings: Any + Debug + Send + Sync {
    fn description(&self) -> Description;
    fn build(&self) -> Result<f64>;
    fn set(&mut self, value: f64);
}

macro_rules! toy {
    ($type:ident, $name:literal) => {
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct $type {
            value: f64,
        }

        impl ToySettings for $type {
            fn description(&self) -> Description {
                Description { name: $name, summary: "a toy", reference: "none" }
            }

            fn build(&self) -> Result<f64> {
                crate::error::at_least_zero("value", self.value)
            }

            fn set(&mut self, value: f64) {
                self.value = value;
            }
        }
    };
}
toy!(Ball, "ball");
toy!(Kite, "kite");
toy!(Added, "added");
toy!(Again, "ball");
toy!(Shouted, "LOUD");

crate::named_settings! {
    /// A toy by name.
    enum ToyConfig: dyn ToySettings = "toy" {
        Ball(Ball),
        Kite(Kite),
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Study {
    seeds: u32,
    toy: ToyConfig,
}

/// The error of a study, in one line and with the line it points at.
fn error(text: &str) -> String {
    toml::from_str::<Study>(text).unwrap_err().to_string()
}

#[test]
fn a_study_names_a_toy_with_or_without_settings() {
    let table: Study = toml::from_str("seeds = 1\n[toy.kite]\nvalue = 2.0").unwrap();
    assert_eq!(table.toy, Kite { value: 2.0 }.into());
    assert_eq!(toml::from_str::<Study>(&toml::to_string(&table).unwrap()).unwrap(), table);
    let name: Study = toml::from_str("seeds = 1\ntoy = \"kite\"").unwrap();
    assert_eq!((name.toy.name(), name.toy), ("kite", ToyConfig::Kite(Kite::default())));
}

#[test]
fn an_error_points_at_its_line() {
    let typo = error("seeds = 1\n[toy.kite]\nvalue = 1.0\nvalu = 2.0");
    assert!(typo.contains("line 4") && typo.contains("unknown field `valu`"), "{typo}");
    let kind = error("seeds = 1\n[toy.kite]\nvalue = \"much\"");
    assert!(kind.contains("line 3") && kind.contains("invalid type"), "{kind}");
    let unknown = error("seeds = 1\n\n[toy.kit]\nvalue = 1.0");
    assert!(unknown.contains("line 3") && unknown.contains("unknown toy \"kit\": known are ball, kite"), "{unknown}");
    let alone = error("seeds = 1\ntoy = \"kit\"");
    assert!(alone.contains("line 2") && alone.contains("unknown toy \"kit\": known are ball, kite"), "{alone}");
    let two = error("seeds = 1\n[toy.kite]\n[toy.ball]");
    assert!(two.contains("two names for one toy: ") && two.contains("\"kite\"") && two.contains("\"ball\""), "{two}");
    let none = error("seeds = 1\n[toy]");
    assert!(none.contains("line 2") && none.contains("no toy is named, for example \"ball\""), "{none}");
    let number = error("seeds = 1\ntoy = 3");
    assert!(number.contains("line 2") && number.contains("the name of a known toy"), "{number}");
}

#[test]
fn what_is_registered_is_named_like_any_other() {
    ToyConfig::register::<Added>().unwrap();
    let names: Vec<_> = ToyConfig::registry().iter().map(ToyConfig::name).collect();
    assert_eq!(names, ["ball", "kite", "added"]);

    let study: Study = toml::from_str("seeds = 1\n[toy.added]\nvalue = 3.0").unwrap();
    assert_eq!(study.toy.build().unwrap(), 3.0);
    let mut changed = study.toy.clone();
    assert_eq!(changed, study.toy);
    changed.set(-1.0);
    assert_ne!(changed, study.toy);
    assert_ne!(changed, ToyConfig::from_name("ball").unwrap());
    assert!(matches!(changed.build(), Err(Error::InvalidParameter { name: "value", .. })));
    assert_eq!(format!("{:?}", study.toy), "Registered(Added { value: 3.0 })");
    assert_eq!(toml::from_str::<Study>(&toml::to_string(&study).unwrap()).unwrap(), study);

    let typo = error("seeds = 1\n[toy.added]\nvalu = 2.0");
    assert!(typo.contains("line 2") && typo.contains("unknown field `valu`"), "{typo}");
}

#[test]
fn a_name_is_given_once() {
    let taken = ToyConfig::register::<Again>().unwrap_err();
    assert_eq!(taken.to_string(), "toy \"ball\" cannot be registered: the name is taken");
    let loud = ToyConfig::register::<Shouted>().unwrap_err();
    assert!(loud.to_string().ends_with("a name is made of lower-case letters, digits, _ and -"), "{loud}");
}
