"""Backups with the real programs, and no cluster: etcd, vk8s-backup with restic, and an S3 server."""
