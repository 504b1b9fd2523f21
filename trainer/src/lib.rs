//! Trains umoec's byte predictors and exports them as exact step graphs.
//!
//! A network is a list of layers ([`layer`]); each layer is described once, with its training
//! passes and the integer nodes that stand for it in the exported graph. Training is
//! quantisation-aware from the first step: every value that enters a matrix product lies on a
//! power-of-two grid ([`grid`]), so that the sums in `f32` are exact in training as well.

pub mod beside;
pub mod card;
pub mod checkpoint;
pub mod command;
pub mod compressors;
pub mod conditions;
pub mod config;
pub mod context;
pub mod data;
pub mod differentiable;
pub mod error;
pub mod evaluate;
pub mod exit_code;
pub mod export;
pub mod grid;
pub mod grow;
pub mod import;
mod in_order;
pub mod interrupt;
pub mod kernel;
pub mod layer;
pub mod local;
pub mod locate;
pub mod log;
pub mod measure;
pub mod memory;
pub mod network;
pub mod optimise;
pub mod plan;
pub mod random;
pub mod recall;
pub mod reduce;
pub mod report;
pub mod sample;
pub mod start;
pub mod suggest;
pub mod tables;
pub mod trainer;
pub mod validate;
pub mod view;
