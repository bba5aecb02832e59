"""Tests, from the purest to the slowest: unit, scenarios, contract, api, standin, cluster, nested."""
