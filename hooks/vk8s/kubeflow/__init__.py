"""Kubeflow: which versions fit, the Job that installs it, and when that is planned."""
