-- What became of each slot of a schedule, once and for ever; and up to where the slots of each are decided.

CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL, -- of what decides when it is due; another one begins anew
    decided_until TEXT NOT NULL,
    paused_at TEXT,
    paused_by TEXT NOT NULL DEFAULT '',
    paused_because TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE schedule_slots (
    schedule TEXT NOT NULL,
    slot TEXT NOT NULL,
    fate TEXT NOT NULL CHECK (fate IN ('fired', 'missed', 'skipped', 'refused')),
    execution_id TEXT REFERENCES executions (execution_id) ON DELETE SET NULL,
    decided_at TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (schedule, slot)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedule_slots_by_execution ON schedule_slots (execution_id) WHERE execution_id IS NOT NULL;
