//! Shared helpers of the cross-package tests.
