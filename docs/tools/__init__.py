"""What makes the documentation's site, its references and its pictures."""
