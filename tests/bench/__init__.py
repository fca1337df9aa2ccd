"""What a start, a request and a click cost, beside the bare minimum and beside what others do."""

import os
import warnings

# Powertools looks once, when the first function is loaded.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    POWERTOOLS_SERVICE_NAME="referrals",
    POWERTOOLS_METRICS_NAMESPACE="Referrals",
)

# An invocation that counts nothing is no mistake.
warnings.filterwarnings("ignore", "No application metrics to publish")
