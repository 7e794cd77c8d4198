-- What others may ask of an execution, slots of pools, results that are found again, news that nobody may miss, and
-- two proofs: each event's hash holds the one before it, and the number of commits tells whether some were lost.

ALTER TABLE identity ADD COLUMN commits INTEGER NOT NULL DEFAULT 0;

ALTER TABLE executions ADD COLUMN refused_writes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN last_chain TEXT NOT NULL DEFAULT '';
-- number of the cancel order that waits, 0 for none: every move is checked against it, so it stands in the row itself
ALTER TABLE executions ADD COLUMN cancel_number INTEGER NOT NULL DEFAULT 0;
-- as in the request; a column of its own because what a kept execution repeats is never pruned
ALTER TABLE executions ADD COLUMN rerun_of TEXT;

ALTER TABLE task_runs ADD COLUMN pool TEXT;
ALTER TABLE task_runs ADD COLUMN cached_from TEXT;
ALTER TABLE task_runs ADD COLUMN cache_key TEXT;

ALTER TABLE attempts ADD COLUMN code_sha256 TEXT;

-- events that were stored before this file have none
ALTER TABLE events ADD COLUMN chain TEXT NOT NULL DEFAULT '';

CREATE TABLE orders (
    execution_id TEXT NOT NULL REFERENCES executions (execution_id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    kind TEXT NOT NULL CHECK (kind IN ('cancel', 'mark')),
    at TEXT NOT NULL,
    "by" TEXT NOT NULL,
    reason TEXT NOT NULL,
    task_id TEXT,
    mark_as TEXT,
    obeyed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (execution_id, number)
) STRICT;

-- `number` tells the order in which they came: times may go back, and several executions may end at once
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    listener TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    UNIQUE (listener, execution_id, seq),
    FOREIGN KEY (execution_id, seq) REFERENCES events (execution_id, seq) ON DELETE CASCADE
) STRICT;

CREATE INDEX outbox_by_event ON outbox (execution_id, seq);

CREATE INDEX task_runs_holding_slots ON task_runs (pool, execution_id, status)
WHERE status = 'running' AND pool IS NOT NULL;
CREATE INDEX task_runs_by_cache_key ON task_runs (task_id, cache_key) WHERE cache_key IS NOT NULL;
CREATE INDEX task_runs_by_source ON task_runs (cached_from) WHERE cached_from IS NOT NULL;
CREATE INDEX executions_under_way ON executions (workflow) WHERE status IN ('queued', 'running', 'cancelling');
CREATE INDEX executions_by_source ON executions (rerun_of) WHERE rerun_of IS NOT NULL;
CREATE INDEX executions_by_snapshot ON executions (snapshot);
