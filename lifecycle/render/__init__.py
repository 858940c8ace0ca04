"""Pictures of a table: one picture model, a view that fills it, a small renderer for each format."""
