"""What a release consists of: `python -m release` builds all of it into one directory."""
