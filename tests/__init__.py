"""Tests, from the purest to the slowest; `conftest.py` has the order."""
