"""Source of an exported Python module: its fixed functions, and the function that reads a reply."""

from __future__ import annotations

from typing import Final

from promptwire.templating.parsing import Parse

__all__ = ["ANSWER", "CHAT", "COMPLETION", "FILL", "TURNS_CHAT", "reading_source"]

FILL: Final = '''
def _filled(pieces, values):
    """Join the texts with the values in the places of the slots."""
    return "".join(piece if isinstance(piece, str) else values[piece["slot"]] for piece in pieces)
'''

CHAT: Final = '''
def messages({argument}):
    """Messages for one input."""
    values = {values}
    return [{{"role": role, "content": _filled(pieces, values).strip(ENDS)}} for role, pieces in MESSAGES]
'''

TURNS_CHAT: Final = '''
def messages({argument}):
    """Messages for one conversation: a list of {{"role": ..., "content": ...}}."""
    found, values = [], {{}}
    for role, pieces in MESSAGES:
        text = _filled(pieces, values).strip(ENDS)
        if role != "turns":
            _add(found, role, text)
            continue
        for turn in {argument}:
            if turn["role"] == "user" and text:
                _add(found, "user", f"{{text}}\\n\\n{{turn['content']}}")
                text = ""
            else:
                _add(found, turn["role"], turn["content"])
    return [message for message in found if message["role"] != "system" or message["content"]]


def _add(found, role, text):
    """Add a message; system messages that follow each other become one."""
    if role == "system" and found and found[-1]["role"] == "system":
        text = f"{{found.pop()['content']}}\\n\\n{{text}}".strip("\\n")
    found.append({{"role": role, "content": text}})
'''

COMPLETION: Final = '''
def prompt({argument}):
    """Text to complete for one input."""
    values = {values}
    return _filled(PROMPT, values)

'''

ANSWER: Final = '''
def answer({argument}, client=None, **settings):
    """Ask the model and read its answer; `settings` replace those of the run. None means an unreadable reply."""
    wanted = {{"model": MODEL, **SETTINGS, **settings}}
    reply = (client or OpenAI()).{call}
    return read(reply.choices[0].{text} or "")
'''

_READ: Final = '''
def read(reply):
    """Read the answer in a reply{how}; None when there is none."""
    reply = re.sub(r"(?is)<(think|thinking|reasoning)>.*?</\\1>", "", reply)
{body}    answer = found[{which}].strip(){clean} if found else ""
    return answer or {missing}
'''

_FIELD: Final = """    found = []
    for place in [match.start() for match in re.finditer(r"\\{{", reply)]:
        try:
            value, _ = json.JSONDecoder().raw_decode(reply, place)
        except ValueError:
            continue
        if isinstance(value, dict) and {field!r} in value:
            one = value[{field!r}]
            found.append(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False))
"""


def reading_source(parse: Parse) -> str:
    """Source of the function `read` for the rule `parse`, which leaves out the repairs of slips that promptwire makes."""
    how, body = _rule(parse)
    clean = ".strip('\"')" if parse.strip_quotes else ""
    which = "0" if parse.line == "first" else "-1"
    missing = "reply.strip() or None" if parse.fallback == "raw" else "None"
    return _READ.format(how=how, body=body, which=which, clean=clean, missing=missing)


def _rule(parse: Parse) -> tuple[str, str]:
    """The rule in words, and the lines that find all candidates."""
    if parse.marks:
        opening, closing = parse.marks
        lines = (
            f"    opening, closing = {opening!r}, {closing!r}\n"
            '    pattern = rf"(?is){re.escape(opening)}(.*?)(?:{re.escape(closing)}|\\Z)"\n'
            "    found = [one for one in re.findall(pattern, reply) if one.strip()]\n"
        )
        return " between its marks", lines
    if parse.fence:
        pattern = r"(?ms)^[ \t]*(`{3,})[^\n`]*\n(.*?)^[ \t]*\1[ \t]*$"
        return " in its code block", f"    found = [block for _, block in re.findall({pattern!r}, reply) if block.strip()]\n"
    if parse.brackets:
        return " in square brackets", '    found = re.findall(r"(?s)\\[(.*)\\]", reply)\n'
    if parse.line:
        return f", its {parse.line} line", "    found = [line for line in reply.splitlines() if line.strip()]\n"
    if parse.json_field:
        return " in a field of its JSON", _FIELD.format(field=parse.json_field)
    if parse.regex:
        lines = (
            f"    matches = list(re.finditer({parse.regex!r}, reply))\n"
            "    found = [one[1] if one.re.groups else one[0] for one in matches if (one[1] if one.re.groups else one[0])]\n"
        )
        return " by a pattern", lines
    return "", "    found = [reply]\n"
