"""GET /referrals.js: the script for landing pages that the service does not answer itself."""

from pathlib import Path

from aws_lambda_powertools.event_handler import Response

from referrals.edge.files import answered
from referrals.edge.http import api, serve

FOLDER = Path(__file__).parent

app = api()


@app.get("/referrals.js", compress=True)
def serve_embed() -> Response[str]:
    return answered(FOLDER / "referrals.js", app.current_event.raw_event["headers"])


handler = serve(app)
