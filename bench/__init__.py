"""Measuring speed, also next to peers: `python -m bench`. It measures and writes results, and is not part of tests."""
