"""Sweeps in several processes at once, each with a cache of its own, share one Redis server: results, payments, losses."""

from __future__ import annotations

import pytest
from cluster_parts import Parts

from tests.cluster.shown import IN_FLIGHT, NEEDS_CLUSTER, Shown

pytestmark = [pytest.mark.heavy(seconds=20), NEEDS_CLUSTER]


def test_processes_that_run_the_same_cells_at_once_pay_for_each_question_once(shown: Shown, parts: Parts) -> None:
    redis = parts.redis()
    homes = [shown.home(name, redis.url) for name in ("a", "b")]
    started = [home.start(shown.file, "--quiet") for home in homes]
    assert [process.wait(timeout=120) for process in started] == [0, 0]
    assert shown.model.questions() == shown.questions
    assert all(home.outcomes() == shown.outcomes for home in homes)
    assert all(home.new_calls() > 0 for home in homes), "both have paid for a part"


def test_after_kill_9_of_a_process_the_others_end_and_the_same_command_goes_on(shown: Shown, parts: Parts) -> None:
    redis = parts.redis()
    lost, other = shown.home("lost", redis.url), shown.home("other", redis.url)
    first, second = lost.start(shown.file, "--quiet"), other.start(shown.file, "--quiet")
    shown.part_of_questions(1 / 3)
    first.kill()
    first.wait()
    assert second.wait(timeout=180) == 0
    assert other.outcomes() == shown.outcomes
    lost.sweep(shown.file, "--quiet")
    assert lost.outcomes() == shown.outcomes
    assert shown.repeated <= IN_FLIGHT


def test_a_redis_server_that_is_killed_and_comes_back_costs_no_answer_and_no_result(shown: Shown, parts: Parts) -> None:
    redis = parts.redis("--appendfsync", "always")
    home = shown.home("through", redis.url)
    running = home.start(shown.file, "--quiet")
    shown.part_of_questions(1 / 3)
    redis.kill()
    shown.part_of_questions(1 / 2)
    redis = parts.redis("--appendfsync", "always", port=redis.port)
    assert running.wait(timeout=180) == 0
    assert home.outcomes() == shown.outcomes
    assert shown.repeated == 0, "one process pays for nothing twice, with the server or without it"
    after = shown.home("after", redis.url)
    after.sweep(shown.file, "--quiet")
    assert after.outcomes() == shown.outcomes
    assert shown.repeated < len(shown.questions) / 4, "what was published before the loss and after it is not paid for again"
