"""`make conformance`: Kubernetes' own conformance tests, in a virtual cluster."""
