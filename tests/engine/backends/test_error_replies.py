"""Error replies of real providers are read as overflow, filter, lack of credit, a refused key or an unknown model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptwire.backends.error_replies import Refusal, parse


def read(status: int, body: Any, **headers: str) -> Refusal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return parse(status, named, body if isinstance(body, str) else json.dumps(body))


def openai(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic(message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


def gemini(message: str, code: int = 429, status: str = "RESOURCE_EXHAUSTED", *details: Any) -> list[Any]:
    return [{"error": {"code": code, "message": message, "status": status, "details": list(details)}}]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, openai("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.")),
        (400, openai("Your input exceeds the context window of this model.", "context_length_exceeded")),
        (400, openai("too many", "context_length_exceeded")),
        # vLLM
        (400, openai("The decoder prompt (length 16476) is longer than the maximum model length of 16384.")),
        (400, openai("The prompt (total length 25938) is too long to fit into the model (context length 4096).")),
        (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400}),
        # Anthropic
        (400, anthropic("prompt is too long: 200001 tokens > 200000 maximum")),
        (400, anthropic("input length and `max_tokens` exceed context limit: 199000 + 4000 > 200000")),
        (413, anthropic("Request exceeds the maximum allowed number of bytes.", "request_too_large")),
        # Gemini
        (400, gemini("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 400)),
        # Ollama
        (400, {"error": "the input length exceeds the context length"}),
        (500, {"error": "prompt too long; exceeded max context length by 812 tokens"}),
        # llama.cpp
        (400, {"error": {"code": 400, "message": "the request exceeds the available context size, try increasing it"}}),
        (400, {"error": {"message": "request (6001 tokens) exceeds", "type": "exceed_context_size_error"}}),
        (500, {"error": {"message": "input is too large to process. increase the physical batch size"}}),
        # LM Studio, SGLang, TGI, Bedrock, Mistral, xAI
        (400, {"error": "The initial prompt is greater than the context length"}),
        (400, openai("The input (5000 tokens) is longer than the model's context length (4096 tokens).")),
        (
            422,
            {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096", "error_type": "validation"},
        ),
        (400, "Input is too long for requested model."),
        (400, openai("Prompt contains 40000 tokens, too large for model with 32768 maximum context length")),
        (400, {"code": "x", "error": "This model's maximum prompt length is 131072 but the request contains 537812 tokens."}),
        (422, {"error": "Input validation error: `inputs` must have less than 4095 tokens. Given: 5000"}),
        (400, openai("Range of input length should be [1, 30720]", "InvalidParameter")),
        (400, openai("Invalid request: Your request exceeded model token limit: 8192")),
        (400, openai("total message token length exceed model limit")),
        (400, openai("The total number of tokens exceeds the limit of 4096")),
        # A minute's tokens that one request can't fit into
        (413, openai("Request too large for model `llama` on tokens per minute (TPM): Limit 6000, Requested 7000", "x")),
        (
            429,
            openai(
                "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.", "rate_limit_exceeded"
            ),
        ),
    ],
)
def test_overflow_is_recognized_in_the_wording_of_each_provider(status: int, body: Any) -> None:
    found = read(status, body)
    assert found.overflow and not found.no_credit


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, openai("Unsupported value: 'temperature' does not support 0 with this model.", "unsupported_value")),
        (400, openai("max_tokens is too large: 20000. This model supports at most 16384 completion tokens.")),
        (400, "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"),
        (429, openai("Rate limit reached for gpt-4o on tokens per min. Limit 30000, Used 29000.", "rate_limit_exceeded")),
        (401, openai("Incorrect API key provided", "invalid_api_key")),
        (403, openai("Country, region, or territory not supported", "unsupported_country_region_territory")),
        (403, "<html>Sorry, you have been blocked</html>"),
        (404, openai("The model does not exist", "model_not_found")),
        (403, openai("Your API key was flagged as leaked. Please use another API key.")),
        (403, openai("Your account has been flagged for violating our usage policies; access is terminated")),
        (400, openai("The value of max_tokens exceeds the limit of 4096")),
        (400, openai("`max_tokens` must be less than or equal to `4096`, which is less than the `context_window`")),
        (400, openai("max_tokens=5000 cannot be greater than max_model_len=4096.")),
        (500, openai("the moderation service failed")),
    ],
)
def test_other_refusals_are_not_overflow_filter_or_lack_of_credit(status: int, body: Any) -> None:
    found = read(status, body)
    assert (found.overflow, found.filtered, found.no_credit) == (False, False, False)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (
            403,
            {
                "error": {
                    "code": 403,
                    "message": 'Your input was flagged for "violence".',
                    "metadata": {"reasons": ["violence"]},
                }
            },
        ),
        (403, {"error": {"code": 403, "message": "Forbidden", "metadata": {"flagged_input": "how to...", "reasons": ["x"]}}}),
        (403, {"error": {"code": 403, "message": "Request blocked: prompt injection patterns detected"}}),
        (403, {"code": "x", "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}),
        (400, openai("The response was filtered due to Azure OpenAI's content management policy.", "content_filter")),
        (400, openai("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", "invalid_prompt")),
        (400, anthropic("Output blocked by content filtering policy")),
        (400, openai("Input data may contain inappropriate content.", "data_inspection_failed")),
        (400, openai("Content Exists Risk")),
        (400, openai("rejected", "content_policy_violation")),
        (400, openai("The input or output was considered unsafe")),
        (400, openai("Request was blocked by the prompt shield", "prompt_blocked")),
        (403, openai("The input was blocked: hate speech detected")),
        (451, "Unavailable For Legal Reasons"),
        (500, openai("The response was blocked", "content_filter")),
    ],
)
def test_a_refusal_by_a_moderator_is_filtered(status: int, body: Any) -> None:
    found = read(status, body)
    assert found.filtered and not found.overflow and not found.no_credit


@pytest.mark.parametrize(
    ("status", "body", "broke"),
    [
        (
            429,
            openai("You exceeded your current quota, please check your plan and billing details.", "insufficient_quota"),
            True,
        ),
        (429, openai("quota", None, "insufficient_quota"), True),
        (429, openai("Billing hard limit has been reached", "billing_hard_limit_reached"), True),
        (402, openai("Insufficient Balance"), True),
        (402, "Payment required", True),
        (400, anthropic("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."), True),
        (403, {"error": "Your team has either used all available credits or reached its monthly spending limit."}, True),
        (403, {"error": "Your newly created team doesn't have any credits yet."}, True),
        (400, anthropic("You have reached your specified API usage limits. You will regain access on 2026-12-01."), True),
        (400, openai("Budget has been exceeded! Current cost: 10.0, Max budget: 5.0", None, "budget_exceeded"), True),
        (400, openai("Access denied, please make sure your account is in good standing.", "Arrearage"), True),
        (429, openai("\u4f59\u989d\u4e0d\u8db3"), True),
        (429, gemini("You exceeded your current quota, please check your plan and billing details."), False),
        (
            429,
            gemini("You exceeded your current quota, please check your plan and billing details.\nPlease retry in 2.4s."),
            False,
        ),
        (429, gemini("Quota exceeded for quota metric 'requests' and limit 'per minute'. See billing."), False),
        (429, openai("Rate limit reached for requests per min. Add a payment method: /account/billing", "rate_limit"), False),
        (429, openai("Too many requests; insufficient credits for priority per minute"), False),
    ],
)
def test_only_a_stated_lack_of_credit_counts(status: int, body: Any, broke: bool) -> None:
    assert read(status, body).no_credit is broke


@pytest.mark.parametrize(
    ("status", "body", "barred", "absent"),
    [
        (401, "no", True, False),
        (400, gemini("API key not valid. Please pass a valid API key.", 400, "INVALID_ARGUMENT"), True, False),
        (400, gemini("API key expired. Please renew the API key.", 400, "INVALID_ARGUMENT"), True, False),
        (400, anthropic("This organization has been disabled."), True, False),
        (403, openai("Your API key was flagged as leaked."), True, False),
        (404, "no", False, True),
        (400, openai("The model `x` has been decommissioned", "model_decommissioned"), False, True),
        (400, openai("x/y is not a valid model ID"), False, True),
        (400, openai("Unsupported parameter: 'stop' is not supported with this model."), False, False),
        (400, openai("Invalid value for this account's request: 'temperature'. It must be 1."), False, False),
        (403, openai('Your input was flagged for "violence".'), False, False),
    ],
)
def test_a_refused_key_or_account_and_an_unknown_model_are_recognized(
    status: int, body: Any, barred: bool, absent: bool
) -> None:
    found = read(status, body)
    assert (found.barred, found.absent, found.no_credit) == (barred, absent, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"error": "so it is"}', "so it is"),
        ('{"message": "so it is"}', "so it is"),
        ('[{"error": {"message": "so it is"}}]', "so it is"),
        ('{"detail": "so it is"}', "so it is"),
        (
            '{"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}',
            "seed: Extra inputs are not permitted",
        ),
        (json.dumps({"error": {"message": json.dumps({"error": {"message": "so it is"}})}}), "so it is"),
        (json.dumps({"error": {"message": "failed", "metadata": {"raw": '{"error": {"message": "so it is"}}'}}}), "so it is"),
        (json.dumps({"error": {"message": "failed", "metadata": {"raw": "so it is"}}}), "so it is"),
        ("Error code: 429 - {'error': {'message': 'so it is', 'param': None}}", "so it is"),
        ("plain words", "plain words"),
        ("", "(empty)"),
        ("[" * 5000, "[" * 5000),
        ("{" * 5000, "{" * 5000),
    ],
)
def test_the_message_is_found_in_each_body_format(text: str, message: str) -> None:
    assert parse(400, {}, text).message == message


@pytest.mark.parametrize(
    ("message", "room"),
    [
        (
            "max_tokens is too large: 8192. This model's maximum context length is 8192 tokens and your request has 1210 input tokens",
            6982,
        ),
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5000 (4000 in the messages, 1000 more)",
            96,
        ),
        ("input length and `max_tokens` exceed context limit: 199000 + 4000 > 200000, decrease", 1000),
        ("This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens.", None),
        ("prompt is too long: 200001 tokens > 200000 maximum", None),
    ],
)
def test_the_room_for_a_reply_is_read(message: str, room: int | None) -> None:
    assert read(400, openai(message)).room == room
