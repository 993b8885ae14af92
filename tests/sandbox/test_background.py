import threading
import time

from sandbox.background import Background


def fail() -> None:
    """Fail where nobody waits."""
    raise ValueError


def test_it_is_idle_once_all_work_has_ended_whether_well_or_not() -> None:
    background, go = Background(), threading.Event()

    def wait() -> None:
        go.wait()

    assert background.idle
    background.run(wait)
    background.run(fail)
    assert not background.idle
    go.set()
    until = time.monotonic() + 5
    while not background.idle and time.monotonic() < until:
        time.sleep(0.01)
    assert background.idle
    assert len(background.failures) == 1
