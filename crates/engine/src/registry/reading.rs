//! Named settings in a study file: the name alone, or a table with the settings under the name.

use std::fmt::{self, Formatter};
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};

use super::NamedSettings;

/// Reads named settings: the name alone, or a table with the settings under the name.
///
/// # Errors
/// What the format reports; an unknown name, with the known ones; not exactly one name.
pub fn deserialize<'de, N: NamedSettings, D: Deserializer<'de>>(source: D) -> Result<N, D::Error> {
    source.deserialize_any(Settings(PhantomData))
}

struct Settings<N>(PhantomData<N>);

impl<'de, N: NamedSettings> Visitor<'de> for Settings<N> {
    type Value = N;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a known {} or a table under that name", N::KIND)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<N, E> {
        N::from_name(name).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<N, A::Error> {
        let Some(default) = table.next_key_seed(Name(PhantomData::<N>))? else {
            return Err(A::Error::custom(format_args!(
                "no {kind} is named, for example {}",
                example::<N>(),
                kind = N::KIND
            )));
        };
        let settings = default.read(&mut table)?;
        match table.next_key::<String>()? {
            None => Ok(settings),
            Some(second) => {
                let first = settings.description().name;
                Err(A::Error::custom(format_args!("two names for one {}: \"{first}\" and \"{second}\"", N::KIND)))
            }
        }
    }
}

/// A name that would be right.
fn example<N: NamedSettings>() -> String {
    N::built_in().first().map_or_else(String::new, |settings| format!("\"{}\"", settings.description().name))
}

/// Reads a name and gives the default settings under it, so that an error points at the name.
struct Name<N>(PhantomData<N>);

impl<'de, N: NamedSettings> DeserializeSeed<'de> for Name<N> {
    type Value = N;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<N, D::Error> {
        source.deserialize_str(self)
    }
}

impl<N: NamedSettings> Visitor<'_> for Name<N> {
    type Value = N;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a known {}", N::KIND)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<N, E> {
        N::from_name(name).map_err(E::custom)
    }
}
