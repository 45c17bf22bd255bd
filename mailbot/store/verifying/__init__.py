"""The invariants I1-I8, one module for each promise: what must hold over the whole database at any time."""
