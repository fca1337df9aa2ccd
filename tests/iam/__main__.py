"""Write docs/permissions.md anew."""

import os

from tests.environment import ENVIRONMENT

if __name__ == "__main__":
    os.environ.update(ENVIRONMENT)
    from tests.iam.document import PLACE, rendered

    PLACE.write_text(rendered())
