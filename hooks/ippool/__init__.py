"""The ip-manager: addresses of the host cluster's network for node pods, none of them given twice."""
