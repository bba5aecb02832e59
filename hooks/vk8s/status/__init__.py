"""The status of a Vk8s. Nothing is decided here."""
