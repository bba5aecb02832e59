"""What exists: the observed children, and what they tell."""
