"""Bare aiohttp: the same requests, with a limit of those in flight. It stores nothing and tries nothing again."""

from __future__ import annotations

import asyncio

import aiohttp
import job


async def _evaluate(work: job.Job) -> int:
    slots = asyncio.Semaphore(work.limit)
    connector = aiohttp.TCPConnector(limit=work.limit)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def right(prompt: str, text: str, label: str) -> bool:
            messages = [{"role": "user", "content": f"{prompt}\n\nInput: {text}\nOutput:"}]
            body = {"model": "m", "messages": messages, "temperature": 0}
            async with slots, session.post(f"{work.base}/chat/completions", json=body) as response:
                return (await response.json())["choices"][0]["message"]["content"] == label

        return len(await asyncio.gather(*(right(prompt, *example) for prompt in work.prompts for example in work.examples)))


def evaluate(work: job.Job) -> int:
    """All prompts on all examples."""
    return asyncio.run(_evaluate(work))


if __name__ == "__main__":
    job.main({"evaluate": evaluate})
