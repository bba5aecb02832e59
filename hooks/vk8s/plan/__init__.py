"""Which children shall exist now: one planner per concern, and `assemble`, which puts their parts together."""
