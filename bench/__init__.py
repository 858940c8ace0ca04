"""What docs/performance.md promises, measured: `python -m bench` prints one table. No test looks at a clock."""
