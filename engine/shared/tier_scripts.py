"""Lua scripts of the shared cache: each works on many keys in one command, and atomically.

Row and lease of a cache key have the prefixes of ROW and LEASE. A lease's value is the token of its holder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from promptwire.gateway.answer_tier import Lease

__all__ = ["EXISTING", "FETCH_ROWS", "LEASE", "LEASE_KEYS", "PUBLISH_ROWS", "RELEASE_KEYS", "RENEW_KEYS", "ROW", "STATES"]

ROW: Final = "promptwire:answer:"
"""Prefix of a row's key."""
LEASE: Final = "promptwire:lease:"
"""Prefix of a lease's key."""
STATES: Final[Mapping[str, Lease]] = {"0": "held", "1": "granted", "2": "answered"}
"""What the digits that LEASE_KEYS returns mean."""

FETCH_ROWS: Final = """
local rows, found = redis.call('MGET', unpack(KEYS)), {}
for i = 1, #KEYS do
  if rows[i] then
    found[#found + 1] = i
    found[#found + 1] = rows[i]
  end
end
return found
"""
"""KEYS: rows. Returns number and text of each that is there: most are not, and a reply for each would take time to read."""

LEASE_KEYS: Final = """
local found = {}
for i = 1, #KEYS, 2 do
  local unusable, there = ARGV[2 + (i + 1) / 2], false
  if not unusable or unusable == '' then
    there = redis.call('EXISTS', KEYS[i]) == 1
  else
    local row = redis.call('GET', KEYS[i])
    there = row and redis.sha1hex(row) ~= unusable
  end
  local state = 0
  if there then state = 2
  elseif redis.call('SET', KEYS[i + 1], ARGV[1], 'NX', 'PX', ARGV[2]) then state = 1
  elseif redis.call('GET', KEYS[i + 1]) == ARGV[1] then
    redis.call('PEXPIRE', KEYS[i + 1], ARGV[2])
    state = 1
  end
  found[#found + 1] = state
end
return table.concat(found)
"""
"""KEYS: row and lease of each key. ARGV: token, milliseconds, and if there are any, for each key the SHA-1 of an unusable row.

Returns a digit of STATES for each key.
"""

EXISTING: Final = """
local found = {}
for i = 1, #KEYS do found[i] = redis.call('EXISTS', KEYS[i]) end
return found
"""
"""KEYS: rows. Returns 1 for each that is there, else 0."""

PUBLISH_ROWS: Final = """
local replaced = {}
for one in string.gmatch(ARGV[2], '%S+') do replaced[#replaced + 1] = one end
for i = 1, #KEYS, 2 do
  local replaces, row = replaced[(i + 1) / 2] or '-', ARGV[(i + 1) / 2 + 2]
  local over = replaces == '*'
  if replaces ~= '-' and not over then
    local old = redis.call('GET', KEYS[i])
    over = old and redis.sha1hex(old) == replaces
  end
  if over then redis.call('SET', KEYS[i], row) else redis.call('SET', KEYS[i], row, 'NX') end
  if redis.call('GET', KEYS[i + 1]) == ARGV[1] then redis.call('DEL', KEYS[i + 1]) end
end
return 1
"""
"""KEYS: row and lease of each key. ARGV: token, what the rows replace, in words, and the rows.

The words are SHA-1, `*` for any, or `-` for nothing. Without words, no row replaces one.
"""

RELEASE_KEYS: Final = """
for i = 1, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return 1
"""
"""KEYS: leases. ARGV: token."""

RENEW_KEYS: Final = """
for i = 1, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder == ARGV[1] then redis.call('PEXPIRE', KEYS[i], ARGV[2])
  elseif not holder then redis.call('SET', KEYS[i], ARGV[1], 'NX', 'PX', ARGV[2]) end
end
return 1
"""
"""KEYS: leases. ARGV: token, milliseconds. A lease that a restart of the server has lost is taken again."""
