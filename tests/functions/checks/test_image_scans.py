import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.ecr.models import ecr_backends

from functions.checks.image_scans import handler
from functions.core import reading, scans
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.answering import Answer, answering
from tests.functions.conftest import ACCOUNT, RunCheck

FINE = {"never-scanned": False, "critical-findings": False, "no-scan-on-push": False, "none": False}
IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ALL: Any = {"filter": "*", "filterType": "WILDCARD"}
Push = Callable[..., Any]


@pytest.fixture
def push(operator: Session) -> Push:
    """Push an image to a repository, which is made; returns it as moto keeps it."""
    ecr = operator.client("ecr")
    repositories = ecr_backends[ACCOUNT][REGION].repositories

    def pushed(name: str, tag: str, *, minutes_ago: int = 0, on_push: bool = True, kind: str = IMAGE) -> Any:
        if name not in repositories:
            ecr.create_repository(repositoryName=name, imageScanningConfiguration={"scanOnPush": on_push})
        manifest = {"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": name + tag}]}
        ecr.put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=tag)
        image: Any = repositories[name].images[-1]
        image.image_pushed_at = int((datetime.now(UTC) - timedelta(minutes=minutes_ago)).timestamp())
        return image

    return pushed


def scan(image: Any, status: str = "COMPLETE", *, found: bool = True, **counts: int) -> None:
    """Let the image be scanned, with so many findings of each severity."""
    image.last_scan = datetime.now(UTC)
    findings = {"findingSeverityCounts": counts, "imageScanCompletedAt": 1_700_000_000.0} if found else {}
    told = {"imageScanFindings": findings, "imageScanStatus": {"status": status}}
    asked = {"repositoryName": image.repository_name, "imageId": {"imageDigest": image.image_digest}}
    ecr_backends[ACCOUNT][REGION].scan_finding_results.append(told | asked)


def registry(operator: Session, kind: Any, *rules: tuple[Any, str]) -> None:
    """Configure the scanning of the whole registry: the frequency and a filter of each rule."""
    told: Any = [{"scanFrequency": how, "repositoryFilters": [ALL | {"filter": one}]} for how, one in rules]
    operator.client("ecr").put_registry_scanning_configuration(scanType=kind, rules=told)


def look(run_check: RunCheck, named: str = "") -> Finding:
    return run_check(handler, region=REGION, named=named)


def test_scanned_and_nothing_critical(run_check: RunCheck, push: Push) -> None:
    scan(push("huntaze/app", "v1"), HIGH=3)
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary == (
        f"newest images of 1 repositories in {REGION}: 0 never scanned, 0 with critical findings, 0 unknown"
    )
    assert finding.evidence == []
    assert finding.facts["scan_type"] == "BASIC"


def test_critical_findings(run_check: RunCheck, push: Push) -> None:
    scan(push("huntaze/app", "v1"))
    scan(push("huntaze/video", "v1"), CRITICAL=2, HIGH=1)
    finding = look(run_check)
    assert finding.signals == FINE | {"critical-findings": True}
    assert finding.evidence == ["huntaze/video:v1: COMPLETE, CRITICAL 2"]


def test_never_scanned(run_check: RunCheck, push: Push) -> None:
    push("huntaze/app", "v1")
    finding = look(run_check)
    assert finding.signals == FINE | {"never-scanned": True, "critical-findings": None}
    assert finding.evidence == ["huntaze/app:v1: never scanned"]


def test_only_the_newest_image_counts(run_check: RunCheck, push: Push) -> None:
    scan(push("huntaze/app", "v2"))
    scan(push("huntaze/app", "v1", minutes_ago=60), CRITICAL=1)
    push("huntaze/app", "v0", minutes_ago=90)
    push("huntaze/app", "untagged", minutes_ago=-5).image_tags = []
    assert look(run_check).signals == FINE


@pytest.mark.parametrize(("count", "critical"), [({}, False), ({"CRITICAL": 1}, True)])
def test_what_the_list_of_images_says_is_not_asked_again(
    run_check: RunCheck, push: Push, count: dict[str, int], *, critical: bool
) -> None:
    image = push("huntaze/app", "v1")
    image.image_scan_status, image.image_scan_findings_summary = {"status": "ACTIVE"}, {"findingSeverityCounts": count}
    assert look(run_check).signals == FINE | {"critical-findings": critical}


@pytest.mark.parametrize("status", ["IN_PROGRESS", "FAILED", "UNSUPPORTED_IMAGE"])
def test_a_scan_without_findings_is_unknown(run_check: RunCheck, push: Push, status: str) -> None:
    scan(push("huntaze/app", "v1"), status, found=False)
    finding = look(run_check)
    assert finding.signals == FINE | {"never-scanned": None, "critical-findings": None}
    assert finding.evidence == [f"huntaze/app:v1: {status}, CRITICAL 0"]
    assert finding.facts["unknown"] == 1


def test_what_is_not_looked_at_any_more_may_have_become_critical(run_check: RunCheck, push: Push) -> None:
    image = push("huntaze/app", "v1")
    scan(image, "SCAN_ELIGIBILITY_EXPIRED", HIGH=1)
    assert look(run_check).signals == FINE | {"critical-findings": None}


def test_an_image_of_several_platforms_has_no_scan_of_its_own(run_check: RunCheck, push: Push) -> None:
    push("huntaze/app", "v1", kind=INDEX)
    assert look(run_check).signals == FINE | {"never-scanned": None, "critical-findings": None}
    push("huntaze/video", "v1")
    assert look(run_check).signals["never-scanned"]


def test_not_scanned_on_push(run_check: RunCheck, push: Push) -> None:
    scan(push("huntaze/app", "v1", on_push=False))
    finding = look(run_check)
    assert finding.signals == FINE | {"no-scan-on-push": True}
    assert finding.evidence == ["huntaze/app: scanOnPush false"]


@pytest.mark.parametrize(
    ("kind", "rules", "missing"),
    [
        ("ENHANCED", [("CONTINUOUS_SCAN", "*")], False),
        ("ENHANCED", [("SCAN_ON_PUSH", "huntaze")], False),
        ("BASIC", [("SCAN_ON_PUSH", "*/app")], False),
        ("BASIC", [("SCAN_ON_PUSH", "hunt*e/a*")], False),
        ("BASIC", [("MANUAL", "*")], True),
        ("BASIC", [("SCAN_ON_PUSH", "app*")], True),
        ("BASIC", [("SCAN_ON_PUSH", "huntaze*ap")], True),
        ("BASIC", [("SCAN_ON_PUSH", "huntaze.*")], True),
        ("BASIC", [("SCAN_ON_PUSH", "video"), ("SCAN_ON_PUSH", "huntaze.app")], True),
        ("ENHANCED", [], True),
    ],
)
def test_the_registry_may_scan_it(
    run_check: RunCheck, operator: Session, push: Push, kind: str, rules: list[tuple[str, str]], *, missing: bool
) -> None:
    scan(push("huntaze/app", "v1", on_push=False))
    registry(operator, kind, *rules)
    assert look(run_check).signals == FINE | {"no-scan-on-push": missing}


def test_enhanced_scanning_does_not_ask_the_repository(run_check: RunCheck, operator: Session, push: Push) -> None:
    scan(push("huntaze/app", "v1"))
    registry(operator, "ENHANCED", ("CONTINUOUS_SCAN", "video"))
    assert look(run_check).signals["no-scan-on-push"]


def test_no_image_is_no_good_news(run_check: RunCheck, operator: Session) -> None:
    assert look(run_check).signals == FINE | {"none": True}
    operator.client("ecr").create_repository(repositoryName="huntaze/app")
    assert look(run_check).signals == FINE | {"none": True, "no-scan-on-push": True}


def test_only_those_whose_name_has_the_word(run_check: RunCheck, push: Push) -> None:
    scan(push("huntaze/app", "v1"))
    push("other", "v1", on_push=False)
    assert look(run_check, "huntaze").signals == FINE
    assert look(run_check, "video").signals == FINE | {"none": True}


def test_a_hundred_repositories(run_check: RunCheck, push: Push) -> None:
    for number in range(100):
        scan(push(f"huntaze/{number:03}", "v1"))
    finding = look(run_check)
    assert finding.signals == FINE
    assert (finding.facts["images"], finding.facts["whole"]) == (100, True)


def test_what_was_not_read_is_unknown(run_check: RunCheck, push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        scan(push(f"huntaze/{number}", "v1"))
    monkeypatch.setattr("functions.core.each.AT_ONCE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = look(run_check)
    assert finding.signals == FINE | {"never-scanned": None, "critical-findings": None}
    assert finding.summary.endswith("; there is more than could be read")
    assert finding.facts["images"] == 1


def test_which_image_is_the_newest_is_unknown_where_there_are_more(
    run_check: RunCheck, push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(push("huntaze/app", "v1"))
    monkeypatch.setattr(scans, "until", lambda _, pages: ({**page, "nextToken": "x"} for page in pages))
    assert look(run_check).signals == FINE | {"never-scanned": None, "critical-findings": None}


def test_all_pages_are_read(run_check: RunCheck, aws: Session) -> None:
    def told(operation: str, asked: Answer) -> Answer:
        more = {} if "nextToken" in asked else {"nextToken": "2"}
        page = asked.get("nextToken", "1")
        if operation == "DescribeRepositories":
            return {"repositories": [{"repositoryName": f"huntaze/{page}"}], **more}
        if operation == "DescribeImages":
            pushed = datetime(2026, 1, int(page), tzinfo=UTC)
            image = {"imageTags": [f"v{page}"], "imageDigest": "sha256:" + page * 64, "imagePushedAt": pushed}
            return {"imageDetails": [image], **more}
        if operation == "DescribeImageScanFindings":
            counts = {"CRITICAL": int(asked["imageId"]["imageDigest"][-1]) - 1}
            found = {"imageScanFindings": {"findingSeverityCounts": counts}}
            return {**found, "imageScanStatus": {"status": "COMPLETE"}}
        return {"scanningConfiguration": {"scanType": "BASIC", "rules": []}}

    with answering(aws, "ecr", REGION, told) as calls:
        finding = look(run_check)
    assert finding.evidence == [
        *(f"huntaze/{number}:v2: COMPLETE, CRITICAL 1" for number in (1, 2)),
        *(f"huntaze/{number}: scanOnPush false" for number in (1, 2)),
    ]
    sizes = [asked["maxResults"] for name, asked in calls if name in {"DescribeRepositories", "DescribeImages"}]
    assert sizes == [scans.PAGE] * 6


def test_repositories_that_were_not_listed_are_unknown(
    run_check: RunCheck, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(operation: str, _: Answer) -> Answer:
        if operation == "DescribeRepositories":
            return {"repositories": [{"repositoryName": "huntaze/app"}], "nextToken": "2"}
        rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [ALL]}]
        return {"imageDetails": [], "scanningConfiguration": {"scanType": "BASIC", "rules": rules}}

    monkeypatch.setattr(reading, "SECONDS", 0)
    with answering(aws, "ecr", REGION, told):
        assert look(run_check).signals == dict.fromkeys(FINE)
