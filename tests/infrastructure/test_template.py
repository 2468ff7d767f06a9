"""What the template promises, read from the template itself and from what SAM makes of it."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.paypal_api import CONNECT_SECONDS, READ_SECONDS
from shared.observability import count, logger
from tests.infrastructure.conftest import ROOT, TEMPLATE, Resource, logical_id

Resources = dict[str, Resource]
HANDLER_LINES = 60
ROUTES = {
    "GET /health",
    "GET /booking/config",
    "GET /booking/availability",
    "GET /booking/promo/{code}",
    "POST /booking/create-free",
    "POST /booking/orders",
    "DELETE /booking/orders/{order_id}",
    "POST /booking/create-paid",
    "POST /booking/create-paid-package",
    "POST /booking/use-package-session",
    "GET /booking/my-packages",
    "GET /booking/my-appointments",
    "GET /booking/notifications",
    "PUT /booking/notifications/{id}/read",
    "GET /booking/{id}",
    "GET /booking/{id}/calendar.ics",
    "GET /booking/{id}/quote",
    "PUT /booking/{id}/cancel",
    "PUT /booking/{id}/reschedule",
    "PUT /booking/admin/{id}/cancel",
    "PUT /booking/admin/{id}/reschedule",
    "POST /webhooks/paypal",
}
PUBLIC = {"GET /health", "GET /booking/config", "POST /webhooks/paypal"}
API_GATEWAY_WAITS_SECONDS = 30


def of_type(resources: Resources, kind: str) -> Resources:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def http_events(functions: Resources) -> dict[str, Resource]:
    return {
        f"{event['Properties']['Method']} {event['Properties']['Path']}": event["Properties"]
        for function in functions.values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }


def test_cfn_lint_finds_nothing() -> None:
    lint = subprocess.run(
        ["cfn-lint", "--regions", "us-east-1", "--", str(TEMPLATE)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PATH": f"{_scripts()}:{os.environ['PATH']}"},
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_sam_takes_the_template_without_an_account() -> None:
    anonymous = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    valid = subprocess.run(
        ["make", "validate"], cwd=ROOT, capture_output=True, text=True, check=False, env=anonymous
    )
    assert valid.returncode == 0, valid.stdout + valid.stderr
    assert "is a valid SAM Template" in valid.stdout


def test_every_function_has_a_folder_and_every_folder_is_a_function(functions: Resources) -> None:
    assert set(functions) == {path.parent.name for path in ROOT.glob("functions/*/handler.py")}


def test_a_function_is_named_after_its_folder(resources: Resources, functions: Resources) -> None:
    for folder in functions:
        assert resources[logical_id(folder)]["Properties"] is functions[folder]


def test_handlers_parse_call_and_answer_in_sixty_lines() -> None:
    for handler in ROOT.glob("functions/*/handler.py"):
        assert len(handler.read_text().splitlines()) <= HANDLER_LINES, handler


def test_handlers_reach_the_outside_through_use_cases_alone() -> None:
    for handler in ROOT.glob("functions/*/handler.py"):
        imported = re.findall(r"^\s*(?:from|import) ([\w.]+)", handler.read_text(), re.MULTILINE)
        assert "shared" in {name.partition(".")[0] for name in imported}, handler
        assert not [name for name in imported if re.match(r"shared\.adapters|boto|google|local", name)], (
            handler
        )


def test_the_routes_are_those_of_the_contract(functions: Resources) -> None:
    assert set(http_events(functions)) == ROUTES


def test_only_what_needs_no_sign_in_is_open_to_all(resources: Resources, functions: Resources) -> None:
    open_to_all = {
        route
        for route, event in http_events(functions).items()
        if event.get("Auth", {}).get("Authorizer") == "NONE"
    }
    assert open_to_all == PUBLIC
    assert resources["Api"]["Properties"]["Auth"]["DefaultAuthorizer"] == "SignIn"


def test_the_authorizer_reads_the_bearer_token_and_answers_simply(deployed: Resources) -> None:
    (api,) = of_type(deployed, "AWS::ApiGatewayV2::Api").values()
    (scheme,) = api["Properties"]["Body"]["components"]["securitySchemes"].values()
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    assert authorizer["authorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["enableSimpleResponses"] is True
    assert authorizer["identitySource"] == ["$request.header.Authorization"]
    assert authorizer["authorizerResultTtlInSeconds"] == 300


def test_api_gateway_may_call_the_authorizer(deployed: Resources) -> None:
    permitted = [
        permission["Properties"]["FunctionName"]
        for permission in of_type(deployed, "AWS::Lambda::Permission").values()
        if permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
    ]
    assert {"Fn::GetAtt": ["AuthorizerFunction", "Arn"]} in permitted


@pytest.mark.parametrize("route", ["GET /booking/promo/{code}", "POST /webhooks/paypal"])
def test_what_can_be_guessed_or_flooded_is_throttled_harder_than_the_rest(
    resources: Resources, route: str
) -> None:
    api = resources["Api"]["Properties"]
    limits = api["RouteSettings"][route]
    assert limits["ThrottlingRateLimit"] < api["DefaultRouteSettings"]["ThrottlingRateLimit"]


@pytest.mark.parametrize("folder", ["checkout", "paypal_webhook", "reschedule"])
def test_who_waits_for_paypal_twice_still_answers_before_api_gateway_gives_up(
    functions: Resources, folder: str
) -> None:
    paypal_is_silent_after = 2 * (CONNECT_SECONDS + READ_SECONDS)
    assert paypal_is_silent_after < functions[folder]["Timeout"] < API_GATEWAY_WAITS_SECONDS


def test_access_logs_hold_nothing_personal(resources: Resources) -> None:
    said = resources["Api"]["Properties"]["AccessLogSettings"]["Format"]
    for personal in (
        "sourceIp",
        "userAgent",
        "$context.path",
        "queryString",
        "identity",
        "claims",
        "client_id",
    ):
        assert personal not in said
    assert "$context.routeKey" in said


def test_every_function_runs_on_the_tested_runtime_with_both_layers(deployed: Resources) -> None:
    for function in of_type(deployed, "AWS::Lambda::Function").values():
        properties = function["Properties"]
        assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["arm64"])
        assert properties["Handler"] == "handler.handler"
        assert len(properties["Layers"]) == 2


def test_every_log_is_kept_for_a_set_time(resources: Resources, functions: Resources) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert all(group["Properties"]["RetentionInDays"] for group in groups.values())
    used = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values()]
    assert sorted(used) == sorted(set(groups) - {"ApiLogs"})


def test_the_table_outlives_mistakes(resources: Resources) -> None:
    (table,) = of_type(resources, "AWS::DynamoDB::Table").values()
    properties = table["Properties"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_the_stream_tells_the_worker_of_new_effects_alone(resources: Resources, functions: Resources) -> None:
    assert resources["Table"]["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    (source,) = (event["Properties"] for event in functions["effects"]["Events"].values())
    assert source["FilterCriteria"]["Filters"] == [
        {"Pattern": '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"kind":{"S":["EFFECT"]}}}}'}
    ]


def test_a_record_that_cannot_be_handed_over_is_kept_and_reported(
    resources: Resources, functions: Resources
) -> None:
    (source,) = (event["Properties"] for event in functions["effects"]["Events"].values())
    letters = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == letters
    assert source["MaximumRetryAttempts"] >= 1
    assert functions["mail_events"]["DeadLetterQueue"]["TargetArn"] == letters
    assert resources["DeadLetters"]["Properties"]["SqsManagedSseEnabled"] is True
    assert resources["DeadLettersAlarm"]["Properties"]["AlarmActions"] == [{"Ref": "Alarms"}]


def test_every_alarm_reaches_the_coach(resources: Resources) -> None:
    for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "Alarms"}]
    assert resources["AlarmsToCoach"]["Properties"]["Endpoint"] == {"Ref": "CoachEmail"}


@pytest.mark.parametrize(
    ("name", "alarm_id"), [("EffectsDead", "DeadEffectsAlarm"), ("NeedsAttention", "NeedsAttentionAlarm")]
)
def test_the_alarm_watches_the_metric_that_is_written(resources: Resources, name: str, alarm_id: str) -> None:
    log = io.StringIO()
    before = logger.registered_handler.setStream(log)
    try:
        count(name)
    finally:
        logger.registered_handler.setStream(before)
    written = json.loads(log.getvalue())
    (metric,) = written["_aws"]["CloudWatchMetrics"]
    alarm = resources[alarm_id]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["Namespace"], metric["Metrics"][0]["Name"])
    assert [[dimension["Name"] for dimension in alarm["Dimensions"]]] == metric["Dimensions"]
    assert all(name in written for name in metric["Dimensions"][0])


@pytest.mark.parametrize(
    "setting",
    [
        "CoachEmail",
        "MailFrom",
        "MailDomain",
        "SiteUrl",
        "AllowedOrigins",
        "PayPalClientId",
        "PayPalWebhookId",
        "PayPalMode",
    ],
)
def test_production_that_was_not_filled_in_is_refused(template: dict[str, Any], setting: str) -> None:
    rule = template["Rules"]["ProductionIsComplete"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    default = template["Parameters"][setting]["Default"]
    (assertion,) = (
        entry for entry in rule["Assertions"] if entry["AssertDescription"] == f"prod needs {setting}"
    )
    (refused,) = assertion["Assert"]["Fn::Not"]
    assert [{"Ref": setting}, default] in refused.values()


@pytest.mark.parametrize("setting", ["TwilioAccountSid", "TwilioFrom"])
def test_texts_without_an_account_to_send_them_are_refused(template: dict[str, Any], setting: str) -> None:
    rule = template["Rules"]["TextsComeFromAnAccount"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "TwilioSmsEnabled"}, "true"]}
    assert {"Fn::Not": [{"Fn::Equals": [{"Ref": setting}, ""]}]} in [
        each["Assert"] for each in rule["Assertions"]
    ]
    assert template["Parameters"][setting]["Default"] == ""


def test_texts_are_off_by_default_and_the_page_knows(template: dict[str, Any], functions: Resources) -> None:
    assert template["Parameters"]["TwilioSmsEnabled"]["Default"] == "false"
    told = {
        folder
        for folder, function in functions.items()
        if "TWILIO_SMS_ENABLED" in function.get("Environment", {}).get("Variables", {})
    }
    assert told == {"config", "effects", "sweeper"}


def test_a_sign_in_comes_back_to_the_page_that_ends_it(
    template: dict[str, Any], resources: Resources
) -> None:
    page = "signin.html"
    assert resources["UserPoolClient"]["Properties"]["CallbackURLs"] == [{"Fn::Sub": f"${{SiteUrl}}{page}"}]
    assert (ROOT / "site" / page).exists()
    assert f'siteUrl("{page}")' in (ROOT / "site/src/connection.ts").read_text()
    site_url = template["Parameters"]["SiteUrl"]
    assert re.fullmatch(site_url["AllowedPattern"], site_url["Default"])
    assert not re.fullmatch(site_url["AllowedPattern"], "https://coach.example")


def test_every_stage_has_its_deploy_settings(template: dict[str, Any]) -> None:
    import tomllib

    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for stage in template["Parameters"]["Stage"]["AllowedValues"]:
        assert f"Stage={stage}" in settings[stage]["deploy"]["parameters"]["parameter_overrides"]


def _scripts() -> Path:
    import sysconfig

    return Path(sysconfig.get_path("scripts"))
