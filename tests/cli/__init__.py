"""The command `kubectl vk8s`, with a kubectl that answers what a test wants; tests/cluster has a real API server."""
