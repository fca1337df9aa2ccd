"""What `make invoke` makes of an answer."""

import json
from itertools import count

import pytest

from local import events, invoke
from local.failure import Failure


def http(status):
    return {"statusCode": status, "body": json.dumps({"code": status, "msg": "so", "data": {}})}


@pytest.mark.parametrize(
    ("answer", "exit_status"),
    [
        (http(200), 0),
        (http(409), 0),
        (http(500), 1),
        (http(502), 1),
        ({"attempted": 0, "recovered": 0}, 0),
        ({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out"}, 1),
    ],
)
def test_what_the_service_is_to_blame_for_fails_the_command(answer, exit_status):
    assert invoke.show(answer) == exit_status


def test_an_answer_is_shown_with_its_status_and_its_body_in_lines(capsys):
    invoke.show(http(409))
    assert capsys.readouterr().out == (
        '409 Conflict\n{\n  "code": 409,\n  "msg": "so",\n  "data": {}\n}\n'
    )


@pytest.fixture
def stack(tmp_path):
    (tmp_path / "stack.env").write_text(
        "REFERRALS_URL=http://127.0.0.1:1/api/v1\nREFERRALS_STRIPE_WEBHOOK_SECRET=whsec_any\n"
        "REFERRALS_ADMIN_KEY=any\nREFERRALS_SERVICE_KEY=any\nAWS_ENDPOINT_URL=http://127.0.0.1:1\n"
    )
    return tmp_path


def run(monkeypatch, stack, said, *arguments):
    monkeypatch.setattr(invoke.sam, "output", lambda *_, **__: said)
    return invoke.main([*arguments, "--via", "remote"], stack)


def test_no_answer_at_all_fails_the_command(monkeypatch, stack, capsys):
    """So a function ends that took too long: SAM says so and exits with 0."""
    assert run(monkeypatch, stack, "\n", "CaptureClick") == 1
    assert "CaptureClickFunction gave no answer" in capsys.readouterr().err


def test_the_answer_is_the_last_line_whatever_was_printed_before(monkeypatch, stack):
    said = f"a line that is not JSON\n{json.dumps(http(500))}\n"
    assert run(monkeypatch, stack, said, "CaptureClickFunction") == 1


def test_a_stack_that_does_not_run_is_said_in_one_line(monkeypatch, stack, capsys):
    assert run(monkeypatch, stack, "", "GetReferral") == 1
    assert capsys.readouterr().err == "make invoke: the local stack is not running: make run\n"


@pytest.mark.parametrize("arguments", [[], ["CaptureClicks"]])
def test_without_a_function_they_are_listed(capsys, arguments):
    assert invoke.main(arguments) == 2
    assert " CaptureClick " in capsys.readouterr().out


def test_what_an_example_misses_twice_is_the_same_both_times():
    numbers = count()
    known = {"referral": lambda user_id: f"{user_id}-{next(numbers)}"}
    text = '["<referral of user-a>", "<referral of user-b>", "<referral of user-a>"]'
    assert events.filled(f'{{"ids": {text}}}', known, "")["ids"] == [
        "user-a-0",
        "user-b-1",
        "user-a-0",
    ]


def test_an_example_that_misses_what_nobody_knows_is_not_sent():
    with pytest.raises(Failure, match="<admin password> is none"):
        events.filled('{"key": "<admin password>"}', {"admin key": str}, "")
