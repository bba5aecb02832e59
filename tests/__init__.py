"""Tests, from the purest to the slowest: unit, scenarios, contract, api, testbed, cluster, nested."""
