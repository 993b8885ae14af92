"""The key of task tokens: whoever may use it may answer for the approvers."""

import json

from tests.infra.template import Template, allowing, listed


def used(template: Template, function: str) -> set[str]:
    """List the actions of KMS that a function's role allows, once it is sure that they are on this key only."""
    key = json.dumps({"Fn::GetAtt": [template.one("KMS::Key")[0], "Arn"]})
    allowed = {pair for pair in template.allowed(template.function(function)) if pair[0].startswith("kms:")}
    assert {resource for _, resource in allowed} <= {key}
    return {action for action, _ in allowed}


def test_the_key_is_changed_every_year_and_named(template: Template) -> None:
    name, key = template.one("KMS::Key")
    assert key["EnableKeyRotation"] is True
    alias = template.one("KMS::Alias", AliasName="alias/ganopa-bot-task-tokens")[1]
    assert alias["TargetKeyId"] == {"Fn::GetAtt": [name, "Arn"]}


def test_the_keys_own_policy_leaves_it_to_the_accounts_iam(template: Template) -> None:
    (statement,) = template.one("KMS::Key")[1]["KeyPolicy"]["Statement"]
    assert (statement["Principal"], statement["Effect"]) == ({"AWS": "arn:aws:iam::123456789012:root"}, "Allow")


def test_only_these_functions_may_use_the_key_and_each_for_what_it_needs(template: Template) -> None:
    names = [one["FunctionName"].removeprefix("ganopa-bot-") for one in template.of("Lambda::Function").values()]
    assert {name: used(template, name) for name in names if used(template, name)} == {
        "request-approval": {"kms:Encrypt", "kms:Decrypt"},
        "approval-page": {"kms:Decrypt"},
        "approval-command": {"kms:Decrypt"},
        "dispatch": {"kms:Decrypt"},
    }


def test_no_other_role_may_use_any_key(template: Template) -> None:
    mine = {function["Role"]["Fn::GetAtt"][0] for function in template.of("Lambda::Function").values()}
    for name, role in template.of("IAM::Role").items():
        actions = [action for one in allowing(role) for action in listed(one["Action"])]
        assert name in mine or not [action for action in actions if action.startswith("kms:")], name


def test_only_who_asks_and_who_takes_answers_may_answer_the_state_machine(template: Template) -> None:
    answering = {
        one["FunctionName"].removeprefix("ganopa-bot-")
        for one in template.of("Lambda::Function").values()
        if any(action == "states:SendTaskSuccess" for action, _ in template.allowed(one))
    }
    assert answering == {"request-approval", "approval-page", "approval-command", "dispatch"}
