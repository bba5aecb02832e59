"""Address pools: addresses of the host cluster's network for node pods. No address is allocated twice."""
