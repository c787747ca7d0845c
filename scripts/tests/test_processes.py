import os
import signal
import subprocess
import sys
import time

import pytest

from scripts import processes as module
from scripts.processes import Processes, StepFailed, Stopped


@pytest.fixture
def processes():
    before = {number: signal.getsignal(number) for number in module.SIGNALS}
    processes = Processes()
    processes.made_by = None  # these tests may themselves run under make
    yield processes
    processes.stop()
    for number, handler in before.items():
        signal.signal(number, handler)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


SLEEP = python("import time; time.sleep(60)")
# A child that starts another one, says its id and then ignores SIGTERM, as does the other.
STUBBORN_PAIR = python(
    "import os, signal, time;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "child = os.fork();"
    "child and print(child, flush=True);"
    "time.sleep(60)"
)


def is_gone(pid: int) -> bool:
    """Whether a process has ended. A killed one does so when the machine next has time for it."""
    for _ in range(500):
        done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
        if not done.stdout.strip() or done.stdout.startswith("Z"):
            return True
        time.sleep(0.02)
    return False


def wait_for_line(capsys) -> str:
    text = ""
    while "\n" not in text:
        time.sleep(0.02)
        text += capsys.readouterr().out
    return text


def test_the_first_of_many_to_end_is_named(processes):
    processes.start("long", SLEEP)
    processes.start("short", python("raise SystemExit(3)"))

    assert processes.wait_for_one() == "short"
    with pytest.raises(StepFailed, match="exit code 3"):
        processes.finish("short")


def test_output_goes_out_after_the_name_of_its_maker(processes, capsys):
    processes.start("web", python("print('hello')"))
    processes.finish("web")
    processes.stop()

    assert capsys.readouterr().out == "web     | hello\n"


def test_stop_ends_children_and_grandchildren_that_will_not_go(processes, capsys, monkeypatch):
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.1)
    processes.start("worker", STUBBORN_PAIR)
    grandchild = int(wait_for_line(capsys).split("| ")[1])
    child = processes.children["worker"].pid

    processes.stop()

    assert is_gone(child)
    assert is_gone(grandchild)


def test_a_step_that_fails_says_so(processes):
    processes.start("migrate", python("raise SystemExit(3)"))

    with pytest.raises(StepFailed, match=r"migrate failed \(exit code 3\)"):
        processes.finish("migrate")


def test_a_service_that_ends_by_itself_says_so(processes):
    processes.start("web", python("pass"))
    processes.children["web"].wait()

    with pytest.raises(StepFailed, match=r"web ended by itself \(exit code 0\)"):
        processes.watch()


@pytest.mark.parametrize("number", module.SIGNALS)
def test_a_signal_ends_the_waiting(processes, number):
    processes.start("step", SLEEP)

    os.kill(os.getpid(), number)

    with pytest.raises(Stopped):
        processes.finish("step")


def test_nothing_more_is_started_after_a_signal(processes):
    os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Stopped):
        processes.start("web", SLEEP)


# A runner whose child says its own id, once it is what it was started to be.
RUNNER = python(
    "import sys, time; from scripts.processes import Processes;"
    "child = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)';"
    "Processes().start('worker', [sys.executable, '-c', child]);"
    "time.sleep(60)"
)


def test_killing_the_runner_outright_ends_its_children():
    with subprocess.Popen(RUNNER, stdout=subprocess.PIPE, text=True) as runner:
        child = int(runner.stdout.readline().split("| ")[1])

        runner.kill()

    assert is_gone(child)


def test_the_end_of_make_is_the_end_of_what_it_made(processes):
    processes.made_by = os.getppid() + 1

    with pytest.raises(Stopped):
        processes.watch()
