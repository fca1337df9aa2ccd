"""What the alarms and the dashboard ask for is what the functions tell, and the reverse."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from referrals.acts import intake
from referrals.edge import clock, service
from referrals.edge import webhook_courier as couriers
from referrals.edge.telemetry import Metric
from referrals.rules.retries import Answer
from referrals.store import attributions, click_counts
from tests import stripe_payloads
from tests.functions.client import invoke, request
from tests.functions.receiving import Receiving
from tests.stripe_payloads import Sale
from tests.template import template

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
NAMESPACE = "Referrals"
STACK = {"Ref": "AWS::StackName"}


def values(found, metric):
    """The values of one metric, in the order of their writing."""
    return [value for _, document in found[metric] for value in document[metric]]


def document(found):
    """All that was told at the one time when the metric was."""
    ((_, whole),) = found
    return whole


def everything_happens(programme):
    """One of each: the good, what fails, and what is refused at the door."""
    programme.click()
    earlier = programme.referred("user-refunded")
    programme.pay(earlier)
    programme.stripe(stripe_payloads.charge_refunded(earlier))
    programme.owed("user-owed")
    programme.stripe(stripe_payloads.charge_refunded(Sale(customer="cus_1", one_off=True)))
    programme.stripe(stripe_payloads.invoice_paid(earlier, amount_paid="all"))
    programme.webhook({"type": "invoice.paid"}, {"stripe-signature": "t=1,v1=forged"})
    poor = invoke("create_api_key", {"user_id": "user-poor", "role": "admin", "plan": "free"})
    for _ in range(6):
        request("list_referrals", "GET", "/admin/referrals", key=poor["api_key"])
    something_unforeseen(programme)
    another_secret(programme)
    invoke("recover_grants", {})
    invoke("reconcile", {})
    events_go_out(programme)


def events_go_out(programme):
    """One takes what comes, one says that it wants no more."""
    taken, gone = (programme.listen().good["id"] for _ in range(2))
    programme.signup("user-told")
    told = {"referrals": [programme.referral_of("user-told")["attribution"]["id"]]}
    invoke("deliver_events", {"endpoint": taken, **told})
    with patch.object(couriers, "sender", Receiving.answering(Answer(410))):
        invoke("deliver_events", {"endpoint": gone, **told})
    later = clock.now() + timedelta(hours=1)
    programme.signup("user-not-told")
    with patch.object(clock, "now", lambda: later):
        invoke("check_deliveries", {})


def another_secret(programme):
    """As after a restore that took the table and not its secret."""
    programme.signup("user-before")
    # A process that starts has seen nothing yet.
    programme.table.seen.clear()
    with patch.object(service, "fingerprint", return_value="another"):
        return programme.signup("user-after")


def something_unforeseen(programme):
    with patch.object(attributions, "history", side_effect=RuntimeError("unforeseen")):
        path = "/admin/referrals/any"
        return request("get_referral", "GET", path, key=programme.admin_key).status


def test_every_metric_is_emitted_under_the_one_dimension(programme, emitted):
    everything_happens(programme)
    found = emitted()
    assert found.keys() == set(Metric)
    for written in found.values():
        for directive, document in written:
            assert directive["Namespace"] == NAMESPACE
            assert directive["Dimensions"] == [["service"]]
            assert document["service"] == "referrals"


def test_the_functions_are_given_the_names_that_the_alarms_know():
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE
    assert variables["POWERTOOLS_SERVICE_NAME"] == STACK


def watched(alarms):
    """What alarms ask for, those among it that calculate with several metrics."""
    for alarm in alarms:
        parts = [part["MetricStat"] for part in alarm.get("Metrics", ()) if "MetricStat" in part]
        yield from [part["Metric"] for part in parts] or [alarm]


def test_every_alarm_of_ours_watches_a_metric_that_is_emitted(alarms):
    ours = [one for one in watched(alarms.values()) if one["Namespace"] == NAMESPACE]
    assert ours
    for one in ours:
        assert one["MetricName"] in set(Metric)
        assert one["Dimensions"] == [{"Name": "service", "Value": STACK}]


def test_the_dashboard_shows_every_metric_of_ours_and_no_other(shown):
    ours = [metric for metric in shown if metric[0] == NAMESPACE]
    assert {metric[1] for metric in ours} == set(Metric)
    assert {metric[2:] for metric in ours} == {("service", "${AWS::StackName}")}


def test_the_dashboard_shows_what_the_alarms_of_aws_watch(alarms, shown):
    of_aws = {
        (one["Namespace"], one["MetricName"])
        for one in watched(alarms.values())
        if str(one["Namespace"]).startswith("AWS/")
    }
    assert of_aws
    assert of_aws <= {metric[:2] for metric in shown}


def test_the_dashboard_names_what_the_template_makes(resources, shown):
    for metric in shown:
        for name in re.findall(r"\$\{(\w+)[.}]", " ".join(metric)):
            assert name in resources


def test_every_alarm_gives_its_reason_and_tells_somebody(alarms, resources):
    for name, alarm in alarms.items():
        assert len(alarm["AlarmDescription"]) > 40
        assert alarm["TreatMissingData"]
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        # That no further letter came does not make the last one good.
        assert ("OKActions" in alarm) is (name != "DeadLettersAlarm")
        assert alarm.get("OKActions", alarm["AlarmActions"]) == alarm["AlarmActions"]
    assert resources["AlarmTopic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "AlarmKey"}


def test_the_runbook_has_one_paragraph_for_each_alarm(alarms):
    chapters = dict(re.findall(r"^## (\w+Alarm)\n\n(.+)$", RUNBOOK.read_text(), re.MULTILINE))
    assert chapters.keys() == alarms.keys()
    for paragraph in chapters.values():
        assert "**Look:**" in paragraph
        assert "**Repair:**" in paragraph
        assert "`" in paragraph


def test_a_refused_signature_is_counted_though_no_handler_ran(programme, emitted):
    programme.webhook({}, {"stripe-signature": "t=1,v1=forged"})
    assert values(emitted(), Metric.WEBHOOK_SIGNATURE_FAILURES) == [1]


def test_a_signup_told_twice_is_counted_once(programme, emitted):
    programme.signup("user-1")
    programme.signup("user-1")
    assert values(emitted(), Metric.SIGNUPS) == [1]


def test_a_payment_that_was_there_first_is_counted_with_the_signup(programme, emitted):
    sale = Sale(customer="cus_first")
    programme.pay(sale)
    programme.signup("user-1", stripe_customer_id="cus_first")
    told = document(emitted()[Metric.SIGNUPS])
    assert told | {"Signups": [1], "Qualifications": [1], "Grants": [2]} == told


def test_what_a_signup_takes_back_is_counted_with_it(programme, emitted):
    """Stripe told of the payment and of its refund in part before the product told of the user."""
    sale = Sale(customer="cus_first")
    programme.pay(sale)
    programme.stripe(stripe_payloads.charge_refunded(sale, 1225))
    programme.signup("user-1", stripe_customer_id="cus_first")
    told = document(emitted()[Metric.SIGNUPS])
    assert told | {"Signups": [1], "Grants": [2], "Reversals": [2]} == told


def test_a_grant_that_a_signup_could_not_make_is_counted_with_it(programme, emitted):
    programme.stripe(stripe_payloads.invoice_paid(Sale(customer="cus_first")))
    programme.break_account("user-1")
    programme.signup("user-1", stripe_customer_id="cus_first")
    told = document(emitted()[Metric.SIGNUPS])
    assert told | {"Signups": [1], "Grants": [1], "GrantErrors": [1]} == told


def test_a_payment_that_only_the_expiry_sweep_settles_is_counted(programme, time_is, emitted):
    """The deliveries that stored it and its refund in part died before they settled anything."""
    sale = programme.referred("user-1")
    with patch.object(intake, "settle_customer", return_value=[]):
        programme.pay(sale)
        programme.stripe(stripe_payloads.charge_refunded(sale, 1225))
    programme.signup("user-2")
    assert Metric.QUALIFICATIONS not in emitted()
    time_is(datetime.now(UTC) + timedelta(days=31))
    assert invoke("expire_attributions", {}) == {"expired": 1}
    told = document(emitted()[Metric.QUALIFICATIONS])
    assert told | {"Qualifications": [1], "Grants": [2], "Reversals": [2]} == told


def test_a_held_referral_is_counted_when_it_qualifies_and_when_it_is_approved(programme, emitted):
    held = programme.in_review("user-1")
    waiting = emitted()
    assert values(waiting, Metric.QUALIFICATIONS) == [1]
    assert Metric.GRANTS not in waiting
    programme.review("approve", held["attribution"]["id"], body={})
    approved = emitted()
    assert Metric.QUALIFICATIONS not in approved
    assert values(approved, Metric.GRANTS) == [2]


def test_what_recovery_grants_and_takes_back_is_counted(programme, emitted):
    """The reward was owed when a part of its payment was refunded."""
    sale = programme.referred("user-1")
    programme.break_account("user-1")
    programme.pay(sale)
    programme.stripe(stripe_payloads.charge_refunded(sale, 1225))
    programme.heal_account("user-1")
    emitted()
    assert programme.recover().good["recovered"] == 1
    told = document(emitted()[Metric.GRANTS])
    assert told | {"Grants": [1], "Reversals": [1]} == told


def test_books_that_balance_are_told_as_well(programme, emitted):
    """Or nobody could tell a good day from a day without a run."""
    programme.rewarded("user-1")
    emitted()
    invoke("reconcile", {})
    assert values(emitted(), Metric.RECONCILE_DIFFERENCES) == [0]


def test_every_difference_is_told(programme, emitted):
    programme.rewarded("user-1")
    programme.heal_account("user-1")
    emitted()
    invoke("reconcile", {})
    assert values(emitted(), Metric.RECONCILE_DIFFERENCES) == [1]


def test_the_age_of_what_is_owed_grows_and_ends_with_the_grant(programme, time_is, emitted):
    def age():
        emitted()
        invoke("recover_grants", {})
        (told,) = emitted()[Metric.OLDEST_PENDING_GRANT]
        return told[1]["OldestPendingGrant"]

    now = time_is(datetime.now(UTC))
    assert age() == [0]
    programme.owed("user-1")
    time_is(now + timedelta(minutes=11))
    assert age()[0] > 600
    programme.heal_account("user-1")
    time_is(now + timedelta(days=1))
    age()
    assert age() == [0]


def test_what_nobody_foresaw_is_counted_by_the_api(programme, emitted):
    assert something_unforeseen(programme) == 500
    assert values(emitted(), Metric.UNEXPECTED_ERRORS) == [1]


def test_what_nobody_foresaw_is_counted_by_a_schedule_and_stays_its_failure(emitted):
    """So that it is tried again, and put aside in the end."""
    with (
        patch.object(click_counts, "marks", side_effect=RuntimeError("unforeseen")),
        pytest.raises(RuntimeError, match="unforeseen"),
    ):
        invoke("roll_up_clicks", {})
    assert values(emitted(), Metric.UNEXPECTED_ERRORS) == [1]


def test_what_is_refused_is_not_unexpected(programme, emitted):
    programme.webhook({}, {"stripe-signature": "t=1,v1=forged"})
    programme.click(code="no code")
    request("get_referral", "GET", "/admin/referrals/any", key=programme.admin_key)
    request("get_referral", "GET", "/admin/referrals/any", key=programme.member_key)
    assert Metric.UNEXPECTED_ERRORS not in emitted()


def rings(alarm, hour):
    """Whether an hour's figures ring an alarm that calculates; it has no number for the untold."""
    (calculation,) = [part for part in alarm["Metrics"] if "Expression" in part]
    told = {
        part["Id"]: sum(values(hour, part["MetricStat"]["Metric"]["MetricName"]))
        for part in alarm["Metrics"]
        if "MetricStat" in part
    }
    names = re.fullmatch(r"IF\((\w+) > 0, 0, (\w+)\)", calculation["Expression"]).groups()
    signed, unsigned = (told[name] for name in names)
    return (0 if signed > 0 else unsigned) >= alarm["Threshold"]


def test_unsigned_webhooks_wake_somebody_only_while_no_signed_one_comes(alarms, programme, emitted):
    alarm = alarms["WebhookSignatureFailuresAlarm"]
    for _ in range(3):
        programme.webhook({}, {"stripe-signature": "t=1,v1=forged"})
    hour = emitted()
    assert rings(alarm, hour)
    programme.stripe({"id": "evt_1", "type": "ignored", "data": {"object": {}}})
    for name, found in emitted().items():
        hour.setdefault(name, []).extend(found)
    assert not rings(alarm, hour)


def test_a_dead_letter_rings_whatever_lies_in_the_queue_already(alarms):
    """What counts those that are there stays above nought until somebody empties the queue."""
    alarm = alarms["DeadLettersAlarm"]
    assert alarm["MetricName"] == "NumberOfMessagesSent"
    assert alarm["Statistic"] == "Sum"


def test_a_crash_is_read_from_what_the_api_logs(resources):
    """A function that Lambda refused for want of concurrency is a 503, and no crash."""
    asked = set(re.findall(r"\$\.(\w+)", resources["Crashes"]["Properties"]["FilterPattern"]))
    format = resources["Api"]["Properties"]["AccessLogSettings"]["Format"]
    assert asked <= json.loads(format).keys()
    assert '$.status = "500"' in resources["Crashes"]["Properties"]["FilterPattern"]
