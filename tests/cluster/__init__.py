"""A real API server with real controllers and no node: objects live, and the tests play the kubelet."""
