//! Predictor `tier1-onnx`: a verified step graph states the distribution of each byte.
