//! The models that have a number (`spec.md`, section 11).
//!
//! A recipe lists what a model is made of; a preset is a recipe with a number and a name, so
//! that a small file names it in one byte. A preset never changes: a better one gets a new
//! number.

use std::sync::LazyLock;

use umoec_codec::plugin::Settings;

use crate::contexts::Context;
use crate::matcher::BACK;
use crate::mixer::MAX_INPUTS;
use crate::model::APM_CONTEXTS;
use crate::params::LIST_MAX;
use crate::selector::Selector;
use crate::tracker::Sights;

/// What a model is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// Contexts in the table of bit histories.
    pub(crate) contexts: Vec<Context>,
    /// Contexts with probabilities of their own.
    pub(crate) direct: Vec<Context>,
    /// Least length of each matcher, the longest first, or [`BACK`].
    pub(crate) matches: Vec<u8>,
    /// Selectors of the mixer.
    pub(crate) selectors: Vec<Selector>,
    /// How many of the contexts, the first ones, have runs.
    pub(crate) runs: u8,
    /// How many adaptive probability maps refine the result, up to 4.
    pub(crate) apms: u8,
    /// Learning rates of the mixer: at first, in the end, of the second layer.
    pub(crate) rates: [u8; 3],
    /// First weight of each input, in units of 1/256.
    pub(crate) weight: u8,
}

impl Recipe {
    /// From names, as they stand in a profile.
    pub(crate) fn from_names(table: &Settings) -> Result<Self, String> {
        let known = [
            "contexts",
            "direct",
            "matches",
            "selectors",
            "runs",
            "apms",
            "rates",
            "weight",
        ];
        if let Some(key) = table.keys().find(|k| !known.contains(&k.as_str())) {
            return Err(format!(
                "a model has no `{key}`; it has: {}",
                known.join(", ")
            ));
        }
        let words = |key: &str| -> Result<Vec<String>, String> {
            match table.get(key) {
                None => Ok(Vec::new()),
                Some(v) => v
                    .as_str()
                    .map(|s| s.split_whitespace().map(String::from).collect())
                    .ok_or_else(|| format!("`{key}` of a model is a string of words")),
            }
        };
        let contexts = |key: &str| -> Result<Vec<Context>, String> {
            let by_name = |n: &String| {
                Context::from_name(n).ok_or_else(|| {
                    let names: Vec<_> = Context::ALL.iter().map(|c| c.1).collect();
                    format!("there is no context `{n}`; there are: {}", names.join(", "))
                })
            };
            words(key)?.iter().map(by_name).collect()
        };
        let bytes = |key: &str| -> Result<Vec<u8>, String> {
            words(key)?
                .iter()
                .map(|w| {
                    w.parse()
                        .map_err(|_| format!("`{w}` in `{key}` is not within 0..=255"))
                })
                .collect()
        };
        let matches = |key: &str| -> Result<Vec<u8>, String> {
            let one = |w: &String| match w.as_str() {
                "back" => Ok(BACK),
                w => (w.parse()).map_err(|_| format!("`{w}` in `{key}` is no length, nor `back`")),
            };
            words(key)?.iter().map(one).collect()
        };
        let selectors = words("selectors")?
            .iter()
            .map(|n| {
                Selector::from_name(n).ok_or_else(|| {
                    let names: Vec<_> = Selector::ALL.iter().map(|s| s.1).collect();
                    format!(
                        "there is no selector `{n}`; there are: {}",
                        names.join(", ")
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        let recipe = Self {
            contexts: contexts("contexts")?,
            direct: contexts("direct")?,
            matches: matches("matches")?,
            selectors,
            runs: bytes("runs")?.first().copied().unwrap_or(0),
            apms: bytes("apms")?
                .first()
                .copied()
                .unwrap_or(APM_CONTEXTS.len() as u8),
            rates: bytes("rates")?
                .try_into()
                .map_err(|_| "`rates` are three numbers")?,
            weight: bytes("weight")?
                .first()
                .copied()
                .ok_or("`weight` is missing")?,
        };
        recipe.check()?;
        Ok(recipe)
    }

    /// What every recipe must keep.
    pub(crate) fn check(&self) -> Result<(), String> {
        let lengths = [
            self.contexts.len(),
            self.direct.len(),
            self.matches.len(),
            self.selectors.len(),
        ];
        let names = ["contexts", "direct", "matches", "selectors"];
        for ((length, most), name) in lengths.into_iter().zip(LIST_MAX).zip(names) {
            if length > most {
                return Err(format!("a model has at most {most} `{name}`, not {length}"));
            }
        }
        if self.selectors.is_empty() {
            return Err("a model needs a selector; `zero` selects nothing".into());
        }
        if self.matches.iter().any(|m| !(BACK..=64).contains(m)) {
            return Err("the least length of a match is 2 to 64, or `back`".into());
        }
        if usize::from(self.runs) > self.contexts.len() {
            return Err("a model has at most as many `runs` as contexts".into());
        }
        if usize::from(self.apms) > APM_CONTEXTS.len() {
            return Err(format!("a model has at most {} `apms`", APM_CONTEXTS.len()));
        }
        if self.inputs() > MAX_INPUTS {
            return Err(format!(
                "a model has at most {MAX_INPUTS} inputs, not {}",
                self.inputs()
            ));
        }
        if self.contexts.iter().any(|c| c.aim().is_some()) {
            return Err("an aimed context stands among the `direct` ones".into());
        }
        if self.rates[1] > self.rates[0] {
            return Err(
                "the mixer's rate falls: the second of `rates` is at most the first".into(),
            );
        }
        Ok(())
    }

    /// Inputs of the mixer: two per context, one per run and per direct context, two per
    /// matcher, and a constant.
    pub(crate) fn inputs(&self) -> usize {
        let runs = usize::from(self.runs);
        2 * self.contexts.len() + runs + self.direct.len() + 2 * self.matches.len() + 1
    }

    /// Whether the model looks at numbers.
    pub(crate) fn uses_numbers(&self) -> bool {
        let mut all = self.contexts.iter().chain(&self.direct);
        all.any(|c| *c as u8 >= 144)
    }

    /// Whether anything looks at predictions of numbers, those of samples aside.
    pub(crate) fn sees_numbers(&self) -> bool {
        let mut all = self.contexts.iter().chain(&self.direct);
        all.any(|c| (144..192).contains(&(*c as u8))) || self.selectors.contains(&Selector::Size)
    }

    /// Whether the model looks at samples of images.
    pub(crate) fn uses_pixels(&self) -> bool {
        let mut all = self.contexts.iter().chain(&self.direct);
        all.any(|c| *c as u8 >= 192)
    }

    /// Whether the model looks at machine code, and at the rhythm.
    pub(crate) fn sights(&self) -> Sights {
        let all = || self.contexts.iter().chain(&self.direct);
        let machine = all().any(|c| matches!(*c as u8, 65..=70));
        let rhythm = all().any(|c| matches!(*c as u8, 96..=99));
        Sights {
            machine: machine || self.selectors.contains(&Selector::Code),
            rhythm: rhythm || self.selectors.contains(&Selector::Beat),
        }
    }

    /// Whether the model looks at strides.
    pub(crate) fn uses_strides(&self) -> [bool; 2] {
        let all = || self.contexts.iter().chain(&self.direct);
        [
            all().any(|c| matches!(*c as u8, 80..96 | 112..128)),
            all().any(|c| *c as u8 >= 112 && (*c as u8) < 128),
        ]
    }
}

/// A recipe with a number.
#[derive(Debug)]
pub(crate) struct Preset {
    pub(crate) number: u8,
    pub(crate) name: &'static str,
    pub(crate) recipe: Recipe,
}

/// The table of presets, in the syntax of profiles; `spec.md` shows it.
const PRESETS: &str = include_str!("presets.toml");

static ALL: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let table: Settings = toml::from_str(PRESETS).expect("presets.toml is tested");
    let mut presets: Vec<Preset> = table
        .iter()
        .map(|(name, entry)| {
            let mut recipe = entry.as_table().expect("presets.toml is tested").clone();
            let number = recipe.remove("number").and_then(|n| n.as_integer());
            Preset {
                number: number
                    .and_then(|n| u8::try_from(n).ok())
                    .expect("presets.toml is tested"),
                name: String::leak(name.clone()),
                recipe: Recipe::from_names(&recipe).expect("presets.toml is tested"),
            }
        })
        .collect();
    presets.sort_by_key(|p| p.number);
    presets
});

/// Every preset, by number.
pub(crate) fn all() -> &'static [Preset] {
    &ALL
}

/// The preset of that number.
pub(crate) fn by_number(number: u8) -> Option<&'static Preset> {
    ALL.iter().find(|p| p.number == number)
}

/// The preset of that name.
pub(crate) fn by_name(name: &str) -> Option<&'static Preset> {
    ALL.iter().find(|p| p.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_numbers_of_their_own() {
        assert!(!all().is_empty());
        assert!(all().windows(2).all(|w| w[0].number < w[1].number));
        assert!(all()[0].number > 0);
    }

    #[test]
    fn a_recipe_says_what_is_wrong_with_it() {
        let parse = |text: &str| Recipe::from_names(&toml::from_str(text).unwrap()).unwrap_err();
        assert!(parse("contexts = 'o1 o99'").contains("o99"));
        assert!(
            parse("contexts = 'aim-wide-slope'\nselectors = 'zero'\nrates = '9 2 1'\nweight = '3'")
                .contains("aimed")
        );
        assert!(parse("contests = 'o1'").contains("contests"));
        assert!(parse("selectors = 'zero'\nrates = '1 2'").contains("three"));
        assert!(parse("selectors = ''\nrates = '9 2 1'\nweight = '3'").contains("selector"));
    }
}
