//! Names that users give: as names of files, and in errors when they are not known.

use std::collections::BTreeSet;

/// Most characters of a name that a user gives.
pub(crate) const MAX_NAME: usize = 80;
/// Most characters of an identifier that becomes the name of a file.
const MAX_IDENTIFIER: usize = 100;
/// Most characters of a list of known names in an error.
const MAX_LIST: usize = 140;
/// Most characters of an error in a study.
pub const MAX_ERROR: usize = 280;

/// `text` as a part of the name of a file, and of an address in a page: its letters and digits, hyphens for all else. A long
/// text keeps its beginning and gets a number that stands for the whole of it.
pub(crate) fn identifier(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "_-.".contains(c) { c } else { '-' };
    let name: String = text.chars().map(plain).collect();
    if name.len() <= MAX_IDENTIFIER {
        return name;
    }
    let mut cut = String::new();
    for c in name.chars() {
        if cut.len() + c.len_utf8() > MAX_IDENTIFIER - 9 {
            break;
        }
        cut.push(c);
    }
    format!("{cut}-{:08x}", digest(text))
}

/// The Fowler–Noll–Vo hash (1a) of a text, 32 bits.
fn digest(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Makes identifiers unique by numbers, letters of either case taken as the same, as some file systems do.
pub(crate) fn make_unique<'a>(identifiers: impl Iterator<Item = &'a mut String>) {
    let mut taken = BTreeSet::new();
    for name in identifiers {
        let wanted = identifier(name);
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let unique = std::iter::once(wanted.clone()).chain(numbered).find(|name| taken.insert(name.to_lowercase()));
        *name = unique.unwrap_or(wanted);
    }
}

/// What is wrong with a name that a user gives to `what`, if anything is.
pub(crate) fn check(what: &str, name: &str) -> Result<(), String> {
    let problem = if name.trim().is_empty() {
        "must have a letter"
    } else if name.chars().count() > MAX_NAME {
        "must have at most 80 characters"
    } else if name.chars().any(char::is_control) {
        "must be one line"
    } else {
        return Ok(());
    };
    Err(format!("{what} = {:?}: {problem}", shortened(name, 40)))
}

/// The names in `known`, the most similar to `wanted` first, as many as a line holds.
pub fn listed<S: AsRef<str>>(wanted: &str, known: &[S]) -> String {
    let mut names: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let fits = |names: &[&str]| names.iter().map(|name| name.chars().count() + 2).sum::<usize>() <= MAX_LIST;
    if fits(&names) {
        return names.join(", ");
    }
    names.sort_by(|a, b| strsim::jaro_winkler(wanted, b).total_cmp(&strsim::jaro_winkler(wanted, a)));
    let mut shown = names.len();
    while shown > 1 && !fits(&names[..shown]) {
        shown -= 1;
    }
    format!("{} … ({} in all)", names[..shown].join(", "), names.len())
}

/// `text` on one line with at most `length` characters.
pub fn shortened(text: &str, length: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= length {
        return line;
    }
    line.chars().take(length.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_names_of_files_and_unique() {
        assert_eq!(identifier("lorenz-Mackey–Glass 16"), "lorenz-Mackey-Glass-16");
        let long = "n".repeat(300);
        assert!(identifier(&long).len() <= MAX_IDENTIFIER && identifier(&long) != identifier(&format!("{long}!")));
        assert!(identifier(&"ä".repeat(200)).len() <= MAX_IDENTIFIER);
        let mut names = ["a b", "a/b", "A b", "c"].map(str::to_owned);
        make_unique(names.iter_mut());
        assert_eq!(names, ["a-b", "a-b-2", "A-b-3", "c"]);
    }

    #[test]
    fn a_long_list_begins_with_what_was_meant() {
        let known: Vec<String> =
            (0..60).map(|index| format!("score_number_{index}")).chain(["accuracy".to_owned()]).collect();
        let text = listed("acuracy", &known);
        assert!(text.starts_with("accuracy, ") && text.ends_with("(61 in all)") && text.len() < 200, "{text}");
        assert_eq!(listed("x", &["b", "a"]), "b, a");
    }
}
