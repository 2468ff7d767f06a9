from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from local.lambdas import MOST_PROCESSES
from local.outside import CrashPlan
from tests.stack.conftest import Small


def crash(project: Small, moment: str, times: int = 1, function: str = "outside") -> None:
    project.outside.crashes.add(CrashPlan(function, moment, times))


def test_one_process_serves_one_call_at_a_time_and_more_are_started_up_to_a_limit(project: Small) -> None:
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: project.get("/outside/slow"), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert 1 < len({answer.json()["pid"] for answer in answers}) <= MOST_PROCESSES


def test_a_process_stays_warm_until_the_restart(project: Small) -> None:
    before = {project.get("/echo").json()["pid"] for _ in range(5)}
    assert len(before) == 1
    project.lambdas.restart()
    assert project.get("/echo").json()["pid"] not in before


def test_a_function_sees_the_template_s_environment_and_not_the_user_s(project: Small) -> None:
    assert project.get("/echo").json()["stage"] == "local"


def test_every_outside_call_is_listed_with_what_it_served(project: Small) -> None:
    project.get("/outside/once")
    project.get("/outside/fail")
    first, second = project.outside.calls.as_json()
    assert (first["target"], first["operation"], first["function"]) == ("google", "freebusy", "outside")
    assert (first["request"], first["outcome"]) == ("GET /outside/once", "ok")
    assert first["duration_ms"] >= 0
    assert second["outcome"] == "ConnectionError"
    assert first["request_id"] != second["request_id"]


def test_a_process_dies_right_before_the_planned_call(project: Small) -> None:
    crash(project, "before google.freebusy")
    assert project.get("/outside/once").status_code == 502
    assert project.outside.calls.as_json() == []
    assert project.get("/outside/once").status_code == 200


def test_a_process_dies_right_after_the_planned_call_which_was_made(project: Small) -> None:
    crash(project, "after google.freebusy")
    assert project.get("/outside/once").status_code == 502
    assert [call["outcome"] for call in project.outside.calls.as_json()] == ["ok"]


def test_a_call_in_which_the_process_ends_is_listed_without_an_answer(project: Small) -> None:
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(project.get, "/outside/slow")
        while not project.outside.calls.as_json():
            assert not answer.done()
        project.lambdas.restart()
        assert answer.result().status_code == 502
    assert [call["outcome"] for call in project.outside.calls.as_json()] == ["no answer"]


def test_exactly_as_many_processes_die_as_planned_however_many_run_at_once(project: Small) -> None:
    crash(project, "before google.freebusy", times=3)
    with ThreadPoolExecutor(12) as clients:
        statuses = list(clients.map(lambda _: project.get("/outside/once").status_code, range(12)))
    assert statuses.count(502) == 3
    assert statuses.count(200) == 9


def test_a_process_may_live_through_the_first_calls(project: Small) -> None:
    project.outside.crashes.add(CrashPlan("outside", "before google.freebusy", times=1, skip=2))
    statuses = [project.get("/outside/once").status_code for _ in range(4)]
    assert statuses == [200, 200, 502, 200]


def test_a_plan_concerns_its_function_and_moment_alone(project: Small) -> None:
    crash(project, "before google.freebusy", function="echo")
    crash(project, "before google.insert_event")
    assert project.get("/outside/once").status_code == 200


def test_a_function_sees_the_stack_s_clock_running_on(project: Small) -> None:
    noon = datetime(2031, 5, 4, 12, tzinfo=UTC)
    project.outside.clock.set_now(noon)
    first, second = (project.get("/echo").json() for _ in range(2))
    assert noon.timestamp() <= first["time"] < second["time"] < noon.timestamp() + 30
    assert first["event"]["requestContext"]["timeEpoch"] // 1000 in range(
        int(noon.timestamp()), int(first["time"]) + 1
    )


def test_the_clock_goes_back_and_is_real_again(project: Small) -> None:
    real = project.get("/echo").json()["time"]
    project.outside.clock.advance(-86_400)
    assert project.get("/echo").json()["time"] < real - 86_000
    project.outside.clock.advance(3_600)
    assert real - 82_900 < project.get("/echo").json()["time"] < real - 82_000
    project.outside.clock.reset()
    assert real < project.get("/echo").json()["time"] < real + 60
