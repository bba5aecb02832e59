"""The Helm charts, as Helm 3 and Helm 4 render them. What they do in a cluster: tests/install/test_helm.py."""
