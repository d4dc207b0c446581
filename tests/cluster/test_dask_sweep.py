"""A sweep on a real scheduler with separate workers, each with a cache of its own, and one Redis server.

Its results are those of one process, and its workers together pay for what one process pays for.
"""

from __future__ import annotations

import pytest
from cluster_parts import Parts, Process, Redis, Scheduler

from tests.cluster.shown import IN_FLIGHT, NEEDS_CLUSTER, Shown

pytestmark = [pytest.mark.heavy(seconds=20), NEEDS_CLUSTER]


def workers(parts: Parts, scheduler: Scheduler, redis: Redis, *names: str) -> list[Process]:
    """Workers with the environment that a user gives them."""
    env = {"PROMPTWIRE_CACHE_URL": redis.url, "OPENAI_API_KEY": "none"}
    return parts.workers(scheduler, names, env=env)


def test_two_workers_make_the_results_of_one_process_and_pay_for_the_same_questions(shown: Shown, parts: Parts) -> None:
    redis, scheduler = parts.redis(), parts.scheduler()
    workers(parts, scheduler, redis, "a", "b")
    home = shown.home("two", redis.url)
    printed = home.sweep(shown.file, "--on", str(scheduler.file))
    assert home.outcomes() == shown.outcomes
    assert shown.model.questions() == shown.questions
    assert "on a" in printed and "on b" in printed
    shown.model.forget()
    home.sweep(shown.file, "--on", scheduler.address)
    assert shown.model.questions() == {}, "the same command has nothing left to do"


def test_cells_of_a_worker_that_is_killed_run_on_another_and_nothing_is_paid_for_twice(shown: Shown, parts: Parts) -> None:
    redis, scheduler = parts.redis(), parts.scheduler()
    lost, _ = workers(parts, scheduler, redis, "lost", "other")
    home = shown.home("worker", redis.url)
    running = home.start(shown.file, "--on", str(scheduler.file))
    shown.part_of_questions(1 / 3)
    lost.kill()
    assert running.wait(timeout=180) == 0, home.printed()
    assert home.outcomes() == shown.outcomes
    assert shown.repeated <= IN_FLIGHT


def test_after_kill_9_of_the_scheduler_the_sweep_ends_with_one_error_and_the_same_command_goes_on(
    shown: Shown, parts: Parts
) -> None:
    redis, scheduler = parts.redis(), parts.scheduler()
    workers(parts, scheduler, redis, "a", "b")
    home = shown.home("scheduler", redis.url)
    running = home.start(shown.file, "--on", str(scheduler.file))
    shown.part_of_questions(1 / 3)
    scheduler.kill()
    assert running.wait(timeout=120) != 0
    assert home.printed().count("error: ") == 1 and "scheduler was lost" in home.printed()
    assert not [path for path in home.runs.iterdir() if path.name.endswith(".part")], "nothing is half-written"
    scheduler = parts.scheduler()
    workers(parts, scheduler, redis, "c", "d")
    home.sweep(shown.file, "--on", str(scheduler.file))
    assert home.outcomes() == shown.outcomes
    assert shown.repeated <= 2 * IN_FLIGHT


def test_a_redis_server_that_is_killed_and_started_again_changes_no_result_of_the_workers(shown: Shown, parts: Parts) -> None:
    redis, scheduler = parts.redis("--appendfsync", "always"), parts.scheduler()
    workers(parts, scheduler, redis, "a", "b")
    home = shown.home("redis", redis.url)
    running = home.start(shown.file, "--on", str(scheduler.file))
    shown.part_of_questions(1 / 3)
    redis.kill()
    shown.part_of_questions(1 / 2)
    parts.redis("--appendfsync", "always", port=redis.port)
    assert running.wait(timeout=180) == 0, home.printed()
    assert home.outcomes() == shown.outcomes
    assert shown.repeated < len(shown.questions) / 2, "only while the server is away, both workers pay for what both ask"
