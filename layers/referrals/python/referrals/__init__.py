"""The referral programme: rules (pure), store (DynamoDB) and edge (HTTP, Stripe, settings)."""

import gc

# A start makes a quarter of a million objects that stay. To look through them for garbage again
# and again takes a tenth of its time; what a request leaves behind is found by far fewer looks.
gc.set_threshold(200_000)
