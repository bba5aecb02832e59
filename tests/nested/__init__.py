"""Real virtual clusters in a host cluster on this machine, watched from outside their pods."""
