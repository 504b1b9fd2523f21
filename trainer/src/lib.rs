//! Where networks will be trained and exported. Nothing is here yet.
