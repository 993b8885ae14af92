from bench import bare
from bench.bare import Call
from functions.core import catalogue

CALLS = {
    "ecs": Call("ecs", "describe_services", {"cluster": "c", "services": ["s"]}),
    "dynamodb": Call("dynamodb", "get_item", {"TableName": "t", "Key": {}}),
    "sts": Call("sts", "get_caller_identity", {}),
}


def test_program_is_written_for_each_declared_service() -> None:
    programs = bare.programs(catalogue.fixes()["restore_desired_count"], CALLS)
    assert [text.splitlines()[1] for text in programs] == [
        "boto3.client('ecs').describe_services(**{'cluster': 'c', 'services': ['s']})",
        "boto3.client('dynamodb').get_item(**{'TableName': 't', 'Key': {}})",
    ]


def test_function_without_aws_is_compared_with_the_least_call() -> None:
    programs = bare.programs(catalogue.checks()["http_endpoint"], CALLS)
    assert programs == ["import boto3\nboto3.client('sts').get_caller_identity(**{})"]


def test_program_is_python() -> None:
    compile(CALLS["ecs"].program, "program", "exec")
