"""What a start, a request and a click cost, beside the bare minimum and beside what others do."""

import os
import warnings

from tests.environment import ENVIRONMENT

# Powertools looks once, when the first function is loaded.
os.environ.update(ENVIRONMENT)

# An invocation that counts nothing is no mistake.
warnings.filterwarnings("ignore", "No application metrics to publish")
