"""What holds for every spec and every observed state: the hooks are walked through states that hypothesis thinks up."""
