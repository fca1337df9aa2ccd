"""POST /admin/users/{user_id}/erase: a person is forgotten, their money trail is not."""

from referrals.acts.erasure import erase
from referrals.edge import emails, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.erasure import ErasureAnswer, ErasureRequest
from referrals.edge.settings import settings
from referrals.rules.errors import InvalidRequest
from referrals.rules.ids import USER_ID_FORM

app = api()


@app.post(f"{PREFIX}/admin/users/<user_id>/erase")
def erase_user(user_id: str, body: ErasureRequest) -> Envelope[ErasureAnswer]:
    if not USER_ID_FORM.fullmatch(user_id):
        raise InvalidRequest.field("user_id", "not a user id")
    secret = settings().hashing_secret
    email_hash = emails.hashed(secret, body.email)
    done = erase(service.table(), secret, user_id, email_hash, settings().programme)
    return Envelope(
        data=ErasureAnswer(
            user_id=done.tombstone, attributions=done.attributions, bookings=done.bookings
        )
    )


handler = serve(app, allow(ADMIN))
