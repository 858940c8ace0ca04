"""Rules as plain data, and the decisions that follow from them. Knows no YAML, no HTTP, no command line."""
