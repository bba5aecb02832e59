"""How long things take; nothing else is measured meanwhile."""
