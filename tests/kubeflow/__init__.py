"""Kubeflow in small: what a virtual cluster of the tests can install and run without a registry, and in a minute."""
