//! `--set a.b=c`: changes to the text of a study.
//!
//! A path goes through tables by key and through lists by index or by the `name` of the entry: `arm.0.tune`,
//! `arm.dopamine.optimizer.dopamine.directions`. A value is read as TOML, and as a string if it is not.

use anyhow::{Result, anyhow, bail};
use tegmentum_study::config::StudyConfig;
use toml::{Table, Value};

/// Applies `changes` in order.
///
/// # Errors
/// If a change has no `=`, its path leads nowhere, or the study has no such field or not of that type.
pub(crate) fn apply(study: &mut Table, changes: &[String]) -> Result<()> {
    for change in changes {
        let Some((path, value)) = change.split_once('=') else {
            bail!("--set {change}: must be PATH=VALUE, for example budget=1000");
        };
        set(study, path.trim(), parse(value.trim())).map_err(|problem| anyhow!("--set {change}: {problem}"))?;
        let known: Result<StudyConfig, _> = Value::Table(study.clone()).try_into();
        known.map_err(|error| anyhow!("--set {change}: {}", error.message().trim()))?;
    }
    Ok(())
}

/// A value as TOML has it, else the text itself.
fn parse(text: &str) -> Value {
    let table: Option<Table> = toml::from_str(&format!("value = {text}")).ok();
    let value = table.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn set(study: &mut Table, path: &str, value: Value) -> Result<(), String> {
    let keys: Vec<&str> = path.split('.').map(str::trim).collect();
    if keys.iter().any(|key| key.is_empty()) {
        return Err("the path has an empty part: must be like a.b.c".to_owned());
    }
    let (last, inner) = keys.split_last().ok_or("the path is empty")?;
    let mut root = Value::Table(std::mem::take(study));
    let outcome = descend(&mut root, inner).and_then(|parent| put(parent, last, value));
    if let Value::Table(table) = root {
        *study = table;
    }
    outcome
}

/// The value at `keys`; tables on the way are made if they are not there.
fn descend<'a>(mut value: &'a mut Value, keys: &[&str]) -> Result<&'a mut Value, String> {
    for key in keys {
        value = match value {
            Value::Table(table) => table.entry(*key).or_insert_with(|| Value::Table(Table::new())),
            Value::Array(list) => entry(list, key)?,
            other => return Err(format!("there is nothing called {key:?} in {other}")),
        };
    }
    Ok(value)
}

fn put(parent: &mut Value, key: &str, value: Value) -> Result<(), String> {
    match parent {
        Value::Table(table) => {
            table.insert(key.to_owned(), value);
        }
        Value::Array(list) => *entry(list, key)? = value,
        other => return Err(format!("there is nothing called {key:?} in {other}")),
    }
    Ok(())
}

/// The entry of a list by index or name.
fn entry<'a>(list: &'a mut [Value], key: &str) -> Result<&'a mut Value, String> {
    let name_of = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    let index = key.parse().ok().or_else(|| list.iter().position(|value| name_of(value).as_deref() == Some(key)));
    let names: Vec<String> = list.iter().filter_map(name_of).collect();
    let known = if names.is_empty() { String::new() } else { format!(" or one of {}", names.join(", ")) };
    let most = list.len().saturating_sub(1);
    index
        .and_then(|index: usize| list.get_mut(index))
        .ok_or_else(|| format!("the list has no entry {key:?}: must be an index from 0 to {most}{known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDY: &str = r#"
        name = "s"
        title = "t"
        question = "q"
        metrics = ["loss"]
        [task.xor]
        [network.mlp]
        hidden = [4]
        [[arm]]
        name = "wp"
        tune = { learning_rate = [0.1, 0.2] }
        [arm.optimizer.weight_perturbation]
    "#;

    fn changed(change: &str) -> Result<StudyConfig> {
        let mut table: Table = toml::from_str(STUDY)?;
        apply(&mut table, &[change.to_owned()])?;
        Ok(Value::Table(table).try_into()?)
    }

    #[test]
    fn paths_through_tables_and_lists() {
        assert_eq!(changed("budget=7").unwrap().budget, 7);
        assert_eq!(changed("seeds.count = 3").unwrap().seeds.count, 3);
        assert_eq!(changed("title=a = b").unwrap().title, "a = b");
        let rates = |change| changed(change).unwrap().arm[0].tune.clone().unwrap().learning_rate;
        assert_eq!(rates("arm.0.tune.learning_rate=[1, 2.5]"), [1.0, 2.5]);
        assert_eq!(rates("arm.wp.tune.learning_rate.1=9"), [0.1, 9.0]);
    }

    #[test]
    fn paths_that_lead_nowhere() {
        let problem = |change| changed(change).unwrap_err().to_string();
        assert_eq!(problem("budget"), "--set budget: must be PATH=VALUE, for example budget=1000");
        assert!(problem("budgt=1").contains("unknown field `budgt`"), "{}", problem("budgt=1"));
        assert!(problem("budget.x=1").contains("unknown field") || problem("budget.x=1").contains("invalid type"));
        assert!(problem("name.x=1").contains("nothing called \"x\" in \"s\""), "{}", problem("name.x=1"));
        assert!(problem("arm.adam.tune=1").contains("index from 0 to 0 or one of wp"));
        assert!(problem("arm.7.name=x").contains("no entry \"7\""));
        assert!(problem("a..b=1").contains("empty part"));
        assert!(problem("budget=soon").contains("invalid type: string \"soon\""), "{}", problem("budget=soon"));
    }
}
