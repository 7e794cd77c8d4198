"""Every statement, once. Values are bound by `?`; the dialect is what SQLite and PostgreSQL share."""

KEEP_SNAPSHOT = "INSERT INTO snapshots (sha256, text) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING"
SNAPSHOT = "SELECT text FROM snapshots WHERE sha256 = ?"

RESERVE_EXECUTION = """
    INSERT INTO executions (execution_id, workflow, snapshot, request, status, created_at, rerun_of, for_workers)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (execution_id) DO NOTHING
    RETURNING execution_id
"""
ADD_TASK_RUN = "INSERT INTO task_runs (execution_id, task_id, item, position, status, pool) VALUES (?, ?, ?, ?, ?, ?)"
# one whose lease ran out counts as interrupted; nobody has claimed a new one yet, which is given a while for it.
# The states are written as in the index `executions_under_way`, or it would not be used
BUSY_WITH_WORKFLOW = """
    SELECT execution_id FROM executions
    WHERE workflow = ? AND status IN ('queued', 'running', 'cancelling')
      AND (lease_until > ? OR (owner IS NULL AND status = 'queued' AND created_at > ?))
    ORDER BY created_at DESC, execution_id DESC LIMIT 1
"""

EXECUTION = "SELECT * FROM executions WHERE execution_id = ?"
EXECUTION_WITHOUT_REQUEST = """
    SELECT execution_id, status, created_at, started_at, ended_at, duration, exit_code,
           owner, fencing_token, lease_until, reason, refused_writes, last_seq, last_chain, cancel_number
    FROM executions WHERE execution_id = ?
"""
CLAIM_EXECUTION = """
    UPDATE executions SET owner = ?, lease_until = ?, fencing_token = fencing_token + 1
    WHERE execution_id = ?
      AND status IN ('queued', 'running', 'cancelling', 'interrupted')
      AND (owner IS NULL OR owner = ? OR owner = ? OR lease_until <= ?)
    RETURNING *
"""
RENEW_LEASE = """
    UPDATE executions SET lease_until = ? WHERE execution_id = ? AND owner = ? AND fencing_token = ?
    RETURNING execution_id
"""
MOVE_EXECUTION = """
    UPDATE executions
    SET status = ?, started_at = ?, ended_at = ?, duration = ?, exit_code = ?, reason = ?,
        owner = ?, lease_until = ?, last_seq = ?, last_chain = ?, cancel_number = ?
    WHERE execution_id = ? AND owner = ? AND fencing_token = ? AND status = ? AND last_seq = ?
"""
# where only task runs move: a status that is set, even to what it was, costs a turn of the index on it
LENGTHEN_LOG = """
    UPDATE executions SET last_seq = ?, last_chain = ?, cancel_number = ?
    WHERE execution_id = ? AND owner = ? AND fencing_token = ? AND status = ? AND last_seq = ?
"""
COUNT_REFUSED_WRITE = "UPDATE executions SET refused_writes = refused_writes + 1 WHERE execution_id = ?"

TASK_RUN = "SELECT * FROM task_runs WHERE execution_id = ? AND task_id = ? AND item = ?"
TASK_RUNS = "SELECT * FROM task_runs WHERE execution_id = ? ORDER BY position, item, task_id"
MOVE_TASK_RUN = """
    UPDATE task_runs
    SET status = ?, attempts = ?, started_at = ?, ended_at = ?, duration = ?, output = ?, error = ?, error_type = ?,
        reason = ?, next_attempt_at = ?, cached_from = ?, cache_key = ?
    WHERE execution_id = ? AND task_id = ? AND item = ? AND status = ?
"""

KEEP_ATTEMPT = """
    INSERT INTO attempts (execution_id, task_id, item, number, status, started_at, ended_at, duration, pid,
                          error, error_type, reason, traceback, log, cpu_seconds, peak_memory_bytes, code_sha256)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (execution_id, task_id, item, number) DO UPDATE
    SET status = excluded.status, started_at = excluded.started_at, ended_at = excluded.ended_at,
        duration = excluded.duration, pid = excluded.pid, error = excluded.error, error_type = excluded.error_type,
        reason = excluded.reason, traceback = excluded.traceback, log = excluded.log,
        cpu_seconds = excluded.cpu_seconds, peak_memory_bytes = excluded.peak_memory_bytes,
        code_sha256 = excluded.code_sha256
"""
ATTEMPT = "SELECT * FROM attempts WHERE execution_id = ? AND task_id = ? AND item = ? AND number = ?"
ATTEMPTS = """
    SELECT a.* FROM attempts a JOIN task_runs r
      ON r.execution_id = a.execution_id AND r.task_id = a.task_id AND r.item = a.item
    WHERE a.execution_id = ?
    ORDER BY r.position, r.item, r.task_id, a.number
"""

APPEND_EVENT = "INSERT INTO events (execution_id, seq, at, move, chain) VALUES (?, ?, ?, ?, ?)"
END_OF_LOG = "SELECT last_seq, last_chain FROM executions WHERE execution_id = ?"
EVENTS_FROM = "SELECT execution_id, seq, at, move, chain FROM events WHERE execution_id = ? AND seq >= ? ORDER BY seq"

# --- slots -----------------------------------------------------------------------------------------------------------

# `mine` are those of the execution that asks: its own lease is not in question. Counted from the index alone, then one
# look per execution at its lease
SLOTS_TAKEN = """
    SELECT coalesce(sum(held.slots), 0) AS taken,
           coalesce(sum(CASE WHEN held.execution_id = ? THEN held.slots ELSE 0 END), 0) AS mine
    FROM (SELECT execution_id, count(*) AS slots FROM task_runs WHERE pool = ? AND status = 'running'
          GROUP BY execution_id) held
    JOIN executions e ON e.execution_id = held.execution_id
    WHERE held.execution_id = ? OR e.lease_until > ?
"""
OTHERS_RUNNING = """
    SELECT count(*) AS taken FROM executions
    WHERE workflow = ? AND status IN ('queued', 'running', 'cancelling') AND status <> 'queued'
      AND execution_id <> ? AND lease_until > ?
"""

# --- orders and deliveries -------------------------------------------------------------------------------------------

ADD_ORDER = """
    INSERT INTO orders (execution_id, number, kind, at, "by", reason, task_id, mark_as)
    SELECT ?, coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ? FROM orders WHERE execution_id = ?
    RETURNING number
"""
REMEMBER_CANCEL = "UPDATE executions SET cancel_number = ? WHERE execution_id = ?"
WAITING_ORDERS = """
    SELECT number, kind, at, "by", reason, task_id, mark_as FROM orders
    WHERE execution_id = ? AND number > ? AND obeyed = 0 ORDER BY number
"""
OBEY_ORDERS = "UPDATE orders SET obeyed = 1 WHERE execution_id = ? AND number <= ? AND obeyed = 0"

KEEP_DELIVERY = "INSERT INTO outbox (listener, execution_id, seq) VALUES (?, ?, ?)"
DELIVERIES = """
    SELECT e.execution_id, e.seq, e.at, e.move, e.chain
    FROM outbox o JOIN events e ON e.execution_id = o.execution_id AND e.seq = o.seq
    WHERE o.listener = ? ORDER BY o.number
"""
DELIVERED = "DELETE FROM outbox WHERE listener = ? AND execution_id = ? AND seq = ?"

# --- workers, keys, tokens -------------------------------------------------------------------------------------------

SEND_TO_WORKERS = "UPDATE executions SET for_workers = 1 WHERE execution_id = ? RETURNING execution_id"
# the states are written as in the index `executions_for_workers`, or it would not be used
WAITING_FOR_WORKERS = """
    SELECT * FROM executions
    WHERE for_workers = 1 AND status IN ('queued', 'running', 'cancelling', 'interrupted')
      AND (owner IS NULL OR lease_until <= ?)
    ORDER BY created_at, execution_id LIMIT ?
"""
COUNT_WAITING = """
    SELECT count(*) AS waiting FROM executions
    WHERE for_workers = 1 AND status IN ('queued', 'running', 'cancelling', 'interrupted')
      AND status = 'queued' AND owner IS NULL
"""
FORGET_OLD_KEYS = "DELETE FROM asked_before WHERE at <= ?"
ASKED_BEFORE = "SELECT execution_id, body_sha256 FROM asked_before WHERE key = ?"
ASKED_BEFORE_SINCE = "SELECT execution_id, body_sha256 FROM asked_before WHERE key = ? AND at > ?"
KEEP_KEY = "INSERT INTO asked_before (key, body_sha256, execution_id, at) VALUES (?, ?, ?, ?)"

KEEP_TOKEN = """
    INSERT INTO tokens (name, role, sha256, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING number
"""
TOKENS = "SELECT * FROM tokens ORDER BY number"
REVOKE_TOKEN = "UPDATE tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL RETURNING number"

# --- schedules -------------------------------------------------------------------------------------------------------

SCHEDULES = "SELECT * FROM schedules ORDER BY name, fingerprint"
SEE_SCHEDULE = """
    INSERT INTO schedules (name, fingerprint, decided_until, since, seen_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (name, fingerprint) DO UPDATE SET seen_at = excluded.seen_at
"""
SEE_SCHEDULE_ANEW = SEE_SCHEDULE + ", decided_until = excluded.decided_until, since = excluded.since"
DECIDED_UNTIL = "UPDATE schedules SET decided_until = ? WHERE name = ? AND fingerprint = ? AND decided_until < ?"
FATE_OF_SLOT = "SELECT fate FROM schedule_slots WHERE schedule = ? AND slot = ?"
DECIDE_SLOT = """
    INSERT INTO schedule_slots (schedule, slot, fate, execution_id, decided_at, reason) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (schedule, slot) DO NOTHING
"""
SLOTS = "SELECT * FROM schedule_slots ORDER BY slot DESC, schedule LIMIT ?"
SLOTS_OF = "SELECT * FROM schedule_slots WHERE schedule = ? ORDER BY slot DESC LIMIT ?"
SCHEDULE_PAUSES = "SELECT * FROM schedule_pauses"
SCHEDULE_IS_PAUSED = "SELECT 1 FROM schedule_pauses WHERE schedule = ?"
PAUSE_SCHEDULE = """
    INSERT INTO schedule_pauses (schedule, at, "by", reason) VALUES (?, ?, ?, ?) ON CONFLICT (schedule) DO NOTHING
"""
RESUME_SCHEDULE = "DELETE FROM schedule_pauses WHERE schedule = ? RETURNING schedule"
PASS_OVER_SLOTS = "UPDATE schedules SET decided_until = ? WHERE name = ? AND decided_until < ?"

# --- what happened, in order, and how much of it ---------------------------------------------------------------------

COUNT_EVENTS = "UPDATE identity SET events = events + ? WHERE only_row = 1 RETURNING events"
PLACE_EVENTS = "INSERT INTO event_positions (position, execution_id, first_seq, last_seq) VALUES (?, ?, ?, ?)"
LAST_POSITION = "SELECT events FROM identity WHERE only_row = 1"
# a batch stands under the position of its last event
EVENTS_AFTER = """
    SELECT b.position - (b.last_seq - e.seq) AS position, e.execution_id, e.seq, e.at, e.move, e.chain
    FROM event_positions b
    JOIN events e ON e.execution_id = b.execution_id AND e.seq BETWEEN b.first_seq AND b.last_seq
    WHERE b.position > ? AND b.position - (b.last_seq - e.seq) > ?
    ORDER BY b.position, e.seq LIMIT ?
"""
EVENTS_OF_ONE_AFTER = """
    SELECT b.position - (b.last_seq - e.seq) AS position, e.execution_id, e.seq, e.at, e.move, e.chain
    FROM event_positions b
    JOIN events e ON e.execution_id = b.execution_id AND e.seq BETWEEN b.first_seq AND b.last_seq
    WHERE b.execution_id = ? AND b.position > ? AND b.position - (b.last_seq - e.seq) > ?
    ORDER BY b.position, e.seq LIMIT ?
"""

EXECUTIONS_BY_STATUS = "SELECT status, count(*) AS number FROM executions GROUP BY status"
TASK_RUNS_BY_STATUS = "SELECT status, count(*) AS number FROM task_runs GROUP BY status"
ATTEMPTS_BY_STATUS = "SELECT status, count(*) AS number FROM attempts GROUP BY status"
ALL_REFUSED_WRITES = "SELECT coalesce(sum(refused_writes), 0) AS number FROM executions"

# --- looking up ------------------------------------------------------------------------------------------------------

FIND_EXECUTIONS = """
    SELECT execution_id FROM executions WHERE execution_id LIKE ? ESCAPE '!'
    ORDER BY created_at DESC, execution_id DESC LIMIT ?
"""
LATEST_OF_WORKFLOW = """
    SELECT * FROM executions WHERE workflow = ? ORDER BY created_at DESC, execution_id DESC LIMIT ?
"""
# the states are written as in the index `executions_by_outcome`, or it would not be used
OUTCOMES = """
    SELECT substr(created_at, 1, 13) AS hour, status, count(*) AS number, coalesce(sum(duration), 0) AS seconds
    FROM executions
    WHERE created_at >= ? AND status IN ('completed', 'completed_with_errors', 'failed', 'cancelled')
    GROUP BY 1, 2 ORDER BY 1, 2
"""
LATEST_EXECUTION_WITH = """
    SELECT execution_id FROM executions e
    WHERE EXISTS (SELECT 1 FROM task_runs r WHERE r.execution_id = e.execution_id AND r.task_id = ?)
    ORDER BY created_at DESC, execution_id DESC LIMIT 1
"""
STATUSES_OF_TASK = "SELECT status FROM task_runs WHERE execution_id = ? AND task_id = ?"
FIND_CACHED = """
    SELECT * FROM task_runs
    WHERE task_id = ? AND cache_key = ? AND status = 'completed' AND cached_from IS NULL
      AND (CAST(? AS TEXT) IS NULL OR ended_at >= ?)
    ORDER BY ended_at DESC, execution_id DESC, item DESC LIMIT 1
"""

# --- upkeep ----------------------------------------------------------------------------------------------------------

KEEP_IDENTITY = "INSERT INTO identity (only_row, store_id) VALUES (1, ?)"
IDENTITY = "SELECT store_id, commits FROM identity WHERE only_row = 1"
COUNT_COMMIT = "UPDATE identity SET commits = commits + 1 WHERE only_row = 1 RETURNING commits"

AGES = "SELECT execution_id, status, created_at, ended_at, rerun_of FROM executions"
RESULTS_TAKEN_OVER = "SELECT DISTINCT execution_id, cached_from FROM task_runs WHERE cached_from IS NOT NULL"
REQUESTS_NOT_DONE = """
    SELECT execution_id, request FROM executions
    WHERE status IN ('queued', 'running', 'cancelling', 'interrupted') AND request LIKE '%"outputs_from"%'
"""
# asked again in the transaction itself: meanwhile somebody may have begun to repeat it
FORGET_EXECUTION = """
    DELETE FROM executions
    WHERE execution_id = ? AND status IN ('completed', 'completed_with_errors', 'failed', 'cancelled')
      AND NOT EXISTS (SELECT 1 FROM executions other WHERE other.rerun_of = ?)
      AND NOT EXISTS (SELECT 1 FROM task_runs r WHERE r.cached_from = ? AND r.execution_id <> ?)
"""
FORGET_UNUSED_SNAPSHOTS = """
    DELETE FROM snapshots WHERE NOT EXISTS (SELECT 1 FROM executions e WHERE e.snapshot = snapshots.sha256)
"""

# --- statements of which there are several shapes --------------------------------------------------------------------


def task_runs_of(executions: int, tasks: int) -> str:
    """Task runs of so many executions: all, or of so many `tasks`. Values: ids of the executions, then of the tasks."""
    only = f" AND task_id IN ({_places(tasks)})" if tasks else ""
    return (
        f"SELECT * FROM task_runs WHERE execution_id IN ({_places(executions)}){only} "  # noqa: S608 - no values
        "ORDER BY execution_id, position, item, task_id"
    )


def list_executions(statuses: int, *, workflow: bool, part: bool, before: bool) -> str:
    """Lists, newest first.

    Values, once for each of `statuses`: [status], [workflow], [pattern], [created_at, id], since, limit; and the limit
    once more at the end. `statuses` 0 is for all of them, and takes its values once.

    Each state is looked up by itself, by the index of its order: a rare state costs as little as a frequent one.
    """
    conditions = [
        *(["status = ?"] if statuses else []),
        *(["workflow = ?"] if workflow else []),
        *(["execution_id LIKE ? ESCAPE '!'"] if part else []),
        *(["(created_at, execution_id) < (?, ?)"] if before else []),
        "created_at >= ?",
    ]
    order = "ORDER BY created_at DESC, execution_id DESC LIMIT ?"
    one = f"SELECT * FROM (SELECT * FROM executions WHERE {' AND '.join(conditions)} {order})"  # noqa: S608 - no values
    each = " UNION ALL ".join(f"{one} AS of_{number}" for number in range(max(1, statuses)))
    return f"SELECT * FROM ({each}) AS found {order}"  # noqa: S608


def _places(count: int) -> str:
    return ", ".join("?" * count)
