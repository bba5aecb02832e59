"""One host cluster in memory: its API server, its caches, and Metacontroller as the testbed runs it."""
