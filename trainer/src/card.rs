//! Model cards: what a model is, costs and was trained on, for people.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use umoec_exact::StepModel;

use crate::checkpoint::Trained;
use crate::error::TrainError;
use crate::view::grouped;

/// A file of the training data.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFile {
    /// Path below the data folder.
    pub path: String,
    /// Percent of the bytes seen.
    pub share: f64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// The SHA-256 of what the predictor beside which the network was trained says of it, if there was one.
    pub opinions: Option<String>,
}

/// Reads the sources of `trained` in `folder` once more.
///
/// # Errors
///
/// A file that cannot be read.
pub fn sources(trained: &Trained, folder: &Path) -> Result<Vec<SourceFile>, TrainError> {
    let sources = &trained.config.sources;
    let total: f64 = sources.iter().map(|source| source.weight).sum();
    let file = |source: &crate::config::SourceConfig| {
        let path = folder.join(&source.path);
        let (bytes, sha256) = digest(&path)?;
        let prior = trained.config.prior.as_ref();
        let opinions = prior.map(|prior| digest(&prior.file_of(&path)));
        Ok(SourceFile {
            path: source.path.clone(),
            share: 100.0 * source.weight / total,
            bytes,
            sha256,
            opinions: opinions.transpose()?.map(|(_, sha256)| sha256),
        })
    };
    sources.iter().map(file).collect()
}

/// Size and SHA-256 of a file.
fn digest(path: &Path) -> Result<(u64, String), TrainError> {
    let content = std::fs::read(path).map_err(TrainError::file(path))?;
    let digits = Sha256::digest(&content);
    let digits = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((content.len() as u64, digits))
}

/// What a card is written from.
#[derive(Debug)]
pub struct Card<'a> {
    /// The network and its configuration.
    pub trained: &'a Trained,
    /// Its exported graph.
    pub model: &'a StepModel,
    /// Name of the file that the graph is in.
    pub file: &'a str,
    /// Name of the configuration's file.
    pub config: &'a str,
    /// What of the checkpoint's network it is: arguments of `export`, each with a space in front.
    pub flags: &'a str,
    /// The training data.
    pub sources: &'a [SourceFile],
    /// What `umoec-train eval --json` wrote.
    pub results: Option<&'a Value>,
}

impl Card<'_> {
    /// The card in Markdown.
    ///
    /// # Errors
    ///
    /// Results that are not of the form that `eval` writes, or of another model.
    pub fn markdown(&self) -> Result<String, TrainError> {
        let mut text = self.head();
        text += &self.training();
        if let Some(results) = self.results {
            text += &self.measured(results)?;
        }
        text += &self.data();
        Ok(text)
    }

    fn head(&self) -> String {
        let (model, cost) = (self.model, self.model.cost());
        let metadata = model.metadata();
        format!(
            "# {}, version {}\n\n\
             A byte network: {}. See `trainer/README.md` for the design and `spec/numerics.md` for \
             what the file means.\n\n\
             | | |\n|---|---|\n\
             | file | `{}`, {} bytes, BLAKE3 `{}` |\n\
             | cost | {} MAC per byte (matrix products), {} parameters, {} bytes of state per lane |\n\
             | exactness | {} |\n\
             | licence | {} |\n",
            metadata.name,
            metadata.version,
            metadata.training,
            self.file,
            grouped(cost.file_bytes),
            blake3::Hash::from(model.hash()).to_hex(),
            grouped(cost.macs_per_byte),
            grouped(cost.parameters),
            grouped(cost.state_bytes),
            model.certificate().summary(),
            metadata.licence,
        )
    }

    fn training(&self) -> String {
        let (config, step) = (&self.trained.config, self.trained.step);
        let training = &config.training;
        let (checkpoint, out) = (format!("{}.checkpoint", config.name), self.file);
        let flags = self.flags;
        let init = match &self.trained.init {
            Some(init) => format!(" It began with the network of {init}."),
            None => String::new(),
        };
        let prior = match &config.prior {
            Some(prior) => format!(
                " It was trained beside the predictor whose opinions of NAME stand in NAME{}: its own loss weighs {}, that of both \
                 together the rest.",
                prior.suffix, prior.own
            ),
            None => String::new(),
        };
        let passes = match training.accumulate {
            1 => String::new(),
            n => format!(" {n} times over"),
        };
        format!(
            "\n## Training\n\n\
             ```sh\n\
             umoec-train train --config {} --data FOLDER --checkpoint {checkpoint}\n\
             umoec-train export --checkpoint {checkpoint}{flags} --out {out}\n\
             ```\n\n\
             Seed {}; {} steps of {} lanes of {} bytes{passes}: {} bytes seen.{init}{prior} The result depends \
             on the processor's vector instructions, and on the GPU if one made products, not on the number of threads.\n",
            self.config,
            config.seed,
            grouped(step),
            training.lanes,
            training.stretch,
            grouped(step * training.bytes_per_step() as u64),
        )
    }

    fn measured(&self, results: &Value) -> Result<String, TrainError> {
        let broken = || TrainError::Model("the results are not those of `eval --json`".into());
        let hash = results["model"]["blake3"].as_str().ok_or_else(broken)?;
        if hash != blake3::Hash::from(self.model.hash()).to_hex().as_str() {
            return Err(TrainError::Model(format!(
                "the results are of the model with BLAKE3 {hash}, not of this one"
            )));
        }
        let columns = results["columns"].as_array().ok_or_else(broken)?;
        let columns = columns.iter().map(|name| name.as_str().ok_or_else(broken));
        let columns: Vec<&str> = columns.collect::<Result<_, _>>()?;
        let piece = results["cut"]["piece"].as_u64().ok_or_else(broken)?;
        let first = results["cut"]["first"].as_u64().ok_or_else(broken)?;
        let mut text = format!(
            "\n## Results\n\n\
             The first {} bytes of each file in pieces of {} bytes, each alone; bits per byte.\n\n\
             | file | bytes | {} |\n|---|--:|{}\n",
            grouped(first),
            grouped(piece),
            columns.join(" | "),
            "--:|".repeat(columns.len()),
        );
        let groups = ["files", "modalities"].map(|key| results[key].as_array());
        let [Some(files), Some(modalities)] = groups else {
            return Err(broken());
        };
        let several = modalities.iter().filter(|_| modalities.len() > 1);
        let sums = several.chain(std::iter::once(&results["total"]));
        let names = files.iter().map(|file| (shown(file), file));
        let sums = sums.map(|sum| (sum["name"].as_str().map(|name| format!("**{name}**")), sum));
        for (name, of) in names.chain(sums) {
            let bytes = of["bytes"].as_u64().ok_or_else(broken)?;
            let means = columns
                .iter()
                .map(|column| of["bits_per_byte"][column].as_f64());
            let means: Option<Vec<String>> =
                means.map(|mean| Some(format!("{:.3}", mean?))).collect();
            let cells = means.ok_or_else(broken)?.join(" | ");
            let name = name.ok_or_else(broken)?;
            text += &format!("| {name} | {} | {cells} |\n", grouped(bytes));
        }
        Ok(text)
    }

    fn data(&self) -> String {
        let beside = self.sources.iter().any(|source| source.opinions.is_some());
        let (title, line) = if beside {
            (" opinions |", "---|")
        } else {
            ("", "")
        };
        let mut text = format!(
            "\n## Data\n\n\
             Shares are percent of the bytes seen.\n\n\
             | file | % | bytes | SHA-256 |{title}\n|---|--:|--:|---|{line}\n",
        );
        for source in self.sources {
            let (path, bytes, hash) = (&source.path, grouped(source.bytes), &source.sha256);
            let share = source.share;
            let opinions = source.opinions.as_ref().map(|hash| format!(" `{hash}` |"));
            let opinions = opinions.unwrap_or_default();
            text += &format!("| {path} | {share:.1} | {bytes} | `{hash}` |{opinions}\n");
        }
        text
    }
}

/// A measured file by its modality and name: the folders before them are of one machine only.
fn shown(file: &Value) -> Option<String> {
    let name = Path::new(file["name"].as_str()?).file_name()?;
    let modality = file["modality"].as_str()?;
    Some(format!("{modality}/{}", name.to_string_lossy()))
}
