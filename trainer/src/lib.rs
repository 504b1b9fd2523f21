//! Trains umoec's byte predictors and exports them as exact step graphs.
//!
//! A network is a list of layers ([`layer`]); each layer is described once, with its training
//! passes and the integer nodes that stand for it in the exported graph. Training is
//! quantisation-aware from the first step: every value that enters a matrix product lies on a
//! power-of-two grid ([`grid`]), so that the sums in `f32` are exact in training as well.

pub mod checkpoint;
pub mod conditions;
pub mod config;
pub mod context;
pub mod data;
pub mod differentiable;
pub mod error;
pub mod evaluate;
pub mod export;
pub mod grid;
pub mod kernel;
pub mod layer;
pub mod local;
pub mod network;
pub mod optimise;
pub mod random;
pub mod tables;
pub mod trainer;
