-- What waits for workers, what was asked before under which key, who may ask, and an order over all events.

ALTER TABLE identity ADD COLUMN events INTEGER NOT NULL DEFAULT 0;

-- 1 where a worker may take it; the command line drives its own
ALTER TABLE executions ADD COLUMN for_workers INTEGER NOT NULL DEFAULT 0;

CREATE INDEX executions_for_workers ON executions (created_at, execution_id)
WHERE for_workers = 1 AND status IN ('queued', 'running', 'cancelling', 'interrupted');

-- `events` keeps its rows by key, so the order in which they came needs a table of its own
CREATE TABLE event_positions (
    position INTEGER PRIMARY KEY, -- of the last event of those that one commit stored
    execution_id TEXT NOT NULL REFERENCES executions (execution_id) ON DELETE CASCADE,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL
) STRICT;

CREATE INDEX event_positions_by_execution ON event_positions (execution_id, position);

-- what was stored before has no known order across executions: one execution after the other
INSERT INTO event_positions (position, execution_id, first_seq, last_seq)
SELECT sum(last_seq) OVER (ORDER BY created_at, execution_id), execution_id, 1, last_seq
FROM executions WHERE last_seq > 0;

UPDATE identity SET events = (SELECT coalesce(max(position), 0) FROM event_positions);

CREATE TABLE asked_before (
    key TEXT PRIMARY KEY,
    body_sha256 TEXT NOT NULL,
    execution_id TEXT NOT NULL REFERENCES executions (execution_id) ON DELETE CASCADE,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX asked_before_by_age ON asked_before (at);
CREATE INDEX asked_before_by_execution ON asked_before (execution_id);

CREATE TABLE tokens (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('read', 'run', 'admin')),
    sha256 TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) STRICT;

CREATE UNIQUE INDEX tokens_in_use ON tokens (name) WHERE revoked_at IS NULL;
