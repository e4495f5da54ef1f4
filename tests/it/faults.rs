//! tests: faults.
