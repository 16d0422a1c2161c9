//! The numbers of a configuration: none is NaN, none is infinite but where that is documented, none is below what the engine
//! resolves.

/// Keys whose values may be infinite, as their documentation says: a rate to begin with that the cap bounds, and trials
/// that an expectation is worth.
const MAY_BE_INFINITE: [&str; 2] = ["start_rate", "initial_trials"];

/// What is wrong with a number of a table or of what is inside it, if anything is: key, value and what would be right.
pub(crate) fn check(table: &toml::Table) -> Result<(), String> {
    table.iter().try_for_each(|(key, value)| visit(key, key, value))
}

fn visit(path: &str, key: &str, value: &toml::Value) -> Result<(), String> {
    match value {
        toml::Value::Float(number) => number_of(path, key, *number),
        toml::Value::Array(values) => {
            let mut indexed = values.iter().enumerate();
            indexed.try_for_each(|(index, value)| visit(&format!("{path}[{index}]"), key, value))
        }
        toml::Value::Table(table) => {
            table.iter().try_for_each(|(key, value)| visit(&format!("{path}.{key}"), key, value))
        }
        _ => Ok(()),
    }
}

fn number_of(path: &str, key: &str, number: f64) -> Result<(), String> {
    let requirement = if number.is_nan() {
        "a number"
    } else if number.is_infinite() && !MAY_BE_INFINITE.contains(&key) {
        "finite"
    } else if number != 0.0 && number.abs() < f64::from(f32::MIN_POSITIVE) {
        "0 or at least 1.2e-38 in size, below which f32 has no numbers"
    } else {
        return Ok(());
    };
    Err(format!("{path} = {number:?}: must be {requirement}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<String> {
        check(&text.parse().unwrap()).err()
    }

    #[test]
    fn every_number_is_looked_at_wherever_it_is() {
        assert_eq!(problem("a = nan").unwrap(), "a = NaN: must be a number");
        assert_eq!(
            problem("[[arm]]\nx = 1.0\n[[arm]]\n[arm.y]\nz = [0.5, -nan]").unwrap(),
            "arm[1].y.z[1] = NaN: must be a number"
        );
        assert_eq!(problem("[a.b]\nc = -inf").unwrap(), "a.b.c = -inf: must be finite");
        assert!(problem("a = { scale = 1e-300 }").unwrap().starts_with("a.scale = 1e-300: must be 0 or at least"));
    }

    #[test]
    fn infinity_stands_where_it_is_documented() {
        assert!(problem("[arm.optimizer.dopamine]\nstart_rate = inf").is_none());
        assert!(problem("a = 1e-30\nb = 1e300\nc = 0.0\nd = -0.0\ne = 3").is_none());
    }
}
