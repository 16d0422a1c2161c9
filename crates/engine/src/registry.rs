//! Everything that a study can name: one mechanism for tasks, networks, optimizers, rules, nuclei, environments and agents.
//!
//! Each of these kinds has a trait for its settings (for example `OptimizerSettings`), which a settings type implements in
//! the file of its algorithm, and one list of the built-in settings types, written with [`named_settings!`](crate::named_settings!). The list
//! becomes an enum that
//! - is read from and written to a study file as a table under the name of the thing, or as the name alone for the defaults:
//!   `[optimizer.spsa]` with its fields, or `optimizer = "spsa"`;
//! - behaves as the trait object of its settings: every method of the trait can be called on it;
//! - knows every built-in and every registered thing: `registry()` and `from_name`;
//! - takes further settings types at run time: `register::<MySettings>()`. From then on they have a name like any other.
//!
//! # Example
//! ```
//! use serde::{Deserialize, Serialize};
//! use tegmentum_engine::registry::Description;
//!
//! /// The contract: what settings of a shape can do.
//! pub trait ShapeSettings: std::any::Any + std::fmt::Debug + Send + Sync {
//!     fn description(&self) -> Description;
//!     fn area(&self) -> f64;
//! }
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(deny_unknown_fields, default)]
//! pub struct Square { side: f64 }
//! impl Default for Square {
//!     fn default() -> Self { Self { side: 1.0 } }
//! }
//! impl ShapeSettings for Square {
//!     fn description(&self) -> Description {
//!         Description { name: "square", summary: "four equal sides", reference: "Euclid, Elements I.46" }
//!     }
//!     fn area(&self) -> f64 { self.side * self.side }
//! }
//!
//! tegmentum_engine::named_settings! {
//!     /// A shape by name.
//!     pub enum ShapeConfig: dyn ShapeSettings = "shape" {
//!         Square(Square),
//!     }
//! }
//!
//! /// Someone else's shape, in a program of their own.
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(deny_unknown_fields, default)]
//! struct Disc { radius: f64 }
//! impl Default for Disc {
//!     fn default() -> Self { Self { radius: 1.0 } }
//! }
//! impl ShapeSettings for Disc {
//!     fn description(&self) -> Description {
//!         Description { name: "disc", summary: "all points near a centre", reference: "Euclid, Elements III" }
//!     }
//!     fn area(&self) -> f64 { std::f64::consts::PI * self.radius * self.radius }
//! }
//! ShapeConfig::register::<Disc>()?;
//!
//! let shape: ShapeConfig = toml::from_str("[disc]\nradius = 2.0")?;
//! assert!((shape.area() - 12.566).abs() < 1e-3);
//! assert_eq!(ShapeConfig::registry().len(), 2);
//! assert!(ShapeConfig::from_name("cube").unwrap_err().to_string().ends_with("known are square, disc"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod reading;
mod registered;
#[cfg(test)]
mod tests;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::MapAccess;

use crate::error::{Error, Result};

pub use reading::deserialize;
pub use registered::{Catalogue, Entry, FromStudy, Registered};

/// An entry of a registry, for `tegmentum list`.
///
/// # Example
/// ```
/// use tegmentum_engine::registry::Description;
///
/// let entry = Description { name: "xor", summary: "exclusive or of two bits", reference: "Minsky & Papert 1969" };
/// assert_eq!(entry.name, "xor");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The name used in studies: lower-case letters, digits, `_` and `-`.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Where it comes from.
    pub reference: &'static str,
}

/// An enum of named settings, as [`named_settings!`](crate::named_settings!) writes it: for code that treats all kinds alike.
pub trait NamedSettings: Clone + Debug + 'static {
    /// The trait object of the settings.
    type Settings: ?Sized + 'static;

    /// What is named, for messages: "optimizer".
    const KIND: &'static str;

    /// The built-in settings with their defaults, in the order in which to show them.
    fn built_in() -> Vec<Self>;

    /// What was registered at run time.
    fn catalogue() -> &'static Catalogue<Self::Settings>;

    /// Settings of a registered type.
    fn from_registered(settings: Registered<Self::Settings>) -> Self;

    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The settings of the same name that `table` holds.
    ///
    /// # Errors
    /// What the table's format reports: a field that does not exist, a value of the wrong type.
    fn read<'de, A: MapAccess<'de>>(&self, table: &mut A) -> Result<Self, A::Error>;

    /// Everything that has a name, with its default settings: the built-in ones, then the registered ones in their order.
    fn registry() -> Vec<Self> {
        let registered = Self::catalogue().entries().into_iter().map(|entry| Self::from_registered(entry.default()));
        Self::built_in().into_iter().chain(registered).collect()
    }

    /// The default settings of what is called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the names that are known.
    fn from_name(name: &str) -> Result<Self> {
        let all = Self::registry();
        if let Some(found) = all.iter().find(|settings| settings.description().name == name) {
            return Ok(found.clone());
        }
        let known = all.iter().map(|settings| settings.description().name).collect::<Vec<_>>().join(", ");
        Err(Error::UnknownName { kind: Self::KIND, name: name.to_owned(), known })
    }
}

/// What [`named_settings!`](crate::named_settings!) needs wherever it is written.
#[doc(hidden)]
pub mod support {
    pub use serde::de::MapAccess;
    pub use serde::{Deserialize, Deserializer, Serialize, Serializer};
}

/// Writes the registry of one kind of named thing: an enum of the built-in settings types from one list.
///
/// The trait has the supertraits `Any + Debug + Send + Sync` and a method `description(&self) -> Description`; every
/// settings type implements it, and [`FromStudy`]. The [module](crate::registry) has an example.
#[macro_export]
macro_rules! named_settings {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident: dyn $contract:path = $kind:literal {
            $($variant:ident($settings:ty)),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        $visibility enum $name {
            $(
                #[doc = concat!("See [`", stringify!($settings), "`].")]
                $variant($settings),
            )+
            /// Settings of a type that was registered at run time.
            Registered($crate::registry::Registered<dyn $contract>),
        }

        impl $name {
            #[doc = concat!("Everything called ", $kind, ", with its default settings, in the order in which to show it.")]
            $visibility fn registry() -> Vec<Self> {
                <Self as $crate::registry::NamedSettings>::registry()
            }

            /// The default settings of what is called `name`.
            ///
            /// # Errors
            /// [`Error::UnknownName`](tegmentum_engine::error::Error::UnknownName) with the names that are known.
            $visibility fn from_name(name: &str) -> $crate::error::Result<Self> {
                <Self as $crate::registry::NamedSettings>::from_name(name)
            }

            /// Makes settings of the type `T` known to this process under their name, so that studies can use them.
            ///
            /// # Errors
            /// [`Error::Registration`](tegmentum_engine::error::Error::Registration) if the name is taken or cannot stand in a
            /// study file.
            $visibility fn register<T: $contract + $crate::registry::FromStudy>() -> $crate::error::Result<()> {
                let name = <dyn $contract>::description(&T::default()).name;
                <Self as $crate::registry::NamedSettings>::catalogue().add::<Self, T>(
                    name,
                    |settings| Box::new(settings),
                    |settings| settings,
                )
            }

            /// The name used in studies.
            $visibility fn name(&self) -> &'static str {
                self.description().name
            }
        }

        impl $crate::registry::NamedSettings for $name {
            type Settings = dyn $contract;

            const KIND: &'static str = $kind;

            fn built_in() -> Vec<Self> {
                vec![$(Self::$variant(<$settings as Default>::default())),+]
            }

            fn catalogue() -> &'static $crate::registry::Catalogue<dyn $contract> {
                static REGISTERED: $crate::registry::Catalogue<dyn $contract> = $crate::registry::Catalogue::new();
                &REGISTERED
            }

            fn from_registered(settings: $crate::registry::Registered<dyn $contract>) -> Self {
                Self::Registered(settings)
            }

            fn description(&self) -> $crate::registry::Description {
                (**self).description()
            }

            fn read<'de, A: $crate::registry::support::MapAccess<'de>>(&self, table: &mut A) -> Result<Self, A::Error> {
                match self {
                    $(Self::$variant(_) => table.next_value().map(Self::$variant),)+
                    Self::Registered(settings) => settings.read(table).map(Self::Registered),
                }
            }
        }

        impl std::ops::Deref for $name {
            type Target = dyn $contract;
            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$variant(settings) => settings,)+
                    Self::Registered(settings) => &**settings,
                }
            }
        }

        impl std::ops::DerefMut for $name {
            fn deref_mut(&mut self) -> &mut Self::Target {
                match self {
                    $(Self::$variant(settings) => settings,)+
                    Self::Registered(settings) => &mut **settings,
                }
            }
        }

        $(
            impl From<$settings> for $name {
                fn from(settings: $settings) -> Self {
                    Self::$variant(settings)
                }
            }
        )+

        impl $crate::registry::support::Serialize for $name {
            fn serialize<S: $crate::registry::support::Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
                let (kind, name) = (stringify!($name), self.name());
                match self {
                    $(Self::$variant(settings) => target.serialize_newtype_variant(kind, 0, name, settings),)+
                    Self::Registered(settings) => target.serialize_newtype_variant(kind, 0, name, settings),
                }
            }
        }

        impl<'de> $crate::registry::support::Deserialize<'de> for $name {
            fn deserialize<D: $crate::registry::support::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                $crate::registry::deserialize(source)
            }
        }
    };
}
