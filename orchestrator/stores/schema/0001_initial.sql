-- Executions, their task runs, attempts and event log. Times are ISO 8601 in UTC with microseconds, so that
-- text order is time order; durations are seconds; `item` is the index in a fan-out, -1 for an ordinary task.

CREATE TABLE identity (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    store_id TEXT NOT NULL
) STRICT;

CREATE TABLE snapshots (
    sha256 TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE executions (
    execution_id TEXT PRIMARY KEY,
    workflow TEXT,
    snapshot TEXT REFERENCES snapshots (sha256),
    request TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN (
        'queued', 'running', 'cancelling', 'interrupted',
        'completed', 'completed_with_errors', 'failed', 'cancelled'
    )),
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    duration REAL,
    exit_code INTEGER,
    owner TEXT,
    fencing_token INTEGER NOT NULL DEFAULT 0,
    lease_until TEXT,
    reason TEXT,
    last_seq INTEGER NOT NULL DEFAULT 0,
    CHECK ((owner IS NULL) = (lease_until IS NULL))
) STRICT;

CREATE INDEX executions_by_age ON executions (created_at, execution_id);

CREATE TABLE task_runs (
    execution_id TEXT NOT NULL REFERENCES executions (execution_id) ON DELETE CASCADE,
    task_id TEXT NOT NULL,
    item INTEGER NOT NULL CHECK (item >= -1),
    position INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN (
        'pending', 'running', 'retry_wait', 'interrupted', 'completed', 'failed', 'skipped', 'cancelled'
    )),
    attempts INTEGER NOT NULL DEFAULT 0,
    started_at TEXT,
    ended_at TEXT,
    duration REAL,
    output TEXT,
    error TEXT,
    error_type TEXT,
    reason TEXT,
    next_attempt_at TEXT,
    PRIMARY KEY (execution_id, task_id, item)
) STRICT;

CREATE TABLE attempts (
    execution_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    item INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 1),
    status TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    duration REAL,
    pid INTEGER,
    error TEXT,
    error_type TEXT,
    reason TEXT,
    traceback TEXT,
    log TEXT,
    cpu_seconds REAL,
    peak_memory_bytes INTEGER,
    PRIMARY KEY (execution_id, task_id, item, number),
    FOREIGN KEY (execution_id, task_id, item)
        REFERENCES task_runs (execution_id, task_id, item) ON DELETE CASCADE
) STRICT;

CREATE TABLE events (
    execution_id TEXT NOT NULL REFERENCES executions (execution_id) ON DELETE CASCADE,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    at TEXT NOT NULL,
    move TEXT NOT NULL,
    PRIMARY KEY (execution_id, seq)
) STRICT, WITHOUT ROWID;
