"""Public data sets: what was released, where it is kept and how it is checked."""
