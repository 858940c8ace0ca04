"""A table that runs: light machines, bound to the lifecycle's one `transitions.Machine`."""
