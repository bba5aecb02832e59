"""The hooks without a cluster: what would be created, and what would be asked."""
