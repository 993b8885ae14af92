"""What becomes of an invocation under a fault, in the words of Lambda and Step Functions.

https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html: "Lambda.ServiceException" for what
Lambda has lost, "Lambda.TooManyRequestsException" for what it has refused; what becomes of the function's process is
the answer's own error type: "Runtime.ExitError", "Sandbox.Timedout".
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sandbox.faults import Kind
from sandbox.lambda_function import NotInvoked, Result, Throttled

_EXITED = ("Runtime.ExitError", "Runtime exited with error: signal: killed")
Run = Callable[[], Result]


def spoil(kind: Kind, request_id: str, function: str, run: Run) -> Result:
    """Let an invocation come to what the fault wants; raises NotInvoked where Lambda itself answers with an error."""
    match kind:
        case Kind.THROTTLED:
            raise Throttled(function)
        case Kind.UNAVAILABLE:
            raise NotInvoked("ServiceException", 500, f"Lambda was unable to run {function}")
        case Kind.DENIED:
            why = f"not authorized to perform: lambda:InvokeFunction on resource: {function}"
            raise NotInvoked("AccessDeniedException", 403, why)
        case Kind.EXIT_BEFORE:
            return Result.failed(request_id, *_EXITED)
        case Kind.EXIT_AFTER:
            run()
            return Result.failed(request_id, *_EXITED)
        case Kind.TIMED_OUT:
            run()
            return Result.failed(request_id, "Sandbox.Timedout", "Task timed out")
        case Kind.DOUBLED:
            return _twice(run)
        case _:
            run()
            return Result(b'"<html>It works!</html>"', None, request_id)


def _twice(run: Run) -> Result:
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(run), threads.submit(run)
        first.result()
        return second.result()
