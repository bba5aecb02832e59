"""How fast it is, and beside what: `python -m bench`. Measures and writes; decides nothing, and is no part of tests."""
