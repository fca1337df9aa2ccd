"""What the service does: one module an act."""
