"""What its owner wrote, and what it means: the spec, its rules, and the virtual cluster that follows from it."""
