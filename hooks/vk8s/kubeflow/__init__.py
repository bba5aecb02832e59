"""Kubeflow: which versions are compatible, the Job that installs it, and when the Job is planned."""
