"""Where the outside meets the service: HTTP, credentials, settings, telemetry, Stripe."""
