"""The command line: each command in a module of its own, read only when it is called."""
