"""POST /admin/users/{user_id}/erase: a person is forgotten, their money trail is not."""

from typing import Annotated

from referrals.acts.erasure import erase
from referrals.edge import emails, service
from referrals.edge.auth import ADMIN, allow
from referrals.edge.http import PREFIX, Path, api, serve
from referrals.edge.models.envelope import Envelope, UserId
from referrals.edge.models.erasure import ErasureAnswer, ErasureRequest
from referrals.edge.settings import settings

app = api()


@app.post(f"{PREFIX}/admin/users/<user_id>/erase")
def erase_user(user_id: Annotated[UserId, Path()], body: ErasureRequest) -> Envelope[ErasureAnswer]:
    secret = service.hashing_secret()
    email_hash = emails.hashed(secret, body.email)
    done = erase(service.table(), secret, user_id, email_hash, settings().programme)
    return Envelope(
        data=ErasureAnswer(
            user_id=done.tombstone,
            attributions=done.attributions,
            bookings=done.bookings,
            left=list(done.left),
        )
    )


handler = serve(app, allow(ADMIN))
