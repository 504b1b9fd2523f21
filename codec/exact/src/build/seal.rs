//! The last step of an export: proof, self-test, certificate.

use std::sync::Arc;

use prost::Message;

use crate::error::{ExactError, Result};
use crate::interface::keys;
use crate::limits::ModelLimits;
use crate::model::StepModel;
use crate::onnx::{ModelProto, StringStringEntryProto};
use crate::reference::Reference;
use crate::self_test::SelfTest;

/// Proves a model, runs `test` through the reference, and gives the file again with the self-test
/// and the certificate's summary among its metadata.
///
/// # Errors
///
/// Whatever keeps the model from being loaded or run.
pub fn seal(file: &[u8], limits: &ModelLimits, test: &[u8]) -> Result<Vec<u8>> {
    let model = Arc::new(StepModel::load(file, limits)?);
    let certificate = model.certificate().summary();
    let self_test = SelfTest::record(test, &mut Reference::new(model, 1)?)?;
    let mut proto = ModelProto::decode(file).map_err(|error| ExactError::Malformed {
        offset: 0,
        reason: error.to_string(),
    })?;
    for (key, value) in [
        (keys::SELF_TEST, self_test.to_json()),
        (keys::CERTIFICATE, certificate),
    ] {
        proto.metadata_props.retain(|entry| entry.key != key);
        proto.metadata_props.push(StringStringEntryProto {
            key: key.into(),
            value,
        });
    }
    proto.metadata_props.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(proto.encode_to_vec())
}
