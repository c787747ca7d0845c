"""The figures of the dashboard: each with its meaning, its formula and the rows behind it."""
