def lint(loaded, table, *, whole): return []
