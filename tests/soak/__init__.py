"""`make chaos`: a real virtual cluster under random failures, with a workload in it that may lose nothing."""
