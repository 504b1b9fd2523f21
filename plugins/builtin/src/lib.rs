//! The plugins and profiles that ship with umoec.
