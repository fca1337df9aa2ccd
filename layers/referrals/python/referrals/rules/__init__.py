"""What the programme promises, as pure functions: no AWS, clock, randomness or environment."""
