//! The modules of this crate import each other one way: there is no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Every source file below `folder`, test modules excepted.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs")
            && path.file_stem().is_some_and(|name| name != "tests")
        {
            found.push(path);
        }
    }
    found
}

/// The path of a module from its file: `kinds/dose.rs` is `kinds::dose`.
fn module_of(file: &Path, root: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root).unwrap().with_extension("");
    relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
}

/// The paths that a file imports, `a::{b, c::d}` taken apart, from the root of the crate.
fn imports(text: &str, module: &[String]) -> Vec<Vec<String>> {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    // Statements begin with a line; the word in a comment does not.
    let begins = |line: &str| {
        ["use ", "pub use ", "pub(crate) use ", "pub(super) use "].iter().any(|start| line.starts_with(start))
    };
    let starts = text.match_indices('\n').map(|(at, _)| at + 1).filter(|&at| begins(&text[at..]));
    for statement in starts.map(|at| text[at..].split_once("use ").unwrap().1) {
        let statement: String = statement.split(';').next().unwrap().split_whitespace().collect();
        for path in leaves(&statement) {
            let parts: Vec<String> = path.split("::").map(str::to_owned).collect();
            let ups = parts.iter().take_while(|part| *part == "super").count();
            match parts[0].as_str() {
                "crate" => found.push(parts[1..].to_vec()),
                "super" => found.push([&module[..module.len() - ups], &parts[ups..]].concat()),
                _ => {}
            }
        }
    }
    found
}

/// The single paths of a use tree.
fn leaves(tree: &str) -> Vec<String> {
    let Some(open) = tree.find('{') else { return vec![tree.to_owned()] };
    let (before, inside) = (&tree[..open], &tree[open + 1..tree.rfind('}').unwrap()]);
    let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    let whole = |part: &String| leaves(&format!("{before}{part}"));
    parts.iter().filter(|part| !part.is_empty()).flat_map(whole).collect()
}

#[test]
fn imports_make_no_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    let modules: BTreeMap<Vec<String>, &PathBuf> = files.iter().map(|file| (module_of(file, &root), file)).collect();
    assert!(modules.len() > 30, "the sources were found");
    let mut arrows: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = BTreeMap::new();
    for (module, file) in modules.iter().filter(|(module, _)| module[0] != "lib") {
        let text = std::fs::read_to_string(file).unwrap();
        for path in imports(&text, module) {
            // The longest beginning of the path that is a module; a parent that is imported from within is no other room.
            let target = (1..=path.len()).rev().find_map(|length| modules.get_key_value(&path[..length]));
            let Some((target, _)) = target.filter(|(target, _)| !module.starts_with(target)) else { continue };
            arrows.entry(module).or_default().insert(target);
        }
    }
    assert!(arrows.values().map(BTreeSet::len).sum::<usize>() > 100, "the imports were found");
    // Modules that import nothing that is left can be taken away, until none is left or a circle is.
    while let Some(free) = arrows
        .iter()
        .find(|(_, targets)| targets.iter().all(|target| !arrows.contains_key(*target)))
        .map(|(from, _)| *from)
    {
        arrows.remove(free);
    }
    let circle: Vec<String> = arrows.keys().map(|module| module.join("::")).collect();
    assert!(circle.is_empty(), "these modules import each other in a circle: {circle:?}");
}
