"""That `make bench` can still be run, and that its page says what it has measured."""
