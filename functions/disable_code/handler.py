"""POST /admin/codes/{code}/disable: support staff let nobody be referred by a code any more."""

from referrals.acts.disabling import disable
from referrals.edge import clock, service
from referrals.edge.auth import ADMIN, allow, caller
from referrals.edge.http import PREFIX, api, serve
from referrals.edge.models.codes import CodeView
from referrals.edge.models.envelope import Envelope
from referrals.edge.models.reviews import ReasonRequest
from referrals.rules.attribution import Actor

app = api()


@app.post(f"{PREFIX}/admin/codes/<code>/disable")
def disable_code(code: str, body: ReasonRequest) -> Envelope[CodeView]:
    actor = Actor(name=caller(app).name, at=clock.now(), why=body.reason or "")
    return Envelope(data=CodeView.of(disable(service.table(), code, actor)))


handler = serve(app, allow(ADMIN))
