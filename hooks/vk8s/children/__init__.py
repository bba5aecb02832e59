"""One file per kind of child: the virtual cluster in, one manifest out."""
