//! Settings types that were registered at run time, and settings of these types.

use std::any::Any;
use std::fmt::{self, Debug, Formatter};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, PoisonError, RwLock};

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess};
use serde::{Deserializer, Serialize, Serializer};

use super::NamedSettings;
use crate::error::{Error, Result};

/// What a settings type needs besides its trait, so that a study can name it: all of it can be derived.
pub trait FromStudy: Default + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Default + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> FromStudy for T {}

/// What can be done with settings of a registered type behind the trait object `S`.
trait Operations<S: ?Sized>: Send + Sync {
    fn default(&self) -> Box<S>;
    fn duplicate(&self, settings: &S) -> Box<S>;
    fn equal(&self, left: &S, right: &S) -> bool;
    fn read(&self, source: &mut dyn erased_serde::Deserializer<'_>) -> Result<Box<S>, erased_serde::Error>;
    fn as_serialize<'a>(&self, settings: &'a S) -> &'a dyn erased_serde::Serialize;
}

/// The two conversions that only code that knows both the type and the trait can write.
struct Conversions<T, S: ?Sized> {
    boxed: fn(T) -> Box<S>,
    as_any: fn(&S) -> &dyn Any,
}

impl<T: 'static, S: ?Sized> Conversions<T, S> {
    /// The settings as their own type: an entry is used with the settings that it made alone.
    fn own<'a>(&self, settings: &'a S) -> &'a T {
        (self.as_any)(settings).downcast_ref().expect("an entry is used with settings of its own type")
    }
}

impl<T: FromStudy, S: ?Sized> Operations<S> for Conversions<T, S> {
    fn default(&self) -> Box<S> {
        (self.boxed)(T::default())
    }

    fn duplicate(&self, settings: &S) -> Box<S> {
        (self.boxed)(self.own(settings).clone())
    }

    fn equal(&self, left: &S, right: &S) -> bool {
        self.own(left) == self.own(right)
    }

    fn read(&self, source: &mut dyn erased_serde::Deserializer<'_>) -> Result<Box<S>, erased_serde::Error> {
        erased_serde::deserialize::<T>(source).map(self.boxed)
    }

    fn as_serialize<'a>(&self, settings: &'a S) -> &'a dyn erased_serde::Serialize {
        self.own(settings)
    }
}

/// A settings type that was registered at run time.
pub struct Entry<S: ?Sized> {
    name: &'static str,
    operations: Box<dyn Operations<S>>,
}

impl<S: ?Sized + 'static> Entry<S> {
    /// The default settings of the type.
    pub(super) fn default(self: &Arc<Self>) -> Registered<S> {
        Registered { settings: self.operations.default(), entry: Arc::clone(self) }
    }
}

impl<S: ?Sized> Debug for Entry<S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The settings types of one kind that were registered at run time, in the order of their registration.
#[derive(Debug)]
pub struct Catalogue<S: ?Sized> {
    entries: RwLock<Vec<Arc<Entry<S>>>>,
}

impl<S: ?Sized> Default for Catalogue<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: ?Sized> Catalogue<S> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { entries: RwLock::new(Vec::new()) }
    }

    /// All entries.
    pub fn entries(&self) -> Vec<Arc<Entry<S>>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: ?Sized + 'static> Catalogue<S> {
    /// Adds the type `T` of settings under `name`, of the kind `N`.
    ///
    /// # Errors
    /// [`Error::Registration`] if the name is taken or cannot stand in a study file.
    pub fn add<N: NamedSettings<Settings = S>, T: FromStudy>(
        &self,
        name: &'static str,
        boxed: fn(T) -> Box<S>,
        as_any: fn(&S) -> &dyn Any,
    ) -> Result<()> {
        let refuse = |problem| Err(Error::Registration { kind: N::KIND, name: name.to_owned(), problem });
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_plain) {
            return refuse("a name is made of lower-case letters, digits, _ and -");
        }
        let built_in = N::built_in();
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let is_taken = built_in.iter().any(|settings| settings.description().name == name)
            || entries.iter().any(|entry| entry.name == name);
        if is_taken {
            return refuse("the name is taken");
        }
        entries.push(Arc::new(Entry { name, operations: Box::new(Conversions { boxed, as_any }) }));
        Ok(())
    }
}

/// Settings of a type that was registered at run time. They behave as the trait object `S`.
pub struct Registered<S: ?Sized> {
    settings: Box<S>,
    entry: Arc<Entry<S>>,
}

impl<S: ?Sized + 'static> Registered<S> {
    /// The settings of the same type that `table` holds.
    ///
    /// # Errors
    /// What the table's format reports: a field that does not exist, a value of the wrong type.
    pub fn read<'de, A: MapAccess<'de>>(&self, table: &mut A) -> Result<Self, A::Error> {
        struct Seed<'a, S: ?Sized>(&'a Arc<Entry<S>>);
        impl<'de, S: ?Sized> DeserializeSeed<'de> for Seed<'_, S> {
            type Value = Box<S>;
            fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
                self.0
                    .operations
                    .read(&mut <dyn erased_serde::Deserializer<'_>>::erase(source))
                    .map_err(D::Error::custom)
            }
        }
        Ok(Self { settings: table.next_value_seed(Seed(&self.entry))?, entry: Arc::clone(&self.entry) })
    }
}

impl<S: ?Sized> Deref for Registered<S> {
    type Target = S;
    fn deref(&self) -> &S {
        &self.settings
    }
}

impl<S: ?Sized> DerefMut for Registered<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.settings
    }
}

impl<S: ?Sized> Clone for Registered<S> {
    fn clone(&self) -> Self {
        Self { settings: self.entry.operations.duplicate(&self.settings), entry: Arc::clone(&self.entry) }
    }
}

impl<S: ?Sized> PartialEq for Registered<S> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entry, &other.entry) && self.entry.operations.equal(&self.settings, &other.settings)
    }
}

impl<S: ?Sized + Debug> Debug for Registered<S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl<S: ?Sized> Serialize for Registered<S> {
    fn serialize<T: Serializer>(&self, target: T) -> Result<T::Ok, T::Error> {
        self.entry.operations.as_serialize(&self.settings).serialize(target)
    }
}
