"""One file per command: each has a `command`, and needs no other command."""
