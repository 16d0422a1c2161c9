//! Python environments below `target/`, made once.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::command::{command, root, run};

/// The Python of [`environment`], of version 3.10 or later.
pub(crate) fn recent(name: &str, variable: &str, installs: &[&[&str]]) -> Result<String> {
    if std::env::var_os(variable).is_none() {
        let mut version = command("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
        let fits = version.output().is_ok_and(|output| output.status.success());
        ensure!(fits, "there is no python3 of version 3.10 or later");
    }
    Ok(environment(name, variable, installs)?.to_string_lossy().into_owned())
}

/// The Python of the environment `target/NAME`, which is made if it is not there: each of `installs` is what `pip install` takes.
///
/// The variable `variable` of the process's environment names another Python, which has the packages already.
pub(crate) fn environment(name: &str, variable: &str, installs: &[&[&str]]) -> Result<PathBuf> {
    if let Some(python) = std::env::var_os(variable) {
        return Ok(python.into());
    }
    let relative = format!("target/{name}");
    let environment = root().join(&relative);
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let done = environment.join("installed");
    if !done.exists() {
        let mut steps = vec![command("python3", ["-m", "venv", &relative])];
        for install in installs {
            let arguments = ["-m", "pip", "install", "--quiet"].into_iter().chain(install.iter().copied());
            steps.push(command(&python.to_string_lossy(), arguments));
        }
        for step in steps {
            ensure!(
                run(step)?.success(),
                "the packages could not be installed; {variable} names a Python that has them"
            );
        }
        std::fs::write(&done, "").with_context(|| format!("cannot write {}", done.display()))?;
    }
    Ok(python)
}
