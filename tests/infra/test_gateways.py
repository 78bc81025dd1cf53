"""The gateways in the template: one of two kinds, which both bring the same events, throttle, and log nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from chalicelib.http.api import all_endpoints
from chalicelib.http.problems import CONTENT_TYPE

Resources = dict[str, dict[str, Any]]


def test_both_gateways_bring_payload_format_1_to_the_same_function(resources: Resources) -> None:
    integration = resources["HttpIntegration"]["Properties"]
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "1.0")
    assert integration["IntegrationUri"] == {"Fn::GetAtt": ["APIHandler", "Arn"]}
    route = resources["HttpRoute"]["Properties"]
    assert (route["RouteKey"], route["Target"]) == ("$default", {"Fn::Sub": "integrations/${HttpIntegration}"})
    assert resources["HttpStage"]["Properties"]["StageName"] == "$default"  # no stage stands before the path
    for name in ("HttpInvokePermission", "APIHandlerInvokePermission"):
        assert resources[name]["Properties"]["FunctionName"] == {"Ref": "APIHandler"}


def test_a_stack_has_one_gateway(resources: Resources) -> None:
    by_condition = {
        name: resource["Condition"]
        for name, resource in resources.items()
        if "ApiGateway" in resource["Type"] or name == "RestAPI" or "InvokePermission" in name
    }
    assert {name for name, condition in by_condition.items() if "Http" in condition} == {
        name for name in by_condition if name.startswith("Http")
    }
    assert set(by_condition.values()) == {"IsHttp", "IsRest", "HasHttpDomain", "HasRestDomain"}


def test_both_gateways_throttle_the_whole_tenant(resources: Resources) -> None:
    (rest,) = resources["RestAPI"]["Properties"]["MethodSettings"]
    assert (rest["ResourcePath"], rest["HttpMethod"]) == ("/*", "*")
    for settings in (resources["HttpStage"]["Properties"]["DefaultRouteSettings"], rest):
        assert settings["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
        assert settings["ThrottlingBurstLimit"] == {"Ref": "ThrottleBurst"}


def test_a_gateway_has_an_address_of_its_own_whatever_its_domain(built: Path) -> None:
    outputs = json.loads((built / "sam.json").read_text())["Outputs"]
    assert "DomainName" in json.dumps(outputs["EndpointURL"])
    kind, http, rest = outputs["GatewayURL"]["Value"]["Fn::If"]
    assert (kind, http["Fn::Sub"][:17], rest["Fn::Sub"][:17]) == ("IsHttp", "https://${HttpApi", "https://${RestAPI")


def test_access_logs_of_any_number_of_tenants_fit_one_policy(resources: Resources) -> None:
    """An HTTP API's logs are delivered. For a group of another name each tenant would add to a policy of the account's,
    which has room for 5,120 characters."""
    name = resources["AccessLogs"]["Properties"]["LogGroupName"]["Fn::Sub"]
    assert name == "/aws/vendedlogs/interleave/${AWS::StackName}/access"


def test_access_logs_hold_nothing_of_a_person(resources: Resources) -> None:
    """No address, agent, path or query: work is looked up by `?work_item_id=…`."""
    logs = [
        resources["HttpStage"]["Properties"]["AccessLogSettings"],
        resources["RestAPI"]["Properties"]["AccessLogSetting"],
    ]
    for log in logs:
        assert log["DestinationArn"] == {"Fn::GetAtt": ["AccessLogs", "Arn"]}
        assert set(re.findall(r"\$context\.([\w.]+)", log["Format"])) == {
            "requestTime",
            "requestId",
            "httpMethod",
            "status",
            "responseLength",
            "responseLatency",
        }
        assert json.loads(log["Format"])


def test_what_a_rest_api_answers_itself_is_a_problem_document(resources: Resources) -> None:
    body = resources["RestAPI"]["Properties"]["DefinitionBody"]
    responses = body["x-amazon-apigateway-gateway-responses"]
    assert {kind: each["statusCode"] for kind, each in responses.items()} == {
        "MISSING_AUTHENTICATION_TOKEN": 404,
        "THROTTLED": 429,
        "QUOTA_EXCEEDED": 429,
        "REQUEST_TOO_LARGE": 413,
        "INTEGRATION_TIMEOUT": 504,
        "INTEGRATION_FAILURE": 504,
    }
    for each in responses.values():
        kind = each["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert kind == f"'{CONTENT_TYPE}'"
        said = each["responseTemplates"]["application/json"].replace("$context.error.messageString", '"why"')
        assert json.loads(said)["status"] == each["statusCode"]


def test_wrong_addresses_of_a_rest_api_come_to_the_function(resources: Resources) -> None:
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert paths["/{proxy+}"].keys() == {each.method.lower() for each in all_endpoints()}
    usual = paths["/health"]["get"]["x-amazon-apigateway-integration"]
    for operation in paths["/{proxy+}"].values():
        integration = operation["x-amazon-apigateway-integration"]
        assert {name: usual[name] for name in ("type", "uri", "httpMethod")}.items() <= integration.items()
