//! The registry: a value that holds plugins, sorted by kind and id.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Adapter, Coder, Descriptor, EmbeddedModels, Kind, Model, Models, PluginId, Predictor};
use crate::{Error, Result};

/// A plugin of any kind.
#[derive(Clone)]
pub enum AnyPlugin {
    /// An adapter.
    Adapter(Arc<dyn Adapter>),
    /// A predictor.
    Predictor(Arc<dyn Predictor>),
    /// A coder.
    Coder(Arc<dyn Coder>),
}

impl AnyPlugin {
    /// What the plugin says of itself.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        match self {
            Self::Adapter(p) => p.descriptor(),
            Self::Predictor(p) => p.descriptor(),
            Self::Coder(p) => p.descriptor(),
        }
    }
}

/// How a linked plugin announces itself; see [`submit!`](crate::submit).
pub struct Registration {
    /// Makes the plugin.
    pub make: fn() -> AnyPlugin,
    /// The package it comes from, for messages.
    pub origin: &'static str,
}

inventory::collect!(Registration);

struct Entry {
    plugin: AnyPlugin,
    origin: String,
}

/// All plugins that a program knows, by kind and id, and the models that they can use. Ids and
/// names are unique within a kind.
#[derive(Default)]
pub struct Registry {
    entries: BTreeMap<(Kind, PluginId), Entry>,
    models: Models,
}

impl Registry {
    /// A registry without plugins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All plugins and models linked into this program.
    ///
    /// # Errors
    /// `Config` where two of them claim one id or one name.
    pub fn linked() -> Result<Self> {
        let mut registry = Self::new();
        for registration in inventory::iter::<Registration> {
            registry.insert((registration.make)(), registration.origin)?;
        }
        let linked = inventory::iter::<EmbeddedModels>.into_iter();
        for model in linked.flat_map(|models| models.0) {
            registry.models.insert(Model::linked(model));
        }
        Ok(registry)
    }

    /// The models that predictors can use.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The models, to add to them.
    pub fn models_mut(&mut self) -> &mut Models {
        &mut self.models
    }

    /// Adds a plugin from `origin`, a package or a file.
    ///
    /// # Errors
    /// `Config` naming both origins where the id or the name is taken, or where the
    /// descriptor is not valid.
    pub fn insert(&mut self, plugin: AnyPlugin, origin: impl Into<String>) -> Result<()> {
        let origin = origin.into();
        let d = plugin.descriptor();
        if d.version == 0 || d.version > 127 || d.oldest == 0 || d.oldest > d.version {
            return Err(Error::Config(format!(
                "{} `{}` from {origin} declares stream versions {}..={}, which is not within 1..=127",
                d.kind, d.name, d.oldest, d.version
            )));
        }
        let well_named = !d.name.is_empty()
            && d.name
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        if !well_named {
            return Err(Error::Config(format!(
                "{} {} from {origin} is named `{}`: a name is lower case letters, digits and `-`",
                d.kind,
                d.id,
                d.name.escape_debug()
            )));
        }
        let taken = self.entries.iter().find(|((kind, id), e)| {
            *kind == d.kind && (*id == d.id || e.plugin.descriptor().name == d.name)
        });
        if let Some((_, other)) = taken {
            let o = other.plugin.descriptor();
            return Err(Error::Config(format!(
                "two plugins claim one identity: {} `{}` (id {}) from {} and `{}` (id {}) from {origin}",
                d.kind, o.name, o.id, other.origin, d.name, d.id
            )));
        }
        self.entries
            .insert((d.kind, d.id), Entry { plugin, origin });
        Ok(())
    }

    /// Adds all these plugins from `origin`, or none.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn insert_all(&mut self, plugins: Vec<AnyPlugin>, origin: &str) -> Result<()> {
        let mut added = Vec::with_capacity(plugins.len());
        for plugin in plugins {
            let d = plugin.descriptor();
            let key = (d.kind, d.id);
            if let Err(error) = self.insert(plugin, origin) {
                for key in added {
                    self.entries.remove(&key);
                }
                return Err(error);
            }
            added.push(key);
        }
        Ok(())
    }

    /// Every plugin with its origin, sorted by kind and id.
    pub fn iter(&self) -> impl Iterator<Item = (&AnyPlugin, &str)> {
        self.entries
            .values()
            .map(|e| (&e.plugin, e.origin.as_str()))
    }

    /// The plugin of that name.
    ///
    /// # Errors
    /// `Config` that lists the names there are.
    pub fn by_name(&self, kind: Kind, name: &str) -> Result<&AnyPlugin> {
        let of_kind = || {
            self.iter()
                .map(|(p, _)| p)
                .filter(|p| p.descriptor().kind == kind)
        };
        of_kind()
            .find(|p| p.descriptor().name == name)
            .ok_or_else(|| {
                let names: Vec<_> = of_kind().map(|p| p.descriptor().name.to_string()).collect();
                Error::Config(format!(
                    "there is no {kind} named `{}`; there are: {}",
                    name.escape_debug(),
                    names.join(", ")
                ))
            })
    }

    /// The plugin with that id, if it reads that version of its stream.
    ///
    /// # Errors
    /// `Unsupported` that says what is missing.
    pub fn by_id(&self, kind: Kind, id: PluginId, version: u8) -> Result<&AnyPlugin> {
        let Some(entry) = self.entries.get(&(kind, id)) else {
            return Err(Error::Unsupported {
                what: format!("{kind} plugin {id} (stream version {version})"),
                hint: "it is not among this program's plugins; get the plugin that wrote the file"
                    .into(),
            });
        };
        let d = entry.plugin.descriptor();
        if version < d.oldest || version > d.version {
            return Err(Error::Unsupported {
                what: format!("{kind} `{}` with stream version {version}", d.name),
                hint: format!(
                    "{} reads versions {} to {}; a newer program may read it",
                    entry.origin, d.oldest, d.version
                ),
            });
        }
        Ok(&entry.plugin)
    }

    /// As [`by_id`](Self::by_id), for an adapter.
    ///
    /// # Errors
    /// As `by_id`.
    pub fn adapter(&self, id: PluginId, version: u8) -> Result<&Arc<dyn Adapter>> {
        match self.by_id(Kind::Adapter, id, version)? {
            AnyPlugin::Adapter(p) => Ok(p),
            _ => unreachable!("entries are keyed by their kind"),
        }
    }

    /// As [`by_id`](Self::by_id), for a predictor.
    ///
    /// # Errors
    /// As `by_id`.
    pub fn predictor(&self, id: PluginId, version: u8) -> Result<&Arc<dyn Predictor>> {
        match self.by_id(Kind::Predictor, id, version)? {
            AnyPlugin::Predictor(p) => Ok(p),
            _ => unreachable!("entries are keyed by their kind"),
        }
    }

    /// As [`by_id`](Self::by_id), for a coder.
    ///
    /// # Errors
    /// As `by_id`.
    pub fn coder(&self, id: PluginId, version: u8) -> Result<&Arc<dyn Coder>> {
        match self.by_id(Kind::Coder, id, version)? {
            AnyPlugin::Coder(p) => Ok(p),
            _ => unreachable!("entries are keyed by their kind"),
        }
    }
}
