"""The spec as its owner wrote it, its rules, and the virtual cluster that it describes."""
