"""The status: what its owner sees. Nothing is decided here."""
