"""Chaos in simulation: the real hooks, in a host cluster in memory where whatever may happen does."""
