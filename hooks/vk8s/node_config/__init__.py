"""What a node is configured with: the variables of its pod, and the files of Kubernetes that it boots with."""
