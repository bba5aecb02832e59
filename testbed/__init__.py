"""A host cluster on one Linux machine, for development and tests: no container engine, no registry, no download."""
