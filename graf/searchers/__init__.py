"""Search for good architectures."""
