"""Checks of saved answers: whole, as a query has left them, refused, broken, cut."""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jmespath
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.session import get_session
from hypothesis import given, reject
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathTypeError

from cli.inversion import Misfit, Told, conditions, holds_for, inverted
from cli.saved import NotReadable, NotReading, NotSaved, NotTold, SavedSession
from cli.saved_commands import file_name, known
from functions.core import catalogue
from functions.core.results import Finding
from statemachines import load

US, WORD = "us-east-1", "huntaze"
LIST_DATABASES = f"rds.describe-db-instances.{US}"
FINE: dict[str, Any] = {
    "DBInstanceIdentifier": "huntaze-prod",
    "BackupRetentionPeriod": 7,
    "MultiAZ": True,
    "StorageEncrypted": True,
    "PubliclyAccessible": False,
}
# what the document's query makes of it
PROJECTED = {
    "id": "huntaze-prod",
    "status": "available",
    "engine": "postgres",
    "engineVersion": "16.4",
    "multiAZ": True,
    "backupRetention": 7,
    "storageEncrypted": True,
    "publiclyAccessible": False,
    "vpc": "vpc-1",
}
SAVE_AGAIN = f"aws rds describe-db-instances --region {US} --output json > {LIST_DATABASES}.json"
QUERIES = [(name, query) for name, one in known().items() for query in (*one.queries, one.save) if query]
TEXTS = st.sampled_from(["", "huntaze", "huntaze-b", "x", "CloudFront"])
KEYS = sorted({key for _, query in QUERIES for key in re.findall(r"(\w+):", query)})


class Saved:
    """A folder, and what checks say of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, name: str, said: Any, ending: str = "json") -> None:
        """Save an answer; bytes and texts as they are."""
        content = said if isinstance(said, str | bytes) else json.dumps(said)
        content = content.encode() if isinstance(content, str) else content
        (self.folder / f"{name}.{ending}").write_bytes(content)

    def look(self, check: str, **parameters: Any) -> Finding:
        """Let a check look at it."""
        aws = SavedSession(self.folder)
        with aws.looking(check, parameters):
            return catalogue.checks()[check].look(parameters, aws)

    def databases(self, named: str = WORD) -> Finding:
        """Let the check of databases look at it."""
        return self.look("databases", region=US, named=named, retention=7)

    def why(self, error: type[Exception], **other: Any) -> str:
        """Return why the check of databases cannot know."""
        with pytest.raises(error) as raised:
            self.databases(**other)
        return str(raised.value)


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """An empty folder."""
    return Saved(tmp_path)


def test_whole_answers(saved: Saved) -> None:
    saved.save(
        LIST_DATABASES, {"DBInstances": [FINE, FINE | {"DBInstanceIdentifier": "huntaze-bad", "MultiAZ": False}]}
    )
    finding = saved.databases()
    assert finding.signals["single-zone"] is True
    assert finding.signals["public"] is False
    assert finding.facts == {"count": 2, "ids": ["huntaze-prod", "huntaze-bad"]}


def test_what_was_not_saved_is_told_with_its_command(saved: Saved) -> None:
    assert saved.why(NotSaved) == f"not saved: {SAVE_AGAIN}"


def test_the_command_of_what_may_hold_secrets_leaves_them_out(saved: Saved) -> None:
    with pytest.raises(NotSaved) as raised:
        saved.look("amplify_variables", region=US, app="d1")
    query = known()["amplify get-app"].save
    assert f" --app-id d1 --query '{query}' --output json > amplify.get-app.us-east-1.d1.json" in str(raised.value)
    assert "keys(environmentVariables" in query


def test_parameters_are_spelled_as_the_cli_wants_them(saved: Saved) -> None:
    families, definition = f"ecs.list-task-definition-families.{US}", f"ecs.describe-task-definition.{US}.huntaze"
    for expected in (f"list-task-definition-families --region {US} --status ACTIVE --output json > {families}.json",):
        with pytest.raises(NotSaved, match=expected):
            saved.look("task_variables", region=US, named="")
    saved.save(families, {"families": ["huntaze"]})
    with pytest.raises(NotSaved, match=f" --task-definition huntaze --query .* > {definition}.json"):
        saved.look("task_variables", region=US, named="")
    with pytest.raises(NotSaved, match=r""" --alarm-types MetricAlarm CompositeAlarm --output json"""):
        saved.look("missing_alarms", region=US, own="x-")
    saved.save(f"ecr.describe-repositories.{US}", {"repositories": [{"repositoryName": "a/b"}]})
    with pytest.raises(NotSaved, match=r"""--filter '\{"tagStatus": "TAGGED"\}' --output json > .*\.a%2Fb\.json"""):
        saved.look("image_scans", region=US, named="")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("sts", "get-caller-identity", None), "sts.get-caller-identity"),
        (("rds", "describe-db-snapshots", US, "manual"), f"rds.describe-db-snapshots.{US}.manual"),
        (("amplify", "list-jobs", US, "d1", "feature/x"), f"amplify.list-jobs.{US}.d1.feature%2Fx"),
        (("sqs", "a", None, "https://sqs.us-east-1.amazonaws.com/1/jobs"), "sqs.a.jobs"),
        (
            ("elbv2", "a", None, "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/app/7"),
            "elbv2.a.targetgroup%2Fapp%2F7",
        ),
        (("ses", "a", None, "no-reply+1@huntaze.com"), "ses.a.no-reply+1@huntaze.com"),
        (("a", "b", None, "x~2"), "a.b.x%7E2"),
    ],
)
def test_names_of_files(asked: Any, expected: str) -> None:
    assert file_name(*asked) == expected


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_two_values_have_the_same_file(one: str, other: str) -> None:
    special = [value for value in (one, other) if value.startswith("arn:") or "://" in value]
    assert special or (file_name("a", "b", None, one) == file_name("a", "b", None, other)) == (one == other)


# --- queries


def test_what_the_documents_query_has_kept_is_known(saved: Saved) -> None:
    saved.save("iam.get-account-summary", {"SummaryMap": {"AccountAccessKeysPresent": 0}})
    saved.save("iam.list-users", ["ines"])
    saved.save("iam.list-access-keys.ines", [{"id": "AKIA1", "status": "Active", "create": "2020-01-01T00:00:00Z"}])
    finding = saved.look("access_keys", days=90)
    assert finding.signals == {"old-keys": True, "root-keys": False}


def test_a_field_that_a_query_has_left_out_is_unknown_whatever_it_may_be(saved: Saved) -> None:
    saved.save(LIST_DATABASES, [PROJECTED])
    where = f"{LIST_DATABASES}.json: DBInstances[0] was saved without DBClusterIdentifier"
    assert saved.why(NotTold) == f"{where}; save it again: {SAVE_AGAIN}"


def test_a_field_that_a_query_has_kept_but_aws_has_not_told_is_missing(saved: Saved) -> None:
    saved.save(f"ecs.list-clusters.{US}", ["arn:aws:ecs:us-east-1:1:cluster/huntaze"])
    told = {"name": "huntaze", "status": None, "activeServices": 1, "runningTasks": 1, "pendingTasks": 0}
    saved.save(f"ecs.describe-clusters.{US}", [told])
    finding = saved.look("ecs_clusters", region=US, named=WORD)
    assert finding.signals == {"inactive": None, "pending": False, "idle": False, "none": False}
    saved.save(LIST_DATABASES, {"DBInstances": [{"DBInstanceIdentifier": "huntaze-prod"}]})
    assert saved.why(NotTold) == "BackupRetentionPeriod is missing from the saved answers"


def test_a_query_that_kept_one_word_only_is_enough_for_who_asks_for_that_word(saved: Saved) -> None:
    saved.save(LIST_DATABASES, [])
    assert saved.databases().signals["none"] is True
    assert saved.databases(named="huntaze-prod").signals["none"] is True
    for named in ("", "hunt", "other"):
        why = f"{LIST_DATABASES}.json was saved without what has other names; save it again: {SAVE_AGAIN}"
        assert saved.why(NotTold, named=named) == why


def test_what_a_query_has_left_out_is_not_missing_to_other_checks(saved: Saved) -> None:
    saved.save(f"ecs.list-clusters.{US}", [])
    assert saved.look("ecs_clusters", region=US, named=WORD).signals["none"] is True
    with pytest.raises(NotTold, match="without what has other names"):  # a service may be named so in any cluster
        saved.look("public_addresses", region=US, named=WORD)
    aws = SavedSession(saved.folder)
    with aws.looking("ecs_clusters", {"region": US, "named": WORD}):
        assert aws.client("ecs", US).list_clusters() == {"clusterArns": []}
    with pytest.raises(NotTold, match="without what has other names"):  # nobody says who asks
        aws.client("ecs", US).list_clusters()


def test_every_check_that_a_filtered_list_is_enough_for_takes_the_word() -> None:
    checks = {check for one in known().values() for check in one.enough_for}
    assert checks
    assert checks <= {use.check for use in load.audits()["launch_readiness"].checks.values()}
    assert all("named" in catalogue.checks()[name].parameters.model_fields for name in checks)


def test_an_answer_of_another_query_is_refused(saved: Saved) -> None:
    saved.save(LIST_DATABASES, [{"id": "huntaze-prod", "zones": 2}])
    assert saved.why(NotReadable) == f"{LIST_DATABASES}.json is something else; save it again: {SAVE_AGAIN}"


def test_names_of_variables_are_read_and_their_values_are_not(saved: Saved) -> None:
    app = {"name": "huntaze", "platform": None, "domain": None, "role": None, "variables": ["JWT_SECRET"], "future": []}
    saved.save(f"amplify.get-app.{US}.d1", app)
    saved.save(f"amplify.list-branches.{US}.d1", [])
    finding = saved.look("amplify_variables", region=US, app="d1")
    assert finding.signals == {"aws-keys": False, "secret-names": True, "no-app": False}
    saved.save(
        f"amplify.get-app.{US}.d1", {"app": {"name": "huntaze", "environmentVariables": {"JWT_SECRET": "s3cret"}}}
    )
    assert saved.look("amplify_variables", region=US, app="d1") == finding


# --- inversion


def shaped(shape: Any, names: set[str], needed: set[str]) -> st.SearchStrategy[Any]:
    """Draw what AWS may answer, as far as a query is about it."""
    if shape.type_name == "structure":
        members = {name: shaped(of, names, needed) for name, of in shape.members.items() if name in names}
        always = {name: of for name, of in members.items() if name in needed}
        return st.fixed_dictionaries(always, optional={name: of for name, of in members.items() if name not in needed})
    if shape.type_name == "list":
        return st.lists(shaped(shape.member, names, needed), max_size=3)
    if shape.type_name == "map":
        return st.dictionaries(TEXTS, TEXTS, max_size=3)
    return {"boolean": st.booleans(), "string": TEXTS}.get(shape.type_name, st.integers())


@st.composite
def answered(draw: st.DrawFn) -> tuple[str, Any]:
    """Draw a query of the table, and what AWS may answer to its command."""
    command, query = draw(st.sampled_from(QUERIES))
    service, _, called = command.partition(" ")
    model = get_session().get_service_model({"s3api": "s3"}.get(service, service))
    (operation,) = (one for one in model.operation_names if xform_name(one, "-") == called)
    names, needed = set(re.findall(r"\w+", query)), set(re.findall(r"(?:contains|starts_with)\((\w+)", query))
    return query, draw(shaped(model.operation_model(operation).output_shape, names, needed))


@given(answered())
def test_a_query_makes_of_the_inverted_answer_what_was_saved(drawn: tuple[str, Any]) -> None:
    query, answer = drawn
    try:
        said = jmespath.search(query, answer)
    except JMESPathTypeError:  # keys() of nothing
        reject()
    inverse = inverted(query, json.loads(json.dumps(said)))
    unfiltered = re.sub(r"\[\?.*?\]", "[]", query)  # by fields that may not have been kept
    assert jmespath.search(unfiltered, inverse) == said
    if not conditions(query):
        assert_true(inverse, answer)


def assert_true(told: Any, answer: Any) -> None:
    """Hold that nothing is told that AWS has not said, and that of what is told to be missing it has said nothing."""
    if isinstance(told, Told):
        for name in told.kept:
            assert_true(dict.get(told, name), (answer or {}).get(name))
    elif isinstance(told, list):
        # members of which a query has kept nothing are gone
        assert len(told) <= len(answer or [])
        for one, other in zip(told, answer, strict=False) if len(told) == len(answer or []) else []:
            assert_true(one, other)
    elif isinstance(told, dict):
        assert told.keys() == (answer or {}).keys()
    elif told is not None:
        assert told == answer
    else:
        assert not answer or not isinstance(answer, str | int)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([query for _, query in QUERIES if not conditions(query)]), ANY)
def test_of_anything_else_nothing_is_made_up(query: str, said: Any) -> None:
    try:
        inverse = inverted(query, said)
    except Misfit:
        return
    assert jmespath.search(query, inverse) == said


@pytest.mark.parametrize(
    ("query", "word", "holds"),
    [
        ("A[?contains(x, 'hunt')]", "huntaze", True),
        ("A[?contains(x, 'huntaze')]", "hunt", False),
        ("A[?contains(@, 'huntaze')]", "huntaze", True),
        ("A[?starts_with(x, 'huntaze')]", "huntaze", False),
        ("A[?starts_with(x, 'huntaze') || contains(x, 'huntaze')]", "huntaze", True),
        ("A[?starts_with(x, 'huntaze') && contains(x, 'huntaze')]", "huntaze", False),
        ("A[?contains(x, y)]", "huntaze", False),
        ("A[?contains(x, 'huntaze')]", "", False),
        ("A[?x == 'huntaze']", "huntaze", False),
        ("A[?!contains(x, 'huntaze')]", "huntaze", False),
    ],
)
def test_whether_a_condition_holds_for_all_with_a_word(query: str, word: str, *, holds: bool) -> None:
    (condition,) = conditions(query)
    assert holds_for(condition, word) is holds


def test_what_a_query_has_kept_may_be_looked_at_in_every_way() -> None:
    told = inverted("{a:A,b:B.C}", {"a": 1, "b": None})
    assert told["A"] == told.get("A") == 1
    assert "A" in told
    assert told["B"].get("C", 2) == 2
    with pytest.raises(KeyError):
        told["B"]["C"]
    for look in (lambda: told["D"], lambda: told.get("D"), lambda: "D" in told, lambda: told["B"].get("E")):
        with pytest.raises(NotTold):
            look()


def test_what_is_put_together_with_it_knows_what_both_know() -> None:
    told = inverted("{a:A}", {"a": None})
    told.belongs({"A", "B", "C"}, "a place", "a command")
    for both in (told | {"B": 1}, {"B": 1} | told):
        assert both["B"] == 1
        assert both.get("A", 2) == 2
        with pytest.raises(NotTold, match=r"^a place was saved without C; save it again: a command$"):
            both.get("C")
    assert ({"A": 1} | told)["A"] == 1
    one = inverted("{a:A}", {"a": 1})
    assert (one | {"A": 2})["A"] == 2
    assert ({"A": 2} | one)["A"] == 1
    assert (inverted("{a:A}", {"a": 3}) | inverted("{c:C}", {"c": None})).get("C") is None


@pytest.mark.parametrize(
    ("query", "said"),
    [("keys(a)", ["x", "x"]), ("keys(a)", [1]), ("{a:A,b:A}", {"a": 1, "b": 2}), ("[A,B]", [1]), ("A[].B", [None])],
)
def test_what_no_answer_can_become_is_a_misfit(query: str, said: Any) -> None:
    with pytest.raises(Misfit):
        inverted(query, said)


def test_a_field_that_aws_does_not_have_is_not_left_out(saved: Saved) -> None:
    digest = "sha256:" + "0" * 64
    image = {"imageDigest": digest, "imageTags": ["v1"], "imagePushedAt": "2026-01-02T03:04:05Z"}
    saved.save(f"ecr.describe-repositories.{US}", {"repositories": [{"repositoryName": "huntaze"}]})
    saved.save(f"ecr.describe-images.{US}.huntaze", {"imageDetails": [image]})
    saved.save(f"ecr.get-registry-scanning-configuration.{US}", {"scanningConfiguration": {"scanType": "BASIC"}})
    findings = f"ecr.describe-image-scan-findings.{US}.huntaze.sha256%3A{'0' * 64}"
    with pytest.raises(NotSaved, match=f"--max-results 1 --query .* --output json > {findings}.json"):
        saved.look("image_scans", region=US, named="")
    saved.save(findings, {"status": {"status": "IN_PROGRESS"}, "counts": None})
    signals = saved.look("image_scans", region=US, named="").signals
    assert (signals["never-scanned"], signals["critical-findings"]) == (None, None)
    saved.save(findings, {"status": {"status": "COMPLETE"}, "counts": {"CRITICAL": 1}})
    assert saved.look("image_scans", region=US, named="").signals["critical-findings"] is True


# --- refusals and broken files


DENIED = "User: arn:aws:iam::1:user/x is not authorized to perform: rds:DescribeDBInstances"


@pytest.mark.parametrize("before", ["\n", "\naws: [ERROR]: ", ""])
@pytest.mark.parametrize("ending", ["error", "json"])
def test_a_refusal_is_the_error_that_it_was(saved: Saved, before: str, ending: str) -> None:
    text = f"{before}An error occurred (AccessDenied) when calling the DescribeDBInstances operation: {DENIED}\n"
    saved.save(LIST_DATABASES, text, ending)
    why = f"An error occurred (AccessDenied) when calling the DescribeDBInstances operation: {DENIED}"
    assert saved.why(ClientError) == why


def test_a_refusal_after_retries_is_one_too(saved: Saved) -> None:
    told = (
        "An error occurred (Throttling) when calling the DescribeDBInstances operation (reached max retries: 4): Rate"
    )
    saved.save(LIST_DATABASES, told, "error")
    assert saved.why(ClientError).startswith("An error occurred (Throttling) when calling the DescribeDBInstances")


def test_a_refusal_may_be_an_answer(saved: Saved) -> None:
    saved.save("iam.get-account-summary", {"SummaryMap": {"AccountMFAEnabled": 1}})
    saved.save("iam.list-users", {"Users": [{"UserName": "ines"}]})
    told = "An error occurred (NoSuchEntity) when calling the GetLoginProfile operation: Login Profile cannot be found."
    saved.save("iam.get-login-profile.ines", told, "error")
    assert saved.look("user_mfa").signals == {"users-without-mfa": False, "root-without-mfa": False}


def test_a_queue_that_was_deleted_is_gone(saved: Saved) -> None:
    urls = [f"https://sqs.us-east-1.amazonaws.com/1/{name}" for name in ("huntaze-a", "huntaze-b")]
    saved.save(f"sqs.list-queues.{US}", {"QueueUrls": urls})
    saved.save(f"sqs.get-queue-attributes.{US}.huntaze-a", {"Attributes": {"ApproximateNumberOfMessages": "0"}})
    code = "AWS.SimpleQueueService.NonExistentQueue"
    told = f"An error occurred ({code}) when calling the GetQueueAttributes operation: The queue does not exist."
    saved.save(f"sqs.get-queue-attributes.{US}.huntaze-b", told, "error")
    assert saved.look("queues", region=US, named=WORD).facts["ids"] == ["huntaze-a"]


def test_another_failure_of_the_cli_is_told_as_it_is(saved: Saved) -> None:
    saved.save(LIST_DATABASES, "\nCould not connect to the endpoint URL:\n 'https://rds'\n", "error")
    told = "the command failed: Could not connect to the endpoint URL: 'https://rds'"
    assert saved.why(NotReadable) == f"{LIST_DATABASES}.error: {told}"


def test_what_stands_among_the_errors_is_no_answer(saved: Saved) -> None:
    saved.save(LIST_DATABASES, {"DBInstances": []}, "error")
    assert saved.why(NotReadable) == f'{LIST_DATABASES}.error: the command failed: {{"DBInstances": []}}'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("--- table ---\n| huntaze-prod |", "is not JSON; save it again: " + SAVE_AGAIN),
        ('{"DBInstances": [', "is not JSON; save it again: " + SAVE_AGAIN),
        (b"\xff\xfe\x00", "is not JSON; save it again: " + SAVE_AGAIN),
        ("[" * 100_000, "is not JSON; save it again: " + SAVE_AGAIN),
        ("", f"is empty; save it again: {SAVE_AGAIN}, and if that prints nothing, write {{}}"),
        ('"huntaze-prod"', "is something else; save it again: " + SAVE_AGAIN),
        ({"DBClusters": []}, "is something else; save it again: " + SAVE_AGAIN),
        ({"DBInstances": [FINE], "NextToken": "x"}, "is cut; save it again: " + SAVE_AGAIN),
        ({"DBInstances": [FINE], "Marker": "x"}, "is cut; save it again: " + SAVE_AGAIN),
    ],
)
def test_what_is_no_answer(saved: Saved, content: Any, why: str) -> None:
    saved.save(LIST_DATABASES, content)
    assert saved.why(NotReadable) == f"{LIST_DATABASES}.json {why}"


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ({"DBInstances": {"a": 1}}, "DBInstances is not a list"),
        ({"DBInstances": ["huntaze"]}, "DBInstances[0] is not an object"),
        ({"DBInstances": [FINE, FINE | {"MultiAZ": "yes"}]}, "DBInstances[1].MultiAZ is not true or false"),
        (
            {"DBInstances": [FINE | {"BackupRetentionPeriod": True}]},
            "DBInstances[0].BackupRetentionPeriod is not a number",
        ),
        ({"DBInstances": [FINE | {"Engine": 5}]}, "DBInstances[0].Engine is not a text"),
        ({"DBInstances": [FINE | {"InstanceCreateTime": "soon"}]}, "DBInstances[0].InstanceCreateTime is not a time"),
        ({"DBInstances": [None]}, "DBInstances[0] is not an object"),
    ],
)
def test_what_is_not_of_awss_shape_is_named_with_its_place(saved: Saved, answer: Any, place: str) -> None:
    saved.save(LIST_DATABASES, answer)
    assert saved.why(NotReadable) == f"{LIST_DATABASES}.json: {place}, as AWS has it there"


def test_what_is_null_is_not_there(saved: Saved) -> None:
    saved.save(LIST_DATABASES, {"DBInstances": [FINE | {"MultiAZ": None}]})
    assert saved.why(NotTold) == "MultiAZ is missing from the saved answers"


def test_answers_may_be_as_boto3_has_them(saved: Saved) -> None:
    saved.save(LIST_DATABASES, {"DBInstances": [FINE], "ResponseMetadata": {"HTTPStatusCode": 200}})
    assert saved.databases().facts["count"] == 1


def test_an_answer_of_a_query_is_held_to_the_shape_too(saved: Saved) -> None:
    saved.save(LIST_DATABASES, [PROJECTED | {"multiAZ": "yes"}])
    where = f"{LIST_DATABASES}.json: DBInstances[0].MultiAZ"
    assert saved.why(NotReadable) == f"{where} is not true or false, as AWS has it there"


def test_one_file_that_is_broken_spoils_its_check_only(saved: Saved) -> None:
    saved.save(LIST_DATABASES, "broken")
    saved.save(f"sesv2.get-account.{US}", {"ProductionAccessEnabled": True, "SendingEnabled": False})
    assert saved.look("mail_account", region=US).signals == {"sandbox": False, "sending-off": True}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_may_be_as_any_shell_writes_them(saved: Saved, encoding: str) -> None:
    saved.save(LIST_DATABASES, json.dumps({"DBInstances": [FINE]}).encode(encoding))
    assert saved.databases().facts["count"] == 1


def test_a_refusal_may_be_as_any_shell_writes_it(saved: Saved) -> None:
    text = "An error occurred (AccessDenied) when calling the DescribeDBInstances operation: no"
    saved.save(LIST_DATABASES, text.encode("utf-16"))
    assert "(AccessDenied)" in saved.why(ClientError)


def test_what_the_cli_prints_for_nothing_is_unknown_to_who_needs_something(saved: Saved) -> None:
    saved.save(LIST_DATABASES, {})
    assert saved.why(NotTold) == "DBInstances is missing from the saved answers"
    saved.save(f"sqs.list-queues.{US}", {})  # as SQS has it where there is no queue
    assert saved.look("queues", region=US, named="").signals["none"] is True


@pytest.mark.parametrize("at", ["2026-01-02T03:04:05+00:00", "2026-01-02T04:04:05.000+01:00", 1767323045, 1767323045.0])
def test_times_are_read(saved: Saved, at: Any) -> None:
    saved.save("iam.list-access-keys.ines", {"AccessKeyMetadata": [{"AccessKeyId": "A", "CreateDate": at}]})
    aws = SavedSession(saved.folder)
    (key,) = aws.client("iam").list_access_keys(UserName="ines")["AccessKeyMetadata"]
    assert key["CreateDate"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_documents_of_iam_are_as_the_cli_has_read_them(saved: Saved) -> None:
    role = {"RoleName": "huntaze-app", "AssumeRolePolicyDocument": {"Statement": []}}
    saved.save("iam.list-roles", {"Roles": [role]})
    assert saved.look("iam_roles", named=WORD).signals["none"] is False
    assert SavedSession(saved.folder).client("iam").list_roles()["Roles"] == [role]
    saved.save("iam.list-roles", [{"name": "huntaze-app", "arn": "arn:aws:iam::1:role/huntaze-app"}])
    assert saved.look("iam_roles", named=WORD).signals["none"] is False


# --- several files


def test_what_was_asked_in_several_commands_is_one_answer(saved: Saved) -> None:
    arns = [f"arn:aws:ecs:us-east-1:1:cluster/huntaze-{letter}" for letter in "abc"]
    clusters = [{"clusterArn": arn, "clusterName": arn[-9:], "status": "ACTIVE"} for arn in arns]
    saved.save(f"ecs.list-clusters.{US}", {"clusterArns": arns})
    saved.save(f"ecs.describe-clusters.{US}", {"clusters": clusters[2:], "failures": []})
    saved.save(f"ecs.describe-clusters.{US}~2", {"clusters": clusters[:2]})
    finding = saved.look("ecs_clusters", region=US, named=WORD)
    assert finding.facts["ids"] == ["huntaze-a", "huntaze-b", "huntaze-c"]
    assert saved.look("ecs_clusters", region=US, named="huntaze-b").facts["ids"] == ["huntaze-b"]


def test_what_is_not_among_many_was_not_saved(saved: Saved) -> None:
    arns = [f"arn:aws:ecs:us-east-1:1:cluster/huntaze-{letter}" for letter in "ab"]
    saved.save(f"ecs.list-clusters.{US}", {"clusterArns": arns})
    saved.save(f"ecs.describe-clusters.{US}", {"clusters": [{"clusterArn": arns[0], "clusterName": "huntaze-a"}]})
    with pytest.raises(NotSaved, match=r"not saved: aws ecs describe-clusters --region us-east-1 --clusters arn:.*"):
        saved.look("ecs_clusters", region=US, named=WORD)


def test_pages_that_the_cli_does_not_put_together_are_one_answer(saved: Saved) -> None:
    one, other = ({"IdentityName": name, "IdentityType": "EMAIL_ADDRESS"} for name in ("a@b.c", "d@e.f"))
    saved.save(f"sesv2.list-email-identities.{US}", {"EmailIdentities": [one], "NextToken": "x"})
    with pytest.raises(NotReadable, match="is cut"):
        saved.look("mail_identities", region=US)
    saved.save(f"sesv2.list-email-identities.{US}~2", {"EmailIdentities": [other]})
    assert saved.look("mail_identities", region=US).facts["count"] == 2


def test_what_is_asked_about_pages_does_not_matter(saved: Saved) -> None:
    saved.save(LIST_DATABASES, {"DBInstances": []})
    rds = SavedSession(saved.folder).client("rds", US)
    assert rds.describe_db_instances(Marker="x", MaxRecords=20) == {"DBInstances": []}
    with pytest.raises(NotSaved, match=r"list-queues --region us-east-1 --page-size 1000 --output json"):
        saved.look("queues", region=US, named="")


def test_of_a_part_that_was_refused_nothing_is_known(saved: Saved) -> None:
    saved.save(f"sesv2.list-email-identities.{US}", {"EmailIdentities": [], "NextToken": "x"})
    told = "An error occurred (TooManyRequestsException) when calling the ListEmailIdentities operation: slowly"
    saved.save(f"sesv2.list-email-identities.{US}~2", told, "error")
    with pytest.raises(ClientError, match="TooManyRequests"):
        saved.look("mail_identities", region=US)


# --- the session


def test_it_asks_for_no_credentials_and_reads_no_settings(
    saved: Saved, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("no settings", encoding="utf-8")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    saved.save("sts.get-caller-identity", {"Account": "1", "Arn": "arn"})
    assert saved.look("account_identity", account="0" * 12).facts["account"] == "1"
    saved.save("s3api.list-buckets", {"Buckets": []})
    with pytest.raises(NotSaved, match=r"> s3control\.get-public-access-block\.1\.json$"):
        saved.look("buckets", named=WORD)


def test_what_changes_something_is_refused(saved: Saved) -> None:
    rds = SavedSession(saved.folder).client("rds", US)
    with pytest.raises(NotReading, match="DeleteDBInstance would change something, or is no question"):
        rds.delete_db_instance(DBInstanceIdentifier="huntaze-prod")


def test_nothing_leaves_the_machine(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda *_: pytest.fail("a request"))
    assert saved.why(NotSaved)
    saved.save(LIST_DATABASES, {"DBInstances": [FINE]})
    assert saved.databases().facts


def test_clients_are_made_once(saved: Saved) -> None:
    aws = SavedSession(saved.folder)
    assert aws.client("rds", US) is aws.client("rds", US)


def test_when_the_answers_were_saved(saved: Saved, tmp_path: Path) -> None:
    assert SavedSession(tmp_path).saved_at is None
    saved.save("iam.list-users", {})
    saved.save("iam.list-roles", {})
    os.utime(tmp_path / "iam.list-users.json", (1_767_323_045, 1_767_323_045))
    assert SavedSession(tmp_path).saved_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    (tmp_path / "saved-at").write_text("2025-11-01T08:00:00Z\n", encoding="utf-8")
    assert SavedSession(tmp_path).saved_at == datetime(2025, 11, 1, 8, tzinfo=UTC)
    (tmp_path / "saved-at").write_text("yesterday", encoding="utf-8")
    with pytest.raises(NotReadable, match="saved-at tells no time"):
        SavedSession(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match=r"there is no folder .*/nowhere"):
        SavedSession(tmp_path / "nowhere")


def test_a_name_that_is_too_long_for_a_file_was_not_saved(saved: Saved) -> None:
    family = "f" * 255
    saved.save(f"ecs.list-task-definition-families.{US}", {"families": [family]})
    with pytest.raises(NotSaved, match="describe-task-definition"):
        saved.look("task_variables", region=US, named="")
