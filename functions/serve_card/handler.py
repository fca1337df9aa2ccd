"""GET /referral-card.js: the element that shows a user their link and how their referrals fare."""

from pathlib import Path

from aws_lambda_powertools.event_handler import Response

from referrals.edge.files import answered
from referrals.edge.http import api, serve

FOLDER = Path(__file__).parent

app = api()


@app.get("/referral-card.js", compress=True)
def serve_card() -> Response[str]:
    return answered(FOLDER / "referral-card.js", app.current_event.raw_event["headers"])


handler = serve(app)
