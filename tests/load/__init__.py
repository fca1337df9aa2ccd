"""The real handlers under load, in simulated time, on a DynamoDB that behaves like the real one."""
