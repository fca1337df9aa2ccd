"""Tell the referral service of a signup: call it when an account is made, as often as you like."""

import json
import os
from collections.abc import Mapping
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def tell_signup(user_id: str, cookies: Mapping[str, str], email: str | None = None) -> bool:
    """Whether somebody referred them. OSError where the service did not answer: try again later."""
    click_id = cookies.get("referral_click")
    if not click_id:
        return False
    request = Request(
        os.environ["REFERRALS_URL"] + "/referrals/signups",
        data=json.dumps({"user_id": user_id, "click_id": click_id, "email": email}).encode(),
        headers={
            "content-type": "application/json",
            "x-api-key": os.environ["REFERRALS_SERVICE_KEY"],
        },
    )
    try:
        with urlopen(request, timeout=5):
            return True
    except HTTPError as refused:
        # 400: the click is unknown or too old; 409: another link came first.
        if refused.code in (400, 409):
            return False
        raise
