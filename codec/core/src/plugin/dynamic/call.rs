//! What every call into a library has: a report, limits, and the error made of a status.

use crate::plugin::abi::{
    UMOEC_CONFIG, UMOEC_LIMIT, UMOEC_MALFORMED, UMOEC_MEMORY, UMOEC_OK, UMOEC_PANIC, UMOEC_REFUSED,
    UMOEC_UNSUPPORTED, UmoecLimits, UmoecReport,
};
use crate::plugin::border::size;
use crate::plugin::{Descriptor, Kind, PluginId};
use crate::{Error, Limits, Result};

/// Most bytes of a message that are kept.
const MESSAGE: usize = 1024;

/// Who is called, for messages.
#[derive(Debug, Clone)]
pub(super) struct Callee {
    pub(super) kind: Kind,
    pub(super) id: PluginId,
    pub(super) name: String,
}

impl Callee {
    pub(super) fn of(d: &Descriptor) -> Self {
        Self {
            kind: d.kind,
            id: d.id,
            name: d.name.to_string(),
        }
    }

    /// The plugin broke its contract.
    pub(super) fn broke(&self, reason: impl Into<String>) -> Error {
        Error::Plugin {
            kind: self.kind,
            id: self.id,
            reason: format!("`{}`: {}", self.name, reason.into()),
        }
    }

    /// A function that the library must have.
    ///
    /// # Errors
    /// `Plugin` where it is null.
    pub(super) fn needs<F>(&self, function: Option<F>, name: &str) -> Result<F> {
        function.ok_or_else(|| self.broke(format!("its function `{name}` is null")))
    }

    /// Calls a function of the library that reports.
    ///
    /// # Errors
    /// What the status stands for, with the library's message.
    pub(super) fn call(
        &self,
        limits: &Limits,
        function: impl FnOnce(*const UmoecLimits, *mut UmoecReport) -> i32,
    ) -> Result<()> {
        let mut message = [0u8; MESSAGE];
        let mut report = UmoecReport {
            size: size::<UmoecReport>(),
            reserved: 0,
            needed: 0,
            message: message.as_mut_ptr(),
            capacity: MESSAGE,
            len: 0,
        };
        let lent = UmoecLimits {
            size: size::<UmoecLimits>(),
            reserved: 0,
            memory: limits.memory,
        };
        let status = function(&raw const lent, &raw mut report);
        let (len, needed) = (report.len.min(MESSAGE), report.needed);
        // What a stranger says must not act on a terminal.
        let said = String::from_utf8_lossy(&message[..len]);
        let said: String = said.escape_debug().collect();
        self.outcome(status, &said, needed, limits)
    }

    fn outcome(&self, status: i32, said: &str, needed: u64, limits: &Limits) -> Result<()> {
        let what = || format!("{} `{}`", self.kind, self.name);
        let or = |default: &str| match said {
            "" => default.to_owned(),
            said => said.to_owned(),
        };
        Err(match status {
            UMOEC_OK => return Ok(()),
            UMOEC_CONFIG => Error::Config(format!("{}: {}", what(), or("a setting is wrong"))),
            UMOEC_MALFORMED => self.broke(or("parameters or streams are malformed")),
            UMOEC_LIMIT => Error::Limit {
                what: what(),
                needed,
                limit: limits.memory,
                hint: "allow more memory".into(),
            },
            UMOEC_MEMORY => Error::Memory {
                what: what(),
                needed,
            },
            UMOEC_UNSUPPORTED => Error::Unsupported {
                what: format!("{} for this", what()),
                hint: or("it does not say why"),
            },
            UMOEC_PANIC => self.broke(format!("it panicked: {}", or("it does not say why"))),
            UMOEC_REFUSED => self.broke(or("it gave the host what the host refused")),
            status => self.broke(or(&format!("it failed with status {status}"))),
        })
    }
}
