"""What versions of the hooks have made, as a host cluster holds it: later ones must leave it alone."""
