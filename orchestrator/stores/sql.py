"""Every statement, once. Values are bound by `?`; the dialect is what SQLite and PostgreSQL share."""

KEEP_SNAPSHOT = "INSERT INTO snapshots (sha256, text) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING"
SNAPSHOT = "SELECT text FROM snapshots WHERE sha256 = ?"

RESERVE_EXECUTION = """
    INSERT INTO executions (execution_id, workflow, snapshot, request, status, created_at)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (execution_id) DO NOTHING
    RETURNING execution_id
"""
ADD_TASK_RUN = "INSERT INTO task_runs (execution_id, task_id, item, position, status) VALUES (?, ?, ?, ?, ?)"

EXECUTION = "SELECT * FROM executions WHERE execution_id = ?"
EXECUTION_WITHOUT_REQUEST = """
    SELECT execution_id, status, created_at, started_at, ended_at, duration, exit_code,
           owner, fencing_token, lease_until, reason, last_seq
    FROM executions WHERE execution_id = ?
"""
CLAIM_EXECUTION = """
    UPDATE executions SET owner = ?, lease_until = ?, fencing_token = fencing_token + 1
    WHERE execution_id = ?
      AND status IN ('queued', 'running', 'cancelling', 'interrupted')
      AND (owner IS NULL OR owner = ? OR lease_until <= ?)
    RETURNING *
"""
RENEW_LEASE = """
    UPDATE executions SET lease_until = ? WHERE execution_id = ? AND owner = ? AND fencing_token = ?
    RETURNING execution_id
"""
MOVE_EXECUTION = """
    UPDATE executions
    SET status = ?, started_at = ?, ended_at = ?, duration = ?, exit_code = ?, reason = ?,
        owner = ?, lease_until = ?, last_seq = ?
    WHERE execution_id = ? AND owner = ? AND fencing_token = ? AND status = ? AND last_seq = ?
"""

TASK_RUN = "SELECT * FROM task_runs WHERE execution_id = ? AND task_id = ? AND item = ?"
TASK_RUNS = "SELECT * FROM task_runs WHERE execution_id = ? ORDER BY position, item, task_id"
MOVE_TASK_RUN = """
    UPDATE task_runs
    SET status = ?, attempts = ?, started_at = ?, ended_at = ?, duration = ?, output = ?, error = ?, error_type = ?,
        reason = ?, next_attempt_at = ?
    WHERE execution_id = ? AND task_id = ? AND item = ? AND status = ?
"""

KEEP_ATTEMPT = """
    INSERT INTO attempts (execution_id, task_id, item, number, status, started_at, ended_at, duration, pid,
                          error, error_type, reason, traceback, log, cpu_seconds, peak_memory_bytes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (execution_id, task_id, item, number) DO UPDATE
    SET status = excluded.status, started_at = excluded.started_at, ended_at = excluded.ended_at,
        duration = excluded.duration, pid = excluded.pid, error = excluded.error, error_type = excluded.error_type,
        reason = excluded.reason, traceback = excluded.traceback, log = excluded.log,
        cpu_seconds = excluded.cpu_seconds, peak_memory_bytes = excluded.peak_memory_bytes
"""
ATTEMPT = "SELECT * FROM attempts WHERE execution_id = ? AND task_id = ? AND item = ? AND number = ?"
ATTEMPTS = """
    SELECT a.* FROM attempts a JOIN task_runs r
      ON r.execution_id = a.execution_id AND r.task_id = a.task_id AND r.item = a.item
    WHERE a.execution_id = ?
    ORDER BY r.position, r.item, r.task_id, a.number
"""

APPEND_EVENT = "INSERT INTO events (execution_id, seq, at, move) VALUES (?, ?, ?, ?)"
LAST_SEQ = "SELECT last_seq FROM executions WHERE execution_id = ?"
EVENTS = "SELECT execution_id, seq, at, move FROM events WHERE execution_id = ? AND seq > ? ORDER BY seq"

# `!` escapes in the pattern: an id is full of `_`, which LIKE would take for "any character"
FIND_EXECUTIONS = """
    SELECT execution_id FROM executions WHERE execution_id LIKE ? ESCAPE '!'
    ORDER BY created_at DESC, execution_id DESC LIMIT ?
"""
# the wanted statuses come as one text, `,queued,running,`, or NULL for all of them
LIST_EXECUTIONS = """
    SELECT * FROM executions
    WHERE (CAST(? AS TEXT) IS NULL OR ? LIKE '%,' || status || ',%') AND (CAST(? AS TEXT) IS NULL OR workflow = ?)
    ORDER BY created_at DESC, execution_id DESC LIMIT ?
"""
LIST_EXECUTIONS_BEFORE = """
    SELECT * FROM executions
    WHERE (created_at, execution_id) < (?, ?)
      AND (CAST(? AS TEXT) IS NULL OR ? LIKE '%,' || status || ',%') AND (CAST(? AS TEXT) IS NULL OR workflow = ?)
    ORDER BY created_at DESC, execution_id DESC LIMIT ?
"""
LATEST_EXECUTION_WITH = """
    SELECT execution_id FROM executions e
    WHERE EXISTS (SELECT 1 FROM task_runs r WHERE r.execution_id = e.execution_id AND r.task_id = ?)
    ORDER BY created_at DESC, execution_id DESC LIMIT 1
"""
STATUSES_OF_TASK = "SELECT status FROM task_runs WHERE execution_id = ? AND task_id = ?"

KEEP_IDENTITY = "INSERT INTO identity (only_row, store_id) VALUES (1, ?)"
IDENTITY = "SELECT store_id FROM identity WHERE only_row = 1"
