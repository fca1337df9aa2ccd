"""The referral programme: rules (pure), store (DynamoDB) and edge (HTTP, Stripe, settings)."""
