"""What the service shows."""
