//! Each effect that a learner says it obeys changes what the learner does.

use std::collections::BTreeMap;

use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::neuromodulation::hearing::Heard;
use tegmentum::neuromodulation::modulation::Place;
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::hearing::{NETWORK, Obedience, all};
use tegmentum_study::run::{Silent, run};

/// Environments in which agents are tried, with settings that make them short.
fn environments() -> Vec<String> {
    EnvironmentConfig::registry().iter().map(|environment| environment.name().to_owned()).collect()
}

/// A place in a study file.
fn place(place: &Place) -> String {
    match place {
        Place::Network => String::new(),
        Place::Layer(layer) => format!(", place = {{ layer = {layer} }}"),
        Place::Population(name) => format!(", place = {{ population = \"{name}\" }}"),
        Place::Synapse { from, to } => format!(", place = {{ synapse = {{ from = \"{from}\", to = \"{to}\" }} }}"),
    }
}

/// An arm whose receptor has an effect, in a stream of two worlds or in an environment; without modulators if there is none.
fn study(one: &Obedience, environment: Option<&str>, heard: Option<(&Heard, f64)>) -> String {
    let kind = if environment.is_some() {
        "behaviour"
    } else if one.field == "continual" {
        "continual"
    } else if one.has_own {
        "switching"
    } else {
        "compare"
    };
    let world = match (environment, kind) {
        (None, "continual") => {
            let phase = |classes: &str| {
                format!("{{ budget = 240, task = {{ digits = {{ drawn = true, classes = {classes} }} }} }}")
            };
            format!("stream = {{ batch = 8 }}\nphase = [{}, {}]\n", phase("[0, 1]"), phase("[2, 3]"))
        }
        (Some(environment), _) => format!("budget = 120\n[environment.{environment}]\n"),
        (None, "switching") => format!(
            "targets = [0.01]\nphase = [{{ budget = 3000, task = {{ xor = {{}} }} }}, {{ budget = 3000, task = {{ xor = {{ inverted = true }} }} }}]\n{}",
            NETWORK.replace("[mlp]", "[network.mlp]")
        ),
        (None, _) => format!("budget = 600\n[task.xor]\n{}", NETWORK.replace("[mlp]", "[network.mlp]")),
    };
    let modulators = heard.map_or_else(String::new, |(heard, efficacy)| {
        // Optimizers with modulators of their own keep them: acetylcholine, which they always have, acts on one effect more.
        let (of, source) = if one.has_own {
            (heard.by.map_or("acetylcholine", Transmitter::name), "")
        } else {
            ("noradrenaline", "locus_coeruleus = { scheduled_bursts = { bursts = 40, first = 5, last = 110 } }\n")
        };
        format!(
            "[arm.neuromodulation]\n{source}receptor = [{{ name = \"tried\", transmitter = \"{of}\", target = \"{}\", curve = \"{}\", efficacy = {efficacy:?}{} }}]\n",
            heard.target.name(),
            if heard.by.is_some() { "linear" } else { "presence" },
            place(&heard.place)
        )
    });
    format!(
        "name = \"obeys\"\ntitle = \"t\"\nquestion = \"?\"\nkind = \"{kind}\"\nseeds = {{ first = 7, count = 1 }}\n{}{world}\n\
         [[arm]]\nname = \"a\"\n{} = {{ {} = {{ {} }} }}\n{modulators}",
        if environment.is_some() || one.field == "continual" { "" } else { "metrics = [\"mean_squared_error\"]\n" },
        one.field,
        one.name,
        one.options
    )
}

/// The values of all metrics.
type Measured = BTreeMap<String, Vec<Option<f64>>>;

/// Everything that was measured, or why nothing was.
fn outcome(text: &str) -> Result<Measured, String> {
    let study = StudyConfig::from_toml(text, "test").map_err(|error| error.to_string())?;
    let result = run(&study, false, &Silent).map_err(|error| error.to_string())?;
    let mut measured: Measured =
        result.summary.arms["a"].iter().map(|(name, sample)| (name.clone(), sample.values.clone())).collect();
    measured.retain(|name, _| !name.contains("seconds"));
    Ok(measured)
}

/// Strengths of a receptor: more, less, and far more, for what counts updates.
const EFFICACIES: [f64; 3] = [1.5, -0.5, 60.0];

#[test]
fn every_entry_moves_its_learner() {
    let mut silent = Vec::new();
    for one in all().unwrap() {
        let worlds: Vec<Option<String>> =
            if one.field == "agent" { environments().into_iter().map(Some).collect() } else { vec![None] };
        let mut unmoved: Vec<&Heard> = one.heard.iter().collect();
        for world in worlds {
            // An agent that has no place in an environment says so.
            let Ok(bare) = outcome(&study(&one, world.as_deref(), None)) else { continue };
            // Accuracies are counts: to move one takes noise that is no longer small.
            let further = (one.field == "continual").then_some(6000.0);
            unmoved.retain(|heard| {
                !EFFICACIES
                    .into_iter()
                    .chain(further)
                    .any(|efficacy| moves(&one, world.as_deref(), heard, efficacy, &bare))
            });
            if unmoved.is_empty() {
                break;
            }
        }
        silent.extend(unmoved.into_iter().map(|heard| format!("{} {heard}", one.name)));
    }
    assert!(silent.is_empty(), "nothing changes with {silent:#?}");
}

/// Whether a receptor changes anything that is measured.
fn moves(one: &Obedience, world: Option<&str>, heard: &Heard, efficacy: f64, bare: &Measured) -> bool {
    let text = study(one, world, Some((heard, efficacy)));
    match outcome(&text) {
        Ok(measured) => measured != *bare,
        // What is obeyed in one environment may be nothing in another, but no other error may come.
        Err(error) => {
            assert!(error.contains("would change nothing"), "{} {heard}: {error}\n{text}", one.name);
            false
        }
    }
}

#[test]
fn what_is_not_in_the_list_is_refused() {
    use tegmentum::neuromodulation::target::Target;
    for one in
        all().unwrap().into_iter().filter(|one| one.field != "gradient" && (one.field != "continual" || one.has_own))
    {
        let world = environments().into_iter().find(|world| outcome(&study(&one, Some(world), None)).is_ok());
        for target in Target::ALL {
            let heard = Heard { target, place: Place::Population("nobody".to_owned()), by: None };
            let text = study(&one, world.as_deref(), Some((&heard, 1.5)));
            let error = outcome(&text).expect_err(&text);
            assert!(error.contains("would change nothing") && error.contains("obeys"), "{}: {error}", one.name);
        }
    }
}
